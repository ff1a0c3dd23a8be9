//! From the small world to the values of the core, and back.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use apivideo_operator_core::facts::{
    Facts,
    binding::{Binding, Stored},
    ids::{ObjectKey, Owner, StreamId},
    intent::{CreateTiming, Intent},
    manifest::{Desired, Manifest, Unmanaged},
    observation::{AccountView, CrdDeletion, Observation},
    policy::{OnRemoteMissing, WhileBroadcasting},
    project::AccountProject,
    stream::{Assets, Remote},
};
use jiff::Timestamp;

use crate::model::{Answer, Asked, Id, Object, Observed, Process, SLOTS, Stream, Time};

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
pub(crate) fn tick(time: Timestamp) -> Time {
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

pub(crate) fn key_number(key: &ObjectKey) -> u8 {
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
        settle: timing().settle,
        marker: false,
        drift_interval: Duration::from_secs(60),
        request_timeout: timing().request_timeout,
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

pub(crate) fn timing() -> CreateTiming {
    CreateTiming {
        request_timeout: Duration::from_secs(TICK.unsigned_abs()),
        settle: Duration::from_secs((SETTLE * TICK).unsigned_abs()),
    }
}
