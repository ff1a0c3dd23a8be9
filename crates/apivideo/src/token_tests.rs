//! When a token is renewed, and by whom.

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::*;
use crate::circuit_breaker::Signal;
use crate::wire::{Wire, WireError};

struct Cut;

impl Wire for Cut {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        async { Err(WireError::NotSent("cut".to_owned())) }.boxed()
    }
}

#[tokio::test]
async fn who_waits_shares_a_failure_but_not_that_of_an_earlier_key() {
    let agent = HeaderValue::from_static("tests/1");
    let transport = Transport {
        wire: Arc::new(Cut),
        base_url: "http://localhost".to_owned(),
        user_agent: agent,
        observer: None,
        clock: Default::default(),
    };
    let tokens = Tokens::new(Arc::new(transport), Secret::from("a"));
    let before = tokens.state.lock().round;
    assert!(tokens.obtain(None).await.is_err_and(|denied| denied.signal != Signal::Neutral));
    let shared = tokens.settled_meanwhile(None, before);
    assert!(shared.is_some_and(|result| result.is_err_and(|denied| denied.signal == Signal::Neutral)));
    assert!(tokens.settled_meanwhile(None, before + 1).is_none(), "a failure from before the wait");
    tokens.set_key(Secret::from("b"));
    assert!(tokens.settled_meanwhile(None, before).is_none(), "the failure of another key");
}
