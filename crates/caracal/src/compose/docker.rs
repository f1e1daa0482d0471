//! `docker compose`, as we call it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::containers::Containers;
use crate::environment::Environment;

/// The name that both Compose files give their project.
const PROJECT: &str = "caracal";

/// Fails with what is missing, and how to get it.
///
/// # Errors
/// One sentence: no `docker`, no Compose, or no engine that answers.
pub(crate) fn require(environment: &Environment) -> anyhow::Result<()> {
    let said = |arguments: &[&str]| docker(environment).args(arguments).stdin(Stdio::null()).output();
    match said(&["compose", "version", "--short"]) {
        Err(error) => bail!(
            "docker cannot be run ({error}); install Docker Engine (https://docs.docker.com/engine/install), or start \
             without containers by `caracal up`"
        ),
        Ok(output) if !output.status.success() => bail!(
            "Docker has no Compose plugin; install it (https://docs.docker.com/compose/install), version 2.24 or newer"
        ),
        Ok(_) => {}
    }
    let engine = said(&["version", "--format", "{{.Server.Version}}"]).context("docker cannot be run")?;
    if !engine.status.success() {
        let words = String::from_utf8_lossy(&engine.stderr);
        let last = words.lines().map(str::trim).rfind(|line| !line.is_empty());
        bail!(
            "the Docker Engine does not answer: {}",
            last.unwrap_or("it said nothing")
        );
    }
    Ok(())
}

/// `docker` with everything that this process was started with: where the engine is, proxies, and what people set for
/// Compose are theirs to say.
fn docker(environment: &Environment) -> Command {
    let mut command = Command::new("docker");
    command.envs(environment.added());
    command
}

/// `docker compose` for one stack.
pub(super) fn compose(environment: &Environment, containers: &Containers) -> Command {
    let mut command = docker(environment);
    command
        .args(["compose", "--file"])
        .arg(&containers.file)
        .envs(&containers.variables);
    command
}

/// The file of the project with our name that runs already, if it is another than `file`.
///
/// # Errors
/// When Compose does not tell.
pub(super) fn other_project(environment: &Environment, file: &Path) -> anyhow::Result<Option<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Project {
        name: String,
        #[serde(default)]
        config_files: String,
    }
    let ours = environment.get("COMPOSE_PROJECT_NAME").unwrap_or(PROJECT);
    let output = docker(environment)
        .args(["compose", "ls", "--all", "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .context("docker cannot be run")?;
    let projects: Vec<Project> =
        serde_json::from_slice(&output.stdout).context("Docker Compose does not tell its projects")?;
    let file = file.display().to_string();
    Ok(projects
        .into_iter()
        .find(|project| project.name == ours && project.config_files != file)
        .map(|project| project.config_files))
}

/// Where the roles are published on this machine: what is set for Compose, else their usual ports.
pub(super) fn endpoints(environment: &Environment) -> anyhow::Result<Vec<(String, String)>> {
    crate::roles::Role::ALL
        .into_iter()
        .map(|role| {
            let variable = format!("CARACAL_{}_PORT", role.name().to_uppercase());
            let port = match environment.get(&variable) {
                None => role.default_port(),
                Some(port) => port
                    .parse()
                    .with_context(|| format!("{variable} must be a port, not {port:?}"))?,
            };
            Ok((role.name().to_owned(), format!("http://127.0.0.1:{port}")))
        })
        .collect()
}

/// What we set of the variables of a Compose file: names that people set themselves are theirs.
pub(super) fn variables<const N: usize>(
    environment: &Environment,
    ours: [(&str, String); N],
) -> BTreeMap<String, String> {
    ours.into_iter()
        .map(|(name, value)| {
            let theirs = environment.get(name).map(str::to_owned);
            (name.to_owned(), theirs.unwrap_or(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_where_the_variables_of_compose_put_them() {
        let environment = Environment::from_pairs([("CARACAL_STS_PORT", "18080")]);
        let endpoints = endpoints(&environment).unwrap();
        assert_eq!(
            endpoints[1],
            ("sts".to_owned(), "http://127.0.0.1:18080".to_owned())
        );
        assert_eq!(
            endpoints[5],
            ("web".to_owned(), "http://127.0.0.1:3001".to_owned())
        );
        let wrong = Environment::from_pairs([("CARACAL_STS_PORT", "many")]);
        let refused = super::endpoints(&wrong).unwrap_err().to_string();
        assert!(refused.contains("CARACAL_STS_PORT must be a port"), "{refused}");
    }

    #[test]
    fn what_people_set_for_compose_counts() {
        let environment = Environment::from_pairs([("CARACAL_VERSION", "9.9.9")]);
        let variables = variables(
            &environment,
            [("CARACAL_VERSION", "1.0.0".to_owned()), ("X", "y".to_owned())],
        );
        assert_eq!(variables["CARACAL_VERSION"], "9.9.9");
        assert_eq!(variables["X"], "y");
    }
}
