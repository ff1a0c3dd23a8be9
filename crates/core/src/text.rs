//! Cutting texts that repeat the words of others, which may be of any length.

/// The text, or its first `max` characters and a sign that there was more.
#[must_use]
pub fn truncate(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}
