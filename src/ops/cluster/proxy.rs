//! The proxy between this process and the API server.
//!
//! As with kubectl, the `proxy-url` of the kubeconfig counts for its cluster, whatever
//! the environment says; without one, `HTTPS_PROXY` does, unless `NO_PROXY` names the
//! API server. In a pod there is none: the API server is in the same network. (kube 5.0
//! compares `NO_PROXY` with the proxy's own address, so it is not left to kube.)

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use kube::{Config, config::Kubeconfig};

/// A proxy, and how it is used.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) protocol: Protocol,
    pub(super) uri: Uri,
    /// The header that an HTTP proxy wants.
    pub(super) auth: Option<HeaderValue>,
    /// The name and password that a SOCKS proxy wants.
    pub(super) user: Option<(String, String)>,
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Https,
    Socks5,
}

/// A proxy of another protocol.
#[derive(Debug, thiserror::Error)]
#[error(
    "the proxy {host} of the kubeconfig (proxy-url) or of HTTPS_PROXY can't be used; use an address that begins \
         with http://, https:// or socks5://"
)]
pub(super) struct UnsupportedProxy {
    /// Without the user and the password.
    host: String,
}

/// The proxy for the API server of this configuration. kube has read the kubeconfig and
/// `HTTPS_PROXY` into it.
pub(super) fn of(config: &Config) -> Result<Option<Proxy>, UnsupportedProxy> {
    let Some(named) = &config.proxy_url else { return Ok(None) };
    if Kubeconfig::read().is_ok_and(|kubeconfig| has_proxy(&kubeconfig)) {
        let only = Matcher::builder().all(named.to_string()).build();
        let proxy = by(&only, &config.cluster_url);
        return proxy.map(Some).ok_or_else(|| unsupported(named));
    }
    let matcher = Matcher::from_env();
    if is_direct(&no_proxy()) || matcher.intercept(&config.cluster_url).is_none() {
        return Ok(None);
    }
    by(&matcher, &config.cluster_url).map(Some).ok_or_else(|| unsupported(named))
}

/// The list of what is reached directly.
fn no_proxy() -> String {
    let set = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
    set.unwrap_or_default()
}

/// Whether everything is reached directly. (The matcher takes `*` for all names, but for
/// no address, and the API server often has no name.)
fn is_direct(no_proxy: &str) -> bool {
    no_proxy.split(',').any(|entry| entry.trim() == "*")
}

fn unsupported(named: &Uri) -> UnsupportedProxy {
    UnsupportedProxy { host: named.host().unwrap_or_default().to_owned() }
}

/// Whether the cluster of the current context has a proxy of its own.
fn has_proxy(kubeconfig: &Kubeconfig) -> bool {
    let context =
        kubeconfig.contexts.iter().find(|context| Some(&context.name) == kubeconfig.current_context.as_ref());
    let cluster = context.and_then(|context| Some(&context.context.as_ref()?.cluster));
    let cluster = kubeconfig.clusters.iter().find(|found| Some(&found.name) == cluster);
    let proxy = cluster.and_then(|cluster| cluster.cluster.as_ref()?.proxy_url.as_deref());
    proxy.is_some_and(|proxy| !proxy.is_empty())
}

/// What a matcher says about a server.
fn by(matcher: &Matcher, server: &Uri) -> Option<Proxy> {
    let found = matcher.intercept(server)?;
    let protocol = match found.uri().scheme_str()? {
        "http" => Protocol::Http,
        "https" => Protocol::Https,
        "socks5" | "socks5h" => Protocol::Socks5,
        _ => return None,
    };
    let user = found.raw_auth().map(|(name, password)| (name.to_owned(), password.to_owned()));
    Some(Proxy { protocol, uri: found.uri().clone(), auth: found.basic_auth().cloned(), user })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(proxy: &str, no: &str) -> Option<Proxy> {
        let matcher = Matcher::builder().https(proxy.to_owned()).no(no.to_owned()).build();
        if is_direct(no) {
            return None;
        }
        by(&matcher, &Uri::from_static("https://10.0.0.1:6443"))
    }

    #[test]
    fn each_protocol_is_known_with_its_credentials() {
        for (proxy, expected) in [
            ("http://proxy:3128", Some(Protocol::Http)),
            ("proxy:3128", Some(Protocol::Http)),
            ("https://proxy:3128", Some(Protocol::Https)),
            ("socks5://proxy:1080", Some(Protocol::Socks5)),
            ("ftp://proxy", None),
        ] {
            assert_eq!(through(proxy, "").map(|proxy| proxy.protocol), expected, "{proxy}");
        }
        let http = through("http://me:secret@proxy:3128", "").expect("a proxy");
        assert!(http.auth.is_some() && !http.uri.to_string().contains("secret"), "{http:?}");
        let socks = through("socks5://me:secret@proxy:1080", "").expect("a proxy");
        assert_eq!(socks.user, Some(("me".into(), "secret".into())));
    }

    #[test]
    fn no_proxy_is_about_the_api_server() {
        for (no, proxied) in
            [("10.0.0.0/8", false), ("10.0.0.1", false), ("a, *", false), ("proxy,", true), ("", true)]
        {
            assert_eq!(through("http://proxy:3128", no).is_some(), proxied, "{no}");
        }
    }
}
