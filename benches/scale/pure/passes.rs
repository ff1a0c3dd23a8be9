//! Drift passes, told from the sandbox's log of calls.
//!
//! A pass reads the list from page 1 to its last; so a read of page 1 begins
//! one, and what comes before the next read of page 1 belongs to it.

use apivideo_sandbox::CallEntry;
use jiff::Timestamp;

/// A pass over the account's list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pass {
    /// All reads until the next pass begins, those of single streams too.
    pub(crate) reads: u64,
    /// When the first page was read.
    pub(crate) began: Timestamp,
    /// When the last page was read.
    pub(crate) last_page: Timestamp,
}

impl Pass {
    /// From the first page to the last, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.last_page.duration_since(self.began).as_secs_f64()
    }
}

/// Each whole pass in a log, oldest first. What comes before the first page 1,
/// and the pass that is still under way at the end, don't count.
pub(crate) fn whole_passes(log: &[CallEntry]) -> Vec<Pass> {
    let mut passes: Vec<Pass> = Vec::new();
    for call in log.iter().filter(|call| call.method == "GET") {
        if begins_a_pass(call) {
            passes.push(Pass { reads: 0, began: call.at, last_page: call.at });
        }
        if let Some(pass) = passes.last_mut() {
            pass.reads += 1;
            if is_page(call) {
                pass.last_page = call.at;
            }
        }
    }
    // The last one isn't over before the next begins.
    passes.pop();
    passes
}

/// How many pages of the list were read, whatever the pass.
pub(crate) fn pages(log: &[CallEntry]) -> u64 {
    log.iter().filter(|call| is_page(call)).count() as u64
}

/// Whether a call reads a page of the list, rather than one stream.
fn is_page(call: &CallEntry) -> bool {
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
