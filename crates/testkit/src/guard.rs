//! Children that never outlive the test: killed on drop, and killed when the test process itself is killed.

use std::{
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// A running child, leader of a process group of its own, and the shell that watches over it.
///
/// The watcher holds the read end of a pipe whose write end is ours alone. When this process is gone, however it
/// went, the pipe closes and the watcher kills the child. (A parent-death signal would be simpler, but it is tied
/// to the thread that spawned the child, and test threads come and go.)
#[derive(Debug)]
pub(crate) struct Guarded {
    child: Child,
    watcher: Child,
}

impl Guarded {
    /// Starts `command` under watch.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut child = command.process_group(0).spawn()?;
        let watcher = Command::new("sh")
            .args(["-c", r#"read -r _; kill -9 "-$0""#, &child.id().to_string()])
            // Apart from our own group too: who kills that one must not kill the watcher.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watcher {
            Ok(watcher) => Ok(Self { child, watcher }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// The child's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the child ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends `signal` to the child alone; one that ended already is left in peace.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if let Some(id) = self.running() {
            // It may end at this very moment; then there is nothing left to do.
            let _ = signal::kill(id, signal);
        }
    }

    /// Kills the child and whatever it started in its group (SIGKILL), and waits for it.
    pub(crate) fn kill(&mut self) {
        // The watcher first, so that it never acts on an id that has been given to somebody else.
        end(&mut self.watcher);
        if let Some(group) = self.running() {
            let _ = signal::killpg(group, Signal::SIGKILL);
        }
        end(&mut self.child);
    }

    /// The child's id, as long as it is certainly the child's.
    fn running(&mut self) -> Option<Pid> {
        let running = matches!(self.child.try_wait(), Ok(None));
        i32::try_from(self.child.id())
            .ok()
            .filter(|_| running)
            .map(Pid::from_raw)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills and reaps; a child that ended already is only reaped.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
