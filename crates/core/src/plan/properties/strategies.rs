//! Any manifest, state and observation.

use super::*;

pub(super) fn desires() -> impl Strategy<Value = Desired> {
    (select(vec!["Town hall", "Other"]), option::of(any::<bool>()), option::of(select(vec!["ptA", "ptB"])))
        .prop_map(|(name, public, player)| Desired {
            name: name.into(),
            public,
            player_id: player.map(Into::into),
        })
}

prop_compose! {
    pub(super) fn manifests()(
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

pub(super) fn bindings() -> impl Strategy<Value = Binding> {
    let owner = ObjectKey { namespace: "ns".into(), name: "other".into() };
    let bound = |stored, adopted| Binding::Bound { id: id("li1"), stored, adopted };
    select(vec![
        Binding::Unbound,
        bound(true, false),
        bound(true, true),
        bound(false, false),
        Binding::Wanted(id("li1")),
        Binding::Conflict { id: id("li1"), owner: owner.clone() },
        Binding::Copy { id: id("li1"), owner },
        Binding::Mismatch { bound: id("li1"), wanted: id("li2") },
    ])
}

pub(super) fn creates() -> impl Strategy<Value = Option<PendingCreate>> {
    let open = |request| Some(PendingCreate::Open(Intent::new(&desired(), "me", at(90), false), request));
    let search = |empty_searches, ambiguous| {
        Request::Unknown(SearchProgress { empty_searches, ambiguous, ..SearchProgress::since(at(100)) })
    };
    select(vec![
        None,
        open(Request::NotSent),
        open(Request::NotCreated),
        open(Request::Inherited),
        open(search(0, vec![])),
        open(search(2, vec![])),
        open(search(0, vec![id("liA"), id("liB")])),
        Some(PendingCreate::Unreadable("why".into())),
    ])
}

/// The name, changed back to the same value each time.
pub(super) fn renamed() -> FieldDrift {
    FieldDrift { field: "name".into(), desired: "Town hall".into(), observed: "Edited".into() }
}

pub(super) fn causes() -> impl Strategy<Value = Cause> {
    select(vec![
        Cause::Refused(Refusal { field: None, message: "no".into() }),
        Cause::Account(AccountError::RateLimited),
        Cause::Call(AccountError::Unavailable("503".into())),
        Cause::NotApplied(vec![renamed()]),
        Cause::Cluster("denied".into()),
    ])
}

prop_compose! {
    pub(super) fn states()(
        binding in bindings(),
        create in creates(),
        cause in option::of(causes()),
        synced in any::<bool>(),
        corrections in 0..5,
    ) -> ReconcileState {
        let mut drift_backoff = DriftBackoff::default();
        (0..corrections).for_each(|second| drift_backoff.corrected(&renamed(), at(900 + i64::from(second))));
        ReconcileState {
            drift_backoff,
            binding, create,
            failure: cause.map(|cause| Failure {
                cause, retry_at: at(2000), expected_at: Some(at(2000)),
            }),
            synced_generation: synced.then_some(1),
            ..ReconcileState::default()
        }
    }
}

prop_compose! {
    pub(super) fn observations()(
        manifest in manifests(),
        name in select(vec!["Town hall", "Edited"]),
        broadcasting in any::<bool>(),
        kind in 0..5,
        guarded in any::<bool>(),
        confirmed in any::<bool>(),
        scanned in any::<bool>(),
        orphan in any::<bool>(),
        crd in select(vec![
            CrdDeletion::Unchecked, CrdDeletion::NotRecently, CrdDeletion::NotNow, CrdDeletion::Deleting,
        ]),
    ) -> Facts {
        let seen = Arc::new(Remote { name: Some(name.into()), broadcasting, ..remote("li1") });
        Facts {
            manifest,
            account: AccountView { scanned, guarded, confirmed, ..account() },
            orphan: orphan.then(|| id("liOrphan")),
            crd,
            ..observing(match kind {
                0 => Observation::Unknown,
                1 => Observation::Absent,
                2 => Observation::Gone,
                fresh => Observation::Present { remote: seen, fresh: fresh == 3 },
            })
        }
    }
}
