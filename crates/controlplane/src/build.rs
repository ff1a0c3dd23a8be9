//! Builds a component with Go, from the module files that are embedded here.

use crate::component::{Component, KUBERNETES_MINOR, KUBERNETES_VERSION};
use crate::supervise::{Program, Supervised, tail};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

const GO_MOD: &str = include_str!("../go/go.mod");
const GO_SUM: &str = include_str!("../go/go.sum");

/// Why Go gave no executable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("go is not on the PATH")]
    NoGo,
    #[error("{found} is installed, but {needed} or newer is needed")]
    TooOld { found: String, needed: String },
    #[error("the build could not be run: {0}")]
    Run(#[from] io::Error),
    #[error("go build failed ({status}); the end of its output:\n{output}")]
    Failed { status: String, output: String },
}

/// Builds one component in `staging` and returns the executable in it.
///
/// The versions of everything that goes into it are those of the embedded
/// `go.sum`; the toolchain is the installed one, and none is downloaded.
pub(crate) async fn build(component: Component, staging: &Path) -> Result<PathBuf, BuildError> {
    require_go().await?;
    fs::write(staging.join("go.mod"), GO_MOD)?;
    fs::write(staging.join("go.sum"), GO_SUM)?;
    let made = staging.join(component.file_name());
    let log = staging.join("build.log");
    let mut go = Supervised::spawn(Program {
        executable: Path::new("go"),
        args: build_args(component, &made),
        env: build_env(),
        dir: staging,
        log: log.clone(),
        grace: Duration::from_secs(1),
        remove_after: None,
    })
    .await?;
    let status = go.ended().await?;
    if !status.success() {
        return Err(BuildError::Failed { status: status.to_string(), output: tail(&log) });
    }
    Ok(made)
}

fn build_args(component: Component, made: &Path) -> Vec<String> {
    // Without a version a Kubernetes program calls itself v0.0.0-master, and
    // kubectl and the API server compare theirs.
    let version = "k8s.io/component-base/version";
    let linker = format!(
        "-s -w -X {version}.gitVersion=v{KUBERNETES_VERSION} -X {version}.gitMajor=1 -X {version}.gitMinor={KUBERNETES_MINOR}"
    );
    let made = made.display().to_string();
    ["build", "-mod=readonly", "-trimpath", "-ldflags", &linker, "-o", &made, component.go_package()]
        .map(str::to_owned)
        .into()
}

/// Settings that a person may have for other work must not change this build:
/// another target platform, or a workspace around the folder.
fn build_env() -> Vec<(&'static str, String)> {
    [("CGO_ENABLED", "0"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off"), ("GOOS", ""), ("GOARCH", "")]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
}

async fn require_go() -> Result<(), BuildError> {
    let asked = Command::new("go").args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output().await;
    let output = match asked {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BuildError::NoGo),
        Err(error) => return Err(error.into()),
    };
    new_enough(String::from_utf8_lossy(&output.stdout).trim())
}

/// Judges what `go env GOVERSION` prints, like `go1.26.8`.
fn new_enough(found: &str) -> Result<(), BuildError> {
    let needed = needed_go();
    if release(found).is_some_and(|found| Some(found) >= release(needed)) {
        return Ok(());
    }
    let found = if found.is_empty() { "an unknown version of Go" } else { found };
    Err(BuildError::TooOld { found: found.to_owned(), needed: format!("Go {needed}") })
}

/// The `go` line of the embedded module, like `1.26.0`.
fn needed_go() -> &'static str {
    GO_MOD.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or_default()
}

/// `1.26` out of `go1.26.8`, `1.26.0` or `devel go1.27-abcdef`.
fn release(version: &str) -> Option<(u32, u32)> {
    let numbers = version.rsplit("go").next()?;
    let mut numbers = numbers.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_is_new_enough_from_the_release_of_the_module_on() {
        assert_eq!(release(needed_go()), Some((1, 26)));
        for fits in ["go1.26.0", "go1.26.8", "go1.27", "go1.26rc1", "devel go1.28-3fa2c1", "go2.0"] {
            assert!(new_enough(fits).is_ok(), "{fits}");
        }
        for old in ["go1.25.9", "go1.9", "", "unknown"] {
            assert!(new_enough(old).is_err(), "{old}");
        }
    }

    #[test]
    fn an_old_go_is_named_beside_the_one_that_is_needed() {
        let message = new_enough("go1.24.1").unwrap_err().to_string();
        assert_eq!(message, "go1.24.1 is installed, but Go 1.26.0 or newer is needed");
    }
}
