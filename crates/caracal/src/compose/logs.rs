//! `caracal logs` where the home has a stack of containers.

use std::io::{BufReader, Write as _};
use std::process::Stdio;

use anyhow::{Context as _, bail};

use super::docker;
use crate::Outcome;
use crate::cli::Logs;
use crate::containers::Containers;
use crate::environment::Environment;
use crate::scrub::{as_record, scrub};

/// Shows what the containers wrote, scrubbed as any log is. Each line is a record of its role as it wrote it; those of the
/// stores are text.
///
/// # Errors
/// One sentence when Docker is missing, or says no.
pub(crate) fn logs(
    environment: &Environment,
    containers: &Containers,
    options: &Logs,
    json: bool,
) -> anyhow::Result<Outcome> {
    docker::require(environment)?;
    let mut command = docker::compose(environment, containers);
    command
        .args(["logs", "--no-color", "--tail"])
        .arg(options.lines.to_string());
    if json {
        command.arg("--no-log-prefix");
    }
    if options.follow {
        command.arg("--follow");
    }
    if let Some(role) = options.of.or(options.role) {
        command.arg(role.name());
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("docker cannot be run")?;
    let shown = child
        .stdout
        .take()
        .map_or(Ok(()), |lines| show(BufReader::new(lines), json));
    if shown.is_err() {
        // Nobody reads any more.
        let _ = child.kill();
    }
    let status = child.wait().context("docker cannot be waited for")?;
    shown?;
    if !status.success() {
        bail!("docker compose logs failed ({status})");
    }
    Ok(Outcome::Good)
}

fn show(lines: impl std::io::BufRead, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        writeln!(out, "{}", if json { as_record(&line) } else { scrub(&line) })?;
        out.flush()?;
    }
    Ok(())
}
