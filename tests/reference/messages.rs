//! `docs/messages.md`: every text that a person reads, on one page, so that it
//! can be read at once. Conditions, events and errors of api.video are shown
//! with sample values; a new one without a sample fails the test.

use std::{collections::BTreeSet, fmt::Debug, time::Duration};

use apivideo::{Class, Deferral, Effect, Error, SettingsError};
use apivideo_operator::core::{
    facts::{diff::FieldDrift, ids::ObjectKey, manifest::Manifest, observation::AccountError},
    fixture::{at, id, manifest},
    plan::{account_messages, messages},
    state::{
        drift_backoff::BackoffWindow,
        notice::Notice,
        outcome::{Cause, Refusal},
    },
    step::conditions::{KstatusState, ReadyCondition, Reason},
};

use crate::{beside, code, source, table, templates};

const INTRODUCTION: &str = "# Messages

Every message that the operator writes: conditions and events of a LiveStream, errors, and what it logs. The page is made from the code by `UPDATE_DOCS=1 cargo test --test reference`: don't edit it by hand.
";

/// The page.
pub(crate) fn text() -> String {
    [INTRODUCTION.to_owned(), conditions(), events(), errors(), settings(), templates::text()].join("\n")
}

fn conditions() -> String {
    let samples = [samples(), blocked(&manifest()), deleting()].concat();
    let files = ["crates/core/src/plan/messages.rs", "crates/core/src/plan/account_messages.rs"];
    let named = samples.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    let written = files.into_iter().flat_map(source::functions).collect::<BTreeSet<_>>();
    assert_eq!(named, written, "a sample for each condition of {files:?}");
    let mut text = "## Conditions\n\nThe message of `Ready`, by its reason. The condition in the second column is reported beside \
                    it with the same message.\n\n"
        .to_owned();
    let mut rows = Vec::new();
    for reason in Reason::ALL {
        let of_reason: Vec<_> = samples.iter().filter(|(_, ready)| ready.reason == reason).collect();
        assert!(!of_reason.is_empty(), "a sample for {reason:?}");
        rows.extend(of_reason.iter().map(|(_, ready)| row(ready)));
    }
    text.push_str(&table(&["reason", "beside it", "message"], &rows));
    text
}

fn row(ready: &ReadyCondition) -> Vec<String> {
    let state: KstatusState = ready.state;
    vec![code(ready.reason.as_str()), beside(state).to_owned(), ready.message.clone()]
}

fn samples() -> Vec<(&'static str, ReadyCondition)> {
    let (manifest, stream, other) = (manifest(), id("liOne"), id("liTwo"));
    let owner = ObjectKey { namespace: "ns".into(), name: "first".into() };
    let drift = [FieldDrift { field: "name".into(), desired: "Town hall".into(), observed: "Edited".into() }];
    let window = BackoffWindow { corrections: 4, first: at(0), last: at(300), until: at(600) };
    let public = [FieldDrift { field: "public".into(), desired: "true".into(), observed: "false".into() }];
    vec![
        ("synced", messages::synced(&stream)),
        ("working", messages::working(Reason::Updating, "updating name of liOne")),
        ("working", messages::working(Reason::Deleting, "deleting liOne")),
        ("waiting_for_first_scan", messages::waiting_for_first_scan("creating the stream")),
        ("confirming_absence", messages::confirming_absence(&stream)),
        ("no_progress", messages::no_progress("updating name of liOne")),
        ("suspended", messages::suspended("the stream is not created yet")),
        ("id_conflict", messages::id_conflict(&stream, &owner)),
        ("id_mismatch", messages::id_mismatch(&stream, &other)),
        ("nothing_to_adopt", messages::nothing_to_adopt(&stream)),
        ("rejected", messages::rejected(&refusal())),
        ("unreadable_object", messages::unreadable_object("missing field `name`")),
        ("drift_reported", messages::drift_reported(&stream, &drift)),
        ("drift_backoff", messages::drift_backoff(&manifest, &stream, &drift, &window)),
        ("drift_backoff", messages::drift_backoff(&manifest, &stream, &public, &window)),
        ("missing_reported", messages::missing_reported(&stream)),
        ("missing_guarded", messages::missing_guarded(&manifest, &stream)),
        ("visibility_unknown", messages::visibility_unknown(&manifest, &stream)),
        (
            "wrong_project",
            account_messages::wrong_project(&manifest, "production/prA", "production/prB", None),
        ),
        (
            "wrong_project",
            account_messages::wrong_project(&manifest, "production/prA", "production/prB", Some(&stream)),
        ),
        ("account_with_many_missing", account_messages::account_with_many_missing()),
        (
            "account_of_another_project",
            account_messages::account_of_another_project("production/prA", "production/prB"),
        ),
        ("missing_failed", messages::missing_failed(&manifest, &stream)),
        ("ambiguous", messages::ambiguous(&manifest, &[stream.clone(), other.clone()], false)),
        ("ambiguous", messages::ambiguous(&manifest, &[stream.clone(), other], true)),
        ("unreadable_intent", messages::unreadable_intent(&manifest, "expected value at line 1 column 1")),
        ("deferred", messages::deferred(&manifest, &stream)),
    ]
}

fn refusal() -> Refusal {
    Refusal { field: Some("playerId".into()), message: "An attribute is invalid.".into() }
}

