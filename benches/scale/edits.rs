//! Edits behind the operator's back, and how soon they are set back.

use std::time::Duration;

use apivideo_sandbox::{Sandbox, StreamPatch};
use jiff::Timestamp;
use tokio::time::sleep;

use crate::{
    cluster::until,
    failure::Failure,
    pure::{
        corrections::{Edits, evenly, lags},
        spread::Spread,
    },
};

/// The ids of so many of the account's streams, evenly taken from its list:
/// a pass comes by them one after the other.
pub(crate) fn pick(sandbox: &Sandbox, count: usize, offset: usize) -> Vec<String> {
    let ids: Vec<_> = sandbox.streams().into_iter().map(|stream| stream.live_stream_id).collect();
    evenly(&ids, count, offset)
}

/// What it took to set edited streams back.
pub(crate) struct Correction {
    /// Calls that wrote, refused ones too.
    pub(crate) writes: u64,
    /// Answers of 429.
    pub(crate) refused: u64,
    /// The seconds from each edit to its correction.
    pub(crate) lags: Spread,
}

/// Renames the streams, evenly over a time, so that their lags don't all tell
/// of one and the same moment between two passes; and waits until all are set
/// back.
pub(crate) async fn correct(
    sandbox: &Sandbox,
    ids: &[String],
    over: Duration,
    patience: Duration,
) -> Result<Correction, Failure> {
    sandbox.reset_calls();
    let edits = rename(sandbox, ids, over).await?;
    let otherwise = format!("not all of {} edited streams were corrected", edits.len());
    until(&otherwise, patience, async || {
        // The log is long where many were edited: not to be copied all the time.
        sleep(Duration::from_millis(200)).await;
        let log = sandbox.calls();
        let lags = lags(&edits, &log.entries);
        let lags = if lags.len() == edits.len() { Spread::of(lags) } else { None };
        let refused = log.count(|each| each.status == Some(429));
        Ok(lags.map(|lags| Correction { writes: log.writes(), refused, lags }))
    })
    .await
}

async fn rename(sandbox: &Sandbox, ids: &[String], over: Duration) -> Result<Edits, Failure> {
    let pause = over / u32::try_from(ids.len().max(1)).unwrap_or(u32::MAX);
    let patch = StreamPatch { name: Some("Renamed elsewhere".into()), ..StreamPatch::default() };
    let mut edits = Edits::new();
    for id in ids {
        edits.insert(id.clone(), Timestamp::now());
        sandbox.edit(id, patch.clone())?;
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
    Ok(edits)
}
