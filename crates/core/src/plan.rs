//! The planner: what to do next about one LiveStream, and what it says of itself.
//!
//! Everything that the operator may ever do to a stream or to an object is an
//! [`Action`], and [`plan`] alone chooses one. It is a pure function: `run`
//! executes what it says, tests judge it.

use jiff::Timestamp;

use super::{
    action::{Action, Cause},
    binding::Binding,
    create,
    diff::{self, Changes, FieldDrift},
    fight::Truce,
    memory::{Memory, Trouble},
    missing,
    model::{Manifest, StreamId},
    observed::{AccountView, Observed, Sight},
    policy::{DeletionPolicy, DriftPolicy},
    remedy, retire,
    verdict::{Reason, Verdict},
};

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Do this, then plan again.
    Do(Action),
    /// There is nothing to do until something changes.
    Rest,
    /// There is nothing to do until this time, or until something changes.
    RestUntil(Timestamp),
}

/// The next step, and what the LiveStream says of itself while it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What comes next.
    pub step: Step,
    /// What it says; `None` leaves what it said before.
    pub verdict: Option<Verdict>,
    /// The fields that differ.
    pub drift: Vec<FieldDrift>,
}

impl Plan {
    pub(super) fn act(action: Action, reason: Reason, message: impl Into<String>) -> Self {
        Self { step: Step::Do(action), verdict: Some(Verdict::new(reason, message)), drift: Vec::new() }
    }

    pub(super) fn rest(reason: Reason, message: impl Into<String>) -> Self {
        Self { step: Step::Rest, verdict: Some(Verdict::new(reason, message)), drift: Vec::new() }
    }

    pub(super) fn until(self, time: Timestamp) -> Self {
        Self { step: Step::RestUntil(time), ..self }
    }

    fn with_drift(self, drift: Vec<FieldDrift>) -> Self {
        Self { drift, ..self }
    }

    fn leaves_drift(&self) -> bool {
        self.verdict.as_ref().is_some_and(|v| v.reason == Reason::DriftDetected)
    }
}

/// What to do next.
#[must_use]
pub fn plan(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
    if let Some(late) = late(manifest, observed) {
        return hold_back(late, manifest, memory, now);
    }
    let next = if manifest.deleting {
        retire::plan(manifest, memory, observed, now)
    } else {
        live(manifest, memory, observed, now)
    };
    hold_back(next, manifest, memory, now)
}

/// A stream that came too late, and is this LiveStream's for certain by its
/// marker, is nobody else's to keep: the LiveStream has another by now.
fn late(manifest: &Manifest, observed: &Observed) -> Option<Plan> {
    let may_write = if manifest.deleting {
        manifest.deletion_policy != Some(DeletionPolicy::Retain)
    } else {
        !manifest.suspend && manifest.drift_policy != DriftPolicy::Report
    };
    let id = observed.late.as_ref().filter(|_| may_write)?;
    let action = Action::DeleteLate { id: id.clone() };
    Some(Plan::act(action, Reason::Updating, format!("deleting {id}, which came too late")))
}

/// An action that needs the account waits out the last failure.
fn hold_back(next: Plan, manifest: &Manifest, memory: &Memory, now: Timestamp) -> Plan {
    match (&next.step, &memory.failure) {
        (Step::Do(action), Some(failure)) if action.needs_account() && failure.retry_at > now => {
            let expected_at = failure.expected_at;
            let verdict = expected_at.map(|_| in_trouble(&failure.trouble, manifest, expected_at));
            Plan { step: Step::RestUntil(failure.retry_at), verdict, drift: next.drift }
        }
        _ => next,
    }
}

/// What a LiveStream with work to do says while its account is in trouble.
pub(super) fn in_trouble(trouble: &Trouble, manifest: &Manifest, expected_at: Option<Timestamp>) -> Verdict {
    let again = expected_at.map_or_else(String::new, |t| {
        format!("; it is expected to be its turn at about {}", whole_seconds(t))
    });
    let mut verdict = match trouble {
        Trouble::RateLimited => {
            Verdict::new(Reason::RateLimited, format!("the account's request budget is used up{again}"))
        }
        Trouble::Unavailable(why) => Verdict::new(
            Reason::AccountUnavailable,
            format!("api.video can't be reached: {why}; it is tried again by itself"),
        ),
        Trouble::Unauthorized(why) => Verdict::new(Reason::Unauthorized, why.clone()),
    };
    if manifest.deleting {
        verdict.message.push_str(&retire::way_out(manifest));
    }
    verdict
}