/// What keeps a LiveStream from being reconciled.
fn blocked(manifest: &Manifest) -> Vec<(&'static str, ReadyCondition)> {
    let accounts = [
        AccountError::RateLimited,
        AccountError::Unavailable(
            Error::Unexpected { status: 503, excerpt: String::new(), effect: Effect::None }.to_string(),
        ),
        AccountError::Unauthorized(
            Error::Unauthorized { status: 401, message: "invalid API key".into() }.to_string(),
        ),
    ];
    assert_all("crates/core/src/facts/observation.rs", "AccountError", &accounts);
    let calls = accounts.clone().into_iter().skip(1).map(Cause::Call);
    let account = accounts.into_iter().map(Cause::Account).chain(calls);
    let unapplied =
        FieldDrift { field: "name".into(), desired: "Trim me ".into(), observed: "Trim me".into() };
    let others = [
        Cause::NotApplied(vec![unapplied]),
        Cause::Refused(refusal()),
        Cause::Cluster("admission webhook denied the request".into()),
    ];
    let causes: Vec<_> = account.chain(others).collect();
    assert_all("crates/core/src/state/outcome.rs", "Cause", &causes);
    causes.iter().map(|cause| ("blocked", messages::blocked(cause, manifest, Some(at(60))))).collect()
}

/// The same for a LiveStream that is being deleted, where the text differs.
fn deleting() -> Vec<(&'static str, ReadyCondition)> {
    let deleting = Manifest { deleting: true, ..manifest() };
    let ids = [id("liOne"), id("liTwo")];
    let limited = Cause::Account(AccountError::RateLimited);
    vec![
        ("blocked", messages::blocked(&limited, &deleting, Some(at(60)))),
        ("ambiguous", messages::ambiguous(&deleting, &ids, false)),
    ]
}

fn events() -> String {
    let rows: Vec<_> = notices()
        .iter()
        .map(|notice| {
            let event = notice.event();
            vec![code(event.reason), kind(event.warning).to_owned(), event.note]
        })
        .collect();
    format!(
        "## Events\n\nBesides, a condition that needs attention is an event of type Warning with the same reason and \
         message.\n\n{}",
        table(&["reason", "type", "message"], &rows)
    )
}

/// The type of an event.
pub(crate) fn kind(warning: bool) -> &'static str {
    if warning { "Warning" } else { "Normal" }
}

/// Every notice, with sample values.
pub(crate) fn notices() -> Vec<Notice> {
    let (stream, new) = (id("liOne"), id("liTwo"));
    let fields = || "name, public".to_owned();
    let notices = vec![
        Notice::Created(stream.clone()),
        Notice::Recreated { old: stream.clone(), new },
        Notice::Adopted(stream.clone()),
        Notice::Rebound(stream.clone()),
        Notice::CopyDetected(stream.clone()),
        Notice::Updated(stream.clone(), fields()),
        Notice::DriftCorrected(stream.clone(), fields()),
        Notice::OrphanFound(stream.clone()),
        Notice::OrphanDeleted(stream.clone()),
        Notice::Deleted(stream.clone()),
        Notice::Retained(Some(stream), "deletionPolicy is Retain"),
        Notice::Retained(None, "deletionPolicy is Retain"),
    ];
    assert_all("crates/core/src/state/notice.rs", "Notice", &notices);
    notices
}

fn errors() -> String {
    let (message, why) = (|| "An attribute is invalid.".to_owned(), || "connection refused".to_owned());
    let retry_in = Duration::from_secs(30);
    let errors = [
        Error::Refused { status: 400, field: Some("playerId".into()), message: message() },
        Error::NotFound { message: "The requested resource was not found.".into(), effect: Effect::None },
        Error::Forbidden { message: "The resource is not accessible.".into() },
        Error::Unauthorized { status: 401, message: "invalid API key".into() },
        Error::RateLimited { retry_in },
        Error::Deferred {
            because: Deferral::Unavailable,
            retry_in,
            message: "api.video is not reachable".into(),
        },
        Error::Unexpected { status: 503, excerpt: "Service Unavailable".into(), effect: Effect::Unknown },
        Error::Unreadable { status: 200, why: "it is HTML".into(), effect: Effect::None },
        Error::NotSent { why: why() },
        Error::Lost { why: "no response within 10s".into(), effect: Effect::Unknown },
    ];
    assert_all("crates/apivideo/src/error.rs", "Error", &errors);
    list("Errors of api.video", &errors)
}

fn settings() -> String {
    let errors = [
        SettingsError::BaseUrl { url: "ws.api.video".into(), why: "it has no host" },
        SettingsError::ApiKey,
        SettingsError::Share { class: Class::Read, value: 2.0 },
        SettingsError::UserAgent("a\nb".into()),
    ];
    assert_all("crates/apivideo/src/settings.rs", "SettingsError", &errors);
    list("Errors of the client's settings", &errors)
}

fn list<T: Debug + ToString>(title: &str, errors: &[T]) -> String {
    let rows: Vec<_> = errors.iter().map(|error| vec![code(&variant(error)), error.to_string()]).collect();
    format!("## {title}\n\n{}", table(&["error", "message"], &rows))
}

/// Every variant of the enum has a sample.
fn assert_all<T: Debug>(file: &str, name: &str, samples: &[T]) {
    let variants = source::variant_names(file, name);
    assert_eq!(samples.iter().map(variant).collect::<BTreeSet<_>>(), variants, "a sample for each {name}");
}

fn variant(value: &impl Debug) -> String {
    format!("{value:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}
