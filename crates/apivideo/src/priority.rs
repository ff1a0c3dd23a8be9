//! Whose turn it is when calls are scarce.

/// Why a call is made; the first is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person changed or deleted something, and waits for it.
    UserChange,
    /// Somebody else changed the stream, and it is set right.
    DriftCorrection,
    /// Looking around.
    Background,
}
