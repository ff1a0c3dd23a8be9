//! The fence around the calls to api.video.

use apivideo::{Wire, WireError};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response};

use super::fence::{Fence, Refused};

/// A wire that sends nothing once its fence is closed: no reads, no writes, and no
/// exchange of the key for a token.
pub struct FencedWire<W> {
    wire: W,
    fence: Fence,
}

impl<W> FencedWire<W> {
    /// Puts the fence around the wire.
    pub fn new(wire: W, fence: Fence) -> Self {
        Self { wire, fence }
    }
}

impl<W: Wire> Wire for FencedWire<W> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        async move {
            match self.fence.guard(self.wire.send(request)).await {
                Ok(response) => response,
                Err(refused @ Refused::NotSent) => Err(WireError::NotSent(refused.to_string())),
                Err(refused @ Refused::Aborted) => Err(WireError::Lost(refused.to_string())),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::ops::moment::Moment;

    #[derive(Default)]
    struct Counting(AtomicU32);

    impl Wire for Counting {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
            async {
                self.0.fetch_add(1, Ordering::Relaxed);
                Ok(Response::new(Bytes::new()))
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn nothing_passes_a_closed_fence_and_it_counts_as_not_sent() {
        let fence = Fence::closed_until_elected();
        let wire = FencedWire::new(Counting::default(), fence.clone());
        let send = async || wire.send(Request::new(Bytes::new())).await;
        assert!(matches!(send().await, Err(WireError::NotSent(_))));
        assert!(fence.extend(Moment::now(), Duration::from_secs(3600)));
        assert!(send().await.is_ok());
        fence.close();
        assert!(matches!(send().await, Err(WireError::NotSent(_))));
        assert_eq!(wire.wire.0.load(Ordering::Relaxed), 1);
    }
}
