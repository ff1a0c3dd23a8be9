//! Hostile answers: whatever an API says, nothing is doubled or leaked, the
//! LiveStream in question says what the matter is, and the others go on.

use std::time::Duration;

use apivideo_sandbox::{CallEntry, Fault, Rule};
use serde_json::json;

use crate::{
    liar::{Liar, Told},
    secrecy::Secrecy,
    stage::{Operator, Stage, eventually, message, play},
};

/// Later than the request timeout of these tests, and less than the settle time after it.
const LATE: Duration = Duration::from_millis(1400);

/// Every kind of call: its method and a part of its path.
const CALLS: [(&str, &str); 6] = [
    ("POST", "/live-streams"),
    ("PATCH", "/live-streams/li"),
    ("DELETE", "/live-streams/li"),
    ("GET", "/live-streams/li"),
    ("GET", "/live-streams"),
    ("POST", "/auth"),
];

/// Each fault befalls each kind of call of one LiveStream's life, while another one's go on.
async fn lives_through(faults: &[Fault]) {
    let mut stage = Stage::empty().await.with(&["--request-timeout", "1s", "--create-settle", "2s"]);
    stage.log_filter = "debug,apivideo=trace,apivideo_operator=trace".to_owned();
    let operator = stage.operator().await;
    let mut secrecy = Secrecy::of(&stage);
    for (number, fault) in faults.iter().enumerate() {
        let hit = format!("hit-{number}");
        secrecy.note(&stage);
        befall(&stage, fault).await;
        let stream = stage.synced(&hit, json!({ "name": format!("Hit {number}"), "public": false })).await;
        goes_on(&stage, number, "created").await;
        assert_eq!(stage.synced(&hit, json!({ "name": format!("Hit {number} anew") })).await, stream);
        goes_on(&stage, number, "changed").await;
        secrecy.note(&stage);
        stage.delete(&hit).await;
        stage.until_gone(&hit).await;
        goes_on(&stage, number, "deleted").await;
        assert_befell(&stage, fault);
        let left: Vec<_> = stage.sandbox.streams().into_iter().map(|stream| stream.name).collect();
        assert_eq!(left.len(), 1, "{}: leaked or doubled: {left:?}", fault.name());
    }
    secrecy.nothing_shows(&stage, &operator).await;
}

/// Injects a fault for each kind of call. That for a token comes first, and is got over:
/// with a token that is refused no other call has an effect that its fault could hide.
async fn befall(stage: &Stage, fault: &Fault) {
    let (auth, others) = CALLS.split_last().expect("calls");
    stage.sandbox.inject(Rule::once(fault.clone()).on(auth.0, auth.1));
    let granted = || stage.sandbox.calls().entries.iter().filter(|call| is_granted(call)).count();
    let before = granted();
    // Tokens that are revoked: the next call wants a new one.
    stage.sandbox.set_api_key("another-key");
    stage.sandbox.set_api_key("sandbox-key");
    eventually("a new token", async || (granted() > before).then_some(())).await;
    for (method, path) in others {
        stage.sandbox.inject(Rule::once(fault.clone()).on(*method, *path));
    }
}

fn is_granted(call: &CallEntry) -> bool {
    call.path.starts_with("/auth") && call.status == Some(200) && call.fault.is_none()
}

/// Another LiveStream is changed, and its stream follows.
async fn goes_on(stage: &Stage, number: usize, at: &str) {
    let name = format!("Bystander {number} {at}");
    let stream = stage.synced("bystander", json!({ "name": name })).await;
    stage.until_remote(&stream, "the new name", |s| s.name == name).await;
}

fn assert_befell(stage: &Stage, fault: &Fault) {
    let calls = stage.sandbox.calls().entries;
    for (method, path) in CALLS {
        let hit = calls.iter().any(|call| {
            call.fault == Some(fault.name()) && call.method == method && call.path.contains(path)
        });
        assert!(hit, "{} befell no {method} {path}", fault.name());
    }
}

#[test]
fn answers_that_are_lost_or_late_stop_nobody_and_show_no_secret() {
    play(lives_through(&[
        Fault::LostBefore,
        Fault::LostAfter,
        Fault::Delay { duration: LATE },
        Fault::DelayAfter { duration: LATE },
    ]));
}

