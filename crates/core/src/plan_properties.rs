//! The planner's promises, for any manifest, memory and observation.

use std::sync::Arc;

use proptest::{option, prelude::*, sample::select};

use super::*;
use crate::{
    action::Farewell,
    fight::Fight,
    fixture::{account, at, desired, id, manifest, remote},
    intent::{Intent, Request, Search},
    memory::{Create, Failure, Refusal},
    model::{Desired, Place, Remote},
    outcome::{Outcome, absorb},
    policy::{DeletionPolicy, OnRemoteMissing, WhileBroadcasting},
};

fn desires() -> impl Strategy<Value = Desired> {
    (select(vec!["Town hall", "Other"]), option::of(any::<bool>()), option::of(select(vec!["ptA", "ptB"])))
        .prop_map(|(name, public, player)| Desired {
            name: name.into(),
            public,
            player_id: player.map(Into::into),
        })
}

prop_compose! {
    fn manifests()(
        desired in desires(),
        deleting in any::<bool>(),
        finalizer in any::<bool>(),
        report in any::<bool>(),
        fail in any::<bool>(),
        suspend in any::<bool>(),
        proceed in any::<bool>(),
        retain in option::of(any::<bool>()),
        asked in any::<bool>(),
        confirmed in any::<bool>(),
    ) -> Manifest {
        Manifest {
            desired, deleting, finalizer, suspend,
            drift_policy: if report { DriftPolicy::Report } else { DriftPolicy::Correct },
            on_remote_missing: if fail { OnRemoteMissing::Fail } else { OnRemoteMissing::Recreate },
            while_broadcasting: if proceed { WhileBroadcasting::Proceed } else { WhileBroadcasting::Defer },
            deletion_policy: retain.map(|r| if r { DeletionPolicy::Retain } else { DeletionPolicy::Delete }),
            requested_at: asked.then(|| "now".into()),
            confirm_recreate: confirmed.then(|| "li1".into()),
            ..manifest()
        }
    }
}

fn bindings() -> impl Strategy<Value = Binding> {
    let holder = Place { namespace: "ns".into(), name: "other".into() };
    let bound = |stored, adopted| Binding::Bound { id: id("li1"), stored, adopted };
    select(vec![
        Binding::Unbound,
        bound(true, false),
        bound(true, true),
        bound(false, false),
        Binding::Wanted(id("li1")),
        Binding::Conflict { id: id("li1"), holder: holder.clone() },
        Binding::Copy { id: id("li1"), holder },
        Binding::Mismatch { bound: id("li1"), wanted: id("li2") },
    ])
}

fn creates() -> impl Strategy<Value = Option<Create>> {
    let open = |request| Some(Create::Open(Intent::new(&desired(), "me", at(90), false), request));
    let search = |clean_looks, ambiguous| {
        Request::Unknown(Search { clean_looks, ambiguous, ..Search::since(at(100)) })
    };
    select(vec![
        None,
        open(Request::NotSent),
        open(Request::NotCreated),
        open(Request::Inherited),
        open(search(0, vec![])),
        open(search(2, vec![])),
        open(search(0, vec![id("liA"), id("liB")])),
        Some(Create::Unreadable("why".into())),
    ])
}

prop_compose! {
    fn memories()(
        binding in bindings(),
        create in creates(),
        refused in any::<bool>(),
        failed in any::<bool>(),
        synced in any::<bool>(),
        corrections in 0..5,
    ) -> Memory {
        let mut fight = Fight::default();
        (0..corrections).for_each(|second| fight.corrected(at(900 + i64::from(second))));
        Memory {
            fight,
            binding, create,
            refusal: refused.then(|| Refusal { field: None, message: "no".into() }),
            failure: failed.then(|| Failure {
                trouble: Trouble::RateLimited, attempts: 1, retry_at: at(2000), expected_at: Some(at(2000)),
            }),
            synced_generation: synced.then_some(1),
            ..Memory::default()
        }
    }
}

prop_compose! {
    fn observations()(
        name in select(vec!["Town hall", "Edited"]),
        broadcasting in any::<bool>(),
        kind in 0..5,
        guarded in any::<bool>(),
        judged in any::<bool>(),
        observed in any::<bool>(),
        late in any::<bool>(),
        crd_terminating in any::<bool>(),
    ) -> Observed {
        let seen = Arc::new(Remote { name: Some(name.into()), broadcasting, ..remote("li1") });
        Observed {
            stream: match kind {
                0 => Sight::NotYet,
                1 => Sight::Missing,
                2 => Sight::Gone,
                fresh => Sight::Present { remote: seen, fresh: fresh == 3 },
            },
            account: AccountView { observed, guarded, judged, ..account() },
            late: late.then(|| id("liLate")),
            crd_terminating,
        }
    }
}

