//! The figures, each with what it should be.

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// It has one right answer, whatever the machine: another one is a fault.
    Exactly(u64),
    /// It should not be above this, on a machine like those of the
    /// documentation. Missing it is shown, but is no fault.
    AtMost(f64),
    /// The theoretical best, for the reader to compare with.
    Best(f64),
    /// It is told for the reader.
    Nothing,
}

/// A number, or why there is none.
#[derive(Clone, Debug)]
pub(crate) enum Measured {
    /// A count.
    Count(u64),
    /// A quantity and its unit, which is empty for a ratio.
    Quantity(f64, &'static str),
    /// What can't be told, and why.
    Unknown(&'static str),
}

impl Measured {
    /// A quantity; `None` where this system doesn't tell it.
    pub(crate) fn quantity(value: Option<f64>, unit: &'static str) -> Self {
        value.map_or(Self::Unknown("not measured on this system"), |value| Self::Quantity(value, unit))
    }

    /// A time in seconds, which is always told.
    pub(crate) fn seconds(value: f64) -> Self {
        Self::Quantity(value, "s")
    }
}

/// One line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) measured: Measured,
    pub(crate) expected: Expected,
    /// The same of a poll of each object.
    pub(crate) of_poll: Option<Measured>,
}

impl Figure {
    /// A figure and what it should be.
    pub(crate) fn new(what: impl Into<String>, measured: Measured, expected: Expected) -> Self {
        Self { what: what.into(), measured, expected, of_poll: None }
    }

    /// A count that has one right answer.
    pub(crate) fn exact(what: impl Into<String>, count: u64, expected: u64) -> Self {
        Self::new(what, Measured::Count(count), Expected::Exactly(expected))
    }

    /// A count for the reader.
    pub(crate) fn count(what: impl Into<String>, count: u64) -> Self {
        Self::new(what, Measured::Count(count), Expected::Nothing)
    }

    /// A quantity of the process that this system may not tell.
    pub(crate) fn usage(
        what: impl Into<String>,
        value: Option<f64>,
        unit: &'static str,
        expected: Expected,
    ) -> Self {
        Self::new(what, Measured::quantity(value, unit), expected)
    }

    /// With what the poll of each object needs for the same.
    pub(crate) fn beside(mut self, of_poll: Measured) -> Self {
        self.of_poll = Some(of_poll);
        self
    }

    /// How the figure stands to what it should be; empty where nothing is asked of it.
    pub(crate) fn judgement(&self) -> &'static str {
        match (&self.measured, self.expected) {
            (Measured::Count(is), Expected::Exactly(should)) if *is == should => "ok",
            (Measured::Count(_), Expected::Exactly(_)) => "wrong",
            (Measured::Quantity(is, _), Expected::AtMost(most)) if *is <= most => "ok",
            (Measured::Quantity(..), Expected::AtMost(_)) => "above",
            _ => "",
        }
    }

    /// Whether it has one right answer and isn't that.
    pub(crate) fn is_wrong(&self) -> bool {
        self.judgement() == "wrong"
    }
}

/// The figures of one part.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The part's name, as `--only` takes it.
    pub(crate) part: &'static str,
    /// Its heading.
    pub(crate) title: String,
    /// Under what conditions it was measured: whole sentences.
    pub(crate) conditions: String,
    /// Its lines.
    pub(crate) figures: Vec<Figure>,
}

impl Table {
    /// Whether a count that has one right answer isn't that.
    pub(crate) fn is_wrong(&self) -> bool {
        self.figures.iter().any(Figure::is_wrong)
    }
}
