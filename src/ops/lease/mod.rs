//! Leader election by a Lease: of several replicas one works, the others wait.
//!
//! What a replica may still do, and until when, its [`Fence`] says; the
//! election only opens it, and closes it before it lets the lease go.

mod decide;
mod elect;
#[cfg(test)]
mod overlap_tests;
mod record;
mod rivals;

use std::borrow::Cow;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{info, warn};

pub use self::elect::ElectionError;
use self::elect::{Election, Standing};
use super::{
    fence::Fence,
    rights::{Right, missing, user},
};

/// The name of the Lease of an installation that doesn't split its work.
pub const LEASE: &str = "apivideo-operator";

/// What the election does with the Lease of a seat. A right to create can't be
/// bound to a name: the request has none yet. Nor can one to list, which shows
/// an installation that is split otherwise.
fn rights(seat: &Seat) -> [Right; 2] {
    let right = |name, verbs| Right {
        group: "coordination.k8s.io",
        resource: "leases",
        subresource: "",
        name,
        verbs,
        without: "no replica can be elected (--leader-elect, --shard)",
    };
    [right(Cow::Owned(seat.name.clone()), &["get", "patch"]), right(Cow::Borrowed(""), &["create", "list"])]
}

/// What a replica is elected for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The name of its Lease.
    pub name: String,
    /// Into how many parts its installation has split its work: 1 is the whole.
    pub shards: u32,
}

impl Seat {
    /// The seat of one shard of so many.
    #[must_use]
    pub fn of(index: u32, shards: u32) -> Self {
        Self { name: format!("{LEASE}-shard-{index}"), shards }
    }

    /// The one seat of an installation that doesn't split its work.
    #[must_use]
    pub fn whole() -> Self {
        Self { name: LEASE.to_owned(), shards: 1 }
    }
}

/// The leadership of this replica. Dropped without a release, it lets the
/// lease run out.
pub struct Leadership {
    api: Api<Lease>,
    seat: Seat,
    fence: Fence,
    standing: watch::Receiver<Standing>,
    end: CancellationToken,
    task: AbortOnDropHandle<bool>,
}

/// What keeps this process from taking part, with the command that mends it.
/// An API server that does not tell is none: the election itself will show it.
pub async fn hindrance(client: &Client, seat: &Seat) -> Option<String> {
    let namespace = client.default_namespace();
    let mut messages = Vec::new();
    for right in rights(seat) {
        if let Some(lacks) = missing(client, right, Some(namespace)).await.ok()? {
            let user = user(client).await.unwrap_or_default();
            messages.push(lacks.message(user.as_deref()));
        }
    }
    (!messages.is_empty()).then(|| messages.join("\n"))
}

/// Takes part in the election for a seat, in the namespace of the client,
/// which must not be fenced itself. `fence` is open while this replica leads.
///
/// # Errors
/// If the Lease can't be read.
pub async fn take_part(client: Client, seat: Seat, fence: Fence) -> Result<Leadership, ElectionError> {
    let api: Api<Lease> = Api::default_namespaced(client);
    let (told, standing) = watch::channel(Standing::Waits);
    let election = Election {
        api: api.clone(),
        seat: seat.clone(),
        me: identity(),
        fence: fence.clone(),
        standing: told,
    };
    election.look().await?;
    let end = CancellationToken::new();
    let task = AbortOnDropHandle::new(tokio::spawn(election.run(end.clone())));
    Ok(Leadership { api, seat, fence, standing, end, task })
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
        info!(lease = self.seat.name, "waiting to lead");
        // An ended election shows as a loss at once, below.
        let _ = self.standing.wait_for(|standing| *standing != Standing::Waits).await;
        let (api, seat) = (self.api.clone(), self.seat.clone());
        tokio::select! {
            () = rivals::gone(&api, &seat) => info!("this replica leads"),
            () = self.lost() => {}
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
