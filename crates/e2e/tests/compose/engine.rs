//! `docker` and `docker compose`, as an operator types them.

use std::{
    collections::BTreeMap,
    env,
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use caracal_e2e::{Role, Stack, checkout};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

/// Runs `docker` with `arguments`; what it printed.
///
/// # Panics
/// When it fails, with all it said.
pub(crate) async fn docker(arguments: &[&str]) -> String {
    finished(Command::new("docker").args(arguments)).await
}

async fn finished(command: &mut Command) -> String {
    let output = command.output().await.expect("docker is on PATH");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An image that `make test-compose` made; `variable` names it.
pub(crate) fn image(variable: &str) -> String {
    let named = env::var_os(variable).and_then(|named| named.into_string().ok());
    named.unwrap_or_else(|| panic!("{variable} names no image; run this with `make test-compose`"))
}

/// The address of this machine that containers of every network reach, whichever come and go.
pub(crate) async fn near() -> IpAddr {
    let format = "{{range .IPAM.Config}}{{.Gateway}},{{.Subnet}}{{end}}";
    let said = docker(&["network", "inspect", "bridge", "--format", format]).await;
    let (gateway, subnet) = said.trim().split_once(',').expect("one configuration");
    if !gateway.is_empty() {
        return gateway.parse().expect("the bridge has an address");
    }
    // Not told by an engine that found its bridge there: then it has the first address of the network.
    let network = subnet.split_once('/').expect("a prefix").0;
    let network: Ipv4Addr = network.parse().expect("an IPv4 network");
    Ipv4Addr::from_bits(network.to_bits() + 1).into()
}

/// One project of Compose, taken down with its volumes when dropped.
#[derive(Debug)]
pub(crate) struct Project {
    name: String,
    file: PathBuf,
    variables: BTreeMap<String, String>,
    ports: BTreeMap<Role, u16>,
}

impl Project {
    /// `file` of `infra/docker` as a project of this name, every port of it a free one.
    pub(crate) fn of(name: &str, file: &str) -> Self {
        let mut variables = BTreeMap::new();
        let mut ports = BTreeMap::new();
        // Held together, so that no two are the same.
        let held: Vec<_> = (0..7)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
            .collect();
        let mut free = held
            .iter()
            .map(|port| port.local_addr().expect("a bound port").port());
        for role in Role::ALL {
            let port = free.next().expect("enough ports");
            variables.insert(
                format!("CARACAL_{}_PORT", role.name().to_uppercase()),
                port.to_string(),
            );
            ports.insert(role, port);
        }
        for (store, port) in ["POSTGRES", "REDIS"].into_iter().zip(free) {
            variables.insert(format!("CARACAL_{store}_PORT"), port.to_string());
        }
        // Docker makes the directory of a mount that is not there: not among the sources.
        let control = checkout().join("target/control-gate");
        variables.insert(
            String::from("CARACAL_CONTROL_DIR"),
            control.to_string_lossy().into_owned(),
        );
        Self {
            name: name.to_owned(),
            file: checkout().join("infra/docker").join(file),
            variables,
            ports,
        }
    }

    /// Sets a variable of the file.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// The variables of the file, ports included.
    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .args([
                "compose",
                "--progress",
                "quiet",
                "--project-name",
                &self.name,
                "--profile",
                "stores",
                "--file",
            ])
            .arg(&self.file)
            .args(arguments)
            .envs(&self.variables);
        command
    }

    /// Runs `docker compose` with `arguments`; what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub(crate) async fn compose(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.expect("docker is on PATH");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let logs = self.command(&["logs", "--tail", "20"]).output().await;
            let logs = logs.map(|logs| String::from_utf8_lossy(&logs.stdout).into_owned());
            panic!(
                "docker compose {arguments:?}: {said}\n{}",
                logs.unwrap_or_default()
            );
        }
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts everything and waits until all of it is healthy.
    pub(crate) async fn up(&self) {
        self.compose(&["up", "--detach", "--wait", "--no-build"]).await;
    }

    /// What `docker inspect` says of each container, by service; those that ended included.
    pub(crate) async fn inspected(&self) -> BTreeMap<String, Value> {
        let ids = self.compose(&["ps", "--all", "--quiet"]).await;
        let mut arguments = vec!["inspect"];
        arguments.extend(ids.split_whitespace());
        let all: Vec<Value> = serde_json::from_str(&docker(&arguments).await).expect("a list");
        all.into_iter()
            .map(|container| {
                let labels = &container["Config"]["Labels"];
                let service = labels["com.docker.compose.service"]
                    .as_str()
                    .expect("a service of the file");
                (service.to_owned(), container)
            })
            .collect()
    }

    /// The running project as a stack, with these secrets.
    pub(crate) async fn stack(&self, secrets: &Path) -> Stack {
        let home = TempDir::new().expect("a directory");
        std::os::unix::fs::symlink(secrets, home.path().join("secrets")).expect("a link");
        let urls = self
            .ports
            .iter()
            .map(|(role, port)| (*role, format!("http://127.0.0.1:{port}")))
            .collect();
        Stack::elsewhere(home, urls, near().await)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mut command = self.command(&["down", "--volumes", "--timeout", "1"]).into_std();
        let _ = command.output();
    }
}
