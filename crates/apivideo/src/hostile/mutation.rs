//! Valid answers, and what can be made of them.

use proptest::prelude::*;
use serde_json::{Value, json};

/// What no text may repeat of the answers below.
pub(super) const SECRETS: [&str; 3] = ["s3cr3t-stream-key", "pr1vate-t0ken", "s3cr3t-access"];

/// A private stream, as the API answers it.
pub(super) fn stream() -> Value {
    json!({
        "liveStreamId": "li400mYKSgQ6xs7taUeSaEKr",
        "createdAt": "2020-01-31T10:17:47+00:00",
        "updatedAt": "2020-03-09T13:19:43+00:00",
        "streamKey": "s3cr3t-stream-key",
        "name": "Hall",
        "public": false,
        "broadcasting": true,
        "playerId": "pl1",
        "restreams": [{"name": "x", "streamKey": "s3cr3t-stream-key", "serverUrl": "rtmp://a/b"}],
        "assets": {
            "iframe": "<iframe src=\"https://embed.api.video/live/li1?token=pr1vate-t0ken\"></iframe>",
            "player": "https://embed.api.video/live/li1?token=pr1vate-t0ken",
            "hls": "https://live.api.video/private/pr1vate-t0ken/li1.m3u8",
            "thumbnail": "https://live.api.video/private/pr1vate-t0ken/li1/thumbnail.jpg"
        }
    })
}

/// A page of two such streams.
pub(super) fn page() -> Value {
    json!({
        "data": [stream(), stream()],
        "pagination": {"currentPage": 1, "currentPageItems": 2, "pageSize": 100, "pagesTotal": 1, "itemsTotal": 2,
            "links": [{"rel": "self", "uri": "https://ws.api.video/live-streams?currentPage=1"}]}
    })
}

/// What is answered to a key.
pub(super) fn grant() -> Value {
    json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "s3cr3t-access", "refresh_token": "s3cr3t-access-2"})
}

/// A refusal.
pub(super) fn problem() -> Value {
    json!({
        "type": "https://docs.api.video/reference/invalid-attribute", "title": "An attribute is invalid.",
        "status": 400, "name": "playerId", "detail": "No such player.",
        "problems": [{"title": "Too long.", "name": "name"}, {"title": "Unknown player.", "name": "playerId"}]
    })
}

/// The values at the edges, to stand where others are expected.
fn edges() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(u64::from(u32::MAX)),
        json!(1e308),
        json!(0.5),
        json!(""),
        json!(" "),
        json!("\u{0}\u{1b}[31m\r\n\u{202e}"),
        json!([]),
        json!({}),
        json!("9999-12-31T23:59:59Z"),
        json!("-009999-01-02T01:59:59Z"),
        json!("vi/../x"),
    ]
}

/// A value that stands where another was expected.
fn wrong() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(edges()),
        (1_usize..200).prop_map(nested),
        (1_usize..20_000).prop_map(|length| json!("é".repeat(length))),
        (1_usize..500).prop_map(|length| json!(vec![json!({"liveStreamId": {}}); length])),
    ]
}

/// A valid answer with each of its places, in turn, removed and replaced by each of the edges.
pub(super) fn swept(valid: &Value) -> Vec<Vec<u8>> {
    let mut places = Vec::new();
    collect("", valid, &mut places);
    let replaced = places.iter().flat_map(|place| edges().into_iter().map(move |edge| (place, Some(edge))));
    let all = replaced.chain(places.iter().map(|place| (place, None)));
    all.map(|(place, edge)| {
        let mut answer = valid.clone();
        match edge {
            Some(edge) => *answer.pointer_mut(place).unwrap() = edge,
            None => remove(&mut answer, place),
        }
        answer.to_string().into_bytes()
    })
    .collect()
}

fn remove(answer: &mut Value, place: &str) {
    let (parent, key) = place.rsplit_once('/').unwrap_or_default();
    match answer.pointer_mut(parent) {
        Some(Value::Object(object)) => drop(object.remove(key)),
        Some(Value::Array(list)) => drop(list.pop()),
        _ => {}
    }
}

