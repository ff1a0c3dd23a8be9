//! The command line: every setting is a flag and an environment variable. An invalid
//! value is rejected with the name of the setting, the value, and what is accepted.

use std::{collections::HashSet, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::ops::telemetry::LogFormat;

/// Keeps api.video live streams equal to LiveStream manifests.
#[derive(Debug, Parser)]
#[command(name = "apivideo-operator", version, about)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// A command of the operator.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator, in a cluster or with a kubeconfig.
    Run(Box<RunArgs>),
    /// Print the custom resource definitions as YAML.
    Crd,
}

/// An environment of api.video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// <https://ws.api.video>
    Production,
    /// <https://sandbox.api.video>: streams have a watermark and are deleted after a day.
    Sandbox,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// The settings of `run`. The API key comes from a file, or from the
/// environment variable APIVIDEO_API_KEY.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// File that contains the API key; changes take effect while running. Without it,
    /// the key is read from the environment variable APIVIDEO_API_KEY.
    #[arg(long, env = "APIVIDEO_API_KEY_FILE", value_name = "PATH")]
    pub api_key_file: Option<PathBuf>,

    /// The api.video environment.
    #[arg(long, env = "APIVIDEO_ENVIRONMENT", value_enum, default_value = "production")]
    pub environment: Environment,

    /// URL of the API, instead of the URL of the environment.
    #[arg(long, env = "APIVIDEO_BASE_URL", value_name = "URL")]
    pub base_url: Option<String>,

    /// Namespaces to watch, separated by commas; may be given several times. Without
    /// it, all namespaces are watched.
    #[arg(long = "namespace", env = "WATCH_NAMESPACE", value_parser = namespaces, allow_hyphen_values = true, value_name = "NAMESPACE,…")]
    namespaces: Vec<Namespaces>,

    /// api.video project that the API key must open, such as pr4Xy. With any other project
    /// nothing is done. Default: the project of the streams that are bound already.
    #[arg(long, env = "APIVIDEO_PROJECT", value_name = "PROJECT", value_parser = project)]
    pub project: Option<String>,

    /// Time between the starts of two passes over the account's streams.
    #[arg(long, env = "DRIFT_INTERVAL", value_parser = duration, allow_hyphen_values = true, default_value = "60s", value_name = "DURATION")]
    pub drift_interval: Duration,

    /// How long the stream of a create request without a response may take to appear.
    #[arg(long, env = "CREATE_SETTLE", value_parser = duration, allow_hyphen_values = true, default_value = "30s", value_name = "DURATION")]
    pub create_settle: Duration,

    /// Create each stream with a unique suffix in its name, and remove the suffix at
    /// once, so that a stream whose create response was lost can be identified for
    /// certain. Costs a second write.
    #[arg(long, env = "CREATE_MARKER", action = ArgAction::Set, num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", value_name = "true|false")]
    pub create_marker: bool,

    /// Timeout of a call to the API.
    #[arg(long, env = "REQUEST_TIMEOUT", value_parser = duration, allow_hyphen_values = true, default_value = "15s", value_name = "DURATION")]
    pub request_timeout: Duration,

    /// Share of the account's read limit that the operator may use.
    #[arg(long, env = "READ_SHARE", value_parser = share, allow_hyphen_values = true, default_value = "0.9", value_name = "SHARE")]
    pub read_share: f64,

    /// Share of the account's write limit that the operator may use.
    #[arg(long, env = "WRITE_SHARE", value_parser = share, allow_hyphen_values = true, default_value = "0.9", value_name = "SHARE")]
    pub write_share: f64,

    /// Stop re-creating streams when many disappear at once. On by default in the
    /// production environment, off in the sandbox environment.
    #[arg(long, env = "MISSING_GUARD", value_enum, value_name = "on|off")]
    pub missing_guard: Option<Switch>,

    /// Address of /metrics, /healthz and /readyz. [::] serves IPv4 as well, and is
    /// 0.0.0.0 if the kernel has no IPv6.
    #[arg(long, env = "BIND", default_value = "[::]:8080", value_name = "ADDRESS:PORT")]
    pub bind: SocketAddr,

    /// Enable leader election among replicas, by a Lease.
    #[arg(long, env = "LEADER_ELECT", action = ArgAction::Set, num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", value_name = "true|false")]
    pub leader_elect: bool,

    /// Format of the logs on standard error.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
}

