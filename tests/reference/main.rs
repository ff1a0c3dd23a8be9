//! `docs/reference.md` is what the code says: fields from the CRD's schema,
//! settings from the command line, conditions, events and annotations from the
//! code and its comments. `docs/messages.md` shows every message.
//! `UPDATE_DOCS=1 cargo test --test reference` writes both.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod fields;
mod messages;
mod settings;
mod source;
mod templates;

use std::{collections::BTreeSet, env, fs, path::Path};

use apivideo_operator::core::{
    state::notice::Notice,
    step::conditions::{KstatusState, Reason},
};

const INTRODUCTION: &str = "# Reference

Made from the code by `UPDATE_DOCS=1 cargo test --test reference`, and kept fresh by that test: don't edit it by hand. Every message that the operator writes: [messages.md](messages.md).
";

#[test]
fn the_reference_is_what_the_code_says() {
    assert_kept("docs/reference.md", &reference());
}

#[test]
fn the_page_of_messages_is_what_the_code_says() {
    assert_kept("docs/messages.md", &messages::text());
}

fn assert_kept(page: &str, fresh: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, fresh).expect("written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == fresh, "{page} is stale: UPDATE_DOCS=1 cargo test --test reference");
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

/// The condition that is reported beside `Ready`.
fn beside(state: KstatusState) -> &'static str {
    match state {
        KstatusState::Settled => "–",
        KstatusState::Reconciling => "`Reconciling`",
        KstatusState::Stalled => "`Stalled`",
    }
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
            vec![code(reason.as_str()), ready.to_owned(), beside(reason.state()).to_owned(), doc.doc.clone()]
        })
        .collect();
    format!(
        "## Conditions\n\n`Ready` always; `Reconciling` beside it while the operator goes on by itself, `Stalled` \
         when only a person can help: the message says what to do. A fight with another writer is `DriftDetected` \
         with `Reconciling`.\n\n{}",
        table(&["reason", "`Ready`", "beside it", "meaning"], &rows)
    )
}

fn events() -> String {
    let docs = source::variants("crates/core/src/state/notice.rs", "Notice");
    let mut notices = messages::notices();
    notices.dedup_by_key(|notice| notice.event().reason);
    assert_eq!(docs.len(), notices.len(), "the samples are in the order of the variants");
    let event = |(doc, notice): (&source::Documented, &Notice)| {
        let event = notice.event();
        vec![code(event.reason), messages::kind(event.warning).to_owned(), doc.doc.clone()]
    };
    let mut rows: Vec<_> = docs.iter().zip(&notices).map(event).collect();
    rows.extend(Reason::ALL.into_iter().filter(|reason| reason.is_refusal()).map(|reason| {
        vec![
            code(reason.as_str()),
            messages::kind(true).to_owned(),
            "The condition `Ready` has come to this reason.".to_owned(),
        ]
    }));
    format!(
        "## Events\n\nOn the LiveStream, of `events.k8s.io/v1`, reported by `apivideo-operator`.\n\n{}",
        table(&["reason", "type", "meaning"], &rows)
    )
}
