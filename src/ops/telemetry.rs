//! Logs to standard error, as text for people or as JSON for machines.

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// The format of the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text for each entry.
    #[default]
    Text,
    /// One JSON object for each entry.
    Json,
}

/// Starts logging. What is logged follows `RUST_LOG`; by default `info` and above.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, as in tests, keeps the first subscriber.
    let _ = match format {
        LogFormat::Text => logs.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}
