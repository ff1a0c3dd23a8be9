//! The live streams of an account, and how lists trail behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::stream::LiveStream;

/// Streams in the order of their creation, so that a list by `createdAt` needs
/// no sorting, and equal times keep one order from page to page.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    records: BTreeMap<u64, Record>,
    numbers: BTreeMap<String, u64>,
    created: u64,
    /// The records whose listed state differs from the current one for a while.
    lagging: BTreeSet<u64>,
}

#[derive(Debug)]
struct Record {
    /// `None`: deleted, but still listed.
    current: Option<LiveStream>,
    /// What lists still show, oldest first.
    earlier: Vec<Earlier>,
}

#[derive(Debug)]
struct Earlier {
    until: Timestamp,
    /// `None`: not created yet, as far as lists know.
    stream: Option<LiveStream>,
}

/// When a change is made and how long lists don't show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) lag: Duration,
}

impl Record {
    /// Remembers what lists go on showing, before a change.
    fn keep(&mut self, moment: Moment) -> bool {
        if moment.lag.is_zero() {
            return false;
        }
        let until = moment.now.saturating_add(moment.lag).unwrap_or(Timestamp::MAX);
        self.earlier.push(Earlier { until, stream: self.current.clone() });
        true
    }

    fn listed(&self, now: Timestamp) -> Option<&LiveStream> {
        match self.earlier.iter().find(|earlier| earlier.until > now) {
            Some(earlier) => earlier.stream.as_ref(),
            None => self.current.as_ref(),
        }
    }
}

impl Streams {
    pub(crate) fn insert(&mut self, stream: LiveStream, moment: Moment) {
        let number = self.created;
        self.created += 1;
        self.numbers.insert(stream.id.clone(), number);
        let mut record = Record { current: None, earlier: Vec::new() };
        if record.keep(moment) {
            self.lagging.insert(number);
        }
        record.current = Some(stream);
        self.records.insert(number, record);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&LiveStream> {
        self.records.get(self.numbers.get(id)?)?.current.as_ref()
    }

    /// Puts `stream` in the place of the one with its id, if that is there.
    pub(crate) fn replace(&mut self, stream: LiveStream, moment: Moment) {
        let Some(number) = self.numbers.get(&stream.id) else { return };
        let Some(record) = self.records.get_mut(number) else { return };
        if record.keep(moment) {
            self.lagging.insert(*number);
        }
        record.current = Some(stream);
    }

    /// False: there is no such stream.
    pub(crate) fn remove(&mut self, id: &str, moment: Moment) -> bool {
        let Some(number) = self.numbers.remove(id) else { return false };
        let Some(record) = self.records.get_mut(&number) else { return false };
        if record.keep(moment) {
            self.lagging.insert(number);
        }
        record.current = None;
        if record.earlier.is_empty() {
            self.records.remove(&number);
        }
        true
    }

    /// Forgets everything at once, without lag.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.numbers.clear();
        self.lagging.clear();
    }

    /// Drops what lists no longer show.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let records = &mut self.records;
        self.lagging.retain(|number| {
            let Some(record) = records.get_mut(number) else { return false };
            record.earlier.retain(|earlier| earlier.until > now);
            let lags = !record.earlier.is_empty();
            if !lags && record.current.is_none() {
                records.remove(number);
            }
            lags
        });
    }

    /// What a list shows at `now`, oldest first.
    pub(crate) fn listed(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &LiveStream> {
        self.records.values().filter_map(move |record| record.listed(now))
    }

    /// What exists, oldest first.
    pub(crate) fn current(&self) -> impl DoubleEndedIterator<Item = &LiveStream> {
        self.records.values().filter_map(|record| record.current.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::Settings;
    use super::*;
    use crate::generator::Generator;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn at(now: i64) -> Moment {
        Moment { now: second(now), lag: Duration::from_secs(10) }
    }

    fn names(streams: &Streams, now: i64) -> Vec<&str> {
        streams.listed(second(now)).map(|stream| stream.settings.name.as_str()).collect()
    }

    #[test]
    fn a_list_trails_behind_each_change_by_the_lag() {
        let mut streams = Streams::default();
        let settings = Settings { name: "a".into(), public: true, player_id: None, restreams: vec![] };
        let mut stream = LiveStream::new(settings, &mut Generator::new(1), second(0));
        streams.insert(stream.clone(), at(0));
        stream.settings.name = "b".into();
        streams.replace(stream.clone(), at(5));
        streams.remove(&stream.id, at(12));

        assert!(streams.get(&stream.id).is_none(), "a GET by id never lags");
        assert_eq!(names(&streams, 9), Vec::<&str>::new());
        assert_eq!(names(&streams, 10), ["a"]);
        assert_eq!(names(&streams, 15), ["b"]);
        assert_eq!(names(&streams, 21), ["b"]);
        assert_eq!(names(&streams, 22), Vec::<&str>::new());
        streams.settle(second(22));
        assert!(streams.records.is_empty() && streams.lagging.is_empty());
    }
}
