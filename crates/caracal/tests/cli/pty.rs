//! A real terminal: script(1) gives one.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::bench::Bench;

pub(crate) const CARACAL: &str = env!("CARGO_BIN_EXE_caracal");
pub(crate) const CTRL_C: &str = "\x03";

/// A command at a terminal of its own, as it is typed into and read.
pub(crate) struct Terminal {
    script: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl Terminal {
    /// `caracal` with `arguments`, as a shell reads them.
    pub(crate) fn of(bench: &Bench, arguments: &str) -> Self {
        Self::typed(bench, &format!("exec {CARACAL} {arguments}"))
    }

    /// Whatever a shell does with `words`.
    pub(crate) fn typed(bench: &Bench, words: &str) -> Self {
        Self::showing(bench.command_of(Path::new("script")), words)
    }

    /// The same with no variable but the path of programs.
    pub(crate) fn bare(words: &str) -> Self {
        let mut command = Command::new("script");
        command.env_clear().env("PATH", "/usr/bin:/bin");
        Self::showing(command, words)
    }

    fn showing(mut command: Command, words: &str) -> Self {
        // Whoever runs the tests in the background has them ignore Ctrl-C, and what is ignored is inherited.
        let typed = format!(
            "exec /usr/bin/env --default-signal=INT /bin/sh -c '{}'",
            words.replace('\'', r"'\''")
        );
        let mut script = command
            .args(["-q", "-e", "-c", &typed, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script(1) is part of util-linux");
        Self {
            keys: script.stdin.take().expect("a pipe"),
            screen: script.stdout.take().expect("a pipe"),
            script,
            shown: String::new(),
        }
    }

    /// Reads until the screen has shown `words`.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) -> &mut Self {
        let mut bytes = [0; 4096];
        while !self.shown.contains(words) {
            let count = self.screen.read(&mut bytes).expect("a screen");
            assert!(count > 0, "ended without {words:?}: {}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        self
    }

    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).expect("a keyboard");
        self.keys.flush().expect("a keyboard");
        self
    }

    /// Everything that was shown, and the exit code.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).expect("a screen");
        self.shown.push_str(&String::from_utf8_lossy(&rest));
        (
            self.shown.replace("\r\n", "\n"),
            self.script.wait().expect("it ends").code(),
        )
    }
}
