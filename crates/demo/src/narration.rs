//! What the demo says, on standard output.

use std::io::Write as _;
use std::time::Duration;

/// Says a line. Whoever reads may stop reading: that ends nothing.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says that something was seen to hold.
pub(crate) fn held(what: &str) {
    say(&format!("✓ {what}"));
}

/// Says that something was not seen to hold, with the details below it.
pub(crate) fn broke(what: &str) {
    say(&format!("✗ {}", what.replace('\n', "\n    ")));
}

/// Says more about the line before.
pub(crate) fn more(what: &str) {
    say(&format!("    {what}"));
}

/// A duration as a person reads it: `4.1 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
