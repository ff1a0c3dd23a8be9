//! Faults as values: what goes wrong with a call.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::duration_text;

/// What goes wrong with a call. "Effect" is what the call does to the project.
///
/// Faults are of two kinds. Most decide what happens to the call: the first rule
/// with such a fault wins. The last seven change only what the API understands
/// or shows ([`Fault::is_quirk`]); all of them that match apply, also beside a
/// fault of the first kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// The connection closes without an answer; no effect.
    LostBefore,
    /// The connection closes without an answer, after the effect.
    LostAfter,
    /// This status with an HTML body, as a proxy answers; no effect.
    ErrorBefore {
        /// The status of the answer.
        #[serde(default = "unavailable", deserialize_with = "status")]
        status: u16,
    },
    /// This status with an HTML body, after the effect.
    ErrorAfter {
        /// The status of the answer.
        #[serde(default = "unavailable", deserialize_with = "status")]
        status: u16,
    },
    /// This status with a JSON problem, as the API answers; no effect.
    ProblemBefore {
        /// The status of the answer.
        #[serde(default = "unavailable", deserialize_with = "status")]
        status: u16,
    },
    /// This status with a JSON problem, after the effect.
    ProblemAfter {
        /// The status of the answer.
        #[serde(default = "unavailable", deserialize_with = "status")]
        status: u16,
    },
    /// The effect and the answer are late, even if the client has gone.
    Delay {
        /// How late.
        #[serde(with = "duration_text")]
        duration: Duration,
    },
    /// The effect is immediate, the answer late.
    DelayAfter {
        /// How late.
        #[serde(with = "duration_text")]
        duration: Duration,
    },
    /// 401; no effect.
    Unauthorized,
    /// 403; no effect.
    Forbidden,
    /// 429; no effect.
    RateLimited {
        /// The seconds to wait in the header.
        #[serde(default = "one_second")]
        retry_after: u64,
    },
    /// The effect, then a body that is shorter than its Content-Length.
    Truncated,
    /// The effect, then 200 with a body of HTML.
    NotJson,
    /// The effect, then 200 with a body of many MiB.
    Huge,
    /// The effect, then 200 with the body of another stream.
    AnswerWith {
        /// The id of the other stream.
        answer_with: String,
    },
    /// A field of the body is accepted and ignored.
    ForgetField {
        /// Its name, like `public`.
        field: String,
    },
    /// White space around a field of the body is removed before it is stored.
    TrimField {
        /// Its name, like `name`.
        field: String,
    },
    /// A field of the body is stored in lower case. A player with the lower-case
    /// id is added, so that `playerId` is still accepted.
    LowerCaseField {
        /// Its name, like `playerId`.
        field: String,
    },
    /// A list ignores `sortBy`, and is in the order of creation.
    IgnoreSortBy,
    /// `itemsTotal` of a list is wrong.
    WrongItemsTotal {
        /// What is added to it.
        by: i64,
    },
    /// A field of one stream has a wrong type in lists.
    UnreadableItem {
        /// The id of the stream.
        stream: String,
        /// The field, `name` unless given.
        #[serde(default = "name")]
        field: String,
    },
}

fn unavailable() -> u16 {
    503
}

fn one_second() -> u64 {
    1
}

fn name() -> String {
    "name".to_owned()
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        status @ 300..=599 => Ok(status),
        status => Err(D::Error::custom(format!("status {status}: accepted are 300 to 599"))),
    }
}

impl Fault {
    /// The name in JSON and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LostBefore => "lost-before",
            Self::LostAfter => "lost-after",
            Self::ErrorBefore { .. } => "error-before",
            Self::ErrorAfter { .. } => "error-after",
            Self::ProblemBefore { .. } => "problem-before",
            Self::ProblemAfter { .. } => "problem-after",
            Self::Delay { .. } => "delay",
            Self::DelayAfter { .. } => "delay-after",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited { .. } => "rate-limited",
            Self::Truncated => "truncated",
            Self::NotJson => "not-json",
            Self::Huge => "huge",
            Self::AnswerWith { .. } => "answer-with",
            Self::ForgetField { .. } => "forget-field",
            Self::TrimField { .. } => "trim-field",
            Self::LowerCaseField { .. } => "lower-case-field",
            Self::IgnoreSortBy => "ignore-sort-by",
            Self::WrongItemsTotal { .. } => "wrong-items-total",
            Self::UnreadableItem { .. } => "unreadable-item",
        }
    }

    /// Whether the call takes effect.
    pub fn has_effect(&self) -> bool {
        !matches!(
            self,
            Self::LostBefore
                | Self::ErrorBefore { .. }
                | Self::ProblemBefore { .. }
                | Self::Unauthorized
                | Self::Forbidden
                | Self::RateLimited { .. }
        )
    }

    /// Whether it changes only what the API understands or shows: such faults
    /// apply together, and beside another fault.
    pub fn is_quirk(&self) -> bool {
        matches!(
            self,
            Self::AnswerWith { .. }
                | Self::ForgetField { .. }
                | Self::TrimField { .. }
                | Self::LowerCaseField { .. }
                | Self::IgnoreSortBy
                | Self::WrongItemsTotal { .. }
                | Self::UnreadableItem { .. }
        )
    }
}
