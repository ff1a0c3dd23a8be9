//! An account of many pages that is kept in memory and observed, in simulated time.

use std::{sync::Arc, time::Duration};

use apivideo::{Client, Settings, Wire, WireError};
use apivideo_sandbox::{Config, NewStream, State};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{ScanReport, observe};
use crate::{
    account::{Account, Policy, Trigger},
    core::facts::ids::{ObjectKey, Owner, StreamId},
};

pub(super) const INTERVAL: Duration = Duration::from_secs(60);
const WAY: Duration = Duration::from_millis(20);

/// What befalls the page that is asked for.
type Meets = Box<dyn Fn(&mut State, u32, usize) -> bool + Send + Sync>;

/// The way to an account that is kept in memory.
pub(super) struct Door {
    pub(super) state: Mutex<State>,
    pub(super) began: Instant,
    /// Which page was asked for, and when.
    pub(super) asked: Mutex<Vec<(u32, Duration)>>,
    meets: Mutex<Meets>,
}

impl Door {
    pub(super) fn now(&self) -> Timestamp {
        let beginning: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        beginning + self.began.elapsed()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut state = self.state.lock();
        let query = request.uri().query().unwrap_or_default();
        let page = query.split('&').find_map(|part| part.strip_prefix("currentPage="));
        if let Some(page) = page.and_then(|page| page.parse().ok()) {
            let number = {
                let mut asked = self.asked.lock();
                asked.push((page, self.began.elapsed()));
                asked.len()
            };
            if self.meets.lock()(&mut state, page, number) {
                return Response::builder().status(503).body(Bytes::new()).unwrap();
            }
        }
        state.handle(request, self.now())
    }
}

struct Sender(Arc<Door>);

impl Wire for Sender {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        async move {
            tokio::time::sleep(WAY).await;
            Ok(self.0.answer(&request))
        }
        .boxed()
    }
}

/// An account with so many streams, each owned, that is observed.
pub(super) struct Stage {
    pub(super) door: Arc<Door>,
    pub(super) account: Arc<Account>,
    pub(super) ids: Vec<StreamId>,
    pub(super) reports: Arc<Mutex<Vec<ScanReport>>>,
    pub(super) triggered: tokio::sync::mpsc::UnboundedReceiver<Trigger>,
    pub(super) shutdown: CancellationToken,
    pub(super) observer: JoinHandle<()>,
}

pub(super) fn key(id: &StreamId) -> ObjectKey {
    ObjectKey { namespace: "ns".into(), name: id.as_str().into() }
}

impl Stage {
    pub(super) async fn of(streams: usize, reads: u64) -> Self {
        let mut state = State::new(Config { reads, writes: 1_000, ..Config::default() }, 1);
        let before: Timestamp = "2025-12-31T00:00:00Z".parse().unwrap();
        let made = (0..streams).map(|n| {
            let made = state
                .create(&NewStream::named(format!("Stream {n}")), before + Duration::from_secs(n as u64));
            StreamId::parse(&made.unwrap().live_stream_id).unwrap()
        });
        let ids: Vec<_> = made.collect();
        let door = Arc::new(Door {
            state: Mutex::new(state),
            began: Instant::now(),
            asked: Mutex::default(),
            meets: Mutex::new(Box::new(|_, _, _| false)),
        });
        let settings = Settings {
            base_url: "http://api.video.test".into(),
            api_key: "sandbox-key".into(),
            read_share: 0.9,
            write_share: 0.9,
            user_agent: "test/1".into(),
            jitter_seed: Some(1),
        };
        let client = Client::new(settings, Arc::new(Sender(Arc::clone(&door))), None).unwrap();
        let policy = Policy {
            settle: INTERVAL,
            marker: false,
            missing_guard: true,
            drift_interval: INTERVAL,
            request_timeout: Duration::from_secs(15),
            environment: "sandbox",
            project: None,
        };
        let account = Arc::new(Account::new(client, policy));
        for id in &ids {
            account.claims.created(&Owner { uid: id.as_str().into(), key: key(id) }, id);
        }
        let triggered = account.triggers.listen(None);
        let (reports, shutdown) = (Arc::default(), CancellationToken::new());
        let observer = tokio::spawn({
            let (account, shutdown) = (Arc::clone(&account), shutdown.clone());
            let reports: Arc<Mutex<Vec<ScanReport>>> = Arc::clone(&reports);
            async move {
                let observed = observe(&account, |scan| reports.lock().push(scan.clone()));
                let _ = shutdown.run_until_cancelled(observed).await;
            }
        });
        let mut stage = Self { door, account, ids, reports, triggered, shutdown, observer };
        stage.scans(1).await;
        stage.triggered();
        stage
    }

    /// Waits until so many scans have ended. Gives back the last.
    pub(super) async fn scans(&self, count: usize) -> ScanReport {
        while self.reports.lock().len() < count {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.reports.lock()[count - 1].clone()
    }

    /// Has something befall each page; `true` lets it fail. It is given the page's
    /// number, and how many were requested in all.
    pub(super) fn meets(&self, meets: impl Fn(&mut State, u32, usize) -> bool + Send + Sync + 'static) {
        *self.door.meets.lock() = Box::new(meets);
    }

    /// The pages that were asked for, and the second in which each was.
    pub(super) fn asked(&self) -> Vec<(u32, u64)> {
        self.door.asked.lock().iter().map(|(page, at)| (*page, at.as_secs())).collect()
    }

    /// Who was triggered since the last call.
    pub(super) fn triggered(&mut self) -> Vec<Trigger> {
        std::iter::from_fn(|| self.triggered.try_recv().ok()).collect()
    }

    pub(super) fn edit(&self, stream: usize, edit: impl FnOnce(&mut State, &str, Timestamp)) {
        edit(&mut self.door.state.lock(), self.ids[stream].as_str(), self.door.now());
    }
}
