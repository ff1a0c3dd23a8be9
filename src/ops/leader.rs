//! Leader election by a Lease: of several replicas one works, the others wait.

use super::rights::{self, Right};
use kube::Client;
use kube_lease_manager::{LeaseManagerBuilder, LeaseManagerError};
use tokio::{sync::watch, task::JoinHandle};
use tracing::{info, warn};

/// The name of the Lease.
pub const LEASE: &str = "apivideo-operator";
/// What the election does with the Lease.
const KEEP: Right = Right {
    group: "coordination.k8s.io",
    resource: "leases",
    subresource: "",
    name: LEASE,
    verbs: &["get", "patch"],
    without: "no replica can be elected (--leader-elect)",
};
/// A right to create can't be bound to a name: the request has none yet.
const CREATE: Right = Right { name: "", verbs: &["create"], ..KEEP };
/// How long a lease holds without being renewed, in seconds.
const DURATION_SECONDS: u64 = 15;
/// How long before its end it is renewed, in seconds.
const GRACE_SECONDS: u64 = 5;

/// The leadership of this replica.
pub struct Leadership {
    held: watch::Receiver<bool>,
    task: JoinHandle<Result<kube_lease_manager::LeaseManager, LeaseManagerError>>,
}

/// What keeps this process from taking part, with the command that mends it.
/// An API server that does not tell is none: the election itself will show it.
pub async fn hindrance(client: &Client) -> Option<String> {
    let namespace = client.default_namespace();
    let mut messages = Vec::new();
    for right in [KEEP, CREATE] {
        if let Some(missing) = rights::missing(client, right, Some(namespace)).await.ok()? {
            let user = rights::user(client).await.unwrap_or_default();
            messages.push(missing.message(user.as_deref()));
        }
    }
    (!messages.is_empty()).then(|| messages.join("\n"))
}

/// Takes part in the election, in the namespace of the client.
///
/// # Errors
/// If the Lease can't be read or created.
pub async fn take_part(client: Client) -> Result<Leadership, LeaseManagerError> {
    let namespace = client.default_namespace().to_owned();
    let mut builder = LeaseManagerBuilder::new(client, LEASE)
        .with_namespace(namespace)
        .with_duration(DURATION_SECONDS)
        .with_grace(GRACE_SECONDS);
    if let Some(host) = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty()) {
        builder = builder.with_identity(format!("{host}-{}", std::process::id()));
    }
    let (held, task) = builder.build().await?.watch().await;
    Ok(Leadership { held, task })
}

impl Leadership {
    /// Waits until this replica leads.
    pub async fn gained(&mut self) {
        info!("waiting to lead");
        // An ended election shows as a loss at once, below.
        let _ = self.held.wait_for(|leads| *leads).await;
        info!("this replica leads");
    }

    /// Waits until it leads no more.
    pub async fn lost(&mut self) {
        let _ = self.held.wait_for(|leads| !*leads).await;
        warn!("this replica leads no more");
    }

    /// Lets go of the lease, so that another can lead at once.
    pub async fn release(self) {
        drop(self.held);
        if !matches!(self.task.await, Ok(Ok(_))) {
            warn!("the lease was not released: it runs out by itself in {DURATION_SECONDS} s");
        }
    }
}
