//! One `caracald` process in a given environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    program,
    reply::client,
    role::{Role, endpoints},
};
use crate::{
    embedded,
    process::{Process, ProcessOptions},
};

/// Longest run of a command that is no server, and longest start or drain of one that is.
const LIMIT: Duration = Duration::from_mins(1);

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// It succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn assert_good(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// It failed with one sentence on standard error that says each of `parts`; log lines aside.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn assert_refused(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:#?}");
        let sentences: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| !line.starts_with('{'))
            .collect();
        assert_eq!(sentences.len(), 1, "one sentence was expected: {self:#?}");
        for part in parts {
            assert!(sentences[0].contains(part), "no {part:?}: {self:#?}");
        }
    }
}

/// A program and its variables.
#[derive(Debug, Clone, Default)]
pub struct Daemon {
    /// That of the workspace when absent.
    program: Option<PathBuf>,
    /// What the shell that becomes the program does first.
    before: String,
    variables: BTreeMap<String, String>,
}

/// An embedded server that is ready.
#[derive(Debug)]
pub struct ServingDaemon {
    /// Its process.
    pub process: Process,
    /// Where each role listens, `127.0.0.1:port`.
    pub addresses: BTreeMap<&'static str, String>,
}

impl ServingDaemon {
    /// Waits until it has logged `text`.
    ///
    /// # Panics
    /// When it does not.
    pub async fn says(&mut self, text: &str) {
        let said = async |process: &Process| process.stderr().contains(text);
        self.process.until(text, LIMIT, said).await;
    }

    /// Asks it to end and waits until it has drained.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(&mut self) {
        drain(&mut self.process).await;
    }
}

/// The file in a home while which exists commands of control keys are taken.
pub(crate) const CONTROL_GATE: &str = "control.open";

impl Daemon {
    /// Free ports, mode dev, state in `home`.
    pub fn embedded(home: &Path) -> Self {
        let daemon = Self {
            variables: embedded::environment(home),
            ..Self::default()
        };
        let gate = home.join(CONTROL_GATE).display().to_string();
        daemon
            .with("CARACAL_CONTROL_ENABLED", "true")
            .with("CONTROL_GATE_FILE", &gate)
    }

    /// Runs this `caracald` and not that of the workspace.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// Has the shell that becomes the server do something first, such as `umask 077;`.
    #[must_use]
    pub fn before(mut self, script: &str) -> Self {
        script.clone_into(&mut self.before);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// The value of a variable.
    ///
    /// # Panics
    /// When it is not set.
    pub fn get(&self, name: &str) -> &str {
        self.variables
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not set"))
    }

    fn path(&self, name: &str) -> PathBuf {
        let own = self.program.clone().filter(|_| name == "caracald");
        own.unwrap_or_else(|| program(name))
    }

    fn options(&self, name: &str, arguments: &[&str]) -> ProcessOptions {
        let path = self.path(name);
        let options = if self.before.is_empty() {
            Process::options(path).args(arguments)
        } else {
            let script = format!("{} exec {} {}", self.before, path.display(), arguments.join(" "));
            Process::options("/bin/sh").args(["-c", &script])
        };
        options.envs(&self.variables)
    }

    /// `caracald` with `arguments` in this environment and no other, for a test that has its own use for the streams.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("caracald"));
        command
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null());
        command
    }

    /// Starts `caracald` with `arguments`.
    pub fn start(&self, arguments: &[&str]) -> Process {
        self.options("caracald", arguments).start()
    }

    /// Starts `caracald serve` with these roles.
    pub fn serve(&self, roles: &[&str]) -> Process {
        let arguments: Vec<&str> = std::iter::once("serve").chain(roles.iter().copied()).collect();
        self.start(&arguments)
    }

    /// Where each role of the embedded server with this process id listens, `127.0.0.1:port`, once it says so.
    pub fn addresses(&self, pid: u32) -> Option<BTreeMap<&'static str, String>> {
        let urls = endpoints(Path::new(self.get("CARACAL_HOME")), pid)?;
        let address = |url: String| url.trim_start_matches("http://").to_owned();
        Some(
            urls.into_iter()
                .map(|(role, url)| (role.name(), address(url)))
                .collect(),
        )
    }

    /// Starts an embedded server with every role and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready.
    pub async fn serve_ready(&self) -> ServingDaemon {
        self.serve_roles(&Role::ALL).await
    }

    /// Starts an embedded server with these roles in one process and waits until each is ready.
    ///
    /// # Panics
    /// When one does not get ready.
    pub async fn serve_roles(&self, roles: &[Role]) -> ServingDaemon {
        let names: Vec<&str> = match roles {
            roles if roles == Role::ALL => vec!["all"],
            chosen => chosen.iter().map(|role| role.name()).collect(),
        };
        let mut process = self.serve(&names);
        let (http, mut addresses) = (client(), BTreeMap::new());
        process
            .until("every role is ready", LIMIT, async |process| {
                let Some(found) = self.addresses(process.id()) else {
                    return false;
                };
                assert_eq!(
                    found.len(),
                    roles.len(),
                    "those asked for and no others: {found:?}"
                );
                for address in found.values() {
                    let answer = http.get(format!("http://{address}/ready")).send().await;
                    if !answer.is_ok_and(|answer| answer.status().is_success()) {
                        return false;
                    }
                }
                addresses = found;
                true
            })
            .await;
        ServingDaemon { process, addresses }
    }

    /// Runs `caracald` with `arguments` to its end.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        self.run_program("caracald", arguments).await
    }

    /// Runs `caracal` with `arguments` to its end.
    pub async fn run_cli(&self, arguments: &[&str]) -> Finished {
        self.run_program("caracal", arguments).await
    }

    async fn run_program(&self, name: &str, arguments: &[&str]) -> Finished {
        let mut process = self.options(name, arguments).start();
        let status = process.ended(LIMIT).await;
        Finished {
            code: status.code(),
            stdout: process.stdout(),
            stderr: process.stderr(),
        }
    }
}

/// Asks a server to end and waits until it has drained.
///
/// # Panics
/// When it does not end well.
pub(crate) async fn drain(process: &mut Process) {
    process.terminate();
    let status = process.ended(LIMIT).await;
    assert!(
        status.success(),
        "the daemon ended with {status}:\n{}",
        process.stderr()
    );
}
