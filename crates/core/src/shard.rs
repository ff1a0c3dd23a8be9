//! Which of several operators that share an account handles a LiveStream.
//!
//! The guarantees:
//! - Of `n` shards exactly one handles a LiveStream, whatever it is called.
//! - All that ask for the same stream are handled by the same shard, and so are
//!   all whose creates have the same name: there, within one process, claims and
//!   the search for a lost create exclude each other.
//! - A LiveStream moves to another shard when its name changes, but never while
//!   a create of it is open. So the shard that sent the request gets its answer.
//!
//! Every shard knows all LiveStreams, and so which stream is held by whom.

use std::{fmt, str::FromStr};

use super::{
    backoff::fnv,
    intent::Intent,
    model::{Manifest, StreamId},
};

/// One of `count` shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// What no shard can be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a shard and how many there are, like 0/3, 1/3 and 2/3; they may be counted from 1 as well: 3/3 is 0/3"
)]
pub struct NotAShard;

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

/// More shards are of no use: a window of the API has fewer calls than that.
const MOST: u32 = 1000;

impl Shard {
    /// The only one.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Which one it is, from 0 on.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether this shard handles a LiveStream with this intent.
    #[must_use]
    pub fn handles(self, manifest: &Manifest, intent: Option<&Intent>) -> bool {
        self.is_of(key(&manifest.desired.name, manifest.adopt.as_ref(), intent))
    }

    /// Whether this shard handles what is known by this text alone: an object that can't be read.
    #[must_use]
    pub fn is_of(self, key: &str) -> bool {
        fnv(key.bytes()) % u64::from(self.count) == u64::from(self.index)
    }
}

/// What decides: an open create's name, else the stream that is asked for, else the name.
fn key<'a>(name: &'a str, adopt: Option<&'a StreamId>, intent: Option<&'a Intent>) -> &'a str {
    match (intent, adopt) {
        // The marker is no part of the name, which may have been cut to make room for it.
        (Some(intent), _) if name.starts_with(intent.unmarked_name()) && intent.marked() => name,
        (Some(intent), _) => intent.unmarked_name(),
        (None, Some(id)) => id.as_str(),
        (None, None) => name,
    }
}

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let (index, count) = text.split_once('/').ok_or(NotAShard)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| NotAShard);
        let (index, count) = (number(index)?, number(count)?);
        if count == 0 || count > MOST || index > count {
            return Err(NotAShard);
        }
        Ok(Self { index: index % count, count })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{at, desired, id, manifest};

    fn all(count: u32) -> impl Iterator<Item = Shard> {
        (0..count).map(move |index| Shard { index, count })
    }

    fn of(manifest: &Manifest, intent: Option<&Intent>) -> u32 {
        all(7).find(|shard| shard.handles(manifest, intent)).unwrap().index
    }

    #[test]
    fn a_shard_is_counted_from_0_or_from_1() {
        for (text, index, count) in
            [("0/3", 0, 3), ("2/3", 2, 3), ("3/3", 0, 3), ("0/1", 0, 1), ("1/1", 0, 1)]
        {
            assert_eq!(text.parse(), Ok(Shard { index, count }), "{text}");
        }
        for bad in ["", "3", "4/3", "0/0", "-1/3", "1/3/5", "1/x", "0/1001", "1 / 3"] {
            assert_eq!(bad.parse::<Shard>(), Err(NotAShard), "{bad:?}");
        }
        assert_eq!("3/3".parse::<Shard>().unwrap().to_string(), "0/3");
    }

    #[test]
    fn all_that_ask_for_a_stream_are_in_one_shard_whatever_they_are_called() {
        let named = |name: &str, adopt: Option<&str>| {
            let mut manifest = manifest();
            manifest.desired.name = name.into();
            manifest.adopt = adopt.map(id);
            of(&manifest, None)
        };
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let asking: std::collections::BTreeSet<_> =
            names.iter().map(|name| named(name, Some("li7"))).collect();
        let making: std::collections::BTreeSet<_> = names.iter().map(|name| named(name, None)).collect();
        assert_eq!(asking.len(), 1);
        assert!(making.len() > 3, "{making:?}");
    }

    #[test]
    fn a_livestream_stays_where_it_is_while_its_create_is_open() {
        let before = of(&manifest(), None);
        for marker in [false, true] {
            let intent = Intent::new(&desired(), "uid", at(100), marker);
            assert_eq!(of(&manifest(), Some(&intent)), before);
            for n in 0..50 {
                let mut renamed = manifest();
                renamed.desired.name = format!("Renamed {n}");
                renamed.adopt = (n % 2 == 0).then(|| id("li7"));
                assert_eq!(of(&renamed, Some(&intent)), before);
            }
        }
    }

    proptest! {
        #[test]
        fn exactly_one_handles_it(name in ".{1,255}", count in 1_u32..50, adopt in proptest::option::of(0_u32..1000), marker in proptest::option::of(any::<bool>())) {
            let mut manifest = manifest();
            manifest.desired.name = name;
            manifest.adopt = adopt.map(|n| id(&format!("li{n}")));
            let intent = marker.map(|marker| Intent::new(&manifest.desired, "uid", at(100), marker));
            prop_assert_eq!(all(count).filter(|shard| shard.handles(&manifest, intent.as_ref())).count(), 1);
        }

        /// A thousand names fall evenly: each shard gets within a third of its part.
        #[test]
        fn they_are_split_evenly(prefix in "[a-zA-Z ]{0,20}", count in 2_u32..6) {
            let mut counts = vec![0_u32; count as usize];
            for n in 0..2000 {
                let name = format!("{prefix}{n}");
                let shard = all(count).find(|shard| shard.is_of(&name)).unwrap();
                counts[shard.index as usize] += 1;
            }
            let fair = 2000 / count;
            prop_assert!(counts.iter().all(|c| (fair * 2 / 3..=fair * 4 / 3).contains(c)), "{:?}", counts);
        }
    }
}
