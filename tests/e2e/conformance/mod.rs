//! The in-memory cluster of the explorer is honest: one script of requests is
//! played against it and against the real API server, and the answers are
//! compared: status codes, reasons, the objects that result, what a watch shows.

mod admission;
mod script;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::{AsyncBufReadExt, TryStreamExt};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use k8s_openapi::{
    api::events::v1::Event, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, Client, api::PostParams, client::Body};
use serde_json::{Value, json};

use script::script;

use crate::{
    cluster::{Cluster, SCHEMA, play},
    memory_cluster::{MemoryCluster, Policy, Reply},
};

const MERGE: &str = "application/merge-patch+json";

/// What is compared: volatile values are named in the order of their appearance.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
    versions: Vec<String>,
    uid: String,
}

impl Names {
    fn fill(&self, body: &Value) -> Value {
        let (first, last) = (self.versions.first(), self.versions.last());
        let text = body
            .to_string()
            .replace("$RV", last.map_or("", String::as_str))
            .replace("$OLD", first.map_or("", String::as_str))
            .replace("$UID", &self.uid);
        serde_json::from_str(&text).expect("JSON")
    }

    /// Learns the versions of an object that was answered with.
    fn learn(&mut self, answer: &Value) {
        if answer["kind"] == "LiveStream" {
            self.uid = answer["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            let version = answer["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
            if self.versions.last() != Some(&version) {
                self.versions.push(version);
            }
        }
    }

    fn name(&mut self, kind: &str, value: &Value) -> Value {
        let Some(text) = value.as_str() else { return value.clone() };
        let next = format!("{kind} {}", self.known.len());
        self.known.entry(format!("{kind}{text}")).or_insert(next).clone().into()
    }

    fn normal(&mut self, mut answer: Value) -> Value {
        match &mut answer {
            Value::Object(fields) if fields.get("kind").is_some_and(|kind| kind == "Status") => {
                let uid = fields.get("details").map(|d| d["uid"].clone()).unwrap_or_default();
                json!({ "kind": "Status", "status": fields["status"], "reason": fields.get("reason"),
                    "code": fields.get("code"), "uid": self.name("uid", &uid) })
            }
            Value::Object(fields) => {
                let is_list = fields.get("kind").is_some_and(|kind| kind == "LiveStreamList");
                if let Some(items) = fields.get_mut("items").and_then(Value::as_array_mut) {
                    *items = items.drain(..).map(|item| self.normal(item)).collect();
                }
                if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                    for field in ["managedFields", "continue", "remainingItemCount"] {
                        metadata.remove(field);
                    }
                    // A list is as new as the whole cluster, which others write to as well.
                    if is_list {
                        metadata.remove("resourceVersion");
                    }
                    for kind in ["uid", "resourceVersion", "namespace"] {
                        if let Some(value) = metadata.get_mut(kind) {
                            *value = self.name(kind, &value.clone());
                        }
                    }
                    for time in ["creationTimestamp", "deletionTimestamp"] {
                        if let Some(value) = metadata.get_mut(time) {
                            *value = value.as_str().is_some_and(|t| t.parse::<Timestamp>().is_ok()).into();
                        }
                    }
                }
                answer
            }
            _ => answer,
        }
    }
}

