//! `cargo demo`: a real Kubernetes control plane, a local api.video and the
//! operator on one machine, and the operator's main job shown step by step, with
//! every step checked.

mod checks;
mod cluster;
mod demo;
mod logs;
mod next_steps;
mod operator;
mod output;
mod proxy;
mod readiness;
mod samples;
mod stage;
mod story;
mod wait;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Starts a Kubernetes control plane, an api.video sandbox and the operator on
/// this machine, and shows what the operator does. Nothing is installed, and
/// nothing keeps running afterwards. The first start may build the control plane,
/// which takes minutes.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo", version)]
struct Args {
    /// End after the last step; exit with 0 only if every step passed.
    #[arg(long)]
    once: bool,

    /// Write the operator's logs to standard error.
    #[arg(long, short)]
    verbose: bool,
}

fn main() -> ExitCode {
    let Args { once, verbose } = Args::parse_from(arguments(std::env::args_os()));
    if let Err(error) = proxy::bypass_for_loopback() {
        eprintln!(
            "error: the demo can't restart itself without the proxy: {error}; unset HTTP_PROXY and run it again"
        );
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: can't start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let passed = runtime.block_on(demo::run(demo::Mode { once, verbose }));
    // A file lock that another process holds may keep a thread waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The arguments without the `--` that `cargo demo -- --once` leaves, for the
/// alias ends with one of its own.
fn arguments(given: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    given.enumerate().filter(|(at, argument)| *at != 1 || argument != "--").map(|(_, argument)| argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_understood_with_and_without_dashes_before_them() {
        for line in [&["demo", "--once"][..], &["demo", "--", "--once"]] {
            let args = Args::try_parse_from(arguments(line.iter().map(OsString::from))).unwrap();
            assert!(args.once && !args.verbose, "{line:?}");
        }
        assert!(!Args::try_parse_from(arguments(["demo"].iter().map(OsString::from))).unwrap().once);
    }
}
