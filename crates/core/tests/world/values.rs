//! From the small world to the values of the core, and back.

use std::{sync::Arc, sync::LazyLock, time::Duration};

use apivideo_operator_core::{
    facts::{
        Facts,
        binding::{Binding, Stored},
        ids::{ObjectKey, Owner, StreamId},
        intent::{CreateTiming, Intent},
        manifest::{Desired, Manifest, Unmanaged},
        observation::{AccountError, AccountView, CrdDeletion, Observation},
        policy::{OnRemoteMissing, WhileBroadcasting},
        project::AccountProject,
        stream::{Assets, Remote},
    },
    state::{
        drift_backoff::DriftBackoff,
        outcome::{Cause, Refusal},
        reconcile_state::{Failure, PendingCreate, ReconcileState, Request, Wish},
        search::SearchProgress,
    },
};
use jiff::Timestamp;

use crate::model::{
    Answer, Asked, Bound, Failed, Id, Memory, Object, Observed, Process, Progress, SLOTS, Sent, Stream, Time,
};

/// A tick: all times of a create are multiples of it.
pub(crate) const TICK: i64 = 15;
/// The settle time, in ticks.
pub(crate) const SETTLE: i64 = 2;
/// Now, always.
const NOW: i64 = 1_000_000_020;
const NAMES: [&str; 2] = ["Town hall", "Other"];
const UIDS: [&str; 2] = ["a", "b"];

static IDS: LazyLock<Vec<StreamId>> =
    LazyLock::new(|| (1..=SLOTS + 1).map(|n| StreamId::parse(&format!("li{n}")).unwrap()).collect());

pub(crate) fn id(id: Id) -> StreamId {
    IDS[usize::from(id) - 1].clone()
}

pub(crate) fn number(id: &StreamId) -> Id {
    id.as_str()[2..].parse().unwrap()
}

pub(crate) fn at(time: Time) -> Timestamp {
    Timestamp::from_second(NOW + i64::from(time) * TICK).unwrap()
}

/// The tick of a time; of a later one the next.
fn tick(time: Timestamp) -> Time {
    let seconds = time.as_second() - NOW;
    Time::try_from(seconds.div_euclid(TICK)).unwrap()
}

/// Now, so that the nonce of an intent is new.
pub(crate) fn now(nth: u8) -> Timestamp {
    at(0) + Duration::from_micros(nth.into())
}

pub(crate) fn owner(i: usize) -> Owner {
    Owner { uid: UIDS[i].into(), key: key(i) }
}

pub(crate) fn key(i: usize) -> ObjectKey {
    ObjectKey { namespace: "ns".into(), name: UIDS[i].into() }
}

fn key_number(key: &ObjectKey) -> u8 {
    u8::from(key.name == UIDS[1])
}

pub(crate) fn desired(payload: u8) -> Desired {
    Desired { name: NAMES[usize::from(payload)].into(), public: Some(true), player_id: None }
}

fn payload(name: &str) -> u8 {
    u8::from(name == NAMES[1])
}

pub(crate) fn payload_of(intent: &Intent) -> u8 {
    payload(&intent.payload.name)
}

pub(crate) fn intent(i: usize, asked: Asked) -> Intent {
    let sent_at = at(asked.sent) + Duration::from_micros(asked.nth.into());
    Intent::new(&desired(asked.payload), UIDS[i], sent_at, false)
}

pub(crate) fn asked(intent: &Intent) -> Asked {
    let Intent { sent_at, payload: Desired { name, .. }, nonce: _ } = intent;
    let nth = u8::try_from(sent_at.subsec_microsecond()).unwrap();
    Asked { sent: tick(*sent_at), nth, payload: payload(name) }
}

pub(crate) fn remote(number: Id, stream: &Stream) -> Remote {
    remote_with(number, stream.payload, stream.created)
}

fn remote_with(number: Id, payload: u8, created: Time) -> Remote {
    let Desired { name, public, player_id } = desired(payload);
    Remote {
        id: id(number),
        name: Some(name),
        public,
        player_id,
        broadcasting: false,
        created_at: Some(at(created)),
        updated_at: None,
        assets: Assets::default(),
    }
}

/// What does not change in a world.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policies {
    /// `onRemoteMissing: Fail`.
    pub fail: bool,
    /// `whileBroadcasting: Proceed`.
    pub proceed: bool,
}

