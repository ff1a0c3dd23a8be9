//! Runs a program so that it never outlives this process.
//!
//! Each program runs below a small shell that waits on its standard input, a pipe
//! whose other end only this process holds. When this process ends, in whatever
//! way, the pipe closes and the shell ends the program. The shell is the leader of
//! a process group of its own, so that a Ctrl-C at the terminal reaches only this
//! process, and the order of the shutdown stays its own.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};

const SUPERVISOR: &str = include_str!("supervise.sh");

/// How much of the end of a log an error shows.
const TAIL_LINES: usize = 15;

/// What to run, and how it is ended.
pub(crate) struct Program<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) dir: &'a Path,
    /// Output and errors are appended to this file.
    pub(crate) log: PathBuf,
    /// The time between SIGTERM and SIGKILL; counted in tenths of a second.
    pub(crate) grace: Duration,
    /// A folder that goes after the program, for when this process can't do it.
    pub(crate) remove_after: Option<PathBuf>,
}

/// A running program. Dropping it ends the program soon after; [`Supervised::stop`]
/// also waits for the end.
#[derive(Debug)]
pub(crate) struct Supervised {
    supervisor: Child,
    /// Open as long as the program shall run.
    lifeline: Option<ChildStdin>,
    pid: u32,
    log: PathBuf,
    grace: Duration,
}

impl Supervised {
    pub(crate) async fn spawn(program: Program<'_>) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(&program.log)?;
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "sh"])
            .arg((program.grace.as_millis() / 100).to_string())
            .arg(program.remove_after.unwrap_or_default())
            .arg(program.executable)
            .args(&program.args)
            .envs(program.env)
            .current_dir(program.dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        // Held apart from the child: waiting for a child closes the input it owns.
        let lifeline = supervisor.stdin.take();
        let pid = first_line(&mut supervisor).await?;
        let pid = pid
            .parse()
            .map_err(|_| io::Error::other("the supervisor ended before it started the program"))?;
        Ok(Self { supervisor, lifeline, pid, log: program.log, grace: program.grace })
    }

    /// The process id of the program itself.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the program ends. Safe to cancel and to call again.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.supervisor.wait().await
    }

    /// Asks the program to end, waits, and kills it after its grace.
    pub(crate) async fn stop(&mut self) {
        self.lifeline = None;
        let limit = self.grace + Duration::from_secs(1);
        if tokio::time::timeout(limit, self.supervisor.wait()).await.is_err() {
            // Something holds the shell up; the guard below it has sent SIGKILL by now.
            let _ = self.supervisor.kill().await;
        }
    }

    /// The last lines that the program wrote.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

async fn first_line(supervisor: &mut Child) -> io::Result<String> {
    let stdout = supervisor.stdout.take().ok_or_else(|| io::Error::other("no output of the supervisor"))?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    Ok(line.unwrap_or_default())
}

/// The last lines of a file; empty when it can't be read.
pub(crate) fn tail(path: &Path) -> String {
    const BYTES: u64 = 16 * 1024;
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
#[path = "supervise_tests.rs"]
mod tests;
