//! What a process has used, and how large the machine is. Linux tells both
//! below `/proc`; elsewhere nothing is told.

use std::{fs, thread};

/// The unit of CPU times in `/proc`, in ticks a second: fixed at 100 for what
/// user space sees, whatever the kernel's own timer does (proc_pid_stat(5)).
const TICKS: f64 = 100.0;

/// What a process has used since its start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU time, user and system, in seconds.
    pub(crate) cpu_seconds: Option<f64>,
    /// The memory that is resident now, in MiB.
    pub(crate) mebibytes: Option<f64>,
    /// The most memory that was resident at once, in MiB.
    pub(crate) peak_mebibytes: Option<f64>,
}

impl Usage {
    /// What the process `pid` has used up to now.
    pub(crate) fn of(pid: u32) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
        Self {
            cpu_seconds: read("stat").as_deref().and_then(cpu_seconds),
            mebibytes: read("status").as_deref().and_then(|text| mebibytes(text, "VmRSS:")),
            peak_mebibytes: read("status").as_deref().and_then(|text| mebibytes(text, "VmHWM:")),
        }
    }

    /// The CPU seconds since an earlier look.
    pub(crate) fn cpu_since(&self, earlier: &Self) -> Option<f64> {
        Some(self.cpu_seconds? - earlier.cpu_seconds?)
    }
}

/// The fields 14 and 15. The name in field 2 may hold spaces and brackets, so
/// the fields are counted from behind the last bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, from_third) = stat.rsplit_once(')')?;
    let mut times = from_third.split_whitespace().skip(11).map(str::parse::<f64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some((user + system) / TICKS)
}

/// A line like `VmHWM:    40960 kB`.
fn mebibytes(text: &str, label: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// The machine's size, for the reader of the table.
pub(crate) fn machine() -> String {
    let cores = thread::available_parallelism().map_or_else(|_| "unknown".to_owned(), |n| n.to_string());
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mebibytes(&text, "MemTotal:"));
    let memory =
        memory.map_or_else(|| "unknown".to_owned(), |mebibytes| format!("{:.0} GiB", mebibytes / 1024.0));
    format!("{cores} cores, {memory} of memory, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}
