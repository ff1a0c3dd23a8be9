//! Leader election by a Lease: of several replicas one works, the others wait.
//!
//! What a replica may still do, and until when, its [`Fence`] says; the
//! election only opens it, and closes it before it lets the lease go.

use kube::{Api, Client};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

use super::{
    election::{Election, ElectionError, Standing},
    fence::Fence,
    lease::LEASE,
};

/// The leadership of this replica. Dropped without a release, it lets the
/// lease run out.
pub struct Leadership {
    fence: Fence,
    standing: watch::Receiver<Standing>,
    end: CancellationToken,
    task: AbortOnDropHandle<bool>,
}

/// Takes part in the election, in the namespace of the client,
/// which must not be fenced itself. `fence` is open while this replica leads.
///
/// # Errors
/// If the Lease can't be read.
pub async fn take_part(client: Client, fence: Fence) -> Result<Leadership, ElectionError> {
    let (told, standing) = watch::channel(Standing::Waits);
    let election = Election {
        api: Api::default_namespaced(client),
        me: identity(),
        fence: fence.clone(),
        standing: told,
    };
    election.look().await?;
    let end = CancellationToken::new();
    let task = AbortOnDropHandle::new(tokio::spawn(election.run(end.clone())));
    Ok(Leadership { fence, standing, end, task })
}

/// Names the pod to a person, and is never the same twice: a process that
/// starts again must not take its predecessor's lease for its own.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
    let host = host.as_deref().unwrap_or(LEASE);
    format!("{host}-{}-{:016x}", std::process::id(), fastrand::u64(..))
}

impl Leadership {
    /// Waits until this replica leads, or has lost that chance: then it
    /// is [`lost`](Self::lost) at once.
    pub async fn gained(&mut self) {
        info!(lease = LEASE, "waiting to lead");
        // An election that has ended is a loss, and so no leadership.
        let standing = self.standing.wait_for(|standing| *standing != Standing::Waits).await;
        if standing.is_ok_and(|standing| *standing == Standing::Holds) {
            info!("this replica leads");
        }
    }

    /// Waits until it leads no more.
    pub async fn lost(&mut self) {
        tokio::select! {
            _ = self.standing.wait_for(|standing| *standing == Standing::Lost) => {}
            () = self.fence.closed() => {}
        }
        warn!("this replica leads no more");
    }

    /// Lets go of the lease, so that another can lead at once. All calls must
    /// have ended: one that is still under way may take effect after another's.
    pub async fn release(self) {
        self.end.cancel();
        if !matches!(self.task.await, Ok(true)) {
            warn!("the lease was not released: it runs out by itself");
        }
    }
}
