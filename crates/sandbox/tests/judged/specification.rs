//! The public OpenAPI specification as a judge of answers.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::caller::Answered;

const SPECIFICATION: &str = include_str!("../data/openapi.yaml");
const LIMITS: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Retry-After"];

/// An operation and a status, as the specification writes them.
pub(crate) type Declared = (String, String, u16);

pub(crate) struct Specification(Value);

impl Specification {
    pub(crate) fn read() -> Self {
        Self(serde_yaml::from_str(SPECIFICATION).unwrap())
    }

    /// Every answer that is declared: method, path, status.
    pub(crate) fn declared(&self) -> BTreeSet<Declared> {
        let mut all = BTreeSet::new();
        for (path, operations) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                for status in operation["responses"].as_object().unwrap().keys() {
                    all.insert((method.to_uppercase(), path.clone(), status.parse().unwrap()));
                }
            }
        }
        all
    }

    /// Compares an answer with what is declared of it; `Err` says the first
    /// difference. A status that the operation does not declare (a 401, the 404
    /// of some) must be a problem of the shape that its kind has elsewhere.
    pub(crate) fn judge(&self, method: &str, path: &str, answered: &Answered) -> Result<(), String> {
        let status = answered.status.as_u16();
        let operation = &self.0["paths"][path][method.to_lowercase()];
        if operation.is_null() {
            return Err(format!("{method} {path} is not in the specification"));
        }
        let declared = &operation["responses"][status.to_string()];
        if declared.is_null() {
            if status < 400 {
                return Err(format!("{method} {path} does not declare {status}"));
            }
            self.judge_body(&json!({"$ref": "#/components/schemas/not-found"}), answered)?;
            return if path.starts_with("/auth") { Ok(()) } else { judge_headers(&LIMITS, answered) };
        }
        let headers: Vec<&str> = declared["headers"]
            .as_object()
            .map(|map| map.keys().map(String::as_str).collect())
            .unwrap_or_default();
        judge_headers(&headers, answered)?;
        match &declared["content"]["application/json"]["schema"] {
            Value::Null if answered.body.is_empty() => Ok(()),
            Value::Null => Err("a body where none is declared".to_owned()),
            schema => self.judge_body(schema, answered),
        }
    }

    fn judge_body(&self, schema: &Value, answered: &Answered) -> Result<(), String> {
        if answered.header("content-type") != "application/json" {
            return Err(format!("the media type is {:?}", answered.header("content-type")));
        }
        let body: Value = serde_json::from_slice(&answered.body).map_err(|error| error.to_string())?;
        match self.validator(schema).iter_errors(&body).next() {
            None => Ok(()),
            Some(error) => Err(format!("{}: {error}", error.instance_path())),
        }
    }

    /// OpenAPI 3.0 schemas are drawn from draft 4; `#/components/…` is found
    /// because the components stand beside the reference.
    fn validator(&self, schema: &Value) -> Validator {
        let document = json!({"allOf": [schema], "components": self.0["components"]});
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4);
        options.should_validate_formats(true).build(&document).unwrap()
    }
}

fn judge_headers(names: &[&str], answered: &Answered) -> Result<(), String> {
    for name in names {
        if answered.header(name).parse::<u64>().is_err() {
            return Err(format!("{name} is {:?}, no integer", answered.header(name)));
        }
    }
    Ok(())
}

fn answered(status: u16, content_type: &str, limits: &[&str], body: &Value) -> Answered {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", content_type.parse().unwrap());
    for name in limits {
        headers.insert(name.parse::<http::HeaderName>().unwrap(), "1".parse().unwrap());
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Answered { status: http::StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
}

#[test]
fn broken_answers_are_rejected() {
    let specification = Specification::read();
    let judge = |answered: &Answered| specification.judge("GET", "/live-streams/{liveStreamId}", answered);
    let whole = json!({
        "liveStreamId": "li1", "restreams": [], "createdAt": "2020-01-31T10:17:47+00:00",
        "assets": {"hls": "https://live.api.video/li1.m3u8"}, "new": "fields are allowed",
    });
    let json = "application/json";
    assert_eq!(judge(&answered(200, json, &LIMITS, &whole)), Ok(()));

    let with = |field: &str, value: Value| {
        let mut broken = whole.clone();
        broken[field] = value;
        answered(200, json, &LIMITS, &broken)
    };
    let mut incomplete = whole.clone();
    incomplete.as_object_mut().unwrap().remove("liveStreamId");
    let broken = [
        ("a missing field", answered(200, json, &LIMITS, &incomplete)),
        ("a wrong type", with("public", json!("yes"))),
        ("a null", with("playerId", Value::Null)),
        ("a wrong type inside", with("restreams", json!([{"name": 1}]))),
        ("a time that is none", with("createdAt", json!("yesterday"))),
        ("a URL that is none", with("assets", json!({"hls": "no url"}))),
        ("another media type", answered(200, "text/html", &LIMITS, &whole)),
        ("a missing header", answered(200, json, &LIMITS[..2], &whole)),
        ("a status that is not declared", answered(201, json, &LIMITS, &whole)),
        ("no body", answered(200, json, &LIMITS, &Value::Null)),
    ];
    for (what, answered) in broken {
        assert!(judge(&answered).is_err(), "{what} was accepted");
    }
    let unexpected = answered(204, json, &LIMITS, &whole);
    assert!(specification.judge("DELETE", "/live-streams/{liveStreamId}", &unexpected).is_err());
}
