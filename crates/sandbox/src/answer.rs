//! Answers and problems, as the specification shapes them.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Where the types of problems are documented.
const REFERENCE: &str = "https://docs.api.video/reference/";

pub(crate) type Answer = Response<Bytes>;

pub(crate) fn json(status: StatusCode, value: &Value) -> Answer {
    text(status, "application/json", value.to_string())
}

pub(crate) fn html(status: StatusCode, page: &'static str) -> Answer {
    text(status, "text/html; charset=utf-8", page)
}

pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Sets the server's clock on the answer: an HTTP date, in whole seconds.
pub(crate) fn with_date(mut answer: Answer, now: Timestamp) -> Answer {
    let printed = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    if let Some(date) = printed.ok().and_then(|text| HeaderValue::try_from(text).ok()) {
        answer.headers_mut().insert(DATE, date);
    }
    answer
}

pub(crate) fn with_number(mut answer: Answer, name: &'static str, number: u64) -> Answer {
    answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(number));
    answer
}

/// A time as the API writes it: ATOM, whole seconds, UTC.
pub(crate) fn atom(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// One attribute or parameter that was refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invalid {
    /// The attribute, like `restreams[0][name]`.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) detail: String,
    /// The allowed range of a parameter: least, greatest.
    range: Option<(u64, Option<u64>)>,
}

impl Invalid {
    pub(crate) fn new(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), detail: detail.into(), range: None }
    }

    pub(crate) fn out_of_range(name: &str, least: u64, greatest: Option<u64>) -> Self {
        Self { range: Some((least, greatest)), ..Self::new(name, "This value is out of the allowed range.") }
    }

    fn fields(&self) -> Map<String, Value> {
        let (slug, title) = match self.range {
            None => ("invalid-attribute", "An attribute is invalid."),
            Some(_) => ("invalid-query-parameter", "This parameter is out of the allowed range of values."),
        };
        let mut fields = Map::new();
        fields.insert("type".into(), format!("{REFERENCE}{slug}").into());
        fields.insert("title".into(), title.into());
        fields.insert("name".into(), self.name.clone().into());
        fields.insert("detail".into(), self.detail.clone().into());
        if let Some((least, greatest)) = self.range {
            let range =
                greatest.map_or_else(|| json!({"min": least}), |most| json!({"min": least, "max": most}));
            fields.insert("range".into(), range);
        }
        fields
    }
}

/// A 400 that names every refused attribute; the first one is also the
/// problem itself, as in the specification's examples.
pub(crate) fn invalid(refused: &[Invalid]) -> Answer {
    let mut problem = refused.first().map(Invalid::fields).unwrap_or_default();
    problem.insert("status".into(), 400.into());
    problem.insert("problems".into(), refused.iter().map(|each| Value::Object(each.fields())).collect());
    json(StatusCode::BAD_REQUEST, &Value::Object(problem))
}

fn problem(status: StatusCode, slug: &str, title: &str, name: Option<&str>) -> Answer {
    let mut fields = Map::new();
    fields.insert("type".into(), format!("{REFERENCE}{slug}").into());
    fields.insert("title".into(), title.into());
    fields.insert("status".into(), status.as_u16().into());
    if let Some(name) = name {
        fields.insert("name".into(), name.into());
    }
    json(status, &Value::Object(fields))
}

/// What `/auth` answers to a wrong key or refresh token.
pub(crate) fn wrong_credentials() -> Answer {
    let title = "The user credentials were incorrect.";
    problem(StatusCode::BAD_REQUEST, "authentication-invalid-user-credentials", title, Some(""))
}

pub(crate) fn unreadable_body() -> Answer {
    let title = "The body of the request is not a valid JSON object.";
    problem(StatusCode::BAD_REQUEST, "invalid-json", title, Some(""))
}

pub(crate) fn invalid_file(title: &str) -> Answer {
    problem(StatusCode::BAD_REQUEST, "uploaded-file-invalid", title, Some("file"))
}

pub(crate) fn unauthorized() -> Answer {
    let title = "The access token or the API key is missing, expired or unknown.";
    problem(StatusCode::UNAUTHORIZED, "unauthorized", title, None)
}

pub(crate) fn forbidden() -> Answer {
    problem(StatusCode::FORBIDDEN, "forbidden", "This account is suspended.", None)
}

/// `name` is the path parameter that was not found, if there was one.
pub(crate) fn not_found(name: Option<&str>) -> Answer {
    let title = "The requested resource was not found.";
    problem(StatusCode::NOT_FOUND, "resource-not-found", title, name)
}

pub(crate) fn method_not_allowed(allowed: &'static str) -> Answer {
    let title = "This method is not allowed on this resource.";
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, None);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// A problem that a fault asks for.
pub(crate) fn injected(status: StatusCode) -> Answer {
    problem(status, "injected", status.canonical_reason().unwrap_or("Injected fault"), None)
}

pub(crate) fn too_large() -> Answer {
    problem(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", "The body of the request is too large.", None)
}

pub(crate) fn too_many_requests() -> Answer {
    problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests.", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_api_writes_them() {
        let time: Timestamp = "2020-01-31T10:17:47.9Z".parse().unwrap();
        assert_eq!(atom(time), "2020-01-31T10:17:47+00:00");
        let answer = with_date(empty(StatusCode::OK), time);
        assert_eq!(answer.headers()[DATE], "Fri, 31 Jan 2020 10:17:47 GMT");
    }

    #[test]
    fn a_problem_names_every_refused_attribute() {
        let answer =
            invalid(&[Invalid::new("name", "too long"), Invalid::out_of_range("pageSize", 1, Some(100))]);
        let problem: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(problem["name"], "name");
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["problems"][1]["name"], "pageSize");
        assert_eq!(problem["problems"][1]["range"]["max"], 100);
    }
}
