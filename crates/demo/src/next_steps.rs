//! What a person can try after the last step.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use crate::samples::TOWN_HALL;
use crate::wait::LIMIT;

/// The samples could not be applied again.
#[derive(Debug, thiserror::Error)]
#[error("kubectl apply -f {folder}: {why}", folder = folder.display())]
pub(crate) struct NotApplied {
    folder: PathBuf,
    why: String,
}

/// The addresses and files that the person needs.
pub(crate) struct NextSteps {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) sandbox: String,
    pub(crate) samples: PathBuf,
}

impl NextSteps {
    /// Applies the samples with kubectl, as the person will after editing one:
    /// kubectl warns about objects that another program has applied.
    ///
    /// # Errors
    /// [`NotApplied`], with what kubectl said.
    pub(crate) async fn apply_samples(&self) -> Result<(), NotApplied> {
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.env("KUBECONFIG", &self.kubeconfig).args(["apply", "-f"]).arg(&self.samples);
        let output = timeout(LIMIT, kubectl.stdin(Stdio::null()).kill_on_drop(true).output()).await;
        let why = match output {
            Ok(Ok(output)) if output.status.success() => return Ok(()),
            Ok(Ok(output)) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not end in time".to_owned(),
        };
        Err(NotApplied { folder: self.samples.clone(), why })
    }

    /// Lines for the person to copy. `retained` is the stream that the demo kept.
    pub(crate) fn text(&self, retained: &str) -> String {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let alias = match typed(&self.kubectl, &folders) {
            true => String::new(),
            false => format!("  alias kubectl={}\n", quoted(&self.kubectl)),
        };
        format!(
            "
The samples are applied again, and everything keeps running. In another terminal:

  export KUBECONFIG={kubeconfig}
{alias}  kubectl get livestreams -o wide
  kubectl describe livestream {TOWN_HALL}
  kubectl apply -f {samples}   # after editing one
  kubectl patch livestream {TOWN_HALL} --type merge -p '{{\"spec\":{{\"name\":\"All hands\"}}}}'

Edit or delete streams behind the operator's back: {sandbox}/
The stream {retained} was kept; a LiveStream with this spec.liveStreamId adopts it.

Ctrl-C ends it.",
            kubeconfig = quoted(&self.kubeconfig),
            samples = quoted(&self.samples),
            sandbox = self.sandbox,
        )
    }
}

/// Whether the shell finds this very kubectl by its name.
fn typed(kubectl: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().map(|folder| folder.join("kubectl")).find(|path| path.is_file()).as_deref()
        == Some(kubectl)
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted(Path::new("/tmp/a-1.x/kubeconfig")), "/tmp/a-1.x/kubeconfig");
        assert_eq!(quoted(Path::new("/it's here")), r"'/it'\''s here'");
    }

    #[test]
    fn kubectl_needs_an_alias_unless_the_shell_finds_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let kubectl = folder.path().join("kubectl");
        let folders = [folder.path().join("empty"), folder.path().to_owned()];
        assert!(!typed(&kubectl, &folders));
        std::fs::write(&kubectl, "").unwrap();
        assert!(typed(&kubectl, &folders));
        assert!(!typed(Path::new("/elsewhere/kubectl"), &folders));
    }
}
