//! Whether an attempt is repeated at once: a table, and a pure function.
//!
//! Only the account's own list is. A call for one stream has one retry layer, the
//! loop of whoever wants it done: a second layer multiplies its calls, and a
//! create that is sent again blindly makes a second stream. A 429 is not repeated
//! here either: the budget waits.

use std::time::Duration;

use crate::error::Error;
use crate::requests::Subject;

/// The pause before an attempt is repeated; `None`: it is not. `attempt` counts from 1.
/// Without wildcards, so that a new subject or error has to choose.
pub(crate) fn pause<T>(subject: &Subject, result: &Result<T, Error>, attempt: u32) -> Option<Duration> {
    let transient = match result {
        Err(
            Error::Unexpected { .. } | Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. },
        ) => true,
        Err(
            Error::Refused { .. }
            | Error::NotFound { .. }
            | Error::Unauthorized { .. }
            | Error::Forbidden { .. }
            | Error::RateLimited { .. }
            | Error::Deferred { .. },
        )
        | Ok(_) => false,
    };
    match subject {
        Subject::Account | Subject::FurtherPage => match attempt {
            1 if transient => Some(Duration::from_millis(200)),
            2 if transient => Some(Duration::from_secs(1)),
            _ => None,
        },
        Subject::Search | Subject::NewStream | Subject::Stream(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Deferral, Effect};

    /// Every result, and whether the account's list is repeated after it.
    fn results() -> Vec<(Result<(), Error>, bool)> {
        let text = || "why".to_owned();
        let effect = Effect::Unknown;
        let second = Duration::from_secs(1);
        let deferred =
            |because| Err(Error::Deferred { because, retry_in: second, message: "why".to_owned() });
        vec![
            (Ok(()), false),
            (Err(Error::Refused { status: 400, field: None, message: text() }), false),
            (Err(Error::NotFound { message: text(), effect }), false),
            (Err(Error::Unauthorized { status: 401, message: text() }), false),
            (Err(Error::Forbidden { message: text() }), false),
            (Err(Error::RateLimited { retry_in: second }), false),
            (deferred(Deferral::RateLimited), false),
            (deferred(Deferral::Unauthorized), false),
            (deferred(Deferral::Unavailable), false),
            (Err(Error::Unexpected { status: 302, excerpt: text(), effect }), true),
            (Err(Error::Unexpected { status: 408, excerpt: text(), effect }), true),
            (Err(Error::Unexpected { status: 500, excerpt: text(), effect }), true),
            (Err(Error::Unexpected { status: 503, excerpt: text(), effect }), true),
            (Err(Error::Unreadable { status: 200, why: text(), effect }), true),
            (Err(Error::NotSent { why: text() }), true),
            (Err(Error::Lost { why: text(), effect }), true),
        ]
    }

    #[test]
    fn the_list_is_repeated_twice_after_what_may_pass() {
        for (result, repeated) in results() {
            for list in [Subject::Account, Subject::FurtherPage] {
                let pauses = [1, 2, 3, 4].map(|attempt| pause(&list, &result, attempt));
                let expected = if repeated {
                    [Some(Duration::from_millis(200)), Some(Duration::from_secs(1)), None, None]
                } else {
                    [None; 4]
                };
                assert_eq!(pauses, expected, "{list:?} {result:?}");
            }
        }
    }

    #[test]
    fn nothing_but_the_list_is_ever_repeated() {
        for subject in [Subject::Search, Subject::NewStream, Subject::Stream("li1".to_owned())] {
            for (result, _) in results() {
                for attempt in 1..4 {
                    assert_eq!(pause(&subject, &result, attempt), None, "{subject:?} {result:?}");
                }
            }
        }
    }
}
