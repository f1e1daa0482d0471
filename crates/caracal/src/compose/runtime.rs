//! The stack of a release on one host: its Compose file, its directories and its secrets.

use std::ffi::OsStr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;

use super::docker;
use crate::containers::{Containers, Kind};
use crate::daemon;
use crate::environment::Environment;
use crate::files;
use crate::home::Home;
use crate::version::VERSION;

/// The Compose file of this version. It is written anew by each start: what is to differ is set by variables.
const FILE: &str = include_str!("../../../../infra/docker/runtime-compose.yml");
/// Its variable that says which release runs.
pub(crate) const VERSION_VARIABLE: &str = "CARACAL_VERSION";
/// Where the stores are that come with it.
const OWN_POSTGRES: &str = "postgres://postgres:5432/caracal?sslmode=disable";
const OWN_REDIS: &str = "redis://redis:6379";

/// Makes the directories and the secrets that are missing; gives the stack of this version, whose file is not written yet.
///
/// # Errors
/// One sentence with what cannot be made.
pub(super) fn prepare(environment: &Environment, home: &Home) -> anyhow::Result<Containers> {
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
                (VERSION_VARIABLE, VERSION.to_owned()),
                ("CARACAL_SECRETS_DIR", shown(&secrets)),
                ("CARACAL_CA_DIR", shown(&authorities)),
                ("CARACAL_CONTROL_DIR", shown(&control)),
            ],
        ),
        file: home.path().join("compose.yml"),
    })
}

/// Writes the Compose file of this version.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_file(file: &Path) -> anyhow::Result<()> {
    files::replace(file, FILE.as_bytes(), 0o644).with_context(|| format!("cannot write {}", file.display()))
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
pub(super) fn own_stores(home: &Home) -> bool {
    let url = std::fs::read_to_string(home.path().join("secrets/databaseUrl")).unwrap_or_default();
    url.is_empty() || url.contains("@postgres:5432/")
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
