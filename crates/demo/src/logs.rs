//! The operator's logs, kept apart from the demo's output.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// A folder for the log, gone at the end unless it is kept.
pub(crate) struct Logs {
    folder: Option<TempDir>,
}

impl Logs {
    /// Starts logging: to standard error, or to a file in a folder of its own.
    /// What is logged follows `RUST_LOG`; by default `info` and above.
    ///
    /// # Errors
    /// When the file can't be made.
    pub(crate) fn start(to_stderr: bool) -> io::Result<Self> {
        let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
        if to_stderr {
            logs.with_writer(io::stderr).init();
            return Ok(Self { folder: None });
        }
        let folder = tempfile::Builder::new().prefix("apivideo-demo-").tempdir()?;
        let file = File::options().create(true).append(true).open(log_in(folder.path()))?;
        logs.with_writer(Mutex::new(file)).init();
        Ok(Self { folder: Some(folder) })
    }

    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| log_in(folder.path()))
    }

    /// Keeps the file for a person to read.
    pub(crate) fn keep(self) {
        if let Some(folder) = self.folder {
            let _ = folder.keep();
        }
    }
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("operator.log")
}
