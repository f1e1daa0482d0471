//! Real binaries under test: spawned with a clean environment, watched, killed.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::guard::Guarded;

/// Pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Where cargo put the workspace binary `name`, built with the same profile as the running test.
///
/// # Panics
/// When it is not there: `cargo test` builds the binaries of its own package only, so build it first.
pub fn binary(name: &str) -> PathBuf {
    // target/<profile>/deps/<test>-<hash>
    let test = std::env::current_exe().expect("a process knows its own path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("tests run from the deps directory of a profile");
    let path = profile.join(name);
    assert!(
        path.is_file(),
        "{} is missing; run: cargo build --bin {name}",
        path.display()
    );
    path
}

/// How to start a [`Process`]. The environment is empty but for `PATH`, and `HOME` and the working directory are a
/// fresh directory, so nothing of the developer's machine leaks in.
#[derive(Debug)]
pub struct ProcessOptions {
    command: Command,
    directory: TempDir,
}

impl ProcessOptions {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.command.envs(variables);
        self
    }

    /// The process's home and working directory, to put files there first.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts it. Standard input is empty.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut self) -> Process {
        let file = |name| File::create(self.directory.path().join(name)).expect("the directory is ours");
        self.command
            .stdin(Stdio::null())
            .stdout(file(STDOUT))
            .stderr(file(STDERR));
        let program = self.command.get_program().to_owned();
        let child = Guarded::spawn(&mut self.command);
        let child = child.unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        Process {
            child,
            directory: self.directory,
        }
    }
}

const STDOUT: &str = ".stdout";
const STDERR: &str = ".stderr";

/// A running binary. Killed on drop, and when the test process dies.
#[derive(Debug)]
pub struct Process {
    child: Guarded,
    directory: TempDir,
}

impl Process {
    /// A process of `program`, for example [`binary`]`("caracald")`.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    pub fn options(program: impl AsRef<Path>) -> ProcessOptions {
        let directory = tempfile::tempdir().expect("a temporary directory for the process");
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .current_dir(directory.path())
            .env("HOME", directory.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        ProcessOptions { command, directory }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its home and working directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Everything it wrote to standard output so far.
    pub fn stdout(&self) -> String {
        self.read(STDOUT)
    }

    /// Everything it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.read(STDERR)
    }

    /// How it ended; absent while it runs.
    ///
    /// # Panics
    /// When the operating system does not tell.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.ended().expect("the child is ours to wait for")
    }

    /// Waits until `condition` holds, for example that a port answers.
    ///
    /// # Panics
    /// When the process ends first or `within` has passed, with what it wrote to standard error. `what` completes
    /// "waiting until …".
    pub async fn until(
        &mut self,
        what: &str,
        within: Duration,
        mut condition: impl AsyncFnMut(&Self) -> bool,
    ) {
        let deadline = Instant::now() + within;
        loop {
            // Looked at before the condition, so that an ended process is never mistaken for a slow one.
            let ended = self.status();
            if condition(self).await {
                return;
            }
            if let Some(status) = ended {
                panic!("ended ({status}) while waiting until {what}:\n{}", self.stderr());
            }
            assert!(
                Instant::now() < deadline,
                "still waiting until {what}:\n{}",
                self.stderr()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When `within` has passed, with what it wrote to standard error.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running:\n{}", self.stderr());
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&mut self) {
        self.child.signal(Signal::SIGTERM);
    }

    /// Interrupts it (SIGINT), as Ctrl-C does.
    pub fn interrupt(&mut self) {
        self.child.signal(Signal::SIGINT);
    }

    /// Kills it and its children without warning (SIGKILL) and waits for the end, as a power cut would. Its output
    /// and its directory stay readable.
    pub fn kill(&mut self) {
        self.child.kill();
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.directory.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