/// Nothing can be looked at any more: what was seen last, equal or not, may be so no longer.
pub(super) fn locked(trouble: &Trouble, manifest: &Manifest) -> Plan {
    let verdict = Some(in_trouble(trouble, manifest, None));
    Plan { step: Step::Rest, verdict, drift: Vec::new() }
}

/// Messages carry whole seconds: a finer time would change a status for nothing.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn live(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
    match &memory.binding {
        Binding::Conflict { id, holder } => {
            let message = format!(
                "the stream {id} is held by the LiveStream {holder}, which was bound first; delete one of the two, \
                 or give this one another spec.liveStreamId by making it anew"
            );
            return Plan::rest(Reason::IdConflict, message);
        }
        Binding::Mismatch { bound, wanted } => {
            let message = format!(
                "spec.liveStreamId asks for {wanted}, but this LiveStream is bound to {bound}; \
                 make a new LiveStream to adopt {wanted}"
            );
            return Plan::rest(Reason::Rejected, message);
        }
        Binding::Wanted(id) if !memory.searches() => return adopt(manifest, id, observed),
        Binding::Wanted(_) | Binding::Unbound | Binding::Copy { .. } | Binding::Bound { .. } => {}
    }
    if let Some(open) = &memory.create {
        return create::resume(manifest, open, &observed.account, now);
    }
    match &memory.binding {
        Binding::Bound { id, stored: false, .. } => {
            let in_its_place = memory.replaced.is_some();
            let recreated_from = manifest.adopt.clone().filter(|wanted| in_its_place && wanted != id);
            let bind = Action::Bind { id: id.clone(), recreated_from };
            Plan::act(bind, Reason::Creating, format!("storing the binding to {id}"))
        }
        // Somebody has taken the finalizer away; without it a deletion would leave the stream.
        Binding::Bound { id, .. } if !manifest.finalizer => {
            let recreated_from = manifest.adopt.clone().filter(|wanted| wanted != id);
            let bind = Action::Bind { id: id.clone(), recreated_from };
            Plan::act(bind, Reason::Updating, format!("storing the finalizer of {id} again"))
        }
        Binding::Bound { id, .. } => keep(manifest, memory, id, observed, now),
        _ => create::start(manifest, memory, &observed.account, None, now),
    }
}

/// An existing stream that the manifest asks for is seen before it is bound.
fn adopt(manifest: &Manifest, id: &StreamId, observed: &Observed) -> Plan {
    match &observed.stream {
        Sight::Present { .. } => {
            let bind = Action::Bind { id: id.clone(), recreated_from: None };
            Plan::act(bind, Reason::Creating, format!("adopting {id}"))
        }
        Sight::Missing => {
            Plan::act(Action::Get { id: id.clone() }, Reason::Creating, format!("looking for {id}"))
        }
        Sight::Gone => Plan::rest(
            Reason::RemoteMissing,
            format!(
                "this account has no stream {id} to adopt; check spec.liveStreamId and that the API key belongs to \
                 the stream's project (a stream that appears is adopted by itself)"
            ),
        ),
        Sight::NotYet => waiting_for_account(manifest, &observed.account, &format!("looking for {id}")),
    }
}

pub(super) fn waiting_for_account(manifest: &Manifest, account: &AccountView, doing: &str) -> Plan {
    let verdict = match &account.trouble {
        Some(trouble) => in_trouble(trouble, manifest, None),
        None => Verdict::new(Reason::Creating, format!("{doing}: waiting for the first look at the account")),
    };
    Plan { step: Step::Rest, verdict: Some(verdict), drift: Vec::new() }
}

