//! Drift passes, told from the sandbox's log of calls.
//!
//! A pass reads the list from page 1 to its last; so a read of page 1 begins
//! one, and what comes before the next read of page 1 belongs to it.

use apivideo_sandbox::CallEntry;

/// The reads of each whole pass in a log, oldest first. What comes before the
/// first page 1, and the pass that is still under way at the end, don't count.
pub(crate) fn reads_of_whole_passes(log: &[CallEntry]) -> Vec<u64> {
    let mut passes: Vec<u64> = Vec::new();
    for call in log.iter().filter(|call| call.method == "GET") {
        if begins_a_pass(call) {
            passes.push(0);
        }
        if let Some(reads) = passes.last_mut() {
            *reads += 1;
        }
    }
    // The last one isn't over before the next begins.
    passes.pop();
    passes
}

/// Whether a call reads a page of the list, rather than one stream.
pub(crate) fn is_page(call: &CallEntry) -> bool {
    call.method == "GET"
        && (call.path == LIST || call.path.strip_prefix(LIST).is_some_and(|rest| rest.starts_with('?')))
}

const LIST: &str = "/live-streams";

/// The search for a lost create reads the list as well, by name: that is no pass.
fn begins_a_pass(call: &CallEntry) -> bool {
    let Some((_, query)) = call.path.split_once('?') else { return false };
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    is_page(call) && has("currentPage=1") && !query.split('&').any(|pair| pair.starts_with("name="))
}
