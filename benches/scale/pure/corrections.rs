//! How long after an edit behind the operator's back its correction came, told
//! from the sandbox's log of calls.

use std::collections::HashMap;

use apivideo_sandbox::CallEntry;
use jiff::Timestamp;

/// When each stream was edited, by its id.
pub(crate) type Edits = HashMap<String, Timestamp>;

/// For each stream the seconds from its edit to the first PATCH after it that
/// the API took; in no order. Streams that were not corrected yet are left out.
pub(crate) fn lags(edits: &Edits, log: &[CallEntry]) -> Vec<f64> {
    let mut corrected: HashMap<&str, Timestamp> = HashMap::new();
    for call in log.iter().filter(|call| call.method == "PATCH" && is_taken(call)) {
        let Some(id) = call.path.strip_prefix("/live-streams/") else { continue };
        if edits.get(id).is_some_and(|edited| call.at >= *edited) {
            corrected.entry(id).or_insert(call.at);
        }
    }
    corrected.iter().filter_map(|(id, at)| Some(at.duration_since(*edits.get(*id)?).as_secs_f64())).collect()
}

/// So many of all, evenly taken, the first of them at `offset`, which may be
/// beyond the end: what is left out in front comes last.
pub(crate) fn evenly<T: Clone>(all: &[T], count: usize, offset: usize) -> Vec<T> {
    let step = (all.len() / count.max(1)).max(1);
    let places = (0..count.min(all.len())).map(|number| (offset + number * step) % all.len());
    places.filter_map(|place| all.get(place).cloned()).collect()
}

/// A 429 or an error corrects nothing.
fn is_taken(call: &CallEntry) -> bool {
    call.status.is_some_and(|status| (200..300).contains(&status))
}
