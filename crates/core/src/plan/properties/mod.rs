//! The planner's promises, for any manifest, state and observation.

use std::sync::Arc;

use proptest::{option, prelude::*, sample::select};

use super::*;
use crate::{
    facts::{
        diff::{self, FieldDrift},
        ids::ObjectKey,
        intent::Intent,
        manifest::Desired,
        observation::{AccountError, AccountView, CrdDeletion},
        policy::{OnRemoteMissing, WhileBroadcasting},
        stream::Remote,
    },
    fixture::{account, at, desired, id, manifest, observing, remote},
    state::{
        drift_backoff::DriftBackoff,
        outcome::{Outcome, Refusal},
        reconcile_state::{Failure, PendingCreate, Request},
        search::{SearchProgress, SearchResult},
    },
    step::action::ReleaseReason,
};

mod strategies;
use strategies::{observations, states};

/// Whether an action writes to the API.
fn writes(step: &Step) -> bool {
    matches!(step, Step::Do(Action::Create { .. } | Action::Update { .. } | Action::Delete { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_written_if_suspended_or_not_owned(
        facts in observations(), state in states(),
    ) {
        let step = plan(&facts, &state, at(1000)).step;
        let owns = matches!(state.binding, Binding::Unbound | Binding::Bound { .. } | Binding::Copy { .. });
        if facts.manifest.suspend && !facts.manifest.deleting {
            prop_assert!(!writes(&step), "{step:?}");
        }
        if !owns && !facts.manifest.deleting && state.create.is_none() {
            prop_assert!(!writes(&step), "{step:?}");
        }
    }

    #[test]
    fn a_create_is_sent_only_after_its_intent_was_stored(
        facts in observations(), state in states(),
    ) {
        if let Step::Do(Action::Create { intent }) = plan(&facts, &state, at(1000)).step {
            prop_assert_eq!(state.create, Some(PendingCreate::Open(intent, Request::NotSent)));
        }
    }

    #[test]
    fn a_stream_is_deleted_only_with_its_manifest(
        facts in observations(), state in states(),
    ) {
        let step = plan(&facts, &state, at(1000)).step;
        if matches!(step, Step::Do(Action::Delete { .. })) {
            prop_assert!(facts.manifest.finalizing());
            prop_assert!(facts.manifest.deletion_policy != Some(DeletionPolicy::Retain) && facts.crd == CrdDeletion::NotNow);
            let on_air = matches!(&facts.observation, Observation::Present { remote, .. } if remote.broadcasting);
            prop_assert!(!on_air || facts.manifest.while_broadcasting == WhileBroadcasting::Proceed);
        }
    }

    #[test]
    fn a_finalizer_goes_only_when_the_contract_says_so(
        facts in observations(), state in states(),
    ) {
        if let Step::Do(Action::Release { reason }) = plan(&facts, &state, at(1000)).step {
            prop_assert!(facts.manifest.deleting);
            let unresolved = matches!(&state.create, Some(PendingCreate::Open(_, Request::Unknown(_) | Request::Inherited) | PendingCreate::Unreadable(_)));
            match reason {
                ReleaseReason::Deleted(_) => prop_assert_eq!(&facts.observation, &Observation::Gone),
                ReleaseReason::Retained(..) => {}
                ReleaseReason::NeverCreated => {
                    prop_assert!(!unresolved, "a stream may exist");
                    let owns = matches!(state.binding, Binding::Bound { .. } | Binding::Mismatch { .. });
                    prop_assert!(!owns, "its stream is still there");
                }
            }
        }
    }

    #[test]
    fn what_a_failure_concerns_waits_for_its_time(facts in observations(), state in states()) {
        if let Step::Do(action) = plan(&facts, &state, at(1000)).step {
            let concerned = state.failure.as_ref().is_some_and(|failure| match &failure.cause {
                Cause::Refused(_) => action.sends_values(),
                Cause::Account(_) | Cause::Call(_) => action.needs_account(),
                Cause::NotApplied(fields) => action.updates_only(fields),
                Cause::Cluster(_) => action.needs_cluster(),
            });
            prop_assert!(!concerned, "{action:?}");
        }
    }

    #[test]
    fn in_a_drift_backoff_only_a_requested_reconcile_corrects_at_once(
        facts in observations(), state in states(),
    ) {
        // Everything else that could keep it from writing is put out of the way.
        let manifest = Manifest {
            deleting: false,
            finalizer: true,
            suspend: false,
            drift_policy: DriftPolicy::Correct,
            ..facts.manifest.clone()
        };
        let facts = Facts { manifest, orphan: None, ..facts };
        let binding = Binding::Bound { id: id("li1"), stored: true, adopted: false };
        let state =
            ReconcileState { binding, create: None, failure: None, synced_generation: Some(1), ..state };
        let step = plan(&facts, &state, at(1000)).step;
        if let Observation::Present { remote, fresh: true } = &facts.observation {
            let requested = state.request_pending(&facts.manifest);
            let waits = |f: &FieldDrift| !requested && state.drift_backoff.window(f, at(1000)).is_some();
            let drift = diff::drift(&facts.manifest.desired, remote);
            let due = drift.iter().any(|field| !waits(field));
            prop_assert_eq!(matches!(step, Step::Do(Action::Update { .. })), due);
        }
    }

    #[test]
    fn where_every_call_succeeds_it_is_in_sync_within_nine_steps(
        facts in observations(), state in states(),
    ) {
        let (mut facts, mut state) = (facts, state);
        let mut world = match &facts.observation {
            Observation::Present { remote, .. } => Some(remote.as_ref().clone()),
            _ => None,
        };
        let mut steps = 0;
        let last = loop {
            let next = plan(&facts, &state, at(1000));
            let Step::Do(action) = next.step else { break next };
            steps += 1;
            // Eight, and a check of the CRD.
            prop_assert!(steps <= 9, "still at {action:?}");
            let outcome = succeed(&mut world, &action);
            state.apply(&mut facts, action, outcome, at(1000));
        };
        if last.ready.is_some_and(|ready| ready.reason == Reason::Synced) {
            let equal = matches!(&facts.observation, Observation::Present { remote, .. }
                if diff::drift(&facts.manifest.desired, remote).is_empty());
            prop_assert!(equal);
        }
    }
}

/// A world in which every call succeeds.
fn succeed(world: &mut Option<Remote>, action: &Action) -> Outcome {
    let answer = |stream: &Option<Remote>| {
        stream.clone().map_or(Outcome::NotFound, |stream| Outcome::Stream(Box::new(stream)))
    };
    match action {
        Action::Create { intent } => {
            *world = Some(Remote {
                name: Some(intent.payload.name.clone()),
                public: intent.payload.public.or(Some(true)),
                player_id: intent.payload.player_id.clone(),
                ..remote("liNew")
            });
            answer(world)
        }
        Action::Update { changes, .. } => {
            if let Some(stream) = world {
                stream.name = changes.name.clone().or(stream.name.take());
                stream.public = changes.public.or(stream.public);
                stream.player_id = changes.player_id.clone().or(stream.player_id.take());
            }
            answer(world)
        }
        Action::Get { .. } => answer(world),
        Action::Delete { .. } => {
            *world = None;
            Outcome::Deleted
        }
        Action::DeleteOrphan { .. } => Outcome::Deleted,
        Action::Search { .. } => Outcome::Searched(SearchResult::Nothing),
        Action::CheckCrd { .. } => Outcome::CrdChecked(CrdDeletion::NotNow),
        Action::RecordIntent { .. }
        | Action::DropIntent { .. }
        | Action::Claim { .. }
        | Action::Bind { .. }
        | Action::Release { .. } => Outcome::Stored,
    }
}
