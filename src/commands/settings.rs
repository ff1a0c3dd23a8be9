//! What the settings of `run` mean to the parts of the operator.

use std::sync::Arc;

use apivideo::{HttpWire, Secret};

use super::{api_metrics::call_counter, failure::Failure};
use crate::{
    account::Policy,
    cli::{Environment, RunArgs, Switch},
    leader::{Fence, FencedWire},
    ops::{key_file, metrics::Metrics},
};

/// How to provide the key in a cluster.
const MAKE_SECRET: &str = "in a cluster, create the Secret that is mounted there with: \
    kubectl create secret generic apivideo --from-literal=api-key=YOUR_KEY, in the operator's namespace";

/// The API key.
///
/// # Errors
/// If there is none.
pub(super) fn api_key(args: &RunArgs) -> Result<Secret, Failure> {
    if let Some(path) = &args.api_key_file {
        return key_file::read(path).map_err(|error| {
            Failure::Setting(format!(
                "cannot read --api-key-file {}: {error}; set it to a file that contains the API key; {MAKE_SECRET}",
                path.display()
            ))
        });
    }
    let key = std::env::var("APIVIDEO_API_KEY").unwrap_or_default();
    if key.trim().is_empty() {
        return Err(Failure::Setting(format!(
            "no API key: set --api-key-file (APIVIDEO_API_KEY_FILE) to a file that contains it, or set \
             APIVIDEO_API_KEY; {MAKE_SECRET}"
        )));
    }
    Ok(Secret::from(key.trim().to_owned()))
}

/// The client of the account, behind the fence.
///
/// # Errors
/// If the base URL is not valid.
pub(super) fn api_client(
    args: &RunArgs,
    api_key: Secret,
    metrics: &Metrics,
    fence: &Fence,
) -> Result<apivideo::Client, Failure> {
    let (_, default_url) = environment(args);
    let settings = apivideo::Settings {
        base_url: args.base_url.clone().unwrap_or_else(|| default_url.to_owned()),
        api_key,
        read_share: args.read_share,
        write_share: args.write_share,
        user_agent: concat!("apivideo-operator/", env!("CARGO_PKG_VERSION")).into(),
        jitter_seed: None,
    };
    let wire = HttpWire::new(args.request_timeout).map_err(|error| Failure::Work(error.to_string()))?;
    let wire = FencedWire::new(wire, fence.clone());
    let count = call_counter(metrics.clone());
    apivideo::Client::new(settings, Arc::new(wire), Some(Arc::new(count)))
        .map_err(|error| Failure::Setting(format!("invalid --base-url (APIVIDEO_BASE_URL): {error}")))
}

/// How the account is handled.
pub(super) fn policy(args: &RunArgs) -> Policy {
    let (environment, _) = environment(args);
    Policy {
        settle: args.create_settle,
        marker: args.create_marker,
        missing_guard: match args.missing_guard {
            Some(switch) => switch == Switch::On,
            None => args.environment == Environment::Production,
        },
        drift_interval: args.drift_interval,
        request_timeout: args.request_timeout,
        environment,
        project: args.project.as_ref().map(|project| format!("{environment}/{project}")),
    }
}

/// The name of the environment, and the URL of its API.
fn environment(args: &RunArgs) -> (&'static str, &'static str) {
    match args.environment {
        Environment::Production => ("production", apivideo::PRODUCTION),
        Environment::Sandbox => ("sandbox", apivideo::SANDBOX),
    }
}
