//! The planner as tables: what is known, and what follows.

use std::sync::Arc;

use super::*;
use crate::{
    facts::{
        binding::Stored,
        ids::ObjectKey,
        intent::Intent,
        manifest::{Desired, Unmanaged},
        observation::{AccountError, AccountView, CrdDeletion},
        policy::{OnRemoteMissing, WhileBroadcasting},
        project::AccountProject,
        stream::Remote,
    },
    fixture::{account, at, desired, id, manifest, observing, remote},
    state::{
        outcome::Refusal,
        reconcile_state::{Failure, PendingCreate, Request},
        search::SearchProgress,
    },
    step::action::ReleaseReason,
};

mod creation;
mod deletion;
mod existing;

fn present(remote: Remote) -> Facts {
    observing(Observation::Present { remote: Arc::new(remote), fresh: false })
}

fn fresh(remote: Remote) -> Facts {
    observing(Observation::Present { remote: Arc::new(remote), fresh: true })
}

fn bound(text: &str) -> ReconcileState {
    with_binding(Binding::Bound { id: id(text), stored: true, adopted: false })
}

fn with_binding(binding: Binding) -> ReconcileState {
    let last_observed = Unmanaged { public: Some(true), player_id: None };
    ReconcileState { binding, last_observed, ..ReconcileState::default() }
}

fn creating(request: Request) -> ReconcileState {
    ReconcileState { create: Some(PendingCreate::Open(intent(), request)), ..ReconcileState::default() }
}

fn failing(cause: Cause, retry_at: Timestamp) -> Option<Failure> {
    Some(Failure { cause, retry_at, expected_at: Some(retry_at) })
}

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

fn unknown(empty_searches: u8, searched_at: Option<i64>) -> Request {
    let searched_at = searched_at.map(at);
    Request::Unknown(SearchProgress { empty_searches, searched_at, ..SearchProgress::since(at(100)) })
}

fn deleting() -> Manifest {
    Manifest { deleting: true, finalizer: true, ..manifest() }
}

/// One word for what a plan does next.
fn step(plan: &Plan) -> String {
    let reason = plan.ready.as_ref().map_or("-", |v| v.reason.as_str());
    match &plan.step {
        Step::Wait { until: None, .. } => reason.to_owned(),
        Step::Wait { until: Some(time), .. } => format!("{reason} until {}", time.as_second()),
        Step::Do(action) => match action {
            Action::RecordIntent { replaces, .. } => {
                format!("intent{}", replaces.as_ref().map_or(String::new(), |r| format!(" for {r}")))
            }
            Action::Create { .. } => "create".into(),
            Action::Search { .. } => "search".into(),
            Action::DropIntent { abandoned: None } => "drop intent".into(),
            Action::DropIntent { abandoned: Some(_) } => "abandon intent".into(),
            Action::Bind { id, recreated_from: None, .. } => format!("bind {id}"),
            Action::Bind { id, recreated_from: Some(old), .. } => format!("bind {id} for {old}"),
            Action::Claim { id } => format!("claim {id}"),
            Action::Get { .. } => "get".into(),
            Action::Update { changes, origin, .. } => format!("update {} ({origin:?})", changes.fields()),
            Action::Delete { .. } => "delete".into(),
            Action::DeleteOrphan { id } => format!("delete {id}, an orphan"),
            Action::CheckCrd { now } => format!("check crd{}", if *now { " now" } else { "" }),
            Action::Release { reason } => match reason {
                ReleaseReason::NeverCreated => "release".into(),
                ReleaseReason::Deleted(_) => "release, deleted".into(),
                ReleaseReason::Retained(..) => "release, retained".into(),
            },
        },
    }
}

/// The next step for a manifest; the check of the CRD is a test of its own.
fn next(manifest: &Manifest, state: &ReconcileState, facts: &Facts) -> String {
    let crd = match facts.crd {
        CrdDeletion::Unchecked => CrdDeletion::NotNow,
        checked => checked,
    };
    let facts = Facts { manifest: manifest.clone(), crd, ..facts.clone() };
    let step = step(&plan(&facts, state, at(1000)));
    // A deletion that waits checks the CRD again after a minute.
    step.strip_suffix(" until 1060").map_or(step.clone(), str::to_owned)
}
