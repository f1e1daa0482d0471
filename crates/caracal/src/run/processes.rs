//! Which processes there are, and who started each.

use nix::unistd::Pid;

/// Every process that has not ended, with its parent; nothing where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn living() -> Vec<(Pid, Pid)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|process| {
            let pid = Pid::from_raw(process.file_name().to_str()?.parse().ok()?);
            Some((pid, parent(pid)?))
        })
        .collect()
}

/// The parent of a process that has not ended.
#[cfg(target_os = "linux")]
fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    // Dead, but not yet taken note of by its parent.
    (fields.next()? != "Z").then_some(())?;
    Some(Pid::from_raw(fields.next()?.parse().ok()?))
}

/// Every process that has not ended, with its parent; nothing where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn living() -> Vec<(Pid, Pid)> {
    use std::process::{Command, Stdio};

    let asked = Command::new("/bin/ps")
        .args(["-axo", "pid=,ppid=,stat="])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(asked) = asked else {
        return Vec::new();
    };
    let own = asked.id();
    let told = asked.wait_with_output().map(|output| output.stdout);
    let table = told.unwrap_or_default();
    let mut living = read_table(&String::from_utf8_lossy(&table));
    // It lists itself, and is a child of whoever asks.
    living.retain(|(pid, _)| u32::try_from(pid.as_raw()) != Ok(own));
    living
}

/// Lines of `ps -axo pid=,ppid=,stat=`.
#[cfg(any(test, not(target_os = "linux")))]
fn read_table(table: &str) -> Vec<(Pid, Pid)> {
    let read = |line: &str| {
        let mut fields = line.split_whitespace();
        let pid = Pid::from_raw(fields.next()?.parse().ok()?);
        let parent = Pid::from_raw(fields.next()?.parse().ok()?);
        // Dead, but not yet taken note of by its parent.
        (!fields.next()?.starts_with('Z')).then_some((pid, parent))
    };
    table.lines().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_listed_with_its_parent() {
        let own = (Pid::this(), Pid::parent());
        assert!(living().contains(&own));
    }

    #[test]
    fn a_table_of_ps_is_read_without_the_dead() {
        let table = "    1     0 Ss\n  410     1 S+\n  411   410 Z\nnonsense\n";
        let pairs = [(1, 0), (410, 1)].map(|(pid, parent)| (Pid::from_raw(pid), Pid::from_raw(parent)));
        assert_eq!(read_table(table), pairs);
    }
}
