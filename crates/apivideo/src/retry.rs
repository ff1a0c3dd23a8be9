//! Whether an attempt is repeated at once: a table, and a pure function.
//!
//! Only reads are. A write has one retry layer, the loop of whoever wants it
//! done, for a second layer multiplies calls, and a create sent again blindly
//! makes a second stream. A 429 is not repeated here either: the budget waits.

use std::time::Duration;

use crate::error::Error;
use crate::requests::Operation;

/// The pause before an attempt is repeated; `None`: it is not. `attempt` counts from 1.
/// Without wildcards, so that a new operation or error has to choose.
pub(crate) fn pause<T>(operation: Operation, result: &Result<T, Error>, attempt: u32) -> Option<Duration> {
    let transient = match result {
        // A redirect is met again at once, too.
        Err(Error::Server { status, .. }) => *status >= 500,
        Err(Error::Unreadable { .. } | Error::NotSent { .. } | Error::Lost { .. }) => true,
        Err(
            Error::Refused { .. }
            | Error::NotFound { .. }
            | Error::Unauthorized { .. }
            | Error::RateLimited { .. }
            | Error::Deferred { .. },
        )
        | Ok(_) => false,
    };
    match operation {
        Operation::List | Operation::Get => match attempt {
            1 if transient => Some(Duration::from_millis(200)),
            2 if transient => Some(Duration::from_secs(1)),
            _ => None,
        },
        Operation::Create
        | Operation::Update
        | Operation::Delete
        | Operation::Complete
        | Operation::Authenticate => None,
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

    /// Every result, and whether a read is repeated after it.
    fn results() -> Vec<(Result<(), Error>, bool)> {
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
        for (result, repeated) in results() {
            for read in [Operation::List, Operation::Get] {
                let pauses = [1, 2, 3, 4].map(|attempt| pause(read, &result, attempt));
                let expected = if repeated {
                    [Some(Duration::from_millis(200)), Some(Duration::from_secs(1)), None, None]
                } else {
                    [None; 4]
                };
                assert_eq!(pauses, expected, "{read:?} {result:?}");
            }
        }
    }

    #[test]
    fn nothing_but_a_read_is_ever_repeated() {
        for operation in ALL {
            if matches!(operation, Operation::List | Operation::Get) {
                continue;
            }
            for (result, _) in results() {
                for attempt in 1..4 {
                    assert_eq!(pause(operation, &result, attempt), None, "{operation:?} {result:?}");
                }
            }
        }
    }
}
