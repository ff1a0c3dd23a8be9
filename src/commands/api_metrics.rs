//! Metrics of the account: its calls, and the state of its client.

use apivideo::{AccountState, Call, Class, Code, RateLimit, Usage, Waiting};

use crate::ops::{
    gauges::Gauges,
    metrics::{CallRecord, Metrics},
};

/// A collector of the account's state and rate limits.
pub(super) fn account_collector(client: apivideo::Client) -> impl Fn(&Gauges) + Send + Sync {
    move |gauges| {
        for class in [Class::Read, Class::Write] {
            if let Some(RateLimit { limit, remaining, .. }) = client.rate_limit(class) {
                gauges.budget(label(class), limit, remaining);
            }
            if let Some(Usage { usable, used }) = client.usage(class) {
                gauges.usage(label(class), usable, used);
            }
            for Waiting { priority, calls, oldest } in client.waiting(class) {
                gauges.waiting(label(class), priority.as_str(), calls, oldest);
            }
        }
        let state = client.state();
        // A used-up rate limit is no problem of the account: it ends with the window.
        let available = matches!(state, AccountState::Available);
        gauges.account(available, matches!(state, AccountState::Unauthorized { .. }));
    }
}

/// Counts the client's calls.
pub(super) fn call_counter(metrics: Metrics) -> impl Fn(&Call) + Send + Sync {
    move |call| {
        let code = match call.code {
            Code::Status(status) => status.to_string(),
            Code::NotSent => "not_sent".into(),
            Code::Lost => "lost".into(),
        };
        metrics.record_call(&CallRecord {
            method: call.method.as_str(),
            code: &code,
            class: label(Class::of(&call.method)),
            // The first call that needs a token fetches it for all others.
            priority: call.priority.map_or("token", apivideo::Priority::as_str),
            duration: call.duration,
        });
    }
}

fn label(class: Class) -> &'static str {
    match class {
        Class::Read => "read",
        Class::Write => "write",
    }
}