#[test]
fn answers_that_make_no_sense_stop_nobody_and_show_no_secret() {
    play(lives_through(&[Fault::Truncated, Fault::NotJson, Fault::Huge, Fault::ErrorAfter { status: 500 }]));
}

#[test]
fn answers_that_refuse_stop_nobody_and_show_no_secret() {
    play(lives_through(&[
        Fault::ErrorBefore { status: 503 },
        Fault::Unauthorized,
        Fault::Forbidden,
        Fault::RateLimited { retry_after: 1 },
    ]));
}

/// A stage whose operator hears everything from a liar.
async fn lied_to() -> (Stage, Liar, Operator) {
    let stage = Stage::empty().await;
    let liar = Liar::before(stage.sandbox.url()).await;
    let stage = stage.with(&["--base-url", &liar.url]);
    let operator = stage.operator().await;
    (stage, liar, operator)
}

#[test]
fn a_list_that_lies_about_its_pages_ends_all_the_same() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        drop(operator);
        stage.sandbox.create(apivideo_sandbox::NewStream::named("Foreign")).expect("a stream");
        // Each with what a LiveStream says that needs the list, where it says something.
        let lies = [
            (json!({ "pagesTotal": 0 }), None),
            (json!({ "pagesTotal": 4_000_000_000_u64 }), Some("empty although more pages are announced")),
            (json!({ "pagesTotal": -1 }), None),
            (json!({ "pagesTotal": u64::MAX, "itemsTotal": 1 }), Some("how many pages there are")),
            (json!({ "itemsTotal": u64::MAX, "currentPage": 77, "pageSize": -3 }), None),
        ];
        for (number, (lie, matter)) in lies.into_iter().enumerate() {
            liar.tell(move |told| {
                if told.is_page() {
                    let pagination = told.body["pagination"].as_object_mut().expect("an object");
                    pagination.extend(lie.as_object().expect("an object").clone());
                }
            });
            let operator = stage.unready_operator();
            if matter != Some("how many pages there are") {
                // A first pass that never ended would never be ready.
                operator.ready().await;
            }
            stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
            let name = format!("paged-{number}");
            stage.apply(&name, json!({ "name": format!("Paged {number}") })).await;
            if let Some(matter) = matter {
                stage.until(&name, matter, |o| message(o).contains(matter)).await;
                stage.until_reason(&name, "AccountUnavailable").await;
                liar.repent();
            }
            stage.until_reason(&name, "Synced").await;
            assert_eq!(stage.sandbox.streams().len(), number + 2, "{number}: doubled");
            Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
            drop(operator);
        }
    });
}

