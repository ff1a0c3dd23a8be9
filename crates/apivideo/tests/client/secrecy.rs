use apivideo::{Priority, Secret, WireError, create, get};
use proptest::prelude::*;

use crate::scripted::{Scripted, as_usual, client, json, settings};

/// All that must never be seen: the key, the tokens, and what the bodies below hold.
const HIDDEN: [&str; 6] = ["the-api-key", "token-1", "refresh-1", "str3am-k3y", "pr1vate-t0ken", "token-2"];

fn hall() -> serde_json::Value {
    serde_json::json!({"name": "Hall"})
}

fn assert_hides(text: &str) {
    for hidden in HIDDEN {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_a_secret_whatever_the_answer_repeats() {
    let bodies = [
        "the-api-key and token-1 were wrong",
        r#"{"title": "token-1 is no good", "detail": "nor is refresh-1", "name": "the-api-key"}"#,
        r#"{"title": "x", "problems": [{"name": "token-1", "title": "the-api-key"}]}"#,
        r#"{"streamKey": "str3am-k3y", "assets": {"hls": "https://live.api.video/private/pr1vate-t0ken/li1.m3u8"}}"#,
        r#"{"liveStreamId": 5, "streamKey": "str3am-k3y"}"#,
        r#"{"liveStreamId": "li1", "public": "str3am-k3y", "streamKey": "str3am-k3y""#,
        "GET / HTTP/1.1 Authorization: Bearer token-1",
    ];
    for body in bodies {
        for status in [200, 201, 302, 400, 401, 403, 404, 409, 429, 500, 503] {
            let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
                true => as_usual(),
                false => json(status, body),
            });
            let client = client(&wire);
            let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
            let held_back = client.send(get("li1"), Priority::Background).await.err();
            assert_hides(&format!("{error} {error:?} {held_back:?} {client:?} {:?}", client.state()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_of_the_way_to_a_token_shows_the_key() {
    for status in [200, 400, 401, 403, 404, 429, 500] {
        let wire =
            Scripted::new(move |_| json(status, r#"{"title": "the-api-key", "apiKey": "the-api-key"}"#));
        let client = client(&wire);
        let error = client.send(get("li1"), Priority::Background).await.unwrap_err();
        assert_hides(&format!("{error} {error:?} {:?}", client.state()));
    }
}

#[tokio::test(start_paused = true)]
async fn no_text_of_a_wire_shows_a_secret() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => Err(WireError::Lost(format!("while sending {}", seen.authorization()))),
    });
    let error = client(&wire).send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert_hides(&format!("{error} {error:?}"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_shows_neither_its_key_nor_its_addresses() {
    let body = r#"{"liveStreamId": "li1", "public": false, "streamKey": "str3am-k3y",
                   "assets": {"hls": "https://live.api.video/private/pr1vate-t0ken/li1.m3u8"}}"#;
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => json(200, body),
    });
    let answer = client(&wire).send(get("li1"), Priority::Background).await.unwrap();
    assert_hides(&format!("{answer:?}"));
    assert_eq!(answer.stream_key.unwrap().expose(), "str3am-k3y");
}

#[test]
fn settings_and_client_hide_the_key() {
    let wire = Scripted::new(|_| as_usual());
    let client = client(&wire);
    client.set_api_key(Secret::from("token-2"));
    assert_hides(&format!("{:?} {client:?}", settings()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_answer_is_a_value_or_an_error_in_bounded_words(
        status in 200_u16..600, body in prop::collection::vec(any::<u8>(), 0..300)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
                true => as_usual(),
                false => Ok(http::Response::builder().status(status).body(body.clone().into()).unwrap()),
            });
            if let Err(error) = client(&wire).send(create(&hall()), Priority::UserChange).await {
                assert!(error.to_string().chars().count() < 1000, "{error}");
            }
            assert_eq!(wire.count("POST /live-streams"), if status == 401 { 2 } else { 1 });
        });
    }
}
