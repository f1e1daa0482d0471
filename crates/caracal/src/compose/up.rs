//! `caracal up --runtime` and `caracal up --compose`.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::{docker, runtime, start};
use crate::Outcome;
use crate::checkout;
use crate::cli::Up;
use crate::containers::{Containers, Kind};
use crate::endpoints::{self, Endpoints};
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock;
use crate::marker;
use crate::output::{answer, note};

/// Where a checkout has the development file.
const DEVELOPMENT_FILE: &str = "infra/docker/docker-compose.yml";
/// How long the first start may take, in which images are fetched or built.
const TIMEOUT_SECONDS: u64 = 1800;

/// Starts the stack of `kind`, or brings the one that runs to this version, and waits until every role takes traffic.
///
/// # Errors
/// One sentence saying what is missing, what is in the way, or what did not get ready.
pub(crate) fn up(
    environment: &Environment,
    home: &Home,
    kind: Kind,
    options: &Up,
    json: bool,
) -> anyhow::Result<Outcome> {
    docker::require(environment)?;
    home.prepare(environment)?;
    let hint = Hint::new(environment, home);
    // Two starts at once, or one beside an embedded daemon of this home, would undo each other.
    let _lock = lock::take(home, &hint)?;
    if home.database_files().iter().any(|file| file.exists()) {
        bail!(
            "{} holds the state of a stack without containers; give the containers a home of their own with --home",
            home.path().display()
        );
    }
    let was = Containers::of(home)?;
    if let Some(was) = &was
        && was.kind != kind
    {
        bail!(
            "{} has the stack that {} started; stop it with {}, or give this one a home of its own with --home",
            home.path().display(),
            hint.command(was.kind.up()),
            hint.command("down")
        );
    }
    marker::check(home)?;
    let containers = match kind {
        Kind::Runtime => {
            let containers = runtime::prepare(environment, home)?;
            runtime::write_file(&containers.file)?;
            containers
        }
        Kind::Development => development(environment)?,
    };
    if let Some(other) = docker::other_project(environment, &containers.file)? {
        bail!(
            "Docker runs another stack of this name already, of {other}; stop it with `docker compose --file {other} down`, or \
             set COMPOSE_PROJECT_NAME and ports of its own for this one"
        );
    }
    let endpoints = docker::endpoints(environment)?;
    marker::write(home)?;
    containers.record(home)?;
    // Where `run` and `status` find the roles.
    Endpoints::publish(home, &endpoints).context("cannot write where the roles are")?;
    // From here on there is something to stop.
    let interrupt = Interrupt::watch()?;
    let timeout = options.timeout.unwrap_or(TIMEOUT_SECONDS);
    let status = start::start(environment, home, &containers, timeout)?;
    if interrupt.is_asked() {
        note("interrupted while starting; stopping the containers");
        let _ = docker::compose(environment, &containers)
            .args(["--profile", "*", "stop"])
            .stdout(std::io::stderr())
            .status();
        return Ok(Outcome::Interrupted);
    }
    if !status.success() {
        bail!(
            "not every container got ready ({status}); what runs keeps running, see {} and {}",
            hint.command("logs"),
            hint.command("status --ready")
        );
    }
    report(home, &hint, &containers, &endpoints, json)?;
    Ok(Outcome::Good)
}

fn development(environment: &Environment) -> anyhow::Result<Containers> {
    let why = "`up --compose` builds images from sources (`up --runtime` runs those of a release)";
    let checkout = checkout::find(environment, DEVELOPMENT_FILE, why)?;
    Ok(Containers {
        kind: Kind::Development,
        file: checkout.join(DEVELOPMENT_FILE),
        variables: docker::variables(environment, []),
    })
}

/// What was started, for programs.
#[derive(Serialize)]
struct Started<'a> {
    home: &'a Path,
    stack: Kind,
    compose_file: &'a Path,
    endpoints: serde_json::Map<String, serde_json::Value>,
    admin_token_file: Option<&'a Path>,
}

/// Says where the roles of a stack are.
pub(super) fn report(
    home: &Home,
    hint: &Hint,
    containers: &Containers,
    endpoints: &[(String, String)],
    json: bool,
) -> anyhow::Result<()> {
    let token = home.admin_token_file();
    let token = token.is_file().then_some(token);
    if json {
        let started = Started {
            home: home.path(),
            stack: containers.kind,
            compose_file: &containers.file,
            endpoints: endpoints::document(endpoints),
            admin_token_file: token.as_deref(),
        };
        return Ok(answer(&serde_json::to_string(&started)?)?);
    }
    let mut lines = vec!["every role is ready".to_owned(), String::new()];
    lines.extend(endpoints::lines(endpoints));
    lines.push(String::new());
    if let Some(token) = token {
        lines.push(format!("  {:<12} {}", "admin token", token.display()));
    }
    lines.push(format!("  {:<12} {}", "compose file", containers.file.display()));
    lines.push(format!(
        "\nWhat they say is shown by {}. Stop them with {}.",
        hint.command("logs -f"),
        hint.command("down")
    ));
    Ok(answer(&lines.join("\n"))?)
}