/// Whether an action writes to the API.
fn writes(step: &Step) -> bool {
    matches!(step, Step::Do(Action::Create { .. } | Action::Update { .. } | Action::Delete { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_written_for_one_that_is_suspended_or_does_not_hold_the_stream(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        let step = plan(&manifest, &memory, &observed, at(1000)).step;
        let holds = matches!(memory.binding, Binding::Unbound | Binding::Bound { .. } | Binding::Copy { .. });
        if manifest.suspend && !manifest.deleting {
            prop_assert!(!writes(&step), "{step:?}");
        }
        if !holds && !manifest.deleting && memory.create.is_none() {
            prop_assert!(!writes(&step), "{step:?}");
        }
    }

    #[test]
    fn a_create_is_sent_only_behind_an_intent_that_was_stored_and_not_sent(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        if let Step::Do(Action::Create { intent }) = plan(&manifest, &memory, &observed, at(1000)).step {
            prop_assert_eq!(memory.create, Some(Create::Open(intent, Request::NotSent)));
        }
    }

    #[test]
    fn a_stream_is_deleted_only_with_its_manifest_and_never_while_it_must_stay(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        let step = plan(&manifest, &memory, &observed, at(1000)).step;
        if matches!(step, Step::Do(Action::Delete { .. })) {
            prop_assert!(manifest.deleting && manifest.finalizer);
            prop_assert!(manifest.deletion_policy != Some(DeletionPolicy::Retain) && !observed.crd_terminating);
            let on_air = matches!(&observed.stream, Sight::Present { remote, .. } if remote.broadcasting);
            prop_assert!(!on_air || manifest.while_broadcasting == WhileBroadcasting::Proceed);
        }
    }

    #[test]
    fn a_finalizer_goes_only_when_the_stream_is_gone_retained_or_was_never_made(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        if let Step::Do(Action::Release { farewell }) = plan(&manifest, &memory, &observed, at(1000)).step {
            prop_assert!(manifest.deleting);
            let unresolved = matches!(&memory.create, Some(Create::Open(_, Request::Unknown(_) | Request::Inherited) | Create::Unreadable(_)));
            match farewell {
                Farewell::Deleted(_) => prop_assert_eq!(&observed.stream, &Sight::Gone),
                Farewell::Retained(..) => {}
                Farewell::None => {
                    prop_assert!(!unresolved, "a stream may be out there");
                    let holds = matches!(memory.binding, Binding::Bound { .. } | Binding::Mismatch { .. });
                    prop_assert!(!holds, "its stream is still there");
                }
            }
        }
    }

    #[test]
    fn while_the_account_is_in_trouble_nothing_is_asked_of_it(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        if let Step::Do(action) = plan(&manifest, &memory, &observed, at(1000)).step {
            prop_assert!(memory.failure.is_none() || !action.needs_account(), "{action:?}");
        }
    }

    #[test]
    fn in_a_fight_only_a_person_is_obeyed_at_once(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        // Everything else that could keep it from writing is put out of the way.
        let manifest = Manifest {
            deleting: false, finalizer: true, suspend: false, drift_policy: DriftPolicy::Correct, ..manifest
        };
        let observed = Observed { late: None, ..observed };
        let binding = Binding::Bound { id: id("li1"), stored: true, adopted: false };
        let memory = Memory {
            binding, create: None, refusal: None, failure: None, synced_generation: Some(1), ..memory
        };
        let step = plan(&manifest, &memory, &observed, at(1000)).step;
        let waits = memory.fight.truce(at(1000)).is_some() && !memory.request_pending(&manifest);
        if let Sight::Present { remote, fresh: true } = &observed.stream
            && diff::changes(&manifest.desired, remote).is_some()
        {
            prop_assert_eq!(matches!(step, Step::Do(Action::Update { .. })), !waits);
        }
    }

    #[test]
    fn where_every_call_succeeds_a_livestream_comes_to_rest_within_eight_steps_and_equals_its_stream(
        manifest in manifests(), memory in memories(), observed in observations(),
    ) {
        let (mut manifest, mut memory, mut observed) = (manifest, memory, observed);
        let mut world = match &observed.stream {
            Sight::Present { remote, .. } => Some(remote.as_ref().clone()),
            _ => None,
        };
        let mut steps = 0;
        let last = loop {
            let next = plan(&manifest, &memory, &observed, at(1000));
            let Step::Do(action) = next.step else { break next };
            steps += 1;
            prop_assert!(steps <= 8, "still at {action:?}");
            let outcome = obey(&mut world, &mut manifest, &action);
            absorb(&manifest, &mut memory, &mut observed, action, outcome, at(1000));
        };
        if last.verdict.is_some_and(|v| v.reason == Reason::Synced) {
            let equal = matches!(&observed.stream, Sight::Present { remote, .. }
                if diff::changes(&manifest.desired, remote).is_none());
            prop_assert!(equal);
        }
    }
}

/// A world that does as it is told.
fn obey(world: &mut Option<Remote>, manifest: &mut Manifest, action: &Action) -> Outcome {
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
        Action::DeleteLate { .. } => Outcome::Deleted,
        Action::Look { .. } => Outcome::Looked(crate::intent::Finding::Nothing),
        Action::Release { .. } => {
            manifest.finalizer = false;
            Outcome::Stored
        }
        Action::RecordIntent { .. } | Action::Bind { .. } => {
            manifest.finalizer = true;
            Outcome::Stored
        }
        Action::DropIntent => Outcome::Stored,
    }
}
