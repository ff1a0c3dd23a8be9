//! A secret in a file that may change while the process runs, as the file of a
//! mounted Kubernetes Secret does.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use apivideo::Secret;
use tracing::{info, warn};

/// How often the file is read: well below the 30 s within which a new key must be in
/// use.
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads the secret: the text of the file without surrounding white space.
///
/// # Errors
/// If the file can't be read or is empty.
pub fn read(path: &Path) -> io::Result<Secret> {
    let text = std::fs::read_to_string(path)?;
    let key = text.trim();
    if key.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
    }
    Ok(Secret::from(key.to_owned()))
}

/// Passes each new secret to `replace`. While the file can't be read, the last secret
/// stays in use.
pub async fn follow(path: PathBuf, mut current: Secret, replace: impl Fn(Secret)) {
    let mut readable = true;
    loop {
        tokio::time::sleep(INTERVAL).await;
        match read(&path) {
            Ok(key) if key != current => {
                info!(file = %path.display(), "the key file changed; using the new key");
                current = key.clone();
                replace(key);
                readable = true;
            }
            Ok(_) => readable = true,
            Err(error) if readable => {
                warn!(file = %path.display(), %error, "cannot read the key file; still using the last key");
                readable = false;
            }
            Err(_) => {}
        }
    }
}
