//! Keeping a proxy of the environment away from what runs on this machine.
//!
//! HTTP clients send calls to 127.0.0.1 to the proxy that HTTP_PROXY names,
//! unless NO_PROXY says otherwise; there the sandbox and the API server don't
//! exist. The variables can't be changed safely in a running program, so the
//! demo starts itself once more, in its own place.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What is to be reached directly.
const LOOPBACK: &str = "127.0.0.1,localhost";

/// The variables that name a proxy.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Makes sure that loopback is reached directly; returns at once where it is.
///
/// # Errors
/// When the program can't be started again.
pub(crate) fn bypass_for_loopback() -> io::Result<()> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let proxied = PROXIES.iter().any(|name| set(name).is_some());
    let exceptions = set("NO_PROXY").or_else(|| set("no_proxy"));
    let Some(exceptions) = wanted(proxied, exceptions.as_deref()) else { return Ok(()) };
    let mut again = Command::new(std::env::current_exe()?);
    again.args(std::env::args_os().skip(1));
    for name in ["NO_PROXY", "no_proxy"] {
        again.env(name, OsStr::new(&exceptions));
    }
    Err(again.exec())
}

/// The exceptions that are needed; `None` when nothing has to change.
fn wanted(proxied: bool, exceptions: Option<&str>) -> Option<String> {
    let exempt = |text: &str| text.split(',').any(|each| matches!(each.trim(), "127.0.0.1" | "*"));
    match exceptions {
        _ if !proxied => None,
        Some(text) if exempt(text) => None,
        Some(text) => Some(format!("{text},{LOOPBACK}")),
        None => Some(LOOPBACK.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_exempted_once_and_other_exceptions_stay() {
        for (proxied, exceptions, expected) in [
            (false, None, None),
            (false, Some("example.org"), None),
            (true, None, Some("127.0.0.1,localhost")),
            (true, Some("example.org"), Some("example.org,127.0.0.1,localhost")),
            (true, Some("example.org, 127.0.0.1"), None),
            (true, Some("*"), None),
        ] {
            assert_eq!(wanted(proxied, exceptions).as_deref(), expected, "{proxied} {exceptions:?}");
        }
    }

    #[test]
    fn what_was_added_is_enough_the_next_time() {
        let added = wanted(true, Some("example.org")).unwrap();
        assert_eq!(wanted(true, Some(&added)), None);
    }
}
