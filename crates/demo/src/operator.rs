//! The operator, in this process, with the settings of the demo.

use std::time::Duration;

use apivideo::Secret;
use apivideo_operator::cli::RunArgs;
use apivideo_operator::commands::{Failure, run};
use clap::{Args as _, Command, FromArgMatches as _};
use kube::Client;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the operator may take to finish its calls at the end.
const LAST_CALLS: Duration = Duration::from_secs(4);

/// The flags of `apivideo-operator run` that the demo gives. The drift
/// interval is short, so that a correction is quick; the port is any free one, so
/// that a second demo can run beside the first.
const FLAGS: [&str; 6] = ["--environment", "sandbox", "--drift-interval", "2s", "--bind", "127.0.0.1:0"];

/// Why the operator is not running.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// Its command line has changed since the demo was written.
    #[error("the operator refuses the demo's flags: {0}")]
    Flags(#[from] clap::Error),
    /// It refused to start, or failed.
    #[error("the operator failed: {0}")]
    Ended(#[from] Failure),
    /// It ended without having been asked to.
    #[error("the operator ended although nothing stopped it")]
    Stopped,
    /// It panicked.
    #[error("the operator panicked: {0}")]
    Crashed(#[from] JoinError),
}

/// The running operator. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Operator {
    shutdown: CancellationToken,
    work: JoinHandle<Result<(), Failure>>,
}

impl Operator {
    /// Starts it against a cluster and the API at `base_url`.
    ///
    /// # Errors
    /// [`OperatorError`] when a setting is refused.
    pub(crate) fn start(cluster: Client, base_url: &str, api_key: &str) -> Result<Self, OperatorError> {
        let operator = run::Operator::new(settings(base_url)?, Secret::from(api_key))?;
        let shutdown = CancellationToken::new();
        let work = tokio::spawn(operator.run(cluster, shutdown.clone()));
        Ok(Self { shutdown, work })
    }

    /// Waits until it ends without having been stopped, and returns why. Safe to
    /// cancel.
    pub(crate) async fn ended(&mut self) -> OperatorError {
        match (&mut self.work).await {
            Ok(Ok(())) => OperatorError::Stopped,
            Ok(Err(failure)) => failure.into(),
            Err(crash) => crash.into(),
        }
    }

    /// Lets it finish the calls under way, for a bounded time.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        if !self.work.is_finished() && timeout(LAST_CALLS, &mut self.work).await.is_err() {
            self.work.abort();
        }
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// The operator's settings as its own command line reads them, but without its
/// environment variables: a WATCH_NAMESPACE in the shell must not change
/// the demo.
fn settings(base_url: &str) -> Result<RunArgs, clap::Error> {
    let line = ["operator"].into_iter().chain(FLAGS).chain(["--base-url", base_url]);
    RunArgs::from_arg_matches(&command().try_get_matches_from(line)?)
}

fn command() -> Command {
    RunArgs::augment_args(Command::new("operator")).mut_args(|arg| arg.env(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_takes_the_flags_of_the_demo() {
        let args = settings("http://127.0.0.1:1").unwrap();
        assert_eq!(args.drift_interval, Duration::from_secs(2));
        assert_eq!(args.base_url.as_deref(), Some("http://127.0.0.1:1"));
        assert!(args.bind.ip().is_loopback());
    }

    #[test]
    fn no_setting_comes_from_the_environment() {
        let variables: Vec<_> =
            command().get_arguments().filter_map(|arg| arg.get_env()).map(ToOwned::to_owned).collect();
        assert!(variables.is_empty(), "{variables:?}");
        let own = RunArgs::augment_args(Command::new("operator"));
        assert!(own.get_arguments().any(|arg| arg.get_env().is_some()), "then this test shows nothing");
    }
}
