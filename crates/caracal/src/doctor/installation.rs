//! The programs and their settings.

use std::ffi::OsStr;
use std::path::Path;

use super::{CheckContext, Section};
use crate::daemon;
use crate::marker;
use crate::version::VERSION;

/// What `caracald check-config` puts before what is wrong.
const UNUSABLE: &str = "configuration is not usable: ";

pub(super) fn check(context: &CheckContext<'_>, operator_file: anyhow::Result<()>) -> Section {
    let mut section = Section::new("installation");
    let file = context.environment.operator_file(context.home.path());
    match operator_file {
        Err(error) => section.fail(
            "settings file",
            format!("{error:#}"),
            "correct the line, or name another file with CARACAL_ENV_FILE",
        ),
        Ok(()) if file.exists() => section.ok("settings file", file.display().to_string()),
        Ok(()) => section.ok("settings file", format!("none; {} would be read", file.display())),
    }
    match daemon::find(context.environment) {
        Err(error) => section.fail(
            "caracald",
            format!("{error:#}"),
            "install caracal and caracald into one directory",
        ),
        Ok(caracald) => {
            program(&mut section, context, &caracald);
            settings(&mut section, context, &caracald);
        }
    }
    match marker::check(context.home) {
        Ok(()) => section.ok("version of the state", format!("fits caracal {VERSION}")),
        Err(error) => section.fail(
            "version of the state",
            format!("{error:#}"),
            "an older caracal must not write what a newer one wrote",
        ),
    }
    section
}

fn program(section: &mut Section, context: &CheckContext<'_>, caracald: &Path) {
    let shown = caracald.display();
    match daemon::ask(
        caracald,
        context.environment,
        context.home,
        &[OsStr::new("--version")],
    ) {
        Err(error) => section.fail(
            "caracald",
            format!("{shown}: {error:#}"),
            "install the build for this machine",
        ),
        Ok(said) => {
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            if said == format!("caracald {VERSION}") {
                section.ok("caracald", format!("{shown}, {VERSION}"));
            } else {
                section.warn(
                    "caracald",
                    format!("{shown} is {said:?} and this caracal is {VERSION}"),
                    "install both from one release",
                );
            }
        }
    }
}

/// One line for each setting that is wrong: whoever mends the first should not meet the next at the next start.
fn settings(section: &mut Section, context: &CheckContext<'_>, caracald: &Path) {
    let arguments = [OsStr::new("check-config")];
    let Err(error) = daemon::ask(caracald, context.environment, context.home, &arguments) else {
        return section.ok("settings", "usable");
    };
    let sentence = format!("{error:#}");
    for one in sentence.trim_start_matches(UNUSABLE).split("; ") {
        let advice = format!("{} shows what is in force", context.hint.command("config"));
        // `up` warns of a name that means nothing and starts: a variable of a neighbour must not look like a fault.
        if one.contains(" is not a setting") {
            section.warn("settings", one, advice);
        } else {
            section.fail("settings", one, advice);
        }
    }
}
