//! What processes cost, from `/proc` (proc(5)). Linux only.

use std::time::Duration;

use anyhow::Context as _;

/// Clock ticks a second in `/proc/<pid>/stat`: fixed at 100 for user space on every architecture built for.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time, user and system, that all threads of a process have used. Steps of ten milliseconds.
///
/// # Errors
/// When the process is gone or `/proc` is not there.
pub fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let stat = read(pid, "stat")?;
    parse_cpu(&stat).with_context(|| format!("cannot read the CPU time of process {pid}"))
}

/// CPU time of several processes together.
///
/// # Errors
/// When one of them is gone.
pub fn cpu_time_of_all(pids: &[u32]) -> anyhow::Result<Duration> {
    pids.iter().map(|pid| cpu_time(*pid)).sum()
}

/// Resident memory of a process, in bytes.
///
/// # Errors
/// When the process is gone or `/proc` is not there.
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let status = read(pid, "status")?;
    parse_resident(&status).with_context(|| format!("cannot read the memory of process {pid}"))
}

/// Cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The name of the processor, for reports.
pub fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

/// Fields 14 and 15 of `stat`. The name in field 2 may hold anything, so counting starts behind its last bracket.
fn parse_cpu(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let ticks = user.checked_add(system)?;
    Some(Duration::from_millis(ticks.checked_mul(1000)? / TICKS_PER_SECOND))
}

fn parse_resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(parse_cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_cpu("12 (a) S 1 2"), None);
        assert_eq!(parse_cpu(""), None);
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        assert_eq!(
            parse_resident("Name:\tx\nVmRSS:\t   1024 kB\n"),
            Some(1024 * 1024)
        );
        assert_eq!(parse_resident("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_can_be_read_and_an_absent_one_cannot() {
        let own = std::process::id();
        assert!(resident_bytes(own).unwrap() > 100_000);
        assert!(cpu_time_of_all(&[own, own]).is_ok());
        // Process ids end far below.
        assert!(cpu_time(u32::MAX).is_err());
    }
}
