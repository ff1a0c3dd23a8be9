//! The copy of the kubeconfig at a path that a person chose.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a kubeconfig of this program holds, and others don't.
const MARK: &str = "current-context: apivideo-controlplane\n";

/// Why the copy was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("--kubeconfig {}: there is a file that apivideo-controlplane did not write; choose another path", .0.display())]
    Foreign(PathBuf),
    #[error("--kubeconfig {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// A kubeconfig beside the one of the control plane. Removed when dropped, unless
/// someone has written something else there.
pub(crate) struct KubeconfigCopy {
    path: PathBuf,
    contents: String,
}

impl KubeconfigCopy {
    /// Writes the file, for its owner only, in one step: no reader sees half of it.
    pub(crate) fn write(path: PathBuf, contents: &str) -> Result<Self, CopyError> {
        match fs::read_to_string(&path) {
            Ok(old) if old.contains(MARK) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) => return Err(CopyError::Foreign(path)),
            Err(source) => return Err(CopyError::Io { path, source }),
        }
        match replace(&path, contents) {
            Ok(path) => Ok(Self { path, contents: contents.to_owned() }),
            Err(source) => Err(CopyError::Io { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for KubeconfigCopy {
    fn drop(&mut self) {
        if fs::read_to_string(&self.path).is_ok_and(|found| found == self.contents) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns the absolute path, for use from another folder.
fn replace(path: &Path, contents: &str) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    // Temporary files are readable by their owner only, which a rename keeps.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(contents.as_bytes())?;
    file.persist(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_copy_is_private_and_goes_with_the_control_plane() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let copy = KubeconfigCopy::write(path.clone(), MARK).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(copy);
        assert!(!path.exists());
    }

    #[test]
    fn a_foreign_file_is_neither_replaced_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "current-context: production\n").unwrap();
        assert!(matches!(KubeconfigCopy::write(path.clone(), MARK), Err(CopyError::Foreign(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "current-context: production\n");
    }

    #[test]
    fn an_earlier_copy_is_replaced_and_a_later_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        fs::write(&path, format!("{MARK}# killed\n")).unwrap();
        let first = KubeconfigCopy::write(path.clone(), MARK).unwrap();
        let later = format!("{MARK}# later\n");
        let second = KubeconfigCopy::write(path.clone(), &later).unwrap();
        drop(first);
        assert_eq!(fs::read_to_string(&path).unwrap(), later);
        drop(second);
    }
}
