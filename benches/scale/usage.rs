//! What a process has used, and how large the machine is. Linux tells both
//! below `/proc`; elsewhere nothing is told.

use std::{fmt, fs, thread};

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

/// The machine's size, for the reader of the tables.
pub(crate) struct Machine {
    /// Its cores, as far as this process may use them.
    pub(crate) cores: Option<usize>,
    /// Its memory, in whole GiB.
    pub(crate) gibibytes: Option<f64>,
}

impl Machine {
    /// The one that this runs on.
    pub(crate) fn here() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").ok();
        let memory = memory.and_then(|text| mebibytes(&text, "MemTotal:"));
        Self {
            cores: thread::available_parallelism().map(usize::from).ok(),
            gibibytes: memory.map(|mebibytes| (mebibytes / 1024.0).round()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |number: Option<String>| number.unwrap_or_else(|| "an unknown number of".to_owned());
        let (cores, memory) =
            (told(self.cores.map(|n| n.to_string())), told(self.gibibytes.map(|n| n.to_string())));
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        write!(f, "{cores} cores, {memory} GiB of memory, {os} {arch}")
    }
}
