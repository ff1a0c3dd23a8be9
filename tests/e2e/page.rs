//! The sandbox's page in a real browser: what a person does there to a stream,
//! and the operator's answer to it, as the page shows it by itself.

use apivideo_sandbox::{DEFAULT_PLAYER_ID, Fault, Rule};
use serde_json::json;

use crate::{
    browser::{Browser, Programs},
    stage::{Stage, eventually, id, play, ready},
};

/// The page, by its streams' rows.
struct Page(Browser);

impl Page {
    /// Waits until a cell shows a text.
    async fn until(&self, id: &str, cell: &str, wanted: &str) {
        let css = format!("tr[data-id={id}] [data-cell={cell}]");
        eventually(&format!("{wanted:?} in {css}"), async || {
            self.0.text(&css).await.filter(|text| text == wanted).map(|_| ())
        })
        .await;
    }

    async fn until_no_row(&self, id: &str) {
        let css = format!("tr[data-id={id}]");
        eventually(&format!("no {css}"), async || self.0.text(&css).await.is_none().then_some(())).await;
    }

    async fn press(&self, id: &str, action: &str) {
        self.0.click(&format!("tr[data-id={id}] button[data-action={action}]")).await;
    }

    async fn tick(&self, id: &str, input: &str) {
        self.0.click(&format!("tr[data-id={id}] input[name={input}]")).await;
    }

    async fn write(&self, id: &str, input: &str, text: &str) {
        self.0.write(&format!("tr[data-id={id}] input[name={input}]"), text).await;
    }
}

#[test]
fn what_a_person_does_on_the_page_is_corrected_told_and_undone_by_the_operator() {
    let Some(programs) = Programs::find() else {
        println!(
            "skipped: no chromium and chromedriver on this machine (Debian: apt-get install chromium chromium-driver)"
        );
        return;
    };
    play(async {
        let (stage, _operator) = Stage::set().await;
        let page = Page(Browser::open(&programs, &stage.sandbox.url()).await);
        let stream = stage.synced("on-page", json!({ "name": "On the page", "public": true })).await;
        page.until(&stream, "name", "On the page").await;
        an_edit_is_corrected(&stage, &page, &stream).await;
        a_broadcast_is_told(&stage, &page, &stream).await;
        a_deletion_is_undone(&stage, &page, &stream).await;
        assert_eq!(page.0.text("#message").await.as_deref(), Some(""), "no error was shown");
    });
}

async fn an_edit_is_corrected(stage: &Stage, page: &Page, stream: &str) {
    // Until the page has shown the edit, the operator can't correct it: the
    // text it shows afterwards is then surely new.
    let refused = Rule::always(Fault::ErrorBefore { status: 503 }).on("PATCH", "/live-streams");
    let refused = stage.sandbox.inject(refused);
    page.press(stream, "edit").await;
    page.write(stream, "name", "Edited by hand").await;
    page.tick(stream, "public").await;
    page.write(stream, "playerId", DEFAULT_PLAYER_ID).await;
    page.press(stream, "save").await;
    page.until(stream, "name", "Edited by hand").await;
    page.until(stream, "public", "no").await;
    page.until(stream, "player", DEFAULT_PLAYER_ID).await;

    assert!(stage.sandbox.remove_fault(refused));
    stage.until_remote(stream, "the correction", |s| s.name == "On the page" && s.public).await;
    page.until(stream, "name", "On the page").await;
    page.until(stream, "public", "yes").await;
    // The manifest leaves the player out.
    page.until(stream, "player", DEFAULT_PLAYER_ID).await;
    assert!(stage.event("on-page", "DriftCorrected").await.contains("name, public"));
}

async fn a_broadcast_is_told(stage: &Stage, page: &Page, stream: &str) {
    for (action, shown, on) in [("live", "on air", true), ("end", "off", false)] {
        page.press(stream, action).await;
        page.until(stream, "live", shown).await;
        stage.until("on-page", shown, |o| o.status.as_ref().and_then(|s| s.broadcasting) == Some(on)).await;
    }
}

async fn a_deletion_is_undone(stage: &Stage, page: &Page, stream: &str) {
    page.press(stream, "delete").await;
    page.until_no_row(stream).await;
    let object = stage
        .until("on-page", "a new id", |o| {
            let new = o.status.as_ref().and_then(|s| s.live_stream_id.as_deref());
            new.is_some_and(|new| new != stream) && ready(o).is_some_and(|c| c.reason == "Synced")
        })
        .await;
    page.until(&id(&object), "name", "On the page").await;
    page.until_no_row(stream).await;
    assert_eq!(stage.sandbox.streams().len(), 1);
}
