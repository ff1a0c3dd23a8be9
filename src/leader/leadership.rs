//! The leadership of this process, as the rest of the operator uses it.

use kube::{Api, Client};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

use super::{
    election::{Election, ElectionError, Role},
    fence::Fence,
    lease::{LEASE, LEASE_DURATION},
};
use crate::ops::pod_name;

/// The leadership of this replica. Dropped without a release, the lease expires.
pub struct Leadership {
    fence: Fence,
    role: watch::Receiver<Role>,
    end: CancellationToken,
    task: AbortOnDropHandle<bool>,
}

/// Takes part in the election, in the namespace of the client, which must not be
/// fenced itself. `fence` is open while this replica leads.
///
/// # Errors
/// If the Lease can't be read.
pub async fn join_election(client: Client, fence: Fence) -> Result<Leadership, ElectionError> {
    let (sender, role) = watch::channel(Role::Candidate);
    let api = Api::default_namespaced(client);
    let election = Election { api, identity: identity(), fence: fence.clone(), role: sender };
    election.read().await?;
    let end = CancellationToken::new();
    let task = AbortOnDropHandle::new(tokio::spawn(election.run(end.clone())));
    Ok(Leadership { fence, role, end, task })
}

/// Contains the name of the pod, for people, and is never used twice: a restarted
/// process must not take its predecessor's lease for its own.
fn identity() -> String {
    let host = pod_name().unwrap_or_else(|| LEASE.to_owned());
    format!("{host}-{}-{:016x}", std::process::id(), fastrand::u64(..))
}

impl Leadership {
    /// Waits until this replica leads. If the election ends instead, the leadership
    /// is [`lost`](Self::lost) at once.
    pub async fn acquired(&mut self) {
        info!(lease = LEASE, "waiting for the lease");
        let _ = self.role.wait_for(|role| *role != Role::Candidate).await;
    }

    /// Waits until this replica no longer leads.
    pub async fn lost(&mut self) {
        tokio::select! {
            _ = self.role.wait_for(|role| *role == Role::Former) => {}
            () = self.fence.closed() => {}
        }
        warn!("this replica is no longer the leader");
    }

    /// Releases the lease, so that another replica can lead at once. All calls must
    /// have ended: one that is still in flight may take effect after another leader's.
    pub async fn release(self) {
        self.end.cancel();
        if !matches!(self.task.await, Ok(true)) {
            warn!("failed to release the lease; it expires after {} s", LEASE_DURATION.as_secs());
        }
    }
}
