//! One `caracald` process in a given environment.

use std::{collections::BTreeMap, path::Path, time::Duration};

use caracal_testkit::process::{Process, ProcessOptions};

use crate::program;

/// Longest run of a command that is no server, and longest drain of one that is.
const LIMIT: Duration = Duration::from_secs(30);

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
    variables: BTreeMap<String, String>,
}

impl Daemon {
    /// Free ports, mode dev, state in `home`.
    pub fn embedded(home: &Path) -> Self {
        let daemon = Self::default()
            .with("CARACAL_HOME", &home.display().to_string())
            .with("CARACAL_MODE", "dev");
        ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT"]
            .iter()
            .fold(daemon, |daemon, role| {
                daemon.with(&format!("CARACAL_{role}_LISTEN"), "127.0.0.1:0")
            })
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

    fn options(&self, name: &str, arguments: &[&str]) -> ProcessOptions {
        Process::options(program(name))
            .args(arguments)
            .envs(&self.variables)
    }

    /// Starts `caracald serve` with these roles.
    pub fn serve(&self, roles: &[&str]) -> Process {
        let arguments: Vec<&str> = std::iter::once("serve").chain(roles.iter().copied()).collect();
        self.options("caracald", &arguments).start()
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
