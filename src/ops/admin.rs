//! The admin server: `/metrics`, `/healthz`, `/readyz`.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    metrics::Metrics,
    readiness::Readiness,
    text_format::{CLASSIC, OPENMETRICS, classic, wants_openmetrics},
};

/// Listens on an address. `[::]` serves IPv4 as well, and is `0.0.0.0` where the
/// kernel has no IPv6.
///
/// # Errors
/// If the address is not available.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) => match without_ipv6(address, &error) {
            Some(address) => TcpListener::bind(address).await,
            None => Err(error),
        },
        listener => listener,
    }
}

/// The address to use instead of `[::]`, unless the error is about the port.
fn without_ipv6(address: SocketAddr, error: &io::Error) -> Option<SocketAddr> {
    let of_port = matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied);
    let unspecified = address.ip() == Ipv6Addr::UNSPECIFIED;
    (unspecified && !of_port).then(|| (Ipv4Addr::UNSPECIFIED, address.port()).into())
}

/// Serves until `shutdown`.
///
/// # Errors
/// If accepting connections fails for good.
pub async fn serve(
    listener: TcpListener,
    metrics: Metrics,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/metrics", get(metrics_text).with_state(metrics));
    axum::serve(listener, routes).with_graceful_shutdown(async move { shutdown.cancelled().await }).await
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let (ready, text) = readiness.status();
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text).into_response()
}

async fn metrics_text(State(metrics): State<Metrics>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match metrics.text() {
        Ok(text) if wants_openmetrics(accept) => {
            ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response()
        }
        Ok(text) => ([(header::CONTENT_TYPE, CLASSIC)], classic(&text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn the_unspecified_address_serves_ipv4_as_well() {
        let listener = listen((Ipv6Addr::UNSPECIFIED, 0).into()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok());
    }

    #[test]
    fn without_ipv6_in_the_kernel_ipv4_is_served() {
        let not_supported = || io::Error::other("address family not supported by protocol");
        let in_use = || io::Error::from(io::ErrorKind::AddrInUse);
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let all = Some("0.0.0.0:80".parse().unwrap());
        for (address, error, expected) in [
            ("[::]:80", not_supported(), all),
            ("[::]:80", in_use(), None),
            ("[::]:80", denied(), None),
            ("[::1]:80", not_supported(), None),
            ("0.0.0.0:80", not_supported(), None),
        ] {
            assert_eq!(without_ipv6(address.parse().unwrap(), &error), expected, "{address} {error}");
        }
    }
}
