//! The commands that conditions name, run as they are written: by a shell, with
//! a real kubectl.

use std::{env, path::Path};

use tokio::process::Command;

use crate::stage::Stage;

/// The commands in a message, in its order: each from `: kubectl` to the next
/// clause or the end.
pub(crate) fn commands(message: &str) -> Vec<String> {
    let after = message.split(": kubectl ").skip(1);
    after.map(|rest| format!("kubectl {}", rest.split("; ").next().unwrap_or_default())).collect()
}

impl Stage {
    /// Runs the one command that a message names.
    pub(crate) async fn run_as_written(&self, message: &str) {
        let named = commands(message);
        assert_eq!(named.len(), 1, "one command in: {message}");
        self.shell(&named[0]).await;
    }

    /// Runs a command as a person would, with this cluster as the current one.
    pub(crate) async fn shell(&self, command: &str) {
        let folder = self.kubectl.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap_or_default());
        let ran = Command::new("sh")
            .args(["-c", command])
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .output()
            .await
            .expect("a shell");
        assert!(ran.status.success(), "{command}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
}
