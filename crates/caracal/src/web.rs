//! `caracal web`: the console from its sources, in front of the stack that runs, reloading as they change.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::Outcome;
use crate::checkout;
use crate::cli::Web;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::output::note;
use crate::probe;
use crate::run::tree;

/// What a checkout with the console has.
const SOURCES: &str = "console/package.json";
/// The oldest Node.js that the console is built with.
const NODE: (u32, u32) = (20, 19);
const POLL: Duration = Duration::from_millis(100);
/// How long the development server may take to end.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Web,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    let why = "`web` serves the console from its sources";
    let checkout = checkout::find(&environment, SOURCES, why)?;
    require_node()?;
    let hint = Hint::new(&environment, &home);
    let console =
        Endpoints::of_live_daemon(&home).and_then(|endpoints| Some(endpoints.url("web")?.to_owned()));
    let Some(console) = console else {
        bail!(
            "nothing serves the console of {}; {} starts it",
            home.path().display(),
            hint.command("up")
        );
    };
    let asked = [("web".to_owned(), console.clone())];
    if let Some(down) = probe::ask_all(&asked, "/health").into_iter().find(|one| !one.ok) {
        bail!(
            "the console at {console} does not answer ({}); see {}",
            down.detail,
            hint.command("status")
        );
    }
    let interrupt = Interrupt::watch()?;
    tree::adopt_orphans();
    let mut server = Command::new(checkout.join("scripts/console.sh"))
        .args(["dev", "--", "--strictPort", "--host", "localhost", "--port"])
        .arg(options.port.to_string())
        .env("CONSOLE", &console)
        .stdin(Stdio::null())
        // The keys of the terminal are for us: the whole of it is ended at once.
        .process_group(0)
        .spawn()
        .context("cannot start the development server")?;
    note(&format!(
        "the console of {} from {}, before {console}: http://localhost:{} (Ctrl-C ends it)",
        home.path().display(),
        checkout.display(),
        options.port
    ));
    let ended = loop {
        if interrupt.is_asked() {
            break None;
        }
        if let Some(status) = server.try_wait().context("cannot watch the development server")? {
            break Some(status);
        }
        std::thread::sleep(POLL);
    };
    tree::end(GRACE);
    match ended {
        None => Ok(Outcome::Good),
        Some(status) => bail!("the development server ended ({status})"),
    }
}

fn require_node() -> anyhow::Result<()> {
    let (major, minor) = NODE;
    let wanted = format!("Node.js {major}.{minor} or newer is needed; get it from https://nodejs.org");
    let output = Command::new("node")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        bail!("{wanted}");
    };
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if version(&said).is_none_or(|version| version < NODE) {
        bail!(
            "{wanted}; there is {}",
            if said.is_empty() {
                "one that does not tell its version"
            } else {
                &said
            }
        );
    }
    Ok(())
}

/// The first two numbers of `v22.1.0`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_as_numbers() {
        assert!(version("v20.18.1").unwrap() < NODE);
        assert!(version("v20.19.0").unwrap() >= NODE);
        assert!(version("v9.99.0").unwrap() < NODE);
        assert_eq!(version("nonsense"), None);
    }
}
