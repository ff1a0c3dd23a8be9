//! Whether an attempt is repeated at once: a table, and a pure function.
//!
//! Only the account's own list is. A call for one stream has one retry layer, the
//! loop of whoever wants it done: a second layer multiplies its calls, and a
//! create that is sent again blindly makes a second stream. A 429 is not repeated
//! here either: the budget waits.

use std::time::Duration;

use crate::error::Error;
use crate::requests::Subject;

/// How one attempt ended, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Done,
    /// An answer, or a decision of this client, that the same request would meet again at once.
    Settled,
    /// A failure that may well be gone in a second.
    Transient,
}

impl Ended {
    pub(crate) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(
                Error::Unexpected { .. }
                | Error::Unreadable { .. }
                | Error::NotSent { .. }
                | Error::Lost { .. },
            ) => Self::Transient,
            Err(
                Error::Refused { .. }
                | Error::NotFound { .. }
                | Error::Unauthorized { .. }
                | Error::Forbidden { .. }
                | Error::RateLimited { .. }
                | Error::Deferred { .. },
            ) => Self::Settled,
        }
    }
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    After(Duration),
}

/// `attempt` counts from 1. Without a wildcard, so that a new subject has to choose.
pub(crate) fn after(subject: &Subject, ended: Ended, attempt: u32) -> Retry {
    match (subject, ended) {
        (Subject::Account | Subject::FurtherPage, Ended::Transient) => match attempt {
            1 => Retry::After(Duration::from_millis(200)),
            2 => Retry::After(Duration::from_secs(1)),
            _ => Retry::Never,
        },
        (Subject::Account | Subject::FurtherPage, Ended::Done | Ended::Settled) => Retry::Never,
        (
            Subject::Search | Subject::NewStream | Subject::Stream(_),
            Ended::Done | Ended::Settled | Ended::Transient,
        ) => Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Deferral, Effect};

    /// How every attempt may end, and whether the account's list is repeated after it.
    fn outcomes() -> Vec<(Result<(), Error>, bool)> {
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
        for (result, repeated) in outcomes() {
            let ended = Ended::of(&result);
            for list in [Subject::Account, Subject::FurtherPage] {
                let verdicts = [1, 2, 3, 4].map(|attempt| after(&list, ended, attempt));
                let expected = if repeated {
                    [
                        Retry::After(Duration::from_millis(200)),
                        Retry::After(Duration::from_secs(1)),
                        Retry::Never,
                        Retry::Never,
                    ]
                } else {
                    [Retry::Never; 4]
                };
                assert_eq!(verdicts, expected, "{list:?} {result:?}");
            }
        }
    }

    #[test]
    fn nothing_but_the_list_is_ever_repeated() {
        for subject in [Subject::Search, Subject::NewStream, Subject::Stream("li1".to_owned())] {
            for (result, _) in outcomes() {
                for attempt in 1..4 {
                    let retry = after(&subject, Ended::of(&result), attempt);
                    assert_eq!(retry, Retry::Never, "{subject:?} {result:?}");
                }
            }
        }
    }
}
