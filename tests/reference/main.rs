//! `docs/reference.md` is what the code says: fields from the CRD's schema,
//! settings from the command line, conditions, events and annotations from the
//! code and its comments. `UPDATE_DOCS=1 cargo test --test reference` writes it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod fields;
mod settings;
mod source;

use std::{collections::BTreeSet, env, fs, path::Path};

use apivideo_operator::core::step::conditions::{KstatusState, Reason};

/// The notices and their events.
const NOTICES: &str = "crates/core/src/state/notice.rs";

const INTRODUCTION: &str = "# Reference

Generated from the code by `UPDATE_DOCS=1 cargo test --test reference`, and checked by that test: don't edit it by hand.
";

#[test]
fn the_reference_is_what_the_code_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let fresh = reference();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &fresh).expect("written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == fresh, "docs/reference.md is stale: UPDATE_DOCS=1 cargo test --test reference");
}

fn reference() -> String {
    let parts =
        [INTRODUCTION.to_owned(), fields::text(), annotations(), settings::text(), conditions(), events()];
    parts.join("\n")
}

/// A Markdown table.
fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let head = line(header.iter().map(|cell| (*cell).to_owned()).collect());
    let rule = format!("|{}\n", "---|".repeat(header.len()));
    let rows: String = rows.iter().cloned().map(line).collect();
    format!("{head}{rule}{rows}")
}

fn code(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { format!("`{text}`") }
}

fn annotations() -> String {
    let rows: Vec<_> = source::constants("src/kinds/live_stream/metadata.rs")
        .into_iter()
        .filter(|constant| constant.value.contains("api.video/"))
        .map(|constant| {
            let kind = if constant.name == "FINALIZER" { "finalizer" } else { "annotation" };
            vec![code(&constant.value), kind.to_owned(), constant.doc]
        })
        .collect();
    assert!(rows.len() >= 7, "{rows:?}");
    format!("## Metadata\n\n{}", table(&["name", "kind", "meaning"], &rows))
}

fn conditions() -> String {
    let docs = source::variants("crates/core/src/step/conditions.rs", "Reason");
    let named: BTreeSet<_> = docs.iter().map(|variant| variant.name.as_str()).collect();
    let all: BTreeSet<_> = Reason::ALL.into_iter().map(Reason::as_str).collect();
    assert_eq!(named, all, "Reason::ALL has every reason, under its own name");
    let rows: Vec<_> = Reason::ALL
        .into_iter()
        .map(|reason| {
            let doc = docs.iter().find(|variant| variant.name == reason.as_str()).expect("a text");
            let ready = if reason == Reason::Synced { "True" } else { "False" };
            let beside = match reason.state() {
                KstatusState::Settled => "–",
                KstatusState::Reconciling => "`Reconciling`",
                KstatusState::Stalled => "`Stalled`",
            };
            vec![code(reason.as_str()), ready.to_owned(), beside.to_owned(), doc.doc.clone()]
        })
        .collect();
    format!(
        "## Conditions\n\n`Ready` is always reported; `Reconciling` beside it while the operator works or retries, \
         `Stalled` when only a person can help: the message says what to do. During a drift backoff it is \
         `DriftDetected` with `Reconciling`.\n\n{}",
        table(&["reason", "`Ready`", "beside it", "meaning"], &rows)
    )
}

fn events() -> String {
    let docs = source::variants(NOTICES, "Notice");
    let events = source::events(NOTICES);
    let names: BTreeSet<_> = events.iter().map(|event| event.variant.as_str()).collect();
    assert_eq!(names, docs.iter().map(|variant| variant.name.as_str()).collect(), "each notice has an event");
    let kind = |warning| if warning { "Warning" } else { "Normal" }.to_owned();
    let mut rows: Vec<_> = docs
        .iter()
        .map(|variant| {
            let event = events.iter().find(|event| event.variant == variant.name).expect("an event");
            vec![code(&event.reason), kind(event.warning), variant.doc.clone()]
        })
        .collect();
    rows.extend(Reason::ALL.into_iter().filter(|reason| reason.is_refusal()).map(|reason| {
        vec![code(reason.as_str()), kind(true), "The condition `Ready` changed to this reason.".to_owned()]
    }));
    format!(
        "## Events\n\nOn the LiveStream, of `events.k8s.io/v1`, reported by `apivideo-operator`.\n\n{}",
        table(&["reason", "type", "meaning"], &rows)
    )
}
