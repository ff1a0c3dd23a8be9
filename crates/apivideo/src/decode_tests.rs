use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(value: &Value) -> Result<LiveStream, String> {
    live_stream(value.to_string().as_bytes(), None)
}

fn read_page(value: &Value) -> Result<Page, String> {
    page(value.to_string().as_bytes(), None)
}

#[test]
fn a_whole_stream_is_read() {
    let stream = read(&json!({
        "liveStreamId": "li400mYKSgQ6xs7taUeSaEKr",
        "createdAt": "2020-01-31T10:17:47+00:00",
        "updatedAt": "2020-03-09T13:19:43Z",
        "streamKey": "30087931-229e-42cf-b5f9-e91bcc1f7332",
        "name": "Live Stream From the browser",
        "public": true,
        "broadcasting": true,
        "playerId": "pl1",
        "restreams": [{"name": "x", "streamKey": "dw", "serverUrl": "rtmp://a/b"}],
        "assets": {
            "iframe": "<iframe src=\"…\"></iframe>",
            "player": "https://embed.api.video/live/li400mYKSgQ6xs7taUeSaEKr",
            "hls": "https://live.api.video/li400mYKSgQ6xs7taUeSaEKr.m3u8",
            "thumbnail": "https://cdn.api.video/live/li400mYKSgQ6xs7taUeSaEKr/thumbnail.jpg"
        },
        "aFieldOfTheFuture": [1, 2, 3]
    }))
    .unwrap();
    assert_eq!(stream.live_stream_id, "li400mYKSgQ6xs7taUeSaEKr");
    assert_eq!(stream.created_at, Some("2020-01-31T10:17:47Z".parse().unwrap()));
    assert_eq!(stream.updated_at, Some("2020-03-09T13:19:43Z".parse().unwrap()));
    assert_eq!(stream.name.as_deref(), Some("Live Stream From the browser"));
    assert_eq!((stream.public, stream.broadcasting), (Some(true), true));
    assert_eq!(stream.stream_key.unwrap().expose(), "30087931-229e-42cf-b5f9-e91bcc1f7332");
    assert!(stream.assets.hls.unwrap().ends_with(".m3u8"));
    assert!(
        stream.assets.iframe.is_some() && stream.assets.player.is_some() && stream.assets.thumbnail.is_some()
    );
}

#[test]
fn only_a_stream_that_says_it_is_public_has_assets() {
    let assets = |public: serde_json::Value, hls: &str| {
        read(&json!({"liveStreamId": "li1", "public": public, "assets": {"hls": hls}})).unwrap().assets
    };
    let url = "https://live.api.video/li1.m3u8";
    assert_eq!(assets(json!(true), url).hls.as_deref(), Some(url));
    for private in [json!(false), json!(null)] {
        assert_eq!(assets(private, url), Assets::default());
    }
    for token in ["https://live.api.video/private/t0k/li1.m3u8", "https://embed.api.video/live/li1?token=t0k"]
    {
        assert_eq!(assets(json!(true), token), Assets::default(), "{token}");
    }
}

#[test]
fn only_the_id_is_required() {
    let stream = read(&json!({"liveStreamId": "li1"})).unwrap();
    assert_eq!((stream.name, stream.public, stream.broadcasting), (None, None, false));
    for without in
        [json!({}), json!({"liveStreamId": ""}), json!({"liveStreamId": null}), json!({"liveStreamId": 7})]
    {
        assert!(read(&without).unwrap_err().contains("`liveStreamId`"), "{without}");
    }
}

#[test]
fn a_wrong_time_or_address_is_absent_and_not_an_error() {
    let stream = read(&json!({
        "liveStreamId": "li1", "createdAt": "yesterday", "updatedAt": 5, "assets": [], "streamKey": 5
    }))
    .unwrap();
    assert_eq!((stream.created_at, stream.updated_at, stream.stream_key), (None, None, None));
    assert_eq!(stream.assets, Assets::default());
    for nonsense in ["-009999-01-02T01:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let stream = read(&json!({"liveStreamId": "li1", "createdAt": nonsense})).unwrap();
        assert_eq!(stream.created_at, None, "{nonsense}");
    }
}

