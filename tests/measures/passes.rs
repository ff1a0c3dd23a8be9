use apivideo_sandbox::CallEntry;
use jiff::Timestamp;

use crate::pure::passes::{Pass, pages, whole_passes};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_600_000_000 + second).unwrap()
}

fn get(second: i64, path: &str) -> CallEntry {
    CallEntry {
        at: at(second),
        method: "GET".into(),
        path: path.into(),
        status: Some(200),
        fault: None,
        token: None,
    }
}

#[test]
fn only_whole_passes_count_and_a_search_is_none() {
    let log = [
        get(0, "/live-streams?currentPage=2&pageSize=100"),
        get(1, "/live-streams?currentPage=1&pageSize=100"),
        get(2, "/live-streams?name=a&currentPage=1"),
        get(4, "/live-streams?currentPage=2&pageSize=100"),
        get(5, "/live-streams/li1"),
        get(9, "/live-streams?currentPage=1&pageSize=100"),
        get(9, "/live-streams?currentPage=2&pageSize=100"),
    ];
    let passes = whole_passes(&log);
    assert_eq!(passes, [Pass { reads: 4, began: at(1), last_page: at(4) }]);
    assert_eq!(passes[0].seconds(), 3.0);
    assert_eq!(pages(&log), 6);
}
