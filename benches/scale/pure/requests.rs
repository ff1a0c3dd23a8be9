//! The API server's count of the requests that it has had, from its metrics.

/// The text's series that count requests.
const COUNTER: &str = "apiserver_request_total{";

/// Requests of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The API group; empty for the core one.
    pub(crate) group: String,
    /// The plural, like `livestreams`.
    pub(crate) resource: String,
    /// `GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH`, `APPLY`, `DELETE`, …
    pub(crate) verb: String,
    count: u64,
}

impl Kind {
    fn of(labels: &str, value: &str) -> Option<Self> {
        // The counter is a whole number, written as a float.
        let mut kind = Self { count: value.trim().parse::<f64>().ok()? as u64, ..Self::default() };
        for label in labels.split(',') {
            let (name, value) = label.split_once('=')?;
            let value = value.trim_matches('"').to_owned();
            match name {
                "group" => kind.group = value,
                "resource" => kind.resource = value,
                "verb" => kind.verb = value,
                _ => {}
            }
        }
        Some(kind)
    }

    /// Whether it writes. A write that changes nothing counts too.
    pub(crate) fn writes(&self) -> bool {
        ["POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"].contains(&self.verb.as_str())
    }

    /// Whether it stands open, and costs nothing while nothing happens.
    pub(crate) fn watches(&self) -> bool {
        self.verb == "WATCH"
    }
}

/// All requests up to a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    kinds: Vec<Kind>,
}

impl Requests {
    /// Reads the metrics' text. Lines that are none of the counter's are passed over.
    pub(crate) fn read(metrics: &str) -> Self {
        let series = metrics.lines().filter_map(|line| line.strip_prefix(COUNTER)?.rsplit_once("} "));
        Self { kinds: series.filter_map(|(labels, value)| Kind::of(labels, value)).collect() }
    }

    /// How many there were of the kinds that the predicate picks.
    pub(crate) fn count(&self, pick: impl Fn(&Kind) -> bool) -> u64 {
        self.kinds.iter().filter(|kind| pick(kind)).map(|kind| kind.count).sum()
    }

    /// Writes to LiveStreams: metadata and status.
    pub(crate) fn object_writes(&self) -> u64 {
        self.count(|kind| kind.group == "api.video" && kind.writes())
    }

    /// Events, written or rewritten.
    pub(crate) fn event_writes(&self) -> u64 {
        self.count(|kind| kind.resource == "events" && kind.writes())
    }

    /// All of both.
    pub(crate) fn writes(&self) -> u64 {
        self.object_writes() + self.event_writes()
    }

    /// What an operator could ask for besides a lease: LiveStreams, events,
    /// its CRD, its rights; without what only stands open.
    pub(crate) fn but_watches(&self) -> u64 {
        let groups = ["api.video", "events.k8s.io", "apiextensions.k8s.io", "authorization.k8s.io"];
        self.count(|kind| {
            !kind.watches() && (groups.contains(&kind.group.as_str()) || kind.resource == "events")
        })
    }

    /// Leases, also those by which the API server itself says that it is there.
    pub(crate) fn leases(&self) -> u64 {
        self.count(|kind| kind.resource == "leases" && !kind.watches())
    }
}
