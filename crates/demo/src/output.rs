//! The demo's output, on standard output.

use std::io::Write as _;
use std::time::Duration;

/// Prints a line. A reader that goes away does not end the demo.
pub(crate) fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints that something works.
pub(crate) fn passed(what: &str) {
    print(&format!("✓ {what}"));
}

/// Prints that something failed, with the details below it.
pub(crate) fn failed(what: &str) {
    print(&format!("✗ {}", what.replace('\n', "\n    ")));
}

/// Prints a detail of the line before.
pub(crate) fn detail(what: &str) {
    print(&format!("    {what}"));
}

/// A duration as a person reads it: `4.1 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
