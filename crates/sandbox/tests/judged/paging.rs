//! Lists show each stream exactly once, in order, whatever the page size.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use crate::machine::Machine;

/// Names with many equal ones, and times with many equal ones.
fn streams() -> impl Strategy<Value = Vec<(String, u64)>> {
    prop::collection::vec(("[a-c]{1,2}", 0..3_u64), 0..40)
}

fn filled(streams: &[(String, u64)]) -> Machine {
    let mut machine = Machine::roomy();
    for (name, pause) in streams {
        machine.create(json!({"name": name}));
        machine.pass(Duration::from_secs(*pause));
    }
    machine
}

/// The ids and the values of `field`, page by page until the last.
fn read_all(machine: &mut Machine, query: &str, field: &str) -> Vec<(String, String)> {
    let (mut all, mut page) = (Vec::new(), 1);
    loop {
        let listed = machine.get(&format!("/live-streams?{query}&currentPage={page}"));
        for item in listed.body["data"].as_array().unwrap() {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            all.push((text("liveStreamId"), text(field)));
        }
        if page >= listed.body["pagination"]["pagesTotal"].as_u64().unwrap() {
            return all;
        }
        page += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_cover_each_stream_once_and_in_order(
        streams in streams(),
        size in 1..15_usize,
        field in prop::sample::select(vec!["name", "createdAt", "updatedAt"]),
        order in prop::sample::select(vec!["asc", "desc"]),
    ) {
        let mut machine = filled(&streams);
        let mut all = read_all(&mut machine, &format!("pageSize={size}&sortBy={field}&sortOrder={order}"), field);
        if order == "desc" {
            all.reverse();
        }
        prop_assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].1), "not in order: {all:?}");
        let mut ids: Vec<String> = all.into_iter().map(|(id, _)| id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), streams.len());
    }

    #[test]
    fn a_filter_shows_exactly_the_names_that_contain_it(streams in streams(), part in "[a-cA-C]{1,2}") {
        let mut machine = filled(&streams);
        let found = read_all(&mut machine, &format!("name={part}&pageSize=3"), "name");
        let wanted: Vec<&str> = streams
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.contains(&part.to_lowercase()))
            .collect();
        let found: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn ten_thousand_streams_are_listed_quickly() {
    let mut machine = Machine::roomy();
    for number in 0..10_000 {
        machine.create(json!({"name": format!("stream {number}")}));
    }
    let start = std::time::Instant::now();
    let all = read_all(&mut machine, "pageSize=100", "name");
    assert_eq!(all.len(), 10_000);
    // A generous bound: what it must catch is work that grows with the square.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
