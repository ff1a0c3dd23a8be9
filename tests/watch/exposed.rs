//! The text of a real operator's metrics, and what can be read in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use apivideo_sandbox::{Fault, Rule};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::stage::{Stage, eventually};

static SEEN: OnceCell<String> = OnceCell::const_new();

/// The metrics of an operator that has created, changed, failed and deleted.
/// One for all tests: it is asked for once.
pub(crate) async fn after_some_work() -> &'static str {
    SEEN.get_or_init(work).await
}

async fn work() -> String {
    let (stage, operator) = Stage::set().await;
    stage.sandbox.inject(Rule::once(Fault::ErrorBefore { status: 503 }).on("POST", "/live-streams"));
    stage.synced("watched", json!({ "name": "Watched" })).await;
    stage.synced("watched", json!({ "name": "Watched on" })).await;
    eventually("a whole pass and a write in the metrics", async || {
        let text = operator.metrics().await;
        let complete = value(&text, "apivideo_operator_last_pass_timestamp_seconds").is_some_and(|v| v > 0.0)
            && text.contains(r#"budget_remaining{class="write"}"#)
            && value(&text, r#"apivideo_operator_live_streams{reason="Synced"}"#) == Some(1.0);
        complete.then_some(text)
    })
    .await
}

/// The value of a sample, named with its labels as they are printed.
pub(crate) fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

/// The names of all samples.
pub(crate) fn samples(text: &str) -> BTreeSet<&str> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next()).collect()
}

/// The names of our metrics that a query uses.
pub(crate) fn named(query: &str) -> BTreeSet<&str> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("apivideo_")).collect()
}

/// The label names of each metric, `le` aside.
pub(crate) fn labels(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut labels: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = line.split_once('{') else { continue };
        let pairs = rest.split('}').next().unwrap_or_default().split(',');
        let names = pairs.filter_map(|pair| Some(pair.split_once('=')?.0)).filter(|name| *name != "le");
        labels.entry(name).or_default().extend(names);
    }
    labels
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).expect(path)
}
