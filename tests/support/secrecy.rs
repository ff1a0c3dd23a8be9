//! The search for what must not show: in the log, the events, the objects and
//! the metrics of a stage.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
};

use k8s_openapi::api::events::v1::Event;
use kube::{Api, api::ListParams};

use crate::stage::{Operator, Stage};

/// How many bytes of a secret find the places where it may stand. Each is longer.
const SEED: usize = 8;

/// What marks the URLs of private streams, whatever their token.
const PRIVATE: [&str; 2] = ["live.api.video/private/", "?token="];

/// The secrets of a stage: those in force, and those that were noted before
/// they were replaced.
pub(crate) struct Secrecy {
    secrets: BTreeSet<String>,
}

impl Secrecy {
    /// Knows the key and what the sandbox has given out so far.
    pub(crate) fn of(stage: &Stage) -> Self {
        let mut secrecy = Self { secrets: BTreeSet::from(["sandbox-key".to_owned()]) };
        secrecy.note(stage);
        secrecy
    }

    /// Notes what is secret now: a token that is renewed and a stream that is
    /// deleted are secret still.
    pub(crate) fn note(&mut self, stage: &Stage) {
        self.secrets.extend(stage.sandbox.secrets());
    }

    /// Knows of one more.
    pub(crate) fn also(mut self, secret: &str) -> Self {
        self.secrets.insert(secret.to_owned());
        self
    }

    /// How many secrets are known.
    pub(crate) fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Asserts that nothing which the operator shows holds a secret.
    pub(crate) async fn nothing_shows(&mut self, stage: &Stage, operator: &Operator) {
        self.note(stage);
        for (place, text) in shown(stage, operator).await {
            assert!(!text.is_empty(), "{place}: there is nothing to search, so nothing is shown by it");
            let found = self.find(&text).map(|at| redacted(&text, at));
            assert_eq!(found, None, "{place} shows a secret");
        }
    }

    /// Where a secret or a private URL stands in a text.
    fn find(&self, text: &str) -> Option<usize> {
        let mut by_seed: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        for secret in &self.secrets {
            let bytes = secret.as_bytes();
            let seed = bytes.get(..SEED).unwrap_or_else(|| panic!("a secret of less than {SEED} bytes"));
            by_seed.entry(seed).or_default().push(bytes);
        }
        let bytes = text.as_bytes();
        let secret = bytes.windows(SEED).enumerate().find(|(at, seed)| {
            by_seed.get(seed).is_some_and(|secrets| secrets.iter().any(|s| bytes[*at..].starts_with(s)))
        });
        secret.map(|(at, _)| at).or_else(|| PRIVATE.iter().find_map(|mark| text.find(mark)))
    }
}

/// What stands before a secret: enough to see where it came from, without telling it again.
fn redacted(text: &str, at: usize) -> String {
    let from = at.saturating_sub(200);
    format!("…{}[secret]", String::from_utf8_lossy(&text.as_bytes()[from..at]))
}

/// Everything that a person or a machine gets to see of the operator.
async fn shown(stage: &Stage, operator: &Operator) -> [(&'static str, String); 4] {
    let objects = stage.api().list(&ListParams::default()).await.expect("the LiveStreams");
    let events: Api<Event> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let events = events.list(&ListParams::default()).await.expect("the events");
    [
        ("the log", fs::read_to_string(stage.log()).expect("the log")),
        ("a LiveStream", serde_json::to_string(&objects.items).expect("JSON")),
        ("an event", serde_json::to_string(&events.items).expect("JSON")),
        ("the metrics", operator.metrics().await),
    ]
}

#[test]
fn the_search_finds_each_secret_wherever_it_stands_and_nothing_else() {
    let secrets = ["sandbox-key".to_owned(), "abcdefgh-1".to_owned(), "abcdefgh-2".to_owned()].into();
    let secrecy = Secrecy { secrets };
    for (text, at) in [
        ("sandbox-key", Some(0)),
        ("a Bearer abcdefgh-2.", Some(9)),
        ("abcdefgh-3 and sandbox-ke", None),
        ("https://live.api.video/private/x/li1.m3u8", Some(8)),
        ("", None),
    ] {
        assert_eq!(secrecy.find(text), at, "{text}");
    }
}
