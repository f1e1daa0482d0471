//! A state directory and a daemon of its own for each test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What came out of one run of `caracal`.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("not ended by a signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Run {
    /// The run failed with exactly one line, which starts as errors of ours do and says `part`.
    #[track_caller]
    pub(crate) fn assert_refused(&self, part: &str) {
        assert_eq!(self.code, 1, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let errors: Vec<_> = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("caracal: "))
            .collect();
        assert_eq!(errors.len(), 1, "{self:?}");
        assert!(errors[0].contains(part), "{self:?}");
        assert!(
            self.stderr.ends_with(&format!("{}\n", errors[0])),
            "the sentence comes last: {self:?}"
        );
    }

    #[track_caller]
    pub(crate) fn assert_good(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A place to run `caracal` in. Whatever daemon is left is ended with it.
pub(crate) struct Bench {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let mut bench = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            variables: Vec::new(),
        };
        for role in ["API", "STS", "GATEWAY", "AUDIT", "COORDINATOR", "WEB"] {
            bench.set(&format!("CARACAL_{role}_LISTEN"), "127.0.0.1:0");
        }
        bench
    }

    /// Sets a variable for all further runs.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().join("state/caracal")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home().join("caracald.log")
    }

    /// A command in an environment that holds nothing but what the bench sets.
    pub(crate) fn command(&self) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_caracal")))
    }

    /// The same environment for another program.
    pub(crate) fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("CARACAL_HOME", self.home())
            .env("CARACAL_CARACALD", fake_daemon())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command()
            .args(arguments)
            .output()
            .expect("caracal runs")
            .into()
    }

    /// The process that the lock file names.
    pub(crate) fn recorded_pid(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.home().join(".lock")).ok()?;
        let json: serde_json::Value = serde_json::from_str(&text).ok()?;
        i32::try_from(json.get("pid")?.as_i64()?).ok()
    }

    /// Ends the daemon as a crash would.
    pub(crate) fn kill_daemon(&self) -> i32 {
        let pid = self.recorded_pid().expect("a daemon runs");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("a signal");
        // Its parent is gone, so its end shows as the lock coming free.
        let lock = std::fs::File::open(self.home().join(".lock")).expect("a lock file");
        lock.lock_shared().expect("the lock");
        pid
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Also ends what a failed test left; a bench without a daemon answers "not running".
        let _ = self.command().args(["down", "--timeout", "1"]).output();
    }
}

/// Built by cargo together with the tests of this package.
pub(crate) fn fake_daemon() -> PathBuf {
    let test = std::env::current_exe().expect("own path");
    let built = test
        .parent()
        .and_then(Path::parent)
        .expect("target/<profile>/deps")
        .join("examples/fake_daemon");
    assert!(
        built.is_file(),
        "{} is missing: run `cargo test -p caracal`",
        built.display()
    );
    built
}
