//! How the process ends: on a signal, or when it loses leadership.

use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::failure::Failure;
use crate::leader::Leadership;

/// How long calls in flight may take at the end: the process ends within 10 s of
/// SIGTERM.
const CALLS_TIMEOUT: Duration = Duration::from_secs(8);

/// What became of the calls in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calls {
    Finished,
    Abandoned,
}

/// Cancels `shutdown` on SIGTERM or SIGINT.
pub(super) fn on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::Work(format!("cannot install signal handlers: {error}")))
    };
    let (mut term, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("shutting down; waiting for calls in flight");
        shutdown.cancel();
    });
    Ok(())
}

/// Works until the shutdown, then waits for the calls in flight. Lost leadership ends
/// the process at once: another replica may already be at work.
pub(super) async fn work_until_shutdown(
    work: impl Future<Output = ()>,
    leadership: Option<&mut Leadership>,
    shutdown: &CancellationToken,
) -> Result<Calls, Failure> {
    tokio::pin!(work);
    let lost = async {
        match leadership {
            Some(leadership) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = &mut work => return Ok(Calls::Finished),
        () = lost => {
            return Err(Failure::Work("lost leadership: another replica may be the leader now".into()));
        }
        () = shutdown.cancelled() => {}
    }
    if timeout(CALLS_TIMEOUT, work).await.is_err() {
        warn!("some calls did not finish in time; their effect is determined at the next start");
        return Ok(Calls::Abandoned);
    }
    Ok(Calls::Finished)
}
