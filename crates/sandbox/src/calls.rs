//! The log of the calls to the API, and the counters beside it.

use std::collections::{BTreeMap, VecDeque};

use http::Method;
use jiff::Timestamp;
use serde::Serialize;

/// Longer paths are cut: the log is bounded in bytes, too.
const MAX_PATH: usize = 300;

/// What was called and what the client was sent; for tests and the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CallLog {
    /// The last calls, oldest first.
    pub entries: Vec<CallEntry>,
    /// All calls since the start or the last reset.
    pub counts: Vec<CallCount>,
}

/// One call. Carries no body and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallEntry {
    /// When it was answered.
    pub at: Timestamp,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its query; the value of `streamKey` is left out.
    pub path: String,
    /// The status that the client was sent; `None`: the connection was closed
    /// without an answer.
    pub status: Option<u16>,
    /// The fault that was played, if one was.
    pub fault: Option<&'static str>,
    /// Which access token it carried or was given: 1 is the first that was ever
    /// made. Each client has its own, so this shows who called, without a secret.
    pub token: Option<u64>,
}

/// How often a kind of call arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// The first segment of the path: `live-streams`, `players`, `auth`, or `other`.
    pub resource: &'static str,
    /// `GET`, `POST`, …
    pub method: String,
    /// The status that the client was sent; `None`: no answer.
    pub status: Option<u16>,
    /// How many.
    pub calls: u64,
}

impl CallCount {
    fn is_read(&self) -> bool {
        self.method == "GET"
    }
}

impl CallLog {
    /// Calls to `/live-streams` that write (POST, PATCH, PUT, DELETE), refused
    /// and lost ones included.
    pub fn writes(&self) -> u64 {
        self.count(|each| each.resource == "live-streams" && !each.is_read())
    }

    /// Calls of GET to `/live-streams`, refused and lost ones included.
    pub fn reads(&self) -> u64 {
        self.count(|each| each.resource == "live-streams" && each.is_read())
    }

    /// The sum over the counters that the predicate picks.
    pub fn count(&self, pick: impl Fn(&CallCount) -> bool) -> u64 {
        self.counts.iter().filter(|each| pick(each)).map(|each| each.calls).sum()
    }
}

/// The recorder behind [`CallLog`]: memory stays bounded however many calls arrive.
#[derive(Debug)]
pub(crate) struct Recorder {
    kept: usize,
    entries: VecDeque<CallEntry>,
    counts: BTreeMap<(&'static str, String, Option<u16>), u64>,
}

impl Recorder {
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, entries: VecDeque::new(), counts: BTreeMap::new() }
    }

    pub(crate) fn record(&mut self, entry: CallEntry) {
        let kind = (resource(&entry.path), entry.method.clone(), entry.status);
        *self.counts.entry(kind).or_default() += 1;
        self.entries.push_back(entry);
        while self.entries.len() > self.kept {
            self.entries.pop_front();
        }
    }

    pub(crate) fn reset(&mut self) {
        self.entries.clear();
        self.counts.clear();
    }

    /// The counters and at most `limit` of the last entries.
    pub(crate) fn log(&self, limit: usize) -> CallLog {
        let skipped = self.entries.len().saturating_sub(limit);
        let counts = self.counts.iter().map(|((resource, method, status), calls)| CallCount {
            resource,
            method: method.clone(),
            status: *status,
            calls: *calls,
        });
        CallLog { entries: self.entries.iter().skip(skipped).cloned().collect(), counts: counts.collect() }
    }
}

/// A method that HTTP knows, or `OTHER`: a client can't grow the counters by
/// inventing methods.
pub(crate) fn method_name(method: &Method) -> String {
    let known = [
        Method::GET,
        Method::POST,
        Method::PATCH,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
    ];
    if known.contains(method) { method.to_string() } else { "OTHER".to_owned() }
}

/// The path as the log shows it: bounded, and without the value of `streamKey`.
pub(crate) fn shown_path(uri: &http::Uri) -> String {
    let mut shown = uri.path().to_owned();
    if let Some(query) = uri.query() {
        let pairs: Vec<String> = query.split('&').map(shown_pair).collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    if let Some((cut, _)) = shown.char_indices().nth(MAX_PATH) {
        shown.truncate(cut);
        shown.push('…');
    }
    shown
}

fn shown_pair(pair: &str) -> String {
    // The name is decoded first: `stream%4Bey` is a stream key as well.
    match form_urlencoded::parse(pair.as_bytes()).next() {
        Some((name, _)) if name == "streamKey" => "streamKey=[secret]".to_owned(),
        _ => pair.to_owned(),
    }
}

fn resource(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    match path.split('/').find(|segment| !segment.is_empty()) {
        Some("live-streams") => "live-streams",
        Some("players") => "players",
        Some("auth") => "auth",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(method: &str, path: &str, status: Option<u16>) -> CallEntry {
        let (method, path) = (method.into(), path.into());
        CallEntry { at: Timestamp::UNIX_EPOCH, method, path, status, fault: None, token: None }
    }

    #[test]
    fn the_log_forgets_old_calls_but_the_counters_do_not() {
        let mut recorder = Recorder::new(2);
        for _ in 0..5 {
            recorder.record(entry("POST", "/live-streams", Some(200)));
        }
        recorder.record(entry("DELETE", "/live-streams/li1", None));
        recorder.record(entry("GET", "/live-streams?x=1", Some(200)));
        recorder.record(entry("POST", "/auth/api-key", Some(200)));
        let log = recorder.log(usize::MAX);
        assert_eq!(log.entries.len(), 2);
        assert_eq!((log.writes(), log.reads()), (6, 1));
        recorder.reset();
        assert_eq!(recorder.log(9).writes(), 0);
    }

    #[test]
    fn stream_keys_are_not_logged() {
        let uri = "/live-streams?streamKey=abc&name=b&stream%4Bey=abc".parse().unwrap();
        assert_eq!(shown_path(&uri), "/live-streams?streamKey=[secret]&name=b&streamKey=[secret]");
    }

    #[test]
    fn long_paths_are_cut() {
        let uri = format!("/live-streams/{}", "a".repeat(5_000)).parse().unwrap();
        assert_eq!(shown_path(&uri).chars().count(), MAX_PATH + 1);
    }
}
