//! What a request asks for.

use bytes::Bytes;
use http::{Method, Request, header::ACCEPT};
use serde_json::Value;

const LIVE_STREAMS: &str = "livestreams";
const EVENTS: &str = "events";
const CRDS: &str = "customresourcedefinitions";

/// One object's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub plural: &'static str,
    pub namespace: Option<String>,
    pub name: String,
}

impl Key {
    pub(crate) fn live_stream(namespace: &str, name: &str) -> Self {
        Self { plural: LIVE_STREAMS, namespace: Some(namespace.into()), name: name.into() }
    }

    pub(super) fn crd(name: &str) -> Self {
        Self { plural: CRDS, namespace: None, name: name.into() }
    }

    /// Whether the CRD's schema speaks of it.
    pub(super) fn is_custom(&self) -> bool {
        self.plural == LIVE_STREAMS
    }

    /// `livestreams.api.video`, as messages name it.
    pub(super) fn resource(&self) -> &'static str {
        match self.plural {
            LIVE_STREAMS => "livestreams.api.video",
            EVENTS => "events.events.k8s.io",
            _ => "customresourcedefinitions.apiextensions.k8s.io",
        }
    }
}

/// Objects of one kind: all, those of a namespace, or one.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    plural: &'static str,
    namespace: Option<String>,
    name: Option<String>,
}

impl Selection {
    pub(super) fn key(&self) -> Option<Key> {
        self.name.as_deref().map(|name| self.named(name))
    }

    pub(super) fn named(&self, name: &str) -> Key {
        Key { plural: self.plural, namespace: self.namespace.clone(), name: name.into() }
    }

    pub(super) fn selects(&self, key: &Key) -> bool {
        key.plural == self.plural && (self.namespace.is_none() || self.namespace == key.namespace)
    }

    /// Whether an object of a change is selected.
    pub(crate) fn selects_object(&self, object: &Value) -> bool {
        let of_here =
            self.namespace.as_deref().is_none_or(|namespace| object["metadata"]["namespace"] == namespace);
        object["kind"] == self.kind() && of_here
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.plural {
            LIVE_STREAMS => "LiveStream",
            EVENTS => "Event",
            _ => "CustomResourceDefinition",
        }
    }

    pub(super) fn api_version(&self) -> &'static str {
        match self.plural {
            LIVE_STREAMS => "api.video/v1alpha1",
            EVENTS => "events.k8s.io/v1",
            _ => "apiextensions.k8s.io/v1",
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch { after: u64 },
    Create,
    Patch,
    Delete,
}

/// A request, understood.
pub(crate) struct Route {
    pub verb: Verb,
    pub selection: Selection,
    /// Whether it is about the status alone.
    pub status: bool,
}

impl Route {
    pub(crate) fn of(request: &Request<Bytes>) -> Option<Self> {
        let segments: Vec<_> = request.uri().path().split('/').filter(|s| !s.is_empty()).collect();
        let (plural, rest) = match segments.as_slice() {
            ["apis", "api.video", "v1alpha1", rest @ ..] => (LIVE_STREAMS, rest),
            ["apis", "events.k8s.io", "v1", rest @ ..] => (EVENTS, rest),
            ["apis", "apiextensions.k8s.io", "v1", rest @ ..] => (CRDS, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let (name, status) = match rest {
            [found] if *found == plural => (None, false),
            [found, name] if *found == plural => (Some((*name).to_owned()), false),
            [found, name, "status"] if *found == plural => (Some((*name).to_owned()), true),
            _ => return None,
        };
        let verb = verb(request, name.is_some())?;
        Some(Self { verb, selection: Selection { plural, namespace, name }, status })
    }
}

fn verb(request: &Request<Bytes>, named: bool) -> Option<Verb> {
    match *request.method() {
        Method::GET if named => Some(Verb::Get),
        Method::GET if parameter(request, "watch") == Some("true") => {
            let after = parameter(request, "resourceVersion").and_then(|text| text.parse().ok());
            Some(Verb::Watch { after: after.unwrap_or_default() })
        }
        Method::GET => Some(Verb::List),
        Method::POST => Some(Verb::Create),
        Method::PATCH => Some(Verb::Patch),
        Method::DELETE => Some(Verb::Delete),
        _ => None,
    }
}

fn parameter<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    let pairs = request.uri().query().unwrap_or_default().split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether only the metadata is asked for.
pub(super) fn metadata_only(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("as=PartialObjectMetadata;"))
}
