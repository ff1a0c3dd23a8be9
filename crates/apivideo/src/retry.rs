//! Whether an attempt is repeated at once: a table, and a pure function.
//!
//! Only reads are. A write has one retry layer, the loop of whoever wants it
//! done, for a second layer multiplies calls, and a create sent again blindly
//! makes a second stream. A 429 is not repeated here either: the budget waits.

use std::time::Duration;

use crate::error::Error;
use crate::requests::Operation;

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
            Err(Error::Server { status, .. }) if *status < 500 => Self::Settled,
            Err(
                Error::Server { .. } | Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. },
            ) => Self::Transient,
            Err(
                Error::Refused { .. }
                | Error::NotFound { .. }
                | Error::Unauthorized { .. }
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

/// `attempt` counts from 1. Without a wildcard, so that a new operation has to choose.
pub(crate) fn after(operation: Operation, ended: Ended, attempt: u32) -> Retry {
    match (operation, ended) {
        (Operation::List | Operation::Get, Ended::Transient) => match attempt {
            1 => Retry::After(Duration::from_millis(200)),
            2 => Retry::After(Duration::from_secs(1)),
            _ => Retry::Never,
        },
        (Operation::List | Operation::Get, Ended::Done | Ended::Settled) => Retry::Never,
        (
            Operation::Create
            | Operation::Update
            | Operation::Delete
            | Operation::Complete
            | Operation::Authenticate,
            Ended::Done | Ended::Settled | Ended::Transient,
        ) => Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Deferral;

    const ALL: [Operation; 7] = [
        Operation::List,
        Operation::Get,
        Operation::Create,
        Operation::Update,
        Operation::Delete,
        Operation::Complete,
        Operation::Authenticate,
    ];

    /// Every ended, and whether a read is repeated after it.
    fn outcomes() -> Vec<(Result<(), Error>, bool)> {
        let text = || "why".to_owned();
        let second = Duration::from_secs(1);
        let deferred =
            |because| Err(Error::Deferred { because, retry_in: second, message: "why".to_owned() });
        vec![
            (Ok(()), false),
            (Err(Error::Refused { status: 400, field: None, message: text() }), false),
            (Err(Error::NotFound { message: text() }), false),
            (Err(Error::Unauthorized { status: 401, message: text() }), false),
            (Err(Error::RateLimited { retry_in: second }), false),
            (deferred(Deferral::RateLimited), false),
            (deferred(Deferral::Unauthorized), false),
            (deferred(Deferral::Unavailable), false),
            (Err(Error::Server { status: 302, excerpt: text() }), false),
            (Err(Error::Server { status: 500, excerpt: text() }), true),
            (Err(Error::Server { status: 503, excerpt: text() }), true),
            (Err(Error::Unreadable { status: 200, why: text() }), true),
            (Err(Error::NotSent { why: text() }), true),
            (Err(Error::Lost { why: text() }), true),
        ]
    }

    #[test]
    fn a_read_is_repeated_twice_after_what_may_pass() {
        for (result, repeated) in outcomes() {
            let ended = Ended::of(&result);
            for read in [Operation::List, Operation::Get] {
                let verdicts = [1, 2, 3, 4].map(|attempt| after(read, ended, attempt));
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
                assert_eq!(verdicts, expected, "{read:?} {result:?}");
            }
        }
    }

    #[test]
    fn nothing_but_a_read_is_ever_repeated() {
        for operation in ALL {
            if matches!(operation, Operation::List | Operation::Get) {
                continue;
            }
            for (result, _) in outcomes() {
                for attempt in 1..4 {
                    assert_eq!(
                        after(operation, Ended::of(&result), attempt),
                        Retry::Never,
                        "{operation:?} {result:?}"
                    );
                }
            }
        }
    }
}
