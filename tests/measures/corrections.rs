use apivideo_sandbox::CallEntry;
use jiff::Timestamp;

use crate::pure::corrections::{Edits, evenly, lags};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_600_000_000 + second).unwrap()
}

fn call(second: i64, method: &str, id: &str, status: u16) -> CallEntry {
    let path = format!("/live-streams/{id}");
    CallEntry { at: at(second), method: method.into(), path, status: Some(status), fault: None, token: None }
}

#[test]
fn the_first_patch_that_was_taken_after_the_edit_counts() {
    let edits = Edits::from([("li1".to_owned(), at(10)), ("li2".to_owned(), at(10))]);
    let log = [
        call(9, "PATCH", "li1", 200),
        call(11, "GET", "li1", 200),
        call(12, "PATCH", "li1", 429),
        call(14, "PATCH", "li1", 200),
        call(20, "PATCH", "li1", 200),
        call(20, "PATCH", "li3", 200),
    ];
    assert_eq!(lags(&edits, &log), [4.0]);
}

#[test]
fn streams_are_taken_evenly_and_never_twice() {
    let all: Vec<u32> = (0..10).collect();
    assert_eq!(evenly(&all, 3, 1), [1, 4, 7]);
    assert_eq!(evenly(&all, 1, 7), [7], "one alone is the one at the offset");
    assert_eq!(evenly(&all, 3, 8), [8, 1, 4]);
    assert_eq!(evenly(&all, 20, 0), all, "not more than there are");
    assert!(evenly(&[0; 0], 3, 1).is_empty());
}
