//! Whether the version of an installed kubectl fits this API server.

use crate::component::KUBERNETES_MINOR;
use crate::ladder::Located;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The first kubectl in the folders of `PATH`, if its version fits. Kubernetes
/// supports a kubectl within one minor version of the API server
/// (<https://kubernetes.io/releases/version-skew-policy/#kubectl>).
pub(crate) async fn on_path(folders: &[PathBuf]) -> Located {
    let found = folders.iter().map(|folder| folder.join("kubectl")).find(|path| path.is_file());
    let path = found.ok_or("no kubectl there")?;
    let minor =
        minor_version(&path).await.ok_or_else(|| format!("{} does not print its version", path.display()))?;
    if minor.abs_diff(KUBERNETES_MINOR) > 1 {
        let path = path.display();
        return Err(format!("{path} is 1.{minor}, too far from 1.{KUBERNETES_MINOR}"));
    }
    Ok(path)
}

async fn minor_version(kubectl: &Path) -> Option<u32> {
    let output = Command::new(kubectl).args(["version", "--client", "-o", "json"]).output().await.ok()?;
    parse_minor(&output.stdout)
}

/// Vendors append letters or a plus sign, like `32+`.
fn parse_minor(json: &[u8]) -> Option<u32> {
    let version: serde_json::Value = serde_json::from_slice(json).ok()?;
    let text = |field: &str| version.pointer(&format!("/clientVersion/{field}"))?.as_str();
    if text("major")? != "1" {
        return None;
    }
    let minor = text("minor")?;
    let digits = minor.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(minor: &str) -> String {
        format!(r#"{{"clientVersion": {{"major": "1", "minor": "{minor}"}}}}"#)
    }

    #[test]
    fn the_minor_version_is_read_with_and_without_a_vendors_suffix() {
        assert_eq!(parse_minor(answer("36").as_bytes()), Some(36));
        assert_eq!(parse_minor(answer("32+").as_bytes()), Some(32));
        assert_eq!(parse_minor(answer("").as_bytes()), None);
        assert_eq!(parse_minor(b"not json"), None);
        assert_eq!(parse_minor(br#"{"clientVersion": {"major": "2", "minor": "36"}}"#), None);
    }

    #[tokio::test]
    async fn only_a_kubectl_within_one_minor_version_is_taken() {
        for (minor, taken) in [(34, false), (35, true), (36, true), (37, true), (38, false)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("kubectl");
            let script = format!("#!/bin/sh\necho '{}'\n", answer(&minor.to_string()));
            // Written by another process: one that forks while it has a program
            // open for writing can find it "busy" when it runs it.
            let mut write = Command::new("sh");
            write.args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&path).arg(script);
            assert!(write.status().await.unwrap().success());
            let located = on_path(&[folder.path().join("empty"), folder.path().to_owned()]).await;
            assert_eq!(located.is_ok(), taken, "1.{minor}: {located:?}");
        }
        assert!(on_path(&[]).await.is_err());
    }
}
