//! The folder that keeps the components between runs, safe for several processes.

use crate::component::{Component, KUBERNETES_VERSION};
use crate::ladder::Located;
use crate::progress::Progress;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Folders with this prefix hold what is being made and never count as there.
const STAGING_PREFIX: &str = ".making-";

/// The folder of one Kubernetes version.
///
/// The guarantee: a file with a component's name in it is whole. Components are
/// made in a staging folder beside it, flushed to the disk and then renamed, which
/// is atomic; a process that is killed leaves at most a staging folder, which the
/// next holder of the lock removes.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache below the user's cache folder, `~/.cache` or `XDG_CACHE_HOME`.
    pub(crate) fn below(user_cache: &Path) -> Self {
        Self { folder: user_cache.join("apivideo-operator").join(format!("k8s-{KUBERNETES_VERSION}")) }
    }

    pub(crate) fn locate(&self, component: Component) -> Located {
        executable_in(&self.folder, component)
    }

    /// Waits until no other process or task makes anything for this cache.
    pub(crate) async fn lock(&self, progress: &Progress) -> io::Result<CacheLock<'_>> {
        // The lock can only be waited for by blocking a thread, which a Ctrl-C
        // could not interrupt; so it is asked for again and again.
        const ASK_AGAIN: Duration = Duration::from_millis(200);
        fs::create_dir_all(&self.folder)?;
        let file = File::options().create(true).append(true).open(self.folder.join(".lock"))?;
        let mut reported = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut reported, true) {
                        progress.line(
                            "waiting for another process that downloads or builds the same components …",
                        );
                    }
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
        let lock = CacheLock { cache: self, _file: file };
        lock.sweep();
        Ok(lock)
    }
}

/// The right to change the cache; given back when dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct CacheLock<'a> {
    cache: &'a Cache,
    _file: File,
}

impl CacheLock<'_> {
    /// A fresh folder to make a component in, on the same file system.
    pub(crate) fn staging(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix(STAGING_PREFIX).tempdir_in(&self.cache.folder)
    }

    /// Takes a finished executable out of a staging folder into the cache.
    pub(crate) fn install(&self, made: &Path, component: Component) -> io::Result<PathBuf> {
        fs::set_permissions(made, fs::Permissions::from_mode(0o755))?;
        File::open(made)?.sync_all()?;
        let place = self.cache.folder.join(component.file_name());
        fs::rename(made, &place)?;
        Ok(place)
    }

    /// Removes what killed processes left. The lock says that nobody uses it.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.cache.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(STAGING_PREFIX) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// The executable of a component in a folder, or why it can't be used.
pub(crate) fn executable_in(folder: &Path, component: Component) -> Located {
    let path = folder.join(component.file_name());
    match fs::metadata(&path) {
        Ok(found) if !found.is_file() => Err(format!("{} is not a file", path.display())),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => {
            Err(format!("{} is not executable", path.display()))
        }
        Ok(_) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("{} is not there", path.display()))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_made_files_of_a_killed_process_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::below(home.path());
        let half = cache.folder.join(".making-killed");
        fs::create_dir_all(&half).unwrap();
        fs::write(half.join("etcd"), "half").unwrap();
        fs::set_permissions(half.join("etcd"), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(cache.locate(Component::Etcd).is_err());

        let lock = cache.lock(&Progress::silent()).await.unwrap();
        assert!(!half.exists());
        drop(lock);
    }

    #[tokio::test]
    async fn what_is_installed_is_there_and_executable() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::below(home.path());
        let lock = cache.lock(&Progress::silent()).await.unwrap();
        let staging = lock.staging().unwrap();
        let made = staging.path().join("made");
        fs::write(&made, "#!/bin/sh\n").unwrap();
        assert_eq!(executable_in(staging.path(), Component::Etcd).unwrap_err().lines().count(), 1);
        let place = lock.install(&made, Component::Etcd).unwrap();
        assert_eq!(cache.locate(Component::Etcd), Ok(place));
    }

    #[test]
    fn a_folder_or_a_file_that_cannot_run_is_not_a_component() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("etcd")).unwrap();
        fs::write(folder.path().join("kubectl"), "").unwrap();
        assert!(executable_in(folder.path(), Component::Etcd).unwrap_err().ends_with("is not a file"));
        assert!(executable_in(folder.path(), Component::Kubectl).unwrap_err().ends_with("is not executable"));
    }
}
