//! The tools of others that judge what is tested here: found on the PATH, in
//! the user's cache, or had once and kept there.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// promtool, or `None` with a word of why.
pub(crate) fn promtool() -> Option<PathBuf> {
    had("promtool", "promtool-2", |folder| {
        // Debian's package is unpacked, not installed.
        let steps =
            "apt-get download prometheus && dpkg -x prometheus_*.deb . && cp usr/bin/promtool promtool";
        ran(Command::new("sh").args(["-c", steps]).current_dir(folder))
    })
}

/// The interpreter of Argo CD's health checks: its own, else the one that it is
/// made of with the same libraries; or `None` with a word of why.
pub(crate) fn lua_health() -> Option<PathBuf> {
    let own = |folder: &Path| {
        let files = [
            ("go.mod", include_str!("tools/argocd-health/go.mod")),
            ("go.sum", include_str!("tools/argocd-health/go.sum")),
            ("main.go", include_str!("tools/argocd-health/main.go")),
        ];
        go_build(folder, &files, "argocd-health", ".")
    };
    let alike = |folder: &Path| {
        let files = [
            ("go.mod", include_str!("tools/lua-health/go.mod")),
            ("go.sum", include_str!("tools/lua-health/go.sum")),
            ("main.go", include_str!("tools/lua-health/main.go")),
        ];
        go_build(folder, &files, "lua-health", ".")
    };
    had("argocd-health", "argocd-health-3.2.12", own).or_else(|| had("lua-health", "lua-health-1", alike))
}

/// Builds a Go program from a module of these files.
fn go_build(folder: &Path, files: &[(&str, &str)], name: &str, package: &str) -> Result<(), String> {
    for (file, text) in files {
        fs::write(folder.join(file), text).map_err(|error| error.to_string())?;
    }
    let flags = ["go", "build", "-mod=mod", "-trimpath", "-ldflags", "-s -w", "-o", name, package];
    ran(Command::new("nice").args(flags).current_dir(folder))
}

/// Flux's kustomize-controller.
pub(crate) struct KustomizeController {
    pub binary: PathBuf,
    /// The definition of Kustomizations.
    pub crd: PathBuf,
}

/// Flux's kustomize-controller with the definition that belongs to it, or
/// `None` with a word of why. One on the PATH is taken if the definition is beside it.
pub(crate) fn kustomize_controller() -> Option<KustomizeController> {
    let (name, crd) = ("kustomize-controller", "kustomizations.yaml");
    let binary = had(name, "kustomize-controller-1.9.6", |folder| {
        let files = [
            ("go.mod", include_str!("tools/kustomize-controller/go.mod")),
            ("go.sum", include_str!("tools/kustomize-controller/go.sum")),
        ];
        go_build(folder, &files, name, "github.com/fluxcd/kustomize-controller")?;
        let steps = "cp \"$(go list -mod=mod -m -f '{{.Dir}}' github.com/fluxcd/kustomize-controller)\"\
            /config/crd/bases/*kustomizations.yaml ../kustomizations.yaml";
        ran(Command::new("sh").args(["-c", steps]).current_dir(folder))
    })?;
    let crd = binary.with_file_name(crd);
    if crd.is_file() {
        return Some(KustomizeController { binary, crd });
    }
    println!("skipped: there is no {} beside {name}", crd.display());
    None
}

/// A tool of this name, that `make` leaves in a folder of its own if need be.
/// Several processes may ask at once: one makes it, the others wait.
pub(crate) fn had(
    name: &str,
    version: &str,
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Option<PathBuf> {
    let kept = cache()?.join("tools").join(version);
    let found = on_path(name).or_else(|| Some(kept.join(name)).filter(|tool| tool.is_file()));
    if found.is_some() {
        return found;
    }
    match make_once(name, &kept, make) {
        Ok(tool) => Some(tool),
        Err(why) => {
            println!("skipped: {name} is not to be had here: {why}");
            None
        }
    }
}

fn make_once(
    name: &str,
    kept: &Path,
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let message = |error: std::io::Error| error.to_string();
    fs::create_dir_all(kept).map_err(message)?;
    let lock = File::create(kept.join(".lock")).map_err(message)?;
    lock.lock().map_err(message)?;
    let tool = kept.join(name);
    if tool.is_file() {
        return Ok(tool);
    }
    let folder = TempDir::new_in(kept).map_err(message)?;
    make(folder.path())?;
    // The rename is whole or not at all, whoever dies.
    fs::rename(folder.path().join(name), &tool).map_err(message)?;
    Ok(tool)
}

/// Runs a step of the making.
pub(crate) fn ran(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(said(&output)) }
}

/// All that a process said.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|tool| tool.is_file())
}

fn cache() -> Option<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("apivideo-operator"))
}
