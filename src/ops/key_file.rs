//! A secret in a file that may be replaced while the process runs, as a
//! mounted Kubernetes Secret is.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use apivideo::Secret;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the file is read again: well below the 30 s within which a new
/// key must be in use.
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads the secret: the file's text without the white space around it.
///
/// # Errors
/// If the file can't be read or holds nothing.
pub fn read(path: &Path) -> io::Result<Secret> {
    let text = std::fs::read_to_string(path)?;
    let key = text.trim();
    if key.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
    }
    Ok(Secret::from(key.to_owned()))
}

/// Hands each new secret to `replace`, until `shutdown`. A file that can't be
/// read for a while leaves the last secret in use.
pub async fn follow(
    path: PathBuf,
    mut current: Secret,
    replace: impl Fn(Secret),
    shutdown: CancellationToken,
) {
    let mut readable = true;
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.cancelled() => return,
        }
        match read(&path) {
            Ok(key) if key != current => {
                info!(file = %path.display(), "the key file has changed: the new key is in use");
                current = key.clone();
                replace(key);
                readable = true;
            }
            Ok(_) => readable = true,
            Err(error) if readable => {
                warn!(file = %path.display(), %error, "the key file can't be read: the last key stays in use");
                readable = false;
            }
            Err(_) => {}
        }
    }
}
