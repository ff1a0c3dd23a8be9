//! What a restart costs once all is quiet: one pass of pages, and no write.

use tokio::time::Instant;

use crate::{
    figures::Figures,
    invariants::versions,
    stage::{Operator, Stage, eventually},
};

/// Streams to a page.
const PAGE: usize = 100;

/// Kills the operator, starts it with passes so rare that there is but one, and
/// asserts what it asked and wrote until it had seen to every LiveStream.
pub(crate) async fn measure(stage: &Stage, operator: Operator, figures: &Figures, seed: u64) -> Operator {
    drop(operator);
    let before = versions(stage).await;
    stage.sandbox.reset_calls();
    let began = Instant::now();
    let operator = stage.unready_operator_with(&["--drift-interval", "1h"]);
    operator.ready().await;
    let ready = began.elapsed();
    eventually("a reconcile of each LiveStream", async || {
        (reconciles(&operator.metrics().await) >= before.len() as u64).then_some(())
    })
    .await;
    let (calls, streams) = (stage.sandbox.calls(), stage.sandbox.streams().len());
    figures.note(format!(
        "a restart over {streams} streams: ready after {ready:.2?}, {} reads and {} writes to the API",
        calls.reads(),
        calls.writes()
    ));
    assert_eq!(calls.reads(), streams.div_ceil(PAGE).max(1) as u64, "seed {seed}: a restart is one pass");
    assert_eq!(calls.writes(), 0, "seed {seed}: a restart writes nothing to the API");
    assert_eq!(versions(stage).await, before, "seed {seed}: a restart writes nothing to the cluster");
    operator
}

fn reconciles(metrics: &str) -> u64 {
    let counted =
        |line: &str| line.strip_prefix(r#"apivideo_operator_reconciles_total{result="ok"} "#)?.parse().ok();
    metrics.lines().find_map(counted).unwrap_or_default()
}
