//! What happens to a call, as values that the caller carries out.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::fault::Fault;

/// A call that has arrived, with the faults that strike it.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    pub(crate) fault: Option<Fault>,
    /// See [`Fault::is_quirk`].
    pub(crate) quirks: Vec<Fault>,
}

/// What the client is sent.
#[derive(Debug)]
pub enum Delivery {
    /// A whole answer.
    Answer(Response<Bytes>),
    /// Nothing: the connection closes.
    Closed,
    /// The headers of this answer and a part of its body; then the connection
    /// closes.
    CutShort(Response<Bytes>),
    /// The headers of this answer and a body of many MiB that begins with its
    /// body.
    Huge(Response<Bytes>),
}

impl Arrival {
    /// The fault that strikes the call, if any. Where there are several, the one
    /// that decides what happens to the call.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref().or(self.quirks.first())
    }

    /// How long to wait before the effect.
    pub fn delay_before(&self) -> Duration {
        match self.fault {
            Some(Fault::Delay { duration }) => duration,
            _ => Duration::ZERO,
        }
    }

    /// How long to wait between the effect and the answer.
    pub fn delay_after(&self) -> Duration {
        match self.fault {
            Some(Fault::DelayAfter { duration }) => duration,
            _ => Duration::ZERO,
        }
    }
}

impl Delivery {
    /// The status that the client is sent.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(answer) | Self::CutShort(answer) | Self::Huge(answer) => Some(answer.status()),
            Self::Closed => None,
        }
    }
}
