//! Asks the API server whether it is ready.

use crate::credentials::Credentials;
use std::fmt;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(100);

/// Asks one API server, as the administrator.
pub(crate) struct Probe {
    client: reqwest::Client,
    server: String,
    token: String,
}

impl Probe {
    pub(crate) fn new(server: &str, credentials: &Credentials) -> Result<Self, reqwest::Error> {
        let ca = reqwest::Certificate::from_pem(credentials.ca_pem.as_bytes())?;
        let client = reqwest::Client::builder()
            .tls_certs_only([ca])
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { client, server: server.to_owned(), token: credentials.token.clone() })
    }

    /// Waits until a GET of `path` is answered with 200. Each other outcome is
    /// written to `last`, for the message when the patience of the caller ends.
    pub(crate) async fn until_ok(&self, path: &str, last: &mut String) {
        while let Err(outcome) = self.ask(path).await {
            *last = format!("GET {path}: {outcome}");
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn ask(&self, path: &str) -> Result<(), String> {
        let url = format!("{}{path}", self.server);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await;
        let answer = answer.map_err(|error| error.without_url().to_string())?;
        match answer.status() {
            reqwest::StatusCode::OK => Ok(()),
            status => Err(status.to_string()),
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("server", &self.server).finish_non_exhaustive()
    }
}