#[test]
fn a_list_that_repeats_itself_for_ever_ends_and_makes_no_second_stream() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        stage.synced("known", json!({ "name": "Known" })).await;
        liar.tell(|told| {
            if told.is_page() {
                told.body["pagination"]["pagesTotal"] = json!(4_000_000_000_u64);
                if told.body["data"].as_array().is_some_and(Vec::is_empty) {
                    told.body["data"] = json!([{ "liveStreamId": "li0", "name": "Decoy" }]);
                }
            }
        });
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("lost", json!({ "name": "Lost" })).await;
        let object =
            stage.until("lost", "the matter", |o| message(o).contains("repeats an earlier one")).await;
        assert!(message(&object).starts_with("api.video failed a request"), "{}", message(&object));
        stage.synced("known", json!({ "name": "Known on" })).await;
        liar.repent();
        stage.until_reason("lost", "Synced").await;
        assert_eq!(stage.sandbox.streams().len(), 2);
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn a_stream_whose_id_is_none_is_not_made_again_and_again() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        liar.tell(|told| {
            for stream in told.streams().into_iter().filter(|stream| stream["name"] == "Odd") {
                stream["liveStreamId"] = json!("vi/../x");
            }
        });
        stage.apply("odd", json!({ "name": "Odd" })).await;
        stage.until("odd", "the matter", |o| message(o).contains("may be among them")).await;
        stage.synced("even", json!({ "name": "Even" })).await;
        stage.two_passes().await;
        assert_eq!(stage.sandbox.streams().len(), 2, "it was made again");
        liar.repent();
        stage.until_reason("odd", "Synced").await;
        assert_eq!(stage.sandbox.streams().len(), 2);
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn an_answer_about_another_stream_is_taken_for_none() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        let other = stage.synced("other", json!({ "name": "Other" })).await;
        let stream = stage.synced("asked", json!({ "name": "Asked" })).await;
        let (asked, another) = (format!("/live-streams/{stream}"), other.clone());
        liar.tell(move |told| {
            if told.path == asked && told.method != "DELETE" {
                told.body["liveStreamId"] = json!(another);
            }
        });
        stage.apply("asked", json!({ "name": "Asked anew" })).await;
        // The next pass may show that the write was done: the condition is gone then, the event stays.
        let note = stage.event("asked", "AccountUnavailable").await;
        assert!(note.contains("another stream"), "{note}");
        assert_eq!(crate::stage::id(&stage.get("asked").await), stream);
        stage.synced("other", json!({ "name": "Other on" })).await;
        liar.repent();
        stage.until_reason("asked", "Synced").await;
        stage.until_remote(&other, "its own name", |s| s.name == "Other on").await;
        assert_eq!(stage.sandbox.streams().len(), 2);
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn values_that_no_status_can_hold_are_told_by_their_beginning() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        let spec = json!({ "name": "Long", "public": true, "driftPolicy": "Report" });
        stage.synced("long", spec).await;
        liar.tell(|told: &mut Told<'_>| {
            for stream in told.streams().into_iter().filter(|stream| stream["name"] == "Long") {
                stream["name"] = json!("é".repeat(500_000));
                stream["playerId"] = json!("x".repeat(500_000));
                stream["assets"]["hls"] = json!(format!("https://x/{}", "y".repeat(500_000)));
                stream["createdAt"] = json!("-009999-01-02T01:59:59Z");
                stream["updatedAt"] = json!("9999-12-31T23:59:59Z");
            }
        });
        let object = stage.until_reason("long", "DriftDetected").await;
        let status = object.status.clone().unwrap_or_default();
        assert!(message(&object).len() < 2000, "{}", message(&object).len());
        assert!(status.drift[0].observed.starts_with("ééé") && status.drift[0].observed.len() < 1000);
        assert_eq!((status.created_at, status.updated_at), (None, None));
        assert_eq!(status.assets.and_then(|assets| assets.hls), None);
        stage.synced("short", json!({ "name": "Short" })).await;
        liar.repent();
        stage.until_reason("long", "Synced").await;
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}

#[test]
fn a_clock_that_is_wrong_for_a_moment_holds_nothing_up_and_doubles_nothing() {
    play(async {
        let (stage, liar, operator) = lied_to().await;
        stage.sandbox.inject(Rule::always(Fault::ErrorBefore { status: 503 }).on("PATCH", "/live-streams"));
        let stream = stage.synced("failing", json!({ "name": "Failing" })).await;
        liar.tell(|told| told.date = Some("Thu, 01 Jan 9998 00:00:00 GMT"));
        stage.two_passes().await;
        stage.apply("failing", json!({ "name": "Failing no more" })).await;
        stage.until_reason("failing", "AccountUnavailable").await;
        stage.sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
        stage.apply("lost", json!({ "name": "Lost" })).await;
        stage.until("lost", "the lost answer", |o| message(o).contains("was lost")).await;
        liar.repent();
        stage.sandbox.clear_faults();
        stage.until_reason("failing", "Synced").await;
        stage.until_remote(&stream, "the new name", |s| s.name == "Failing no more").await;
        let object = stage.until_reason("lost", "CreateAmbiguous").await;
        assert!(message(&object).contains("lies in the future"), "{}", message(&object));
        assert_eq!(
            stage.sandbox.streams().len(),
            2,
            "when it was sent is not known, so nothing is sent again"
        );
        let made = stage.sandbox.streams().into_iter().find(|s| s.name == "Lost").expect("the lost stream");
        stage.merge("lost", json!({ "spec": { "liveStreamId": made.live_stream_id } })).await;
        stage.until_reason("lost", "Synced").await;
        assert_eq!(stage.sandbox.streams().len(), 2);
        Secrecy::of(&stage).nothing_shows(&stage, &operator).await;
    });
}
