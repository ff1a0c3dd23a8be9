//! Official release binaries, taken only with a checksum that fits.

use crate::component::Component;
use crate::release::{Platform, Release, Servers, release};
use sha2::{Digest, Sha256, Sha512};
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::process::Command;

/// No network must cost seconds, not minutes: one attempt, and this long for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A checksum file is a few hundred bytes.
const CHECKSUM_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest pause within the download of a binary of 100 MB.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a download gave no executable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    #[error("{0}")]
    NotPublished(String),
    #[error("{host} can't be reached: {why}")]
    Unreachable { host: String, why: String },
    #[error("{url}: {why}")]
    Http { url: String, why: String },
    #[error("{url} has the checksum {got}, but {expected} was published; it was deleted")]
    Checksum { url: String, expected: String, got: String },
    #[error("{url} has no checksum for {file}")]
    NoChecksum { url: String, file: String },
    #[error("{archive} could not be unpacked: {why}")]
    Unpack { archive: String, why: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Downloads components. Remembers which servers can't be reached, so that no
/// network costs one timeout for each server and not for each component.
#[derive(Debug)]
pub(crate) struct Downloads {
    servers: Servers,
    /// By host: why not.
    unreachable: Mutex<HashMap<String, String>>,
}

impl Downloads {
    pub(crate) fn official() -> Self {
        Self::from(Servers { kubernetes: "https://dl.k8s.io".into(), github: "https://github.com".into() })
    }

    pub(crate) fn from(servers: Servers) -> Self {
        Self { servers, unreachable: Mutex::default() }
    }

    /// Whether anyone publishes the component for this machine.
    pub(crate) fn published(component: Component) -> Result<(), String> {
        let nowhere = Servers { kubernetes: String::new(), github: String::new() };
        let published = Platform::here().and_then(|platform| release(component, platform, &nowhere));
        published.map(drop).ok_or_else(|| {
            format!("nobody publishes {component} for {} on {}", std::env::consts::OS, std::env::consts::ARCH)
        })
    }

    /// Downloads one component into `staging` and returns the executable in it.
    pub(crate) async fn fetch(&self, component: Component, staging: &Path) -> Result<PathBuf, DownloadError> {
        let release =
            Platform::here().and_then(|platform| release(component, platform, &self.servers)).ok_or_else(
                || DownloadError::NotPublished(format!("nobody publishes {component} for this platform")),
            )?;
        let unreachable = || self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = unreachable().get(release.host()).cloned() {
            return Err(DownloadError::Unreachable { host: release.host().to_owned(), why });
        }
        let client = client(&release.url)?;
        let fetched = fetch_checksum(&client, &release).await;
        if let Err(DownloadError::Unreachable { host, why }) = &fetched {
            unreachable().insert(host.clone(), why.clone());
        }
        let expected = fetched?;
        let file = staging.join(release.file());
        save_verified(&client, &release, &expected, &file).await?;
        match &release.member {
            None => Ok(file),
            Some(member) => unpack(&file, member, staging).await,
        }
    }
}

fn client(url: &str) -> Result<reqwest::Client, DownloadError> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        // A redirect must not lead from a safe connection to an open one.
        .https_only(url.starts_with("https:"))
        .build()
        .map_err(|error| http_error(url, &error))
}

/// The published checksum.
async fn fetch_checksum(client: &reqwest::Client, release: &Release) -> Result<String, DownloadError> {
    let url = &release.checksums;
    let answer = match client.get(url).timeout(CHECKSUM_TIMEOUT).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() || error.is_timeout() => {
            let host = release.host().to_owned();
            return Err(DownloadError::Unreachable { host, why: root_cause(&error) });
        }
        Err(error) => return Err(http_error(url, &error)),
    };
    let answer = answer.error_for_status().map_err(|error| http_error(url, &error))?;
    let text = answer.text().await.map_err(|error| http_error(url, &error))?;
    let none = || DownloadError::NoChecksum { url: url.clone(), file: release.file().to_owned() };
    checksum_for(release.file(), &text).ok_or_else(none)
}

/// Finds a checksum in a file that holds either one checksum and nothing else, or
/// lines of a checksum and a file name, as `sha256sum` and `sha512sum` print them.
fn checksum_for(file: &str, text: &str) -> Option<String> {
    let is_checksum =
        |word: &&str| [64, 128].contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let checksum = words.next().filter(is_checksum)?;
        // The name may have a folder before it, or a `*`: read as binary.
        let fits = words.next().is_none_or(|name| name.rsplit(['/', '*']).next() == Some(file));
        fits.then(|| checksum.to_ascii_lowercase())
    })
}

/// Writes the answer to `file`; a file with another checksum is deleted.
async fn save_verified(
    client: &reqwest::Client,
    release: &Release,
    expected: &str,
    file: &Path,
) -> Result<(), DownloadError> {
    let url = &release.url;
    let failed = |error: reqwest::Error| http_error(url, &error);
    let mut answer =
        client.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    let mut out = std::fs::File::create(file)?;
    let mut hash = Hash::of_length(expected.len());
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        hash.update(&chunk);
        out.write_all(&chunk)?;
    }
    let got = hash.finish();
    if got != expected {
        std::fs::remove_file(file)?;
        return Err(DownloadError::Checksum { url: url.clone(), expected: expected.to_owned(), got });
    }
    Ok(())
}

enum Hash {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hash {
    /// The kind that has this many hexadecimal digits.
    fn of_length(digits: usize) -> Self {
        if digits == 128 { Self::Sha512(Sha512::new()) } else { Self::Sha256(Sha256::new()) }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> String {
        let bytes = match self {
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Sha512(hash) => hash.finalize().to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

async fn unpack(archive: &Path, member: &str, staging: &Path) -> Result<PathBuf, DownloadError> {
    let failed = |why: String| DownloadError::Unpack { archive: archive.display().to_string(), why };
    let output =
        Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(staging).arg(member).output().await;
    let output = output.map_err(|error| failed(format!("tar: {error}")))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(staging.join(member))
}

fn http_error(url: &str, error: &reqwest::Error) -> DownloadError {
    let why = error.status().map_or_else(|| root_cause(error), |status| status.to_string());
    DownloadError::Http { url: url.to_owned(), why }
}

/// The innermost cause: reqwest says what it did, its causes say why that failed.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