impl RunArgs {
    /// The namespaces to watch, each once; a single `None` for all of them.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Option<String>> {
        let mut seen = HashSet::new();
        let names = self.namespaces.iter().flat_map(|list| &list.0).filter(|name| seen.insert(*name));
        let named: Vec<_> = names.cloned().map(Some).collect();
        if named.is_empty() { vec![None] } else { named }
    }
}

/// One value of `--namespace`, which may name several.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Namespaces(Vec<String>);

/// The names in a list that is separated by commas. An empty text, as of an empty
/// environment variable, contains none.
fn namespaces(text: &str) -> Result<Namespaces, String> {
    let names: Vec<_> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() && !text.is_empty() {
        return Err(format!("it contains no name; {NAMESPACE_FORMAT}"));
    }
    match names.iter().find(|name| !is_dns_label(name)) {
        Some(name) => Err(format!("{name:?} is not a namespace name; {NAMESPACE_FORMAT}")),
        None => Ok(Namespaces(names.into_iter().map(str::to_owned).collect())),
    }
}

const NAMESPACE_FORMAT: &str = "use 1 to 63 lowercase letters, digits and '-', beginning and ending with a letter or \
    digit, like team-video";

/// Whether a text is an RFC 1123 label, as the name of a namespace has to be.
fn is_dns_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A duration above zero, like `500ms`, `60s` or `5m`.
fn duration(text: &str) -> Result<Duration, String> {
    let accepted = "use a duration above zero, like 500ms, 60s or 5m";
    let parsed: SignedDuration = text.parse().map_err(|_| accepted.to_owned())?;
    Duration::try_from(parsed).ok().filter(|d| !d.is_zero()).ok_or_else(|| accepted.to_owned())
}

/// The id of a project: letters and digits.
fn project(text: &str) -> Result<String, String> {
    let valid = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    valid.then(|| text.to_owned()).ok_or_else(|| "specify the id of a project, such as pr4Xy".to_owned())
}

/// A share above 0 and at most 1.
fn share(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .filter(|v| *v > 0.0 && *v <= 1.0)
        .ok_or_else(|| "use a number above 0 and at most 1, like 0.9".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_above_zero_and_have_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["0s", "-1s", "5", "", "soon", "5 parsecs"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn shares_are_above_zero_and_at_most_one() {
        assert_eq!(share("1"), Ok(1.0));
        for bad in ["0", "1.01", "-0.5", "NaN", "inf", "half"] {
            assert!(share(bad).is_err(), "{bad:?}");
        }
    }

    fn watched(flags: &[&str]) -> Result<Vec<String>, String> {
        let cli = Cli::try_parse_from(["apivideo-operator", "run"].iter().chain(flags));
        let Command::Run(args) = cli.map_err(|error| error.to_string())?.command else { unreachable!() };
        let namespaces = args.namespaces();
        assert_eq!(namespaces.contains(&None), namespaces == [None], "all, or some");
        Ok(namespaces.into_iter().flatten().collect())
    }

    #[test]
    fn namespaces_are_trimmed_and_each_is_watched_once() {
        let longest = "n".repeat(63);
        let cases: [(&[&str], &[&str]); 6] = [
            (&[], &[]),
            (&["--namespace", ""], &[]),
            (&["--namespace", "a"], &["a"]),
            (&["--namespace", " b, a,,b "], &["b", "a"]),
            (&["--namespace", "a,b", "--namespace", "c,a"], &["a", "b", "c"]),
            (&["--namespace", &longest], &[&longest]),
        ];
        for (flags, expected) in cases {
            assert_eq!(watched(flags).unwrap(), expected, "{flags:?}");
        }
    }

    #[test]
    fn a_bad_namespace_is_named_with_what_is_accepted() {
        let too_long = "n".repeat(64);
        for bad in ["Team", "a,b_c", "-a", "a-", "a.b", "ä", "a b", " ", " , ", ",", &too_long] {
            let error = watched(&["--namespace", bad]).expect_err(bad);
            for word in ["--namespace", bad, "1 to 63 lowercase letters"] {
                assert!(error.contains(word), "{bad:?}: {word} in {error}");
            }
        }
        assert!(watched(&["--namespace", "a,b_c"]).unwrap_err().contains(r#""b_c" is not a namespace name"#));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bad_value_names_the_setting_the_value_and_what_is_accepted() {
        let error = Cli::try_parse_from(["apivideo-operator", "run", "--drift-interval", "0s"]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.exit_code(), 2);
        assert!(
            text.contains("--drift-interval") && text.contains("'0s'") && text.contains("like 500ms"),
            "{text}"
        );
    }
}