/// So many lists in each other.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

/// What is done to an answer. The indexes point to one of its places.
#[derive(Debug, Clone)]
enum Change {
    Remove(prop::sample::Index),
    Replace(prop::sample::Index, Value),
    Add(prop::sample::Index, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        place().prop_map(Change::Remove),
        (place(), wrong()).prop_map(|(place, value)| Change::Replace(place, value)),
        (place(), wrong()).prop_map(|(place, value)| Change::Add(place, value)),
    ]
}

impl Change {
    fn apply(self, answer: &mut Value) {
        let mut places = Vec::new();
        collect("", answer, &mut places);
        match self {
            Self::Remove(place) => remove(answer, place.get(&places).as_str()),
            Self::Replace(place, value) => {
                if let Some(old) = answer.pointer_mut(place.get(&places).as_str()) {
                    *old = value;
                }
            }
            Self::Add(place, value) => match answer.pointer_mut(place.get(&places).as_str()) {
                Some(Value::Object(object)) => drop(object.insert("ofTheFuture".to_owned(), value)),
                Some(Value::Array(list)) => list.push(value),
                _ => {}
            },
        }
    }
}

/// Every place of a value, as JSON pointers.
fn collect(prefix: &str, value: &Value, places: &mut Vec<String>) {
    places.push(prefix.to_owned());
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, inner)| collect(&format!("{prefix}/{key}"), inner, places));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, inner)| collect(&format!("{prefix}/{at}"), inner, places));
        }
        _ => {}
    }
}

/// A valid answer with up to four places removed, replaced or added to, and
/// perhaps cut at any byte. What is left of a secret has its name beside it.
pub(super) fn mutated(valid: Value) -> impl Strategy<Value = Vec<u8>> {
    let cut = prop::option::weighted(0.3, any::<prop::sample::Index>());
    (prop::collection::vec(change(), 0..4), cut).prop_map(move |(changes, cut)| {
        let mut answer = valid.clone();
        changes.into_iter().for_each(|change| change.apply(&mut answer));
        let mut bytes = answer.to_string().into_bytes();
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

/// Likewise, with bytes overwritten by others and tokens no parser likes put in between.
pub(super) fn corrupted(valid: Value) -> impl Strategy<Value = Vec<u8>> {
    let junk = prop_oneof![
        prop::sample::select(vec![
            &b"1e999"[..],
            b"\xff\xfe",
            b"\xed\xa0\x80",
            b"\\ud800",
            b"NaN",
            b"\0",
            b"}}",
            b"[[[["
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    let strikes = prop::collection::vec((any::<prop::sample::Index>(), junk), 1..4);
    (mutated(valid), strikes).prop_map(|(mut bytes, strikes)| {
        for (at, junk) in strikes {
            let at = if bytes.is_empty() { 0 } else { at.index(bytes.len()) };
            let end = (at + junk.len()).min(bytes.len());
            bytes.splice(at..end, junk);
        }
        bytes
    })
}

/// A body that is nothing but brackets, deeper than any stack.
pub(super) fn bottomless() -> impl Iterator<Item = Vec<u8>> {
    ["[", "{\"data\":[", "{\"problems\":[", "{\"title\":"]
        .into_iter()
        .map(|opening| opening.repeat(100_000).into_bytes())
}

/// Asserts that a text is one for people: some words, few of them, none of them secret.
pub(super) fn assert_clean(text: &str, longest: usize) -> Result<(), TestCaseError> {
    prop_assert!(!text.trim().is_empty());
    prop_assert!(text.chars().count() <= longest, "{} characters: {text:.200}", text.chars().count());
    prop_assert!(!text.chars().any(char::is_control), "{text:?}");
    for secret in SECRETS {
        prop_assert!(!text.contains(secret), "{text}");
    }
    Ok(())
}
