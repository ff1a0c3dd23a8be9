//! How a command fails.

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting is wrong or missing.
    #[error("{0}")]
    Setting(String),
    /// The command could not do its work.
    #[error("{0}")]
    Work(String),
}

impl Failure {
    /// 2 for a wrong or missing setting, 1 for anything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) => 2,
            Self::Work(_) => 1,
        }
    }
}
