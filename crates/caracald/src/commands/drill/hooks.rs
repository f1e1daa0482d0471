//! The operator's commands: those that break and mend something, and the one that looks for what is broken.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

use super::report::Expectation;

/// Longest run of one of them.
const LONGEST: Duration = Duration::from_mins(10);

/// What the command that looks found.
pub(super) struct Detection {
    pub(super) while_broken: bool,
    pub(super) afterwards: bool,
}

impl Detection {
    pub(super) fn expected(self) -> Expectation {
        let found = |found: bool| if found { "found" } else { "not found" };
        Expectation::of(
            "what was broken is found, and nothing once it is mended",
            self.while_broken && !self.afterwards,
            format!(
                "{} while it was, {} afterwards",
                found(self.while_broken),
                found(self.afterwards)
            ),
        )
    }
}

/// Runs a command that has to do something.
pub(super) async fn hook(which: &str, command: &str) -> anyhow::Result<()> {
    let status = run_command(which, command).await?;
    ensure!(status.success(), "the command of {which} ended with {status}");
    Ok(())
}

/// Runs the command that looks: whether it found something. One that could not look is no answer.
pub(super) async fn detects(command: &str) -> anyhow::Result<bool> {
    let status = run_command("--detect", command).await?;
    match status.code() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => bail!("the command of --detect ended with {status}, and not with 0 or 1"),
    }
}

async fn run_command(which: &str, command: &str) -> anyhow::Result<ExitStatus> {
    let mut child = tokio::process::Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run the command of {which}"))?;
    match tokio::time::timeout(LONGEST, child.wait()).await {
        Ok(status) => status.with_context(|| format!("the command of {which}")),
        Err(_) => bail!("the command of {which} ran longer than {} s", LONGEST.as_secs()),
    }
}