pub(crate) fn manifest(i: usize, object: &Object, policies: Policies) -> Manifest {
    Manifest {
        owner: owner(i),
        generation: object.generation.into(),
        deleting: object.deleting,
        finalizer: object.finalizer,
        desired: desired(object.payload),
        adopt: object.adopt.map(id),
        deletion_policy: None,
        drift_policy: Default::default(),
        on_remote_missing: if policies.fail { OnRemoteMissing::Fail } else { OnRemoteMissing::Recreate },
        suspend: false,
        while_broadcasting: if policies.proceed {
            WhileBroadcasting::Proceed
        } else {
            WhileBroadcasting::Defer
        },
        requested_at: None,
        confirm_recreate: object.confirm.map(|confirmed| id(confirmed).to_string()),
        settle_create: object.settle.map(|answer| match answer {
            Answer::Nothing => "none".to_owned(),
            Answer::Stream(number) => id(number).to_string(),
        }),
    }
}

pub(crate) fn stored(i: usize, object: &Object, unstored: Option<Id>, owned: Option<Id>) -> Stored {
    Stored {
        annotation: object.annotation.map(id),
        bound_uid: object.bound_to.map(|i| UIDS[usize::from(i)].to_owned()),
        status: object.status.map(id),
        recreated_from: object.recreated_from.map(id),
        project: None,
        observed: Unmanaged::default(),
        intent: object.intent.filter(|_| object.bound_to == Some(u8_of(i))).map(|a| Ok(intent(i, a))),
        handled_request: None,
        synced_generation: object.synced.map(i64::from),
        unstored: unstored.map(id),
        owned: owned.map(id),
    }
}

pub(crate) fn u8_of(i: usize) -> u8 {
    u8::try_from(i).unwrap()
}

pub(crate) fn account(process: &Process) -> AccountView {
    AccountView {
        scanned: process.scanned && process.clock,
        clock: process.clock.then(|| at(0)),
        error: None,
        recoveries: 0,
        guarded: false,
        confirmed: true,
        unlisted: false,
        settle: Duration::from_secs((SETTLE * TICK).unsigned_abs()),
        marker: false,
        drift_interval: Duration::from_secs(60),
        request_timeout: Duration::from_secs(TICK.unsigned_abs()),
        project: AccountProject::default(),
        guard_active: false,
    }
}

pub(crate) fn facts(
    manifest: Manifest,
    stored: Stored,
    binding: Binding,
    observed: Observed,
    process: &Process,
) -> Facts {
    // A stream's observation is about the one that is bound.
    let about = binding.id().map_or(1, number);
    let observation = match observed {
        Observed::Unknown => Observation::Unknown,
        Observed::Absent => Observation::Absent,
        Observed::Gone => Observation::Gone,
        Observed::Present { payload, fresh } => {
            Observation::Present { remote: Arc::new(remote_with(about, payload, 0)), fresh }
        }
    };
    Facts {
        manifest,
        stored,
        binding,
        observation,
        account: account(process),
        admitted: false,
        orphan: None,
        crd: CrdDeletion::Unchecked,
    }
}

pub(crate) fn observed(observation: &Observation) -> Observed {
    match observation {
        Observation::Unknown => Observed::Unknown,
        Observation::Absent => Observed::Absent,
        Observation::Gone => Observed::Gone,
        Observation::Present { remote, fresh } => {
            Observed::Present { payload: payload(remote.name.as_deref().unwrap()), fresh: *fresh }
        }
    }
}

pub(crate) fn binding(bound: Bound) -> Binding {
    match bound {
        Bound::Unbound => Binding::Unbound,
        Bound::Bound(number, stored, adopted) => Binding::Bound { id: id(number), stored, adopted },
        Bound::Wanted(number) => Binding::Wanted(id(number)),
        Bound::Conflict(number, owner) => Binding::Conflict { id: id(number), owner: key(owner.into()) },
        Bound::Copy(number, owner) => Binding::Copy { id: id(number), owner: key(owner.into()) },
        Bound::Mismatch(bound, wanted) => Binding::Mismatch { bound: id(bound), wanted: id(wanted) },
    }
}

fn bound(binding: &Binding) -> Bound {
    match binding {
        Binding::Unbound => Bound::Unbound,
        Binding::Bound { id, stored, adopted } => Bound::Bound(number(id), *stored, *adopted),
        Binding::Wanted(id) => Bound::Wanted(number(id)),
        Binding::Conflict { id, owner } => Bound::Conflict(number(id), key_number(owner)),
        Binding::Copy { id, owner } => Bound::Copy(number(id), key_number(owner)),
        Binding::Mismatch { bound, wanted } => Bound::Mismatch(number(bound), number(wanted)),
    }
}