#[test]
fn a_field_that_decides_must_have_its_type() {
    for (field, value) in
        [("name", json!(5)), ("public", json!("yes")), ("playerId", json!({})), ("broadcasting", json!(1))]
    {
        let why = read(&json!({"liveStreamId": "li1", field: value})).unwrap_err();
        assert!(why.contains(field), "{why}");
    }
}

#[test]
fn an_answer_about_another_stream_is_no_answer() {
    let body = br#"{"liveStreamId": "li1"}"#;
    assert!(live_stream(body, Some("li1")).is_ok());
    assert!(live_stream(body, Some("li2")).unwrap_err().contains("another stream"));
}

#[test]
fn a_body_that_is_no_json_is_refused_with_its_place_and_without_its_content() {
    for (body, why) in [
        (&b"<html>hunter2</html>"[..], "not JSON"),
        (b"", "empty"),
        (b" \n", "empty"),
        (br#"{"streamKey": "hunter2"#, "cut short"),
        (br#"{"streamKey": "hunter2"}"#, "no `liveStreamId`"),
        (br#""hunter2""#, "not a JSON object"),
        (b"hunter2 \xff", "UTF-8 at byte 8"),
    ] {
        let error = live_stream(body, None).unwrap_err();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let deep = "[".repeat(100_000);
    assert!(live_stream(deep.as_bytes(), None).is_err());
}

#[test]
fn one_bad_item_does_not_cost_the_page_and_is_counted() {
    let page = read_page(&json!({
        "data": [{"liveStreamId": "li1"}, {"name": "no id"}, 5, {"liveStreamId": "li2"}],
        "pagination": {"currentPage": 2, "pagesTotal": 3, "itemsTotal": 204, "pageSize": 100}
    }))
    .unwrap();
    let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.as_str()).collect();
    assert_eq!((ids, page.unreadable), (vec!["li1", "li2"], 2));
    assert_eq!((page.pages_total, page.items_total), (3, 204));
}

#[test]
fn the_number_of_pages_comes_from_what_is_sane() {
    let pages = |pagination: Value| {
        read_page(&json!({"data": [{"liveStreamId": "li1"}], "pagination": pagination}))
            .map(|page| page.pages_total)
    };
    assert_eq!(pages(json!({"pagesTotal": 0})), Ok(1));
    assert_eq!(pages(json!({"pagesTotal": 7, "itemsTotal": -1})), Ok(7));
    assert_eq!(pages(json!({"pagesTotal": -2, "itemsTotal": 201, "pageSize": 100})), Ok(3));
    assert_eq!(pages(json!({"pagesTotal": "x", "itemsTotal": 0, "pageSize": 100})), Ok(1));
    for nothing_sane in
        [json!({}), json!({"itemsTotal": 5, "pageSize": 0}), json!({"pagesTotal": 1e30}), json!([])]
    {
        assert!(pages(nothing_sane.clone()).is_err(), "{nothing_sane}");
    }
    assert!(read_page(&json!({"data": []})).unwrap_err().contains("pagination"));
    assert!(read_page(&json!({"pagination": {"pagesTotal": 1}})).unwrap_err().contains("data"));
}

/// JSON that is shaped like an answer, with anything in its fields.
fn answers() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let field = prop::sample::select(vec![
        "liveStreamId",
        "name",
        "public",
        "playerId",
        "broadcasting",
        "streamKey",
        "assets",
        "createdAt",
        "data",
        "pagination",
        "pagesTotal",
        "itemsTotal",
        "pageSize",
        "currentPage",
        "hls",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((field.clone(), inner), 0..8).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_in_words(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for why in [live_stream(&body, None).err(), page(&body, None).err()].into_iter().flatten() {
            prop_assert!(!why.is_empty());
        }
    }

    #[test]
    fn any_json_is_read_or_refused_in_words(value in answers()) {
        if let Ok(stream) = read(&value) {
            prop_assert!(!stream.live_stream_id.is_empty());
        }
        if let Ok(page) = read_page(&value) {
            prop_assert!(page.pages_total >= 1);
            let data = value.get("data").and_then(Value::as_array).map(Vec::len);
            prop_assert_eq!(data, Some(page.items.len() + page.unreadable));
        }
    }
}
