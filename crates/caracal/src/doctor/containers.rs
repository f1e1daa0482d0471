//! A stack of containers: Docker, the Compose file, which release it is, and its secrets.

use std::ffi::OsStr;

use super::{CheckContext, Section};
use crate::compose;
use crate::containers::{Containers, Kind};
use crate::daemon;
use crate::marker;
use crate::version::VERSION;

pub(super) fn check(
    context: &CheckContext<'_>,
    operator_file: anyhow::Result<()>,
    containers: &Containers,
) -> Section {
    let mut section = Section::new("containers");
    let up = context.hint.command(containers.kind.up());
    if let Err(error) = operator_file {
        section.fail(
            "settings file",
            format!("{error:#}"),
            "correct the line, or name another file with CARACAL_ENV_FILE",
        );
    }
    match compose::require(context.environment) {
        Ok(()) => section.ok("docker", "the engine answers, and has Compose"),
        Err(error) => section.fail(
            "docker",
            format!("{error:#}"),
            "without it nothing of this home can be started, stopped or shown",
        ),
    }
    let shown = containers.file.display();
    if containers.file.is_file() {
        section.ok("compose file", shown.to_string());
    } else {
        section.fail(
            "compose file",
            format!("{shown} is gone"),
            format!("{up} writes it anew"),
        );
    }
    if let Err(error) = marker::check(context.home) {
        section.fail(
            "version of the state",
            format!("{error:#}"),
            "an older caracal must not write what a newer one wrote",
        );
    }
    if containers.kind == Kind::Runtime {
        release(&mut section, context, containers);
        secrets(&mut section, context, containers);
    }
    section
}

fn release(section: &mut Section, context: &CheckContext<'_>, containers: &Containers) {
    let variable = compose::VERSION_VARIABLE;
    let installed = context.environment.get(variable).unwrap_or(VERSION);
    match containers.variables.get(variable) {
        Some(running) if running != installed => section.warn(
            "release",
            format!("{running} is what was started, and {installed} is installed"),
            format!("{} puts it in place", context.hint.command("upgrade")),
        ),
        _ => section.ok("release", installed),
    }
}

/// The daemon knows which there have to be, and how strong.
fn secrets(section: &mut Section, context: &CheckContext<'_>, containers: &Containers) {
    let Some(directory) = containers.variables.get("CARACAL_SECRETS_DIR") else {
        return;
    };
    let arguments = ["secrets", "check", directory].map(OsStr::new);
    let checked = daemon::find(context.environment)
        .and_then(|caracald| daemon::ask(&caracald, context.environment, context.home, &arguments));
    match checked {
        Ok(_) => section.ok("secrets", directory),
        Err(error) => section.fail(
            "secrets",
            format!("{error:#}"),
            format!(
                "`caracald secrets check {directory}` says all; `caracald secrets init` makes what is missing"
            ),
        ),
    }
}