/// The state in full.
pub(crate) fn unpack(i: usize, memory: &Memory) -> ReconcileState {
    let Memory {
        binding: bound,
        create,
        unstored,
        replaced,
        failure,
        synced,
        just_read,
        wish,
        doubted,
        found_gone,
    } = *memory;
    let request = |sent| match sent {
        Sent::NotSent => Request::NotSent,
        Sent::NotCreated => Request::NotCreated,
        Sent::Inherited => Request::Inherited,
        Sent::Unknown(Progress { ended, empty, searched, ambiguous, wishable }) => {
            Request::Unknown(SearchProgress {
                asked: wishable,
                ended_at: at(ended),
                empty_searches: empty,
                searched_at: searched.map(at),
                ambiguous: ambiguous.iter().flatten().map(|number| id(*number)).collect(),
            })
        }
    };
    let cause = |failed| match failed {
        Failed::Refused => Cause::Refused(Refusal { field: None, message: String::new() }),
        Failed::Call => Cause::Call(AccountError::Unavailable(String::new())),
        Failed::Cluster => Cause::Cluster(String::new()),
    };
    ReconcileState {
        binding: binding(bound),
        create: create.map(|(asked, sent)| PendingCreate::Open(intent(i, asked), request(sent))),
        unstored: unstored.map(id),
        created_in: None,
        replaced: replaced.map(id),
        doubted,
        found_gone,
        failure: failure.map(|failed| Failure {
            cause: cause(failed),
            retry_at: at(1),
            expected_at: Some(at(1)),
        }),
        attempts: 0,
        synced_generation: synced.map(i64::from),
        read_at: just_read.then(|| at(0)),
        drift_backoff: DriftBackoff::default(),
        handled_request: None,
        wish: wish.map(|(generation, deleting)| Wish {
            generation: generation.into(),
            requested_at: None,
            deleting,
        }),
        last_observed: Unmanaged { public: Some(true), player_id: None },
        recoveries: 0,
    }
}

/// What of the state a decision can depend on. A new field has to find its place here:
/// each time becomes a tick, rounded so that no comparison with now changes.
pub(crate) fn pack(state: &ReconcileState) -> Memory {
    let ReconcileState {
        binding,
        create,
        unstored,
        // No token names a project in these worlds.
        created_in: _,
        replaced,
        doubted,
        found_gone,
        failure,
        // How long a wait is does not matter where each counts as one tick.
        attempts: _,
        synced_generation,
        read_at,
        // Nobody reverts corrections in these worlds, so the backoff never starts.
        drift_backoff: _,
        handled_request,
        wish,
        // Every manifest manages `public`, and no stream has a player.
        last_observed: _,
        recoveries: _,
    } = state;
    assert_eq!(handled_request, &None);
    Memory {
        binding: bound(binding),
        create: create.as_ref().map(pack_create),
        unstored: unstored.as_ref().map(number),
        replaced: replaced.as_ref().map(number),
        failure: failure.as_ref().and_then(pack_failure),
        synced: synced_generation.map(|generation| u8::try_from(generation).unwrap()),
        doubted: *doubted,
        found_gone: *found_gone,
        just_read: read_at.is_some_and(|time| time >= at(0)),
        wish: wish.as_ref().map(|Wish { generation, requested_at: _, deleting }| {
            (u8::try_from(*generation).unwrap(), *deleting)
        }),
    }
}

fn pack_create(create: &PendingCreate) -> (Asked, Sent) {
    let PendingCreate::Open(intent, request) = create else {
        panic!("nobody edits an intent in these worlds")
    };
    let sent = match request {
        Request::NotSent => Sent::NotSent,
        Request::NotCreated => Sent::NotCreated,
        Request::Inherited => Sent::Inherited,
        Request::Unknown(SearchProgress {
            ended_at,
            empty_searches,
            searched_at,
            ambiguous,
            asked: wishable,
        }) => {
            let mut ids = [None; 3];
            assert!(ambiguous.len() <= ids.len());
            ids.iter_mut().zip(ambiguous).for_each(|(slot, id)| *slot = Some(number(id)));
            ids.sort_unstable_by_key(|id| id.unwrap_or(Id::MAX));
            Sent::Unknown(Progress {
                ended: tick(*ended_at),
                empty: *empty_searches,
                searched: searched_at.map(tick),
                ambiguous: ids,
                wishable: *wishable,
            })
        }
    };
    (asked(intent), sent)
}

/// A failure whose retry is due holds nothing back any more. Every wait counts as one tick.
fn pack_failure(failure: &Failure) -> Option<Failed> {
    let Failure { cause, retry_at, expected_at: _ } = failure;
    let failed = match cause {
        Cause::Refused(_) => Failed::Refused,
        Cause::Call(_) => Failed::Call,
        Cause::Cluster(_) => Failed::Cluster,
        Cause::Account(_) | Cause::NotApplied(_) => panic!("no outcome of these worlds: {cause:?}"),
    };
    (*retry_at > now(u8::MAX)).then_some(failed)
}

pub(crate) fn timing() -> CreateTiming {
    CreateTiming {
        request_timeout: Duration::from_secs(TICK.unsigned_abs()),
        settle: Duration::from_secs((SETTLE * TICK).unsigned_abs()),
    }
}
