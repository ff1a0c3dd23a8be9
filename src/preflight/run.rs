//! Repeats the checks until they pass.

use std::time::Duration;

use kube::Client;
use tracing::{error, info, warn};

use super::checks::check;
use crate::ops::readiness::{Findings, Flag, Readiness};

/// How soon the checks are repeated after a problem: whoever fixes it waits for that.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// How soon they are repeated after warnings: some clusters deny these on purpose.
const WARNING_RETRY_DELAY: Duration = Duration::from_secs(60);

/// Checks until nothing is missing. `checked` is set by the first check.
pub async fn run(client: Client, namespaces: Vec<Option<String>>, readiness: Readiness, checked: Flag) {
    let mut last = Findings::default();
    loop {
        let found = check(&client, &namespaces).await;
        report(&last, &found);
        readiness.set_findings(found.clone());
        checked.set(true);
        let delay = match (found.problems.is_empty(), found.is_empty()) {
            (_, true) => return,
            (true, false) => WARNING_RETRY_DELAY,
            (false, _) => RETRY_DELAY,
        };
        last = found;
        tokio::time::sleep(delay).await;
    }
}

/// Logs what is new since the last check.
fn report(last: &Findings, found: &Findings) {
    found.problems.iter().filter(|text| !last.problems.contains(text)).for_each(|text| error!("{text}"));
    found.warnings.iter().filter(|text| !last.warnings.contains(text)).for_each(|text| warn!("{text}"));
    if found.problems.is_empty() && !last.problems.is_empty() {
        info!("preflight problems resolved");
    }
}
