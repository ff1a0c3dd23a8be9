use super::*;
use crate::fixture::at;

fn first(ready: &ReadyCondition) -> Vec<Condition> {
    conditions(ready, |_, _| None, at(1))
}

#[test]
fn conditions_are_as_kstatus_reads_them() {
    for reason in Reason::ALL {
        let all = first(&ReadyCondition::new(reason, "why"));
        let has = |type_: &str| all.iter().any(|c| c.type_ == type_ && c.status);
        let ready = has(READY);
        assert_eq!(ready, reason == Reason::Synced);
        assert!(!(ready && (has(RECONCILING) || has(STALLED))), "{reason:?}");
        assert!(!(has(RECONCILING) && has(STALLED)), "{reason:?}");
    }
}

#[test]
fn a_message_is_cut_to_what_the_api_server_accepts() {
    let ready = ReadyCondition::new(Reason::Rejected, "ä".repeat(100_000));
    assert_eq!(ready.message.chars().count(), MAX_MESSAGE + 1);
    assert_eq!(ReadyCondition::new(Reason::Rejected, "short").message, "short");
}

#[test]
fn a_drift_backoff_is_retried_and_reported_drift_is_not() {
    let types = |ready: &ReadyCondition| -> Vec<_> { first(ready).into_iter().map(|c| c.type_).collect() };
    let backoff = ReadyCondition::drift_backoff("why");
    assert_eq!((types(&backoff), backoff.is_drift_backoff()), (vec![READY, RECONCILING], true));
    let reported = ReadyCondition::new(Reason::DriftDetected, "why");
    assert_eq!((types(&reported), reported.is_drift_backoff()), (vec![READY], false));
}

#[test]
fn only_these_stall() {
    let stalled: Vec<_> =
        Reason::ALL.into_iter().filter(|r| r.state() == KstatusState::Stalled).map(Reason::as_str).collect();
    assert_eq!(stalled, ["Rejected", "CreateAmbiguous", "IdConflict", "RemoteMissing", "WrongProject"]);
}

#[test]
fn the_transition_time_changes_with_the_status_alone() {
    let mut last: Vec<Condition> = Vec::new();
    for (reason, second, expected) in
        [(Reason::Creating, 1, 1), (Reason::Unauthorized, 2, 1), (Reason::Synced, 3, 3)]
    {
        let since = |type_: &str, status| {
            last.iter().find(|c| c.type_ == type_ && c.status == status).map(|c| c.last_transition)
        };
        let next = conditions(&ReadyCondition::new(reason, "why"), since, at(second));
        assert_eq!(next[0].last_transition, at(expected));
        last = next;
    }
}
