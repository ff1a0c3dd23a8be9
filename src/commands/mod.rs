//! The commands, each from its arguments to its end.

pub mod crd;
mod gauges;
pub mod operate;
pub mod run;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting has a wrong value, or is missing.
    #[error("{0}")]
    Setting(String),
    /// The command could not do its work.
    #[error("{0}")]
    Work(String),
}

impl Failure {
    /// 2 for a bad setting, 1 for anything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) => 2,
            Self::Work(_) => 1,
        }
    }
}
