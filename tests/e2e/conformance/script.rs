//! The script: everything that the operator asks of an API server, and what a
//! person or a backup does to its objects meanwhile.

use http::Method;
use serde_json::{Value, json};

/// One request of the script.
pub(super) struct Line {
    pub what: &'static str,
    pub method: Method,
    /// Below the namespace.
    pub tail: &'static str,
    pub body: Value,
}

fn line(what: &'static str, method: Method, tail: &'static str, body: Value) -> Line {
    Line { what, method, tail, body }
}

/// `$RV` and `$UID` in a body stand for those of the object when it was last
/// answered with, `$OLD` for the resourceVersion of its first answer.
pub(super) fn script() -> Vec<Line> {
    let (post, patch, delete, get) = (Method::POST, Method::PATCH, Method::DELETE, Method::GET);
    let meta = |value: Value| json!({ "metadata": value });
    vec![
        line("get what is not there", get.clone(), "/a", Value::Null),
        line("patch what is not there", patch.clone(), "/a", meta(json!({ "labels": { "x": "y" } }))),
        line(
            "create, with a status and an unknown field",
            post.clone(),
            "",
            json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream", "metadata": { "name": "a" },
                "spec": { "name": "A", "unknown": 1 }, "status": { "liveStreamId": "li1" } }),
        ),
        line(
            "create it again",
            post.clone(),
            "",
            json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream", "metadata": { "name": "a" },
                "spec": { "name": "A" } }),
        ),
        line("get", get.clone(), "/a", Value::Null),
        line(
            "finalizer and annotations, with the version",
            patch.clone(),
            "/a",
            meta(json!({ "resourceVersion": "$RV", "finalizers": ["api.video/live-stream"],
                "annotations": { "api.video/create-intent": "{}", "api.video/bound-uid": "someone" } })),
        ),
        line(
            "with an old version",
            patch.clone(),
            "/a",
            meta(json!({ "resourceVersion": "$OLD", "annotations": { "k": "v" } })),
        ),
        line(
            "with the uid",
            patch.clone(),
            "/a",
            meta(json!({ "uid": "$UID", "annotations": { "api.video/create-intent": null, "k": "v" } })),
        ),
        line(
            "with another uid",
            patch.clone(),
            "/a",
            meta(json!({ "uid": "00000000-0000-4000-8000-000000000000", "annotations": { "k": "w" } })),
        ),
        line(
            "a patch that changes nothing",
            patch.clone(),
            "/a",
            meta(json!({ "annotations": { "k": "v" } })),
        ),
        line("the spec", patch.clone(), "/a", json!({ "spec": { "public": true } })),
        line(
            "the status, but not this way",
            patch.clone(),
            "/a",
            json!({ "status": { "broadcasting": true } }),
        ),
        line(
            "the status, with the uid",
            patch.clone(),
            "/a/status",
            json!({ "metadata": { "uid": "$UID" }, "status": { "liveStreamId": "li1", "unknown": 1 } }),
        ),
        line(
            "the status, with another uid",
            patch.clone(),
            "/a/status",
            json!({ "metadata": { "uid": "00000000-0000-4000-8000-000000000000" }, "status": { "liveStreamId": "li2" } }),
        ),
        line(
            "the status, with an old version",
            patch.clone(),
            "/a/status",
            json!({ "metadata": { "resourceVersion": "$OLD" }, "status": { "liveStreamId": "li3" } }),
        ),
        line(
            "the spec and a label, but through the status",
            patch.clone(),
            "/a/status",
            json!({ "metadata": { "labels": { "x": "y" } }, "spec": { "name": "B" }, "status": { "broadcasting": true } }),
        ),
        line(
            "a field of the status goes",
            patch.clone(),
            "/a/status",
            json!({ "status": { "broadcasting": null } }),
        ),
        line("list", get.clone(), "", Value::Null),
        line("delete, with a finalizer", delete.clone(), "/a", Value::Null),
        line("delete again", delete.clone(), "/a", Value::Null),
        line(
            "another finalizer on one that goes",
            patch.clone(),
            "/a",
            meta(json!({ "finalizers": ["api.video/live-stream", "example.com/other"] })),
        ),
        line(
            "the status of one that goes",
            patch.clone(),
            "/a/status",
            json!({ "status": { "broadcasting": false } }),
        ),
        line(
            "the finalizer goes, with an old version",
            patch.clone(),
            "/a",
            meta(json!({ "finalizers": [], "resourceVersion": "$OLD" })),
        ),
        line(
            "the finalizer goes",
            patch.clone(),
            "/a",
            meta(json!({ "finalizers": [], "resourceVersion": "$RV" })),
        ),
        line("get what has gone", get.clone(), "/a", Value::Null),
        line(
            "patch what has gone",
            patch.clone(),
            "/a/status",
            json!({ "status": { "broadcasting": true } }),
        ),
        line("delete what has gone", delete.clone(), "/a", Value::Null),
        line(
            "create with a finalizer, which is a restore",
            post.clone(),
            "",
            json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
                "metadata": { "name": "a", "finalizers": ["api.video/live-stream"], "annotations": { "k": "v" } },
                "spec": { "name": "A", "driftPolicy": "Report" } }),
        ),
        line(
            "all annotations go",
            patch.clone(),
            "/a",
            meta(json!({ "annotations": null, "finalizers": null })),
        ),
        line("delete, without a finalizer", delete, "/a", Value::Null),
        line("list nothing", get, "", Value::Null),
    ]
}
