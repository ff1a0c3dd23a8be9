//! Who is Ready, as a watch shows it.

use std::{collections::HashSet, time::Duration};

use apivideo_operator::kinds::LiveStream;
use futures::{StreamExt, stream::BoxStream};
use jiff::Timestamp;
use kube::{
    Api, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use tokio::time::{Instant, timeout_at};

use crate::{cluster, failure::Failure};

/// A watch of the LiveStreams, and those that are Ready by it.
pub(crate) struct Ready {
    events: BoxStream<'static, watcher::Result<Event<LiveStream>>>,
    names: HashSet<String>,
}

impl Ready {
    /// A watch that has shown what is there: only what it sees from its
    /// beginning on can be timed by it.
    pub(crate) async fn watch(api: &Api<LiveStream>) -> Result<Self, Failure> {
        let events = watcher(api.clone(), watcher::Config::default()).default_backoff().boxed();
        let mut ready = Self { events, names: HashSet::new() };
        loop {
            let event = ready.next().await?;
            if matches!(event, Event::InitDone) {
                return Ok(ready);
            }
            ready.take(event);
        }
    }

    /// When the last of `count` became Ready. `patience` is how long none more
    /// may become so.
    pub(crate) async fn until(&mut self, count: u32, patience: Duration) -> Result<Timestamp, Failure> {
        let (mut last, mut deadline) = (Timestamp::now(), Instant::now() + patience);
        while self.names.len() < count as usize {
            let so_far = self.names.len();
            let event = timeout_at(deadline, self.next()).await.map_err(|_| {
                let seconds = patience.as_secs();
                Failure::Stuck(format!(
                    "{so_far} of {count} LiveStreams are Ready, and none became so for {seconds} s"
                ))
            })??;
            if self.take(event) {
                (last, deadline) = (Timestamp::now(), Instant::now() + patience);
            }
        }
        Ok(last)
    }

    /// Whether one more is Ready now.
    fn take(&mut self, event: Event<LiveStream>) -> bool {
        let (Event::Apply(object) | Event::InitApply(object)) = event else { return false };
        if cluster::is_ready(&object) {
            return self.names.insert(object.name_any());
        }
        self.names.remove(&object.name_any());
        false
    }

    /// A watch that breaks off is taken up again by itself: an API server that
    /// has a lot to do does that.
    async fn next(&mut self) -> Result<Event<LiveStream>, Failure> {
        loop {
            match self.events.next().await {
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => eprintln!("the watch of the LiveStreams goes on after: {error}"),
                None => return Err(Failure::Stuck("the watch of the LiveStreams ended".into())),
            }
        }
    }
}
