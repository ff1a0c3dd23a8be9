//! The fence around writes to the cluster.

use http::{Method, Request};
use kube::{Client, Error, client::Body};
use tower::service_fn;

use super::fence::Fence;

/// A client on top of `client` that reads at any time, and sends anything else
/// only while the fence is open.
///
/// What `client` does before a request leaves (fetch a token, connect, repeat the
/// request after a 503) is behind the fence as well.
#[must_use]
pub fn fenced(client: &Client, fence: Fence) -> Client {
    let inner = client.clone();
    let service = service_fn(move |request: Request<Body>| {
        let (inner, fence) = (inner.clone(), fence.clone());
        async move {
            if request.method() == Method::GET {
                return inner.send(request).await;
            }
            let sent = fence.guard(inner.send(request)).await;
            sent.unwrap_or_else(|refused| Err(Error::Service(refused.into())))
        }
    });
    Client::new(service, client.default_namespace())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use http::{Response, StatusCode};
    use kube::client::retry::RetryPolicy;
    use tower::{BoxError, Layer, retry::RetryLayer};

    use super::*;
    use crate::ops::moment::Moment;

    fn request(method: Method) -> Request<Body> {
        Request::builder().method(method).uri("/x").body(Body::empty()).unwrap()
    }

    /// A client that calls `on_request` for each request that passes, responds with
    /// this status, and retries as the product's client does.
    fn answering(status: StatusCode, on_request: impl Fn() + Clone + Send + Sync + 'static) -> Client {
        let service = service_fn(move |_: Request<Body>| {
            on_request();
            async move { Ok::<_, BoxError>(Response::builder().status(status).body(Body::empty()).unwrap()) }
        });
        Client::new(RetryLayer::new(RetryPolicy::server_retry()).layer(service), "tests")
    }

    #[tokio::test]
    async fn reads_pass_at_any_time_and_writes_while_open() {
        let fence = Fence::closed_until_elected();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let inner = answering(StatusCode::OK, move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let client = fenced(&inner, fence.clone());
        assert_eq!(client.default_namespace(), "tests");
        let passes = async |method: &Method| client.send(request(method.clone())).await.is_ok();
        for (open, expected) in [(false, 1), (true, 6), (false, 7)] {
            match open {
                true => assert!(fence.extend(Moment::now(), Duration::from_secs(3600))),
                false if expected > 1 => fence.close(),
                false => {}
            }
            assert!(passes(&Method::GET).await);
            for write in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(passes(&write).await, open, "{write}");
            }
            assert_eq!(count.load(Ordering::Relaxed), expected);
        }
    }

    #[tokio::test]
    async fn a_request_is_not_retried_once_the_fence_is_closed() {
        let fence = Fence::closed_until_elected();
        let count = Arc::new(AtomicU32::new(0));
        let (counted, closing) = (Arc::clone(&count), fence.clone());
        let inner = answering(StatusCode::SERVICE_UNAVAILABLE, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            closing.close();
        });
        assert!(fence.extend(Moment::now(), Duration::from_secs(3600)));
        let error = fenced(&inner, fence).send(request(Method::PATCH)).await.unwrap_err();
        assert!(error.to_string().contains("lost leadership"), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
