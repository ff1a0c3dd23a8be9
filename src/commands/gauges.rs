//! What the metrics tell of the account, read off its client.

use apivideo::{AccountState, RateLimit};

use crate::ops::gauges::Gauges;

/// Reads off how it is with the account and what is left of its limits.
pub(super) fn account_reading(client: apivideo::Client) -> impl Fn(&Gauges) + Send + Sync {
    move |gauges| {
        let limits = client.limits();
        for (class, limit) in [("read", limits.reads), ("write", limits.writes)] {
            if let Some(RateLimit { limit, remaining, .. }) = limit {
                gauges.budget(class, limit, remaining);
            }
        }
        let state = client.state();
        // A budget that is used up is no trouble of the account: it ends with the window.
        let available = matches!(state, AccountState::Available | AccountState::RateLimited { .. });
        gauges.account(available, matches!(state, AccountState::Unauthorized { .. }));
    }
}
