//! Tools that tests use where they can be had: found on the `PATH`, or in the
//! user's cache folder, or built into it. One that can't be had is a plain line
//! in the test's output, and no failure.

use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// A tool that Go builds from a module.
struct GoTool {
    name: &'static str,
    version: &'static str,
    package: &'static str,
    /// What the tool is asked for its version, and how the answer begins where it fits.
    ask: &'static [&'static str],
    fits: &'static str,
}

const HELM: GoTool = GoTool {
    name: "helm",
    version: "4.3.1",
    package: "helm.sh/helm/v4/cmd/helm",
    ask: &["version", "--template", "{{.Version}}"],
    fits: "v4.",
};

/// Helm 4, or nothing where it is not to be had, which is said.
pub(crate) fn helm() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        HELM.find().map_err(|why| eprintln!("skipped: helm is not to be had here: {why}")).ok()
    });
    found.as_deref()
}

impl GoTool {
    fn find(&self) -> Result<PathBuf, String> {
        if let Some(found) = self.on_path() {
            return Ok(found);
        }
        let folder = cache()?.join(format!("{}-{}", self.name, self.version));
        let place = folder.join(self.name);
        if place.is_file() {
            return Ok(place);
        }
        self.build(&folder, &place)?;
        Ok(place)
    }

    fn on_path(&self) -> Option<PathBuf> {
        let folders = env::var_os("PATH")?;
        let found =
            env::split_paths(&folders).map(|folder| folder.join(self.name)).find(|path| path.is_file())?;
        let answer = Command::new(&found).args(self.ask).output().ok()?;
        String::from_utf8_lossy(&answer.stdout).starts_with(self.fits).then_some(found)
    }

    /// Builds it beside its place and moves it there, so that a file of its name
    /// is whole; of several processes one builds.
    fn build(&self, folder: &Path, place: &Path) -> Result<(), String> {
        let broken = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(broken)?;
        let lock = File::create(folder.join(".lock")).map_err(broken)?;
        lock.lock().map_err(broken)?;
        if place.is_file() {
            return Ok(());
        }
        let staging = tempfile::tempdir_in(folder).map_err(broken)?;
        eprintln!("building {} {} with Go (about 5 minutes, once)", self.name, self.version);
        let mut go = Command::new("go");
        go.arg("install").arg(format!("{}@v{}", self.package, self.version)).env("GOBIN", staging.path());
        let built = go.output().map_err(|error| format!("go: {error}"))?;
        if !built.status.success() {
            return Err(format!("go install: {}", String::from_utf8_lossy(&built.stderr)));
        }
        fs::rename(staging.path().join(self.name), place).map_err(broken)
    }
}

/// Where tools are kept between runs, beside the control plane.
fn cache() -> Result<PathBuf, String> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Ok(caches.ok_or("neither XDG_CACHE_HOME nor HOME is set")?.join("apivideo-operator").join("tools"))
}
