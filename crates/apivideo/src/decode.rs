//! From the body of a 2xx to a value.
//!
//! Guarantee: no message of this file holds content of the body, for that holds
//! stream keys and the tokens of private streams. It says where the body is
//! wrong and what was expected there, never what stood there.
//!
//! The reading is by hand because it is neither strict nor lax throughout:
//! what decides (id, name, public, player, broadcasting) must have its right
//! type, and what only informs (times, keys, addresses) may be missing.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Secret;
use crate::model::{Assets, LiveStream, Page};
use crate::redact::is_private;

type Object = Map<String, Value>;

/// Any body will do: nothing is read from it.
pub(crate) fn nothing(_body: &[u8], _id: Option<&str>) -> Result<(), String> {
    Ok(())
}

/// One stream; the one asked for, if one was.
pub(crate) fn live_stream(body: &[u8], id: Option<&str>) -> Result<LiveStream, String> {
    let stream = stream_of(&json(body)?)?;
    match id {
        Some(id) if id != stream.live_stream_id => {
            Err("it is about another stream than asked for".to_owned())
        }
        Some(_) | None => Ok(stream),
    }
}

/// One page of streams.
pub(crate) fn page(body: &[u8], _id: Option<&str>) -> Result<Page, String> {
    let body = json(body)?;
    let body = body.as_object().ok_or("it is not a JSON object")?;
    let data = body.get("data").and_then(Value::as_array).ok_or("it has no array `data`")?;
    let pagination =
        body.get("pagination").and_then(Value::as_object).ok_or("it has no object `pagination`")?;

    let items: Vec<LiveStream> = data.iter().filter_map(|item| stream_of(item).ok()).collect();
    let unreadable = data.len() - items.len();
    let on_this_page = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let (pages_total, items_total) = paging(pagination, on_this_page)?;
    Ok(Page { items, unreadable, pages_total, items_total })
}

/// How many pages there are, and how many items.
///
/// `pagesTotal` decides how far a reader goes on, so it may be missing or nonsense only
/// where the number of items and the page size say the same thing; else the
/// page is unreadable: a list that ends too early looks like deleted streams.
fn paging(pagination: &Object, on_this_page: u64) -> Result<(u32, u64), String> {
    let count = |name| pagination.get(name).and_then(Value::as_u64);
    let items_total = count("itemsTotal");
    let computed = items_total
        .zip(count("pageSize").filter(|size| *size > 0))
        .map(|(items, size)| items.max(on_this_page).div_ceil(size));
    let pages_total = count("pagesTotal")
        .or(computed)
        .and_then(|pages| u32::try_from(pages.max(1)).ok())
        .ok_or("neither `pagesTotal` nor `itemsTotal` and `pageSize` say how many pages there are")?;
    Ok((pages_total, items_total.unwrap_or(on_this_page).max(on_this_page)))
}

fn json(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body)
        .map_err(|wrong| format!("it is not UTF-8 at byte {}", wrong.valid_up_to()))?;
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    // serde_json's own messages quote the input, hence only the place. Nesting is bounded by its limit of 128.
    serde_json::from_str(text).map_err(|wrong| match wrong.classify() {
        serde_json::error::Category::Eof => "it is JSON that was cut short".to_owned(),
        _ => format!("it is not JSON that can be read, at line {} column {}", wrong.line(), wrong.column()),
    })
}

fn stream_of(value: &Value) -> Result<LiveStream, String> {
    let object = value.as_object().ok_or("a live stream is not a JSON object")?;
    let live_stream_id = text(object, "liveStreamId")?
        .filter(|id| !id.trim().is_empty())
        .ok_or("a live stream has no `liveStreamId`")?;
    let public = flag(object, "public")?;
    let assets = object.get("assets").and_then(Value::as_object).filter(|_| public == Some(true));
    Ok(LiveStream {
        live_stream_id,
        name: text(object, "name")?,
        public,
        player_id: text(object, "playerId")?,
        broadcasting: flag(object, "broadcasting")?.unwrap_or(false),
        stream_key: secret(object, "streamKey"),
        assets: assets.map(assets_of).unwrap_or_default(),
        created_at: time(object, "createdAt"),
        updated_at: time(object, "updatedAt"),
    })
}

fn assets_of(object: &Object) -> Assets {
    let url = |name| {
        let url = object.get(name)?.as_str()?;
        (!url.is_empty() && !is_private(url)).then(|| url.to_owned())
    };
    Assets { hls: url("hls"), iframe: url("iframe"), player: url("player"), thumbnail: url("thumbnail") }
}

fn text(object: &Object, name: &str) -> Result<Option<String>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

fn flag(object: &Object, name: &str) -> Result<Option<bool>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(format!("`{name}` is neither true nor false")),
    }
}

fn secret(object: &Object, name: &str) -> Option<Secret> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Secret::from)
}

/// A time before 1970 is nonsense, and a year of more or less than four digits
/// can't be stored in Kubernetes.
fn time(object: &Object, name: &str) -> Option<Timestamp> {
    object.get(name)?.as_str()?.parse().ok().filter(|time| *time >= Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
