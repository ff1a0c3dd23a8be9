//! The whole client against answers that no API should give.

use apivideo::{Effect, Error, ListLiveStreams, MAX_ANSWER, Priority, create, delete, get, list, update};

use crate::scripted::{Reply, Scripted, as_usual, client, json};

/// What an error of this client has at the most, in characters.
const LONGEST: usize = 1000;

/// Every kind of call, each through a client of its own, to an API that answers so; the errors.
async fn errors(reply: impl Fn() -> Reply + Clone + Send + Sync + 'static) -> Vec<(&'static str, Error)> {
    let fresh = || {
        let reply = reply.clone();
        client(&Scripted::new(move |seen| if seen.line.contains("/auth/") { as_usual() } else { reply() }))
    };
    let new = serde_json::json!({"name": "Hall"});
    let change = serde_json::json!({"name": "Hall"});
    let page = ListLiveStreams::default();
    let (me, looking) = (Priority::UserChange, Priority::Background);
    [
        ("create", fresh().send(create(&new), me).await.err()),
        ("update", fresh().send(update("li1", &change), me).await.err()),
        ("delete", fresh().send(delete("li1"), me).await.err()),
        ("get", fresh().send(get("li1"), looking).await.err()),
        ("list", fresh().send(list(&page), looking).await.err()),
    ]
    .into_iter()
    .filter_map(|(call, error)| error.map(|error| (call, error)))
    .collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_a_2xx_holds_each_call_is_an_error_in_few_words_whose_effect_is_unknown() {
    let bodies = [
        "[".repeat(100_000),
        r#"{"data":["#.repeat(100_000),
        "<p>sorry</p>".repeat(MAX_ANSWER / 12),
        "null".to_owned(),
        "-1e999".to_owned(),
        r#"{"liveStreamId": "li2", "data": {}, "pagination": []}"#.to_owned(),
        r#"{"liveStreamId": {"liveStreamId": "li1"}, "data": [], "pagination": {"pagesTotal": -1}}"#
            .to_owned(),
    ];
    for body in bodies {
        let beginning: String = body.chars().take(40).collect();
        let failed = errors(move || json(200, &body)).await;
        // Any stream answers a create: only what names another one than asked for doesn't.
        let expected = if beginning.contains("li2") { 4 } else { 5 };
        assert_eq!(failed.len(), expected, "{beginning}");
        for (call, error) in failed {
            assert!(error.to_string().chars().count() < LONGEST, "{call} {beginning}");
            let read = matches!(call, "get" | "list");
            let effect = if read { Effect::None } else { Effect::Unknown };
            assert_eq!(error.effect(), effect, "{call} {beginning}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_length_and_depth_is_shown_in_few_words() {
    for body in ["[".repeat(100_000), "<p>sorry</p>".repeat(10_000), "\u{fffd}\u{0}".repeat(10_000)] {
        for status in [301, 400, 401, 403, 404, 429, 500, 599] {
            let body = body.clone();
            for (call, error) in errors(move || json(status, &body)).await {
                let text = format!("{error} {error:?}");
                assert!(text.chars().count() < 2 * LONGEST, "{call} {status}: {}", text.len());
                assert!(!error.to_string().chars().any(char::is_control), "{call} {status}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_token_that_can_be_one_says_so_and_nothing_was_sent() {
    for body in
        ["[".repeat(100_000), "null".into(), format!(r#"{{"access_token": "{}"}}"#, "x".repeat(1_000_000))]
    {
        let wire = Scripted::new(move |_| json(200, &body));
        let error = client(&wire).send(delete("li1"), Priority::UserChange).await.unwrap_err();
        assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
        assert!(error.to_string().chars().count() < LONGEST, "{error}");
        assert_eq!(wire.count("DELETE"), 0);
    }
}