/// Plays the script; gives back each answer and what a watch from the beginning shows.
async fn played(client: Client, namespace: &str) -> Vec<(String, Value)> {
    let base = format!("/apis/api.video/v1alpha1/namespaces/{namespace}/livestreams");
    let empty: Value = get(&client, &base).await;
    let begin = empty["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
    let (mut names, mut told) = (Names::default(), Vec::new());
    for line in script() {
        let body = names.fill(&line.body);
        let mut request = Request::builder().method(line.method.clone()).uri(format!("{base}{}", line.tail));
        if line.method == Method::PATCH {
            request = request.header("content-type", MERGE);
        } else if !body.is_null() {
            request = request.header("content-type", "application/json");
        }
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer =
            client.send(request.body(Body::from(body)).expect("a request")).await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
        names.learn(&answer);
        told.push((format!("{}: {status}", line.what), names.normal(answer)));
    }
    let watch = format!("{base}?watch=true&resourceVersion={begin}&timeoutSeconds=1");
    let request = Request::get(watch).body(Vec::new()).expect("a request");
    let mut lines = client.request_stream(request).await.expect("a watch").lines();
    while let Some(line) = lines.try_next().await.expect("a line") {
        let event: Value = serde_json::from_str(&line).expect("JSON");
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        told.push((format!("watch: {kind}"), names.normal(event["object"].clone())));
    }
    told
}

async fn get(client: &Client, path: &str) -> Value {
    client.request(Request::get(path).body(Vec::new()).expect("a request")).await.expect("an answer")
}

/// A client of an in-memory cluster; a watch shows what there is and ends.
fn in_memory() -> Client {
    in_memory_with(None)
}

fn in_memory_with(policy: Option<Policy>) -> Client {
    let crd = serde_json::to_value(&apivideo_operator::kinds::all()[0]).expect("the CRD");
    let mut cluster = MemoryCluster::new(&crd);
    cluster.set_policy(policy);
    let cluster = Arc::new(Mutex::new(cluster));
    let answer = move |request: Request<Body>| {
        let cluster = Arc::clone(&cluster);
        async move {
            let (parts, body) = request.into_parts();
            let request = Request::from_parts(parts, body.collect().await?.to_bytes());
            let mut cluster = cluster.lock().expect("the cluster");
            let answer = match cluster.handle(&request, Timestamp::now()) {
                Reply::Answer(answer) => answer,
                Reply::Watch { selection, after } => {
                    let new = cluster.changes().iter().filter(|change| change.version > after);
                    let lines: Vec<Bytes> = new.filter_map(|change| change.told_to(&selection)).collect();
                    Response::new(Bytes::from(lines.concat()))
                }
            };
            Ok::<_, tower::BoxError>(answer.map(Full::new))
        }
    };
    Client::new(tower::service_fn(answer), "default")
}

#[test]
fn the_in_memory_cluster_answers_as_the_real_api_server_does() {
    play(async {
        let _schema = SCHEMA.read().await;
        let cluster = Cluster::shared().await;
        let in_a_namespace = cluster.namespace().await;
        let real = played(cluster.client().await, &in_a_namespace).await;
        let ours = played(in_memory(), &in_a_namespace).await;
        let differences: Vec<_> = real
            .iter()
            .zip(&ours)
            .filter(|(real, ours)| real != ours)
            .map(|(real, ours)| format!("real: {} {}\nours: {} {}", real.0, real.1, ours.0, ours.1))
            .collect();
        assert!(differences.is_empty(), "{}", differences.join("\n\n"));
        assert_eq!(real.len(), ours.len());
    });
}

#[test]
fn it_takes_events_and_shows_the_crd_as_the_real_one_does() {
    play(async {
        let cluster = Cluster::shared().await;
        let in_a_namespace = cluster.namespace().await;
        for client in [cluster.client().await, in_memory()] {
            let event: Event = serde_json::from_value(json!({
                "metadata": { "name": "told", "namespace": in_a_namespace }, "eventTime": "2026-01-01T00:00:00.000000Z",
                "action": "Reconcile", "reason": "Created", "type": "Normal", "note": "created",
                "reportingController": "tests", "reportingInstance": "tests",
                "regarding": { "kind": "LiveStream", "name": "a", "namespace": in_a_namespace },
            }))
            .expect("an event");
            let events: Api<Event> = Api::namespaced(client.clone(), &in_a_namespace);
            let made = events.create(&PostParams::default(), &event).await.expect("the event");
            assert!(made.metadata.uid.is_some());
            let again = events.create(&PostParams::default(), &event).await.expect_err("it is there");
            assert!(matches!(again, kube::Error::Api(status) if status.is_already_exists()));
            let crds: Api<CustomResourceDefinition> = Api::all(client);
            let crd = crds.get_metadata("livestreams.api.video").await.expect("the CRD");
            assert!(crd.metadata.deletion_timestamp.is_none());
            let other = crds.get_metadata("others.api.video").await.expect_err("there is none");
            assert!(matches!(other, kube::Error::Api(status) if status.is_not_found()));
        }
    });
}
