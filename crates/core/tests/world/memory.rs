//! The state of a LiveStream as a small value, and back.

use apivideo_operator_core::{
    facts::{binding::Binding, manifest::Unmanaged, observation::AccountError},
    state::{
        drift_backoff::DriftBackoff,
        outcome::{Cause, Refusal},
        reconcile_state::{Failure, PendingCreate, ReconcileState, Request, Wish},
        search::SearchProgress,
    },
};

use crate::{
    model::{Asked, Bound, Failed, Id, Memory, Progress, Sent},
    values::{asked, at, id, intent, key, key_number, now, number, tick},
};

fn binding(bound: Bound) -> Binding {
    match bound {
        Bound::Unbound => Binding::Unbound,
        Bound::To(number, stored, adopted) => Binding::Bound { id: id(number), stored, adopted },
        Bound::Wanted(number) => Binding::Wanted(id(number)),
        Bound::Conflict(number, owner) => Binding::Conflict { id: id(number), owner: key(owner.into()) },
        Bound::Copy(number, owner) => Binding::Copy { id: id(number), owner: key(owner.into()) },
        Bound::Mismatch(bound, wanted) => Binding::Mismatch { bound: id(bound), wanted: id(wanted) },
    }
}

fn bound(binding: &Binding) -> Bound {
    match binding {
        Binding::Unbound => Bound::Unbound,
        Binding::Bound { id, stored, adopted } => Bound::To(number(id), *stored, *adopted),
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
        Sent::Not => Request::NotSent,
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
        Request::NotSent => Sent::Not,
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
