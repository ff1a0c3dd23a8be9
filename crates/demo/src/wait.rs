//! Waiting for a condition, for a bounded time.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// How long a condition may take to hold.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A condition that did not come to hold in time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected: {expected}\nseen for {} s: {seen}", LIMIT.as_secs())]
pub(crate) struct Unmet {
    /// What was to be seen.
    expected: String,
    /// What was seen instead, at the last look.
    seen: String,
}

/// Looks until the condition holds. `look` gives what it found once it holds,
/// and what it saw instead until then.
///
/// # Errors
/// [`Unmet`] after [`LIMIT`]; a look that hangs is given up then as well.
pub(crate) async fn until<T>(
    expected: impl Into<String>,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T, Unmet> {
    let deadline = Instant::now() + LIMIT;
    let mut seen = "nothing: the first look was not answered".to_owned();
    while Instant::now() < deadline {
        match timeout_at(deadline, look()).await {
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
    async fn it_looks_again_until_the_condition_holds() {
        let mut looks = 0;
        let found = until("three looks", async || {
            looks += 1;
            if looks == 3 { Ok("here") } else { Err(format!("look {looks}")) }
        });
        assert_eq!(found.await, Ok("here"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unmet_condition_says_what_was_seen_last() {
        let began = Instant::now();
        let unmet = until::<()>("a stream", async || Err("no stream".into())).await.unwrap_err();
        assert_eq!(unmet.to_string(), "expected: a stream\nseen for 30 s: no stream");
        assert!(began.elapsed() < LIMIT + Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_is_given_up() {
        let waiting = until::<()>("an answer", std::future::pending);
        let unmet = tokio::time::timeout(2 * LIMIT, waiting).await.unwrap().unwrap_err();
        assert!(unmet.to_string().contains("not answered"), "{unmet}");
    }
}
