//! Which calls a rule is for: one way of matching for all faults.

use bytes::Bytes;
use http::{Method, Request};
use serde::{Deserialize, Serialize};

use crate::state::{State, object};

/// The calls that a rule is for: those that match everything that is given.
///
/// `path` and `name` are patterns: a text that is contained, where `*` stands
/// for any text, `^` at the beginning for the beginning, and `$` at the end for
/// the end. `^/live-streams$` is the collection alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The method, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A pattern of the path, without the query. `/auth` has faults as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The id of the stream in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// A pattern of the stream's name: of the one that the stream in the path has
    /// now, the one in the body, or the one that a list is filtered by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The project that the call's key or token opens, or the key in the body of
    /// `/auth/api-key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The page of a list. The first page is 1, also where the query is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// The order of a list: `name`, `createdAt` (the default) or `updatedAt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_by: Option<String>,
    /// The direction of a list: `asc` (the default) or `desc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<String>,
}

impl Scope {
    pub(crate) fn matches(&self, call: &Facts<'_>) -> bool {
        let method =
            self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(call.method.as_str()));
        let path = self.path.as_deref().is_none_or(|pattern| fits(pattern, call.path));
        let stream = self.stream.as_deref().is_none_or(|id| call.stream == Some(id));
        let name =
            self.name.as_deref().is_none_or(|pattern| call.names.iter().any(|name| fits(pattern, name)));
        let project = self.project.is_none() || self.project == call.project;
        method && path && stream && name && project && self.matches_list(call.list.as_ref())
    }

    fn matches_list(&self, list: Option<&ListFacts>) -> bool {
        let Some(list) = list else {
            return self.page.is_none() && self.sort_by.is_none() && self.sort_order.is_none();
        };
        self.page.is_none_or(|page| page == list.page)
            && self.sort_by.as_ref().is_none_or(|field| *field == list.sort_by)
            && self.sort_order.as_ref().is_none_or(|order| *order == list.sort_order)
    }
}

/// What a call is about.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    method: &'a Method,
    path: &'a str,
    stream: Option<&'a str>,
    names: Vec<String>,
    project: Option<String>,
    list: Option<ListFacts>,
}

#[derive(Debug)]
struct ListFacts {
    page: u64,
    sort_by: String,
    sort_order: String,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(request: &'a Request<Bytes>, state: &State) -> Self {
        let path = request.uri().path();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let stream = match segments.as_slice() {
            ["live-streams", id, ..] => Some(*id),
            _ => None,
        };
        let is_list =
            request.method() == Method::GET && matches!(segments.as_slice(), ["live-streams" | "players"]);
        let asked = |wanted: &str| {
            let query = request.uri().query().filter(|_| is_list).unwrap_or_default();
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let current = stream.and_then(|id| state.stream(id)).map(|stream| stream.name);
        let sent = object(request.body()).and_then(|body| Some(body.get("name")?.as_str()?.to_owned()));
        let project = state.project_of(request);
        let list = is_list.then(|| ListFacts {
            page: asked("currentPage").and_then(|page| page.parse().ok()).unwrap_or(1),
            sort_by: asked("sortBy").unwrap_or_else(|| "createdAt".to_owned()),
            sort_order: asked("sortOrder").unwrap_or_else(|| "asc".to_owned()),
        });
        Self {
            method: request.method(),
            path,
            stream,
            names: [current, sent, asked("name")].into_iter().flatten().collect(),
            project: project.and_then(|id| id.name().map(str::to_owned)),
            list,
        }
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    let (start, pattern) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (end, pattern) = pattern.strip_suffix('$').map_or((false, pattern), |rest| (true, rest));
    let mut parts: Vec<&str> = pattern.split('*').collect();
    // An open end is a `*` there.
    if !start {
        parts.insert(0, "");
    }
    if !end {
        parts.push("");
    }
    let (Some((first, rest)), true) = (parts.split_first(), parts.len() > 1) else { return pattern == text };
    let (Some((last, middle)), Some(mut text)) = (rest.split_last(), text.strip_prefix(first)) else {
        return false;
    };
    for part in middle {
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_pattern_is_contained_unless_it_is_anchored() {
        for (pattern, text, expected) in [
            ("live", "/live-streams", true),
            ("", "anything", true),
            ("^/live-streams$", "/live-streams", true),
            ("^/live-streams$", "/live-streams/li1", false),
            ("^/live-streams/", "/live-streams/li1", true),
            ("^live", "/live-streams", false),
            ("li*/complete$", "/live-streams/li1/complete", true),
            ("li1$", "/live-streams/li11", false),
            ("^a*a$", "a", false),
            ("^a*b*c$", "a1b2c", true),
            ("^a*b*c$", "a1c2b", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn each_part_of_a_scope_narrows_it() {
        let state = State::new(Config::default(), 1);
        let request = |method: &str, uri: &str, body: &'static str| {
            Request::builder().method(method).uri(uri).body(Bytes::from_static(body.as_bytes())).unwrap()
        };
        let list = request("GET", "/live-streams?currentPage=2&sortBy=name&name=b", "");
        let post = request("POST", "/live-streams", r#"{"name": "b"}"#);
        let one = request("PATCH", "/live-streams/li1/complete", "{}");
        let text = |text: &str| Some(text.to_owned());
        let any = Scope::default;
        for (scope, of_list, of_post, of_one) in [
            (any(), true, true, true),
            (Scope { method: text("post"), ..any() }, false, true, false),
            (Scope { path: text("^/live-streams$"), ..any() }, true, true, false),
            (Scope { stream: text("li1"), ..any() }, false, false, true),
            (Scope { stream: text("li2"), ..any() }, false, false, false),
            (Scope { name: text("^b$"), ..any() }, true, true, false),
            (Scope { page: Some(2), ..any() }, true, false, false),
            (Scope { page: Some(1), ..any() }, false, false, false),
            (Scope { sort_by: text("name"), ..any() }, true, false, false),
            (Scope { sort_order: text("asc"), ..any() }, true, false, false),
            (Scope { sort_order: text("desc"), ..any() }, false, false, false),
            (Scope { project: text("pr1"), ..any() }, false, false, false),
        ] {
            let matched = [&list, &post, &one].map(|call| scope.matches(&Facts::of(call, &state)));
            assert_eq!(matched, [of_list, of_post, of_one], "{scope:?}");
        }
    }
}
