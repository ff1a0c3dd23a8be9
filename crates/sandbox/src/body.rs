//! The bodies that the server sends: whole, cut short, or huge.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How much a huge body sends in all; more than any client should read.
const HUGE: usize = 32 * 1024 * 1024;
const CHUNK: Bytes = Bytes::from_static(&[b'x'; 64 * 1024]);

/// The connection is to be closed, without another byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox closed the connection")]
pub(crate) struct Closed;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// Sent as it is.
    Whole(Bytes),
    /// Sent, and then the connection closes though more was announced.
    Cut { part: Bytes, sent: bool },
    /// The beginning of a JSON string that goes on and on.
    Huge { start: Bytes, left: usize },
}

impl AnswerBody {
    pub(crate) fn cut(part: Bytes) -> Self {
        Self::Cut { part, sent: false }
    }

    pub(crate) fn huge() -> Self {
        Self::Huge { start: Bytes::from_static(b"{\"name\": \""), left: HUGE }
    }
}

fn frame(bytes: &mut Bytes) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
    Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => frame(bytes),
            Self::Cut { part, .. } if !part.is_empty() => frame(part),
            // An error drops what hyper has not written yet, and it writes when
            // a body has nothing ready: so the part leaves before the error.
            Self::Cut { sent: sent @ false, .. } => {
                *sent = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Cut { .. } => Poll::Ready(Some(Err(Closed))),
            Self::Huge { start, .. } if !start.is_empty() => frame(start),
            Self::Huge { left: 0, .. } => Poll::Ready(None),
            Self::Huge { left, .. } => {
                *left = left.saturating_sub(CHUNK.len());
                frame(&mut CHUNK.clone())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Cut { .. } | Self::Huge { .. } => SizeHint::default(),
        }
    }
}
