//! The client of the API server: through a proxy where one is named, and with deadlines.
//!
//! The guarantee: no request waits for ever. Its answer begins within
//! [`REQUEST_TIMEOUT`], which covers the connect, TLS, the proxy, the credentials and
//! every retry, and its body is never silent for longer than [`BODY_TIMEOUT`]. kube's
//! own client has no deadline for the answer, and its retries may take minutes.

mod proxy;

use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Write};
use hyper_util::{
    client::legacy::{
        self,
        connect::{
            Connection, HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
    },
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Client, Config,
    client::{Body, ConfigExt, retry::RetryPolicy},
};
use tower::{
    BoxError, Service, ServiceBuilder,
    retry::RetryLayer,
    timeout::{TimeoutLayer, error::Elapsed},
};
use tower_http::timeout::ResponseBodyTimeoutLayer;

use self::proxy::{Protocol, Proxy};

/// How long the API server may take until its answer begins.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a body may be silent. A watch asks the API server to end it before.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long an idle connection is kept: each that died unnoticed costs one request its
/// deadline.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The API server did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} s", REQUEST_TIMEOUT.as_secs())]
struct Silent;

/// A client of the cluster of the kubeconfig, or of the one that the process runs in.
///
/// # Errors
/// If there is no kubeconfig that can be used and no service account, or if the proxy,
/// the credentials or the certificates can't be used. Nothing is sent yet.
pub async fn connect() -> Result<Client, BoxError> {
    let config = Config::infer().await?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    Ok(match proxy::of(&config)? {
        None => client(&config, connector)?,
        Some(Proxy { protocol: Protocol::Http, uri, auth, .. }) => {
            client(&config, authenticated(Tunnel::new(uri, connector), auth))?
        }
        Some(Proxy { protocol: Protocol::Https, uri, auth, .. }) => {
            let connector = config.rustls_https_connector_with_connector(connector)?;
            client(&config, authenticated(Tunnel::new(uri, connector), auth))?
        }
        Some(Proxy { protocol: Protocol::Socks5, uri, user, .. }) => {
            let proxy = SocksV5::new(uri, connector);
            let proxy =
                user.into_iter().fold(proxy, |proxy, (name, password)| proxy.with_auth(name, password));
            client(&config, proxy)?
        }
    })
}

fn authenticated<C>(tunnel: Tunnel<C>, auth: Option<http::HeaderValue>) -> Tunnel<C> {
    auth.into_iter().fold(tunnel, Tunnel::with_auth)
}

fn client<C>(config: &Config, connector: C) -> Result<Client, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let connector = config.rustls_https_connector_with_connector(connector)?;
    let http: legacy::Client<_, Body> = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(ResponseBodyTimeoutLayer::new(BODY_TIMEOUT))
        .map_err(|error: BoxError| if error.is::<Elapsed>() { Silent.into() } else { error })
        .layer(TimeoutLayer::new(REQUEST_TIMEOUT))
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}
