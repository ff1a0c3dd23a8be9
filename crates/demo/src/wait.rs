//! Waiting for a condition, for a bounded time.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// How long to wait for a condition.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The time between two checks.
const PAUSE: Duration = Duration::from_millis(100);

/// A condition that did not hold in time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected: {expected}\nfound for {} s: {seen}", LIMIT.as_secs())]
pub(crate) struct Unmet {
    /// What was waited for.
    expected: String,
    /// What the last check found instead.
    seen: String,
}

/// Checks until the condition holds. `check` returns what it found once it holds,
/// and what it found instead until then.
///
/// # Errors
/// [`Unmet`] after [`LIMIT`]; a check that hangs is cancelled then as well.
pub(crate) async fn until<T>(
    expected: impl Into<String>,
    mut check: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T, Unmet> {
    let deadline = Instant::now() + LIMIT;
    let mut seen = "nothing: the first check was not answered".to_owned();
    while Instant::now() < deadline {
        match timeout_at(deadline, check()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(instead)) => seen = instead,
            Err(_) => break,
        }
        sleep(PAUSE).await;
    }
    Err(Unmet { expected: expected.into(), seen })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_checks_again_until_the_condition_holds() {
        let mut checks = 0;
        let found = until("three checks", async || {
            checks += 1;
            if checks == 3 { Ok("here") } else { Err(format!("check {checks}")) }
        });
        assert_eq!(found.await, Ok("here"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unmet_condition_says_what_was_seen_last() {
        let began = Instant::now();
        let unmet = until::<()>("a stream", async || Err("no stream".into())).await.unwrap_err();
        assert_eq!(unmet.to_string(), "expected: a stream\nfound for 30 s: no stream");
        assert!(began.elapsed() < LIMIT + Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_is_cancelled() {
        let waiting = until::<()>("an answer", std::future::pending);
        let unmet = tokio::time::timeout(2 * LIMIT, waiting).await.unwrap().unwrap_err();
        assert!(unmet.to_string().contains("not answered"), "{unmet}");
    }
}
