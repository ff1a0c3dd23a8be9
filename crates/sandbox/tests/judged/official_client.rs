//! The official Python client judges the sandbox, from a virtual environment of
//! its own in the user's cache.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use apivideo_sandbox::{Options, Sandbox};
use tokio::process::Command;

const PACKAGE: &str = "api.video==1.4.7";
const ENVIRONMENT: &str = "apivideo-operator/venv-api.video-1.4.7";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/official_client.py");
/// Written last: without it, the environment is half made.
const COMPLETE: &str = "complete";

/// `$XDG_CACHE_HOME` or `~/.cache`.
fn cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
}

/// The Python of the environment, which is made if it is not there. `Err` says
/// why it can't be had here.
async fn python() -> Result<PathBuf, String> {
    let cache = cache().ok_or("no cache folder")?;
    let environment = cache.join(ENVIRONMENT);
    fs::create_dir_all(environment.parent().unwrap()).map_err(|error| error.to_string())?;
    let lock = File::create(cache.join(format!("{ENVIRONMENT}.lock"))).map_err(|error| error.to_string())?;
    // Waits for another test run that is making it, off the async threads.
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await.unwrap();
    let _lock = lock.map_err(|error| error.to_string())?;
    let python = environment.join("bin/python");
    if !environment.join(COMPLETE).exists() {
        make(&environment, &python).await?;
        File::create(environment.join(COMPLETE)).map_err(|error| error.to_string())?;
    }
    Ok(python)
}

/// In place, for environments can't be moved.
async fn make(environment: &Path, python: &Path) -> Result<(), String> {
    let path = environment.as_os_str();
    let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(path)).await;
    made.map_err(|why| format!("no python3 with venv: {why}"))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
    run(Command::new(python).args(pip)).await.map_err(|why| format!("{PACKAGE} can't be installed: {why}"))
}

async fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(stderr.lines().last().unwrap_or("it failed without a word").to_owned())
}

#[tokio::test]
async fn the_official_python_client_finds_nothing_wrong() {
    let python = match python().await {
        Ok(python) => python,
        Err(why) => return println!("skipped: {why}"),
    };
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let output = Command::new(python)
        .arg(SCRIPT)
        .env("OFFICIAL_CLIENT_HOST", sandbox.url())
        .env("OFFICIAL_CLIENT_KEY", "sandbox-key")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(sandbox.calls().writes() > 10, "the client went elsewhere: {said}");
    print!("{said}");
}
