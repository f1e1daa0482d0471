//! `caracal up --runtime` and `caracal up --compose`.

use std::ffi::OsStr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::docker;
use crate::Outcome;
use crate::checkout;
use crate::cli::Up;
use crate::containers::{Containers, Kind};
use crate::daemon;
use crate::endpoints::{self, Endpoints};
use crate::environment::Environment;
use crate::files;
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock;
use crate::marker;
use crate::output::{answer, note};

/// The runtime file of this version. It is written anew by each start: what is to differ is set by variables.
const RUNTIME_FILE: &str = include_str!("../../../../infra/docker/runtime-compose.yml");
/// Where a checkout has the development file.
const DEVELOPMENT_FILE: &str = "infra/docker/docker-compose.yml";
/// Where the stores are that come with the runtime file.
const OWN_POSTGRES: &str = "postgres://postgres:5432/caracal?sslmode=disable";
const OWN_REDIS: &str = "redis://redis:6379";
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
        Kind::Runtime => runtime(environment, home)?,
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
    let own_stores = kind == Kind::Runtime && own_stores(home);
    let mut command = docker::compose(environment, &containers);
    if own_stores {
        command.args(["--profile", "stores"]);
    }
    command.args(["up", "--detach", "--remove-orphans", "--wait", "--wait-timeout"]);
    command.arg(options.timeout.unwrap_or(TIMEOUT_SECONDS).to_string());
    if kind == Kind::Development {
        command.arg("--build");
    }
    note(&format!(
        "starting the containers of {}",
        containers.file.display()
    ));
    let status = command
        .stdin(Stdio::null())
        // The answer is ours.
        .stdout(std::io::stderr())
        .status()
        .context("docker cannot be run")?;
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

fn runtime(environment: &Environment, home: &Home) -> anyhow::Result<Containers> {
    let file = home.path().join("compose.yml");
    files::replace(&file, RUNTIME_FILE.as_bytes(), 0o644)
        .with_context(|| format!("cannot write {}", file.display()))?;
    // The accounts of the containers read below; the home itself is for its owner alone.
    let authorities = home.path().join("ca");
    let control = home.path().join("control");
    for directory in [&authorities, &control] {
        if !directory.is_dir() {
            std::fs::DirBuilder::new()
                .mode(0o755)
                .create(directory)
                .with_context(|| format!("cannot make {}", directory.display()))?;
            std::fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        }
    }
    let secrets = home.path().join("secrets");
    make_secrets(environment, home, &secrets)?;
    let shown = |path: &Path| path.display().to_string();
    Ok(Containers {
        kind: Kind::Runtime,
        variables: docker::variables(
            environment,
            [
                ("CARACAL_VERSION", env!("CARGO_PKG_VERSION").to_owned()),
                ("CARACAL_SECRETS_DIR", shown(&secrets)),
                ("CARACAL_CA_DIR", shown(&authorities)),
                ("CARACAL_CONTROL_DIR", shown(&control)),
            ],
        ),
        file,
    })
}

/// Makes the secrets that are missing. Where the operator named PostgreSQL and Redis elsewhere before
/// (`caracald secrets init`), those stay.
fn make_secrets(environment: &Environment, home: &Home, secrets: &Path) -> anyhow::Result<()> {
    if environment.get("CARACAL_SECRETS_DIR").is_some() {
        return Ok(());
    }
    let caracald = daemon::find(environment)?;
    std::fs::create_dir_all(secrets).with_context(|| format!("cannot make {}", secrets.display()))?;
    let mut arguments = vec![OsStr::new("secrets"), OsStr::new("init"), secrets.as_os_str()];
    if own_stores(home) {
        arguments.extend(["--postgres", OWN_POSTGRES, "--redis", OWN_REDIS].map(OsStr::new));
    }
    daemon::ask(&caracald, environment, home, &arguments).context("the secrets could not be made")?;
    Ok(())
}

/// Whether PostgreSQL and Redis are containers beside the roles: unless a secret names another place.
fn own_stores(home: &Home) -> bool {
    let url = std::fs::read_to_string(home.path().join("secrets/databaseUrl")).unwrap_or_default();
    url.is_empty() || url.contains("@postgres:5432/")
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

fn report(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_of_the_file_are_used_unless_a_secret_names_others() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert!(own_stores(&home));
        std::fs::create_dir(directory.path().join("secrets")).unwrap();
        let say = |url: &str| std::fs::write(directory.path().join("secrets/databaseUrl"), url).unwrap();
        say("postgres://caracal:x@postgres:5432/caracal?sslmode=disable");
        assert!(own_stores(&home));
        say("postgres://caracal:x@db.example.com/caracal?sslmode=verify-full");
        assert!(!own_stores(&home));
    }
}
