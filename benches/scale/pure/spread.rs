//! How a quantity is spread over its samples.

/// The samples of a quantity, at least one.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    ascending: Vec<f64>,
}

impl Spread {
    /// `None` without a sample: nothing can be said then.
    pub(crate) fn of(samples: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut ascending: Vec<f64> = samples.into_iter().collect();
        ascending.sort_by(f64::total_cmp);
        (!ascending.is_empty()).then_some(Self { ascending })
    }

    /// The smallest sample that so many percent of all do not exceed: the
    /// nearest rank, so that it is a value that was measured. 0 is the least
    /// of all, 100 the most.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.ascending.len() as f64).ceil() as usize;
        let nearest = rank.clamp(1, self.ascending.len()) - 1;
        self.ascending.get(nearest).copied().unwrap_or(f64::NAN)
    }
}
