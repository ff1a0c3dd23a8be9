//! Metrics of the account: its calls, the state of its client, and the scans of its streams.

use std::time::SystemTime;

use apivideo::{AccountState, Call, Class, Code, RateLimit, Usage, Waiting};

use crate::{observer::ScanReport, ops::metrics::Metrics};

/// A collector of the account's state and rate limits.
pub(super) fn account_collector(client: apivideo::Client) -> impl Fn(&Metrics) + Send + Sync {
    move |metrics| {
        for class in [Class::Read, Class::Write] {
            let labels = [("class", label(class))];
            if let Some(RateLimit { limit, remaining, .. }) = client.rate_limit(class) {
                metrics.budget_limit.get_or_create(&labels).set(limit);
                metrics.budget_remaining.get_or_create(&labels).set(remaining);
            }
            if let Some(Usage { usable, used }) = client.usage(class) {
                metrics.budget_usable.get_or_create(&labels).set(usable);
                metrics.budget_used.get_or_create(&labels).set(used);
            }
            for Waiting { priority, calls, oldest } in client.waiting(class) {
                let labels = [("class", label(class)), ("priority", priority.as_str())];
                metrics.waiting_calls.get_or_create(&labels).set(calls);
                metrics.oldest_waiting_call_seconds.get_or_create(&labels).set(oldest.as_secs_f64());
            }
        }
        let state = client.state();
        // A used-up rate limit is no problem of the account: it ends with the window.
        let available = matches!(state, AccountState::Available);
        metrics.account_available.set(available.into());
        metrics.account_unauthorized.set(matches!(state, AccountState::Unauthorized { .. }).into());
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
        let labels = [
            ("method", call.method.to_string()),
            ("code", code),
            ("class", label(Class::of(&call.method)).into()),
            // The first call that needs a token fetches it for all others.
            ("priority", call.priority.map_or("token", apivideo::Priority::as_str).into()),
        ];
        metrics.api_requests.get_or_create(&labels).inc();
        metrics.api_request_duration_seconds.observe(call.duration.as_secs_f64());
    }
}

/// Counts a scan.
pub(super) fn count_scan(metrics: &Metrics, scan: &ScanReport) {
    metrics.passes.inc();
    metrics.last_pass_duration_seconds.set(scan.duration.as_secs_f64());
    metrics.pass_interval_seconds.set(scan.interval.as_secs_f64());
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics.last_pass_timestamp_seconds.set(since_epoch.as_secs_f64());
    metrics.last_pass_pages.set(scan.pages.into());
    metrics.streams.set(scan.streams);
    metrics.unreadable_streams.set(scan.unreadable);
    for latency in &scan.latencies {
        metrics.drift_detection_lag_seconds.observe(latency.as_secs_f64());
    }
    metrics.late_streams.inc_by(scan.orphans as u64);
}

fn label(class: Class) -> &'static str {
    match class {
        Class::Read => "read",
        Class::Write => "write",
    }
}
