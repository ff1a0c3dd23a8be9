//! The figures, and the Markdown table that they are printed as.

use std::fmt;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// It has one right answer, whatever the machine: another one is a fault.
    Exactly(u64),
    /// It should be below this, on a machine like those of the README. Missing
    /// it is shown, but is no fault.
    Below(f64),
    /// It is told for the reader.
    Nothing,
}

/// A number, or why there is none.
#[derive(Clone, Debug)]
pub(crate) enum Measured {
    /// A count.
    Count(u64),
    /// A quantity and its unit.
    Quantity(f64, &'static str),
    /// What can't be told here.
    Unknown,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    what: String,
    measured: Measured,
    expected: Expected,
}

impl Figure {
    /// A count that has one right answer.
    pub(crate) fn exact(what: impl Into<String>, count: u64, expected: u64) -> Self {
        Self { what: what.into(), measured: Measured::Count(count), expected: Expected::Exactly(expected) }
    }

    /// A count for the reader.
    pub(crate) fn count(what: impl Into<String>, count: u64) -> Self {
        Self { what: what.into(), measured: Measured::Count(count), expected: Expected::Nothing }
    }

    /// A quantity; `None` where this system doesn't tell it.
    pub(crate) fn quantity(
        what: impl Into<String>,
        value: Option<f64>,
        unit: &'static str,
        expected: Expected,
    ) -> Self {
        let measured = value.map_or(Measured::Unknown, |value| Measured::Quantity(value, unit));
        Self { what: what.into(), measured, expected }
    }

    /// Whether it has one right answer and isn't that.
    pub(crate) fn is_wrong(&self) -> bool {
        matches!((&self.measured, self.expected), (Measured::Count(is), Expected::Exactly(should)) if *is != should)
    }

    fn judgement(&self) -> &'static str {
        match (&self.measured, self.expected) {
            (Measured::Count(is), Expected::Exactly(should)) if *is == should => "ok",
            (Measured::Count(_), Expected::Exactly(_)) => "**wrong**",
            (Measured::Quantity(is, _), Expected::Below(limit)) if is < &limit => "ok",
            (Measured::Quantity(..), Expected::Below(_)) => "above",
            _ => "",
        }
    }

    fn expectation(&self) -> String {
        match (self.expected, &self.measured) {
            (Expected::Exactly(should), _) => should.to_string(),
            (Expected::Below(limit), Measured::Quantity(_, unit)) => format!("below {limit} {unit}"),
            (Expected::Below(limit), _) => format!("below {limit}"),
            (Expected::Nothing, _) => String::new(),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            // Small ones would be 0.0.
            Self::Quantity(value, unit) if *value < 1.0 => write!(f, "{value:.2} {unit}"),
            Self::Quantity(value, unit) => write!(f, "{value:.1} {unit}"),
            Self::Unknown => f.write_str("not measured on this system"),
        }
    }
}

/// The figures as a Markdown table.
pub(crate) fn markdown(figures: &[Figure]) -> String {
    let header = ["figure", "measured", "expected", ""].map(str::to_owned);
    let rows: Vec<[String; 4]> = figures
        .iter()
        .map(|f| [f.what.clone(), f.measured.to_string(), f.expectation(), f.judgement().to_owned()])
        .collect();
    let lines = std::iter::once(&header).chain(&rows);
    let widths = lines.fold([0; 4], |widths, row| {
        let mut cells = row.iter().map(|cell| cell.chars().count());
        widths.map(|width: usize| width.max(cells.next().unwrap_or_default()))
    });
    let rule = widths.map(|width| "-".repeat(width + 2));
    let mut text = line(&header, &widths);
    text.push_str(&format!("|{}|\n", rule.join("|")));
    rows.iter().for_each(|row| text.push_str(&line(row, &widths)));
    text
}

fn line(cells: &[String; 4], widths: &[usize; 4]) -> String {
    let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect();
    format!("|{}|\n", padded.join("|"))
}
