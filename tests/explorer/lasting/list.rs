//! A page of the list that fails for ever: everything else goes on.

use std::time::Duration;

use apivideo_sandbox::{Fault, NewStream, Rule, Scope};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    explore::tell,
    outcome::Call,
    process::Settings,
    stage::{Stage, play},
};

fn second_page_fails(stage: &Stage) {
    let scope = Scope { method: Some("GET".into()), page: Some(2), ..Scope::default() };
    stage.inject(Rule::always(Fault::ProblemBefore { status: 500 }).within(scope));
}

/// Streams of others, which fill the first page: what is made later is on the second.
fn crowd(stage: &Stage) {
    stage.change(|inner, now| {
        let before = now - SignedDuration::from_mins(10);
        for number in 0..130 {
            inner.api.state.create(&NewStream::named(format!("Other {number}")), before).expect("a stream");
        }
    });
}

fn pages_in(stage: &Stage, from: usize) -> usize {
    stage.see(|inner| inner.calls[from..].iter().filter(|entry| entry.call == Call::Page).count())
}

fn calls(stage: &Stage) -> usize {
    stage.see(|inner| inner.calls.len())
}

#[test]
fn a_page_that_never_works_stops_nothing_else() {
    play(Settings::default(), async |stage| {
        crowd(stage);
        for name in ["a", "b", "c"] {
            stage.apply(name, json!({ "name": name, "public": true }));
        }
        stage.settled().await;
        second_page_fails(stage);
        stage.rest(Duration::from_secs(300)).await;
        for restarted in [false, true] {
            if restarted {
                stage.restart();
            }
            let begun = calls(stage);
            stage.patch("a", &json!({ "spec": { "name": format!("changed {restarted}") } }));
            let new = format!("new-{restarted}");
            stage.apply(&new, json!({ "name": new }));
            let settled = stage.until(Duration::from_secs(180), |stage| stage.unsettled().is_none()).await;
            assert!(settled, "restarted {restarted}: {:?}", stage.unsettled());
            stage.delete(&new);
            let gone = stage.until(Duration::from_secs(60), |stage| stage.object(&new).is_null()).await;
            assert!(gone, "restarted {restarted}: {:?}", stage.ready(&new));
            tell(&format!(
                "page 2 500, restarted {restarted}: {} pages until all is done",
                pages_in(stage, begun)
            ));
            let writes = stage.see(|inner| inner.ledger.writes);
            stage.rest(Duration::from_secs(600)).await;
            assert_eq!(stage.see(|inner| inner.ledger.writes), writes, "quiet is quiet");
            let begun = calls(stage);
            stage.rest(Duration::from_secs(600)).await;
            let pages = pages_in(stage, begun);
            tell(&format!("page 2 500, restarted {restarted}: {pages} pages in ten minutes"));
            assert!(pages <= 10 * 12, "{pages} pages in ten minutes");
        }
        assert!(stage.violations().is_empty(), "{:?}", stage.violations());
    });
}

/// Streams that only the page shows which fails are there: nothing is re-created, and a
/// remote deletion among them is found by itself or not at all.
#[test]
fn nothing_is_concluded_from_a_page_that_fails() {
    play(Settings::default(), async |stage| {
        crowd(stage);
        for name in ["a", "b", "c"] {
            stage.apply(name, json!({ "name": name }));
        }
        stage.settled().await;
        let held: Vec<_> = ["a", "b", "c"].map(|name| stage.held(name)).into();
        second_page_fails(stage);
        stage.restart();
        stage.rest(Duration::from_secs(1200)).await;
        assert_eq!(["a", "b", "c"].map(|name| stage.held(name)).to_vec(), held);
        for name in ["a", "b", "c"] {
            assert_eq!(stage.ready(name).0, "Synced", "{:?}", stage.ready(name));
        }
        stage.change(|inner, _| inner.api.faults.clear());
        let creates =
            stage.see(|inner| inner.calls.iter().filter(|entry| entry.call == Call::Create).count());
        assert_eq!(creates, 3);
        assert!(stage.violations().is_empty(), "{:?}", stage.violations());
    });
}