/// The stream of a bound LiveStream is kept equal to the manifest.
fn keep(manifest: &Manifest, memory: &Memory, id: &StreamId, observed: &Observed, now: Timestamp) -> Plan {
    let account = &observed.account;
    let read = || Plan::act(Action::Get { id: id.clone() }, Reason::Updating, format!("reading {id}"));
    match &observed.stream {
        Sight::NotYet => {
            let verdict = account.trouble.as_ref().map(|trouble| in_trouble(trouble, manifest, None));
            Plan { step: Step::Rest, verdict, drift: Vec::new() }
        }
        Sight::Missing => read(),
        Sight::Gone => missing::plan(manifest, memory, id, account, now),
        Sight::Present { fresh: false, .. } if memory.request_pending(manifest) => read(),
        Sight::Present { remote, fresh } => {
            let locked_out =
                account.trouble.as_ref().filter(|t| !fresh && matches!(t, Trouble::Unauthorized(_)));
            let drift = diff::drift(&manifest.desired, remote);
            match (diff::changes(&manifest.desired, remote), locked_out) {
                (None, Some(trouble)) => locked(trouble, manifest),
                (None, None) if manifest.suspend => suspended("the stream equals the manifest"),
                (None, None) => Plan::rest(Reason::Synced, format!("{id} equals the manifest")),
                (Some(changes), None) => correct(manifest, memory, id, changes, &drift, now),
                (Some(changes), Some(trouble)) => {
                    let plan = correct(manifest, memory, id, changes, &drift, now);
                    if plan.leaves_drift() { locked(trouble, manifest) } else { plan }
                }
            }
            .with_drift(drift)
        }
    }
}

pub(super) fn suspended(what: &str) -> Plan {
    Plan::rest(Reason::Suspended, format!("spec.suspend is set: nothing is written to api.video; {what}"))
}

fn correct(
    manifest: &Manifest,
    memory: &Memory,
    id: &StreamId,
    changes: Changes,
    drift: &[FieldDrift],
    now: Timestamp,
) -> Plan {
    let fields = changes.fields();
    if manifest.suspend {
        return suspended(&format!("{id} differs in {fields}"));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        let each: Vec<_> = drift
            .iter()
            .map(|d| format!("{} is {:?}, the manifest says {:?}", d.field, d.observed, d.desired))
            .collect();
        let message = format!("{id} differs: {}; driftPolicy is Report, so it is left so", each.join("; "));
        return Plan::rest(Reason::DriftDetected, message);
    }
    if let Some(rejected) = create::rejected(memory) {
        return rejected;
    }
    let cause =
        if memory.synced_generation == Some(manifest.generation) { Cause::Drift } else { Cause::Manifest };
    // A person who asks for it, or changes the manifest, does not wait.
    if cause == Cause::Drift
        && !memory.request_pending(manifest)
        && let Some(truce) = memory.fight.truce(now)
    {
        return fighting(manifest, id, &changes, &truce);
    }
    Plan::act(
        Action::Update { id: id.clone(), changes, cause },
        Reason::Updating,
        format!("writing {fields} to {id}"),
    )
}

/// Something else undoes each correction: the next one waits.
fn fighting(manifest: &Manifest, id: &StreamId, changes: &Changes, truce: &Truce) -> Plan {
    let fields = changes.fields();
    let leave_out = if changes.public.is_some() || changes.player_id.is_some() {
        ", or leave the field out of the manifest, so that it is not managed (a name can't be left out)"
    } else {
        ""
    };
    let message = format!(
        "{id} differs in {fields}, again: it was set back {} times from {} to {}, and something else changed it each \
         time; it is set back again at {}, or with the next change of the manifest. Find the other writer and end \
         it{leave_out}, or leave the difference as it is with: {}",
        truce.corrections,
        whole_seconds(truce.first),
        whole_seconds(truce.last),
        whole_seconds(truce.until),
        remedy::patch_spec(&manifest.place, r#"{"driftPolicy":"Report"}"#),
    );
    Plan { step: Step::RestUntil(truce.until), verdict: Some(Verdict::fight(message)), drift: Vec::new() }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "plan_properties.rs"]
mod properties;
