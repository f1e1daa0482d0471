//! `caracal upgrade`: puts the installed `caracald` in place of the one that runs, and goes back if it does not get ready.
//!
//! Nothing is taken away before the next step is known to work: the running program and a backup of the state are kept
//! first. On the way back the former program is started on the state as it is, so that nothing is lost that was
//! acknowledged meanwhile; only if it refuses that state, because the new one changed its form, is the backup put in
//! place, and what it replaces is kept aside.

mod former;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use self::former::Former;
use crate::Outcome;
use crate::cli::{Down, Upgrade};
use crate::compose;
use crate::containers::Containers;
use crate::daemon;
use crate::down;
use crate::due;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::journal::{Journal, Step};
use crate::lock::{self, Lock};
use crate::marker;
use crate::output::note;
use crate::ports;
use crate::up::{self, Unready};

/// How long a start may take before the way back is taken.
const TIMEOUT_SECONDS: u64 = 60;
/// How long a stop may take before it is forced.
const STOP_SECONDS: u64 = 20;

/// What there is to do.
struct Plan {
    home: Home,
    caracald: PathBuf,
    hint: Hint,
    timeout: Duration,
    /// What runs, with its version where it says one.
    running: Option<(i32, Option<String>)>,
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Upgrade,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    if let Some(containers) = Containers::of(&home)? {
        return compose::upgrade(&environment, &home, &containers, options, json);
    }
    let hint = Hint::new(&environment, &home);
    if !home.marker_file().exists() && !home.database_files().iter().any(|file| file.exists()) {
        bail!(
            "there is no state in {} to upgrade; {} begins one",
            home.path().display(),
            hint.command("up")
        );
    }
    let version = || Endpoints::of_live_daemon(&home)?.daemon.version;
    let plan = Plan {
        caracald: daemon::find(&environment)?,
        hint,
        timeout: Duration::from_secs(options.timeout.unwrap_or(TIMEOUT_SECONDS)),
        running: Lock::holder(&home)?.map(|holder| (holder.pid, version())),
        home,
    };
    let installed = plan.stage(&environment)?;
    let former = plan.running.as_ref().and_then(|(_, version)| version.clone());
    if options.check {
        return match plan.running {
            None => due::tell_of_nothing(&installed, &plan.hint, json),
            Some(_) => due::tell(former.as_deref(), &installed, &plan.hint, json),
        };
    }
    plan.carry_out(&environment, &installed, former.as_deref(), json)
}

impl Plan {
    /// Looks whether the installed program could be started at all; gives its version.
    fn stage(&self, environment: &Environment) -> anyhow::Result<String> {
        marker::check(&self.home)?;
        let ask =
            |argument: &str| daemon::ask(&self.caracald, environment, &self.home, &[OsStr::new(argument)]);
        let said = ask("--version").context("the installed caracald cannot be run")?;
        let said = String::from_utf8_lossy(&said);
        let version = said.trim().trim_start_matches("caracald ").to_owned();
        ask("check-config").context("the installed caracald would not start")?;
        Ok(version)
    }

    fn carry_out(
        &self,
        environment: &Environment,
        installed: &str,
        former: Option<&str>,
        json: bool,
    ) -> anyhow::Result<Outcome> {
        let interrupt = Interrupt::watch()?;
        self.home.prepare(environment)?;
        let journal = Journal::of(&self.home, former, installed);
        note("keeping the running program and a backup of the state");
        let kept = Former::keep(self.running.as_ref().map(|(pid, _)| *pid), former, &self.home)
            .and_then(|kept| kept.back_up(&self.caracald, environment, &self.home, &interrupt));
        // Asked first: an interrupt makes a backup fail, and that is no fault of the state.
        if interrupt.is_asked() {
            note("interrupted; nothing was changed");
            return Ok(Outcome::Interrupted);
        }
        let kept = match kept.and_then(|kept| kept.settle(&self.home)) {
            Ok(kept) => kept,
            Err(error) => {
                journal.note(Step::StageFailed);
                return Err(error.context("nothing was changed"));
            }
        };
        self.stop()?;
        match self.start(environment, &self.caracald, &interrupt) {
            Ok((pid, endpoints)) => {
                marker::write(&self.home)?;
                journal.note(Step::Success);
                note(&format!(
                    "{} became {installed}; the former program and state are kept in {}",
                    due::shown(former),
                    kept.directory().display()
                ));
                up::report(&self.home, &self.hint, "is ready", pid, &endpoints, json)?;
                Ok(Outcome::Good)
            }
            Err(error) => {
                journal.note(Step::ReadinessFailed);
                let interrupted = interrupt.is_asked();
                note(&format!("{error:#}; going back"));
                self.go_back(environment, &kept, &journal).with_context(|| {
                    format!("{installed} did not get ready ({error:#}), and the way back failed")
                })?;
                if interrupted {
                    return Ok(Outcome::Interrupted);
                }
                bail!(
                    "{installed} did not get ready: {error:#}; {} runs again",
                    due::shown(former)
                )
            }
        }
    }

    fn stop(&self) -> anyhow::Result<()> {
        let options = Down {
            timeout: STOP_SECONDS,
        };
        down::stop(&self.home, &options).map(drop)
    }

    /// Starts `caracald` and waits until every role is ready; one that does not get there is stopped again.
    fn start(
        &self,
        environment: &Environment,
        caracald: &Path,
        interrupt: &Interrupt,
    ) -> anyhow::Result<(i32, Vec<(String, String)>)> {
        let lock = lock::take(&self.home, &self.hint)?;
        ports::check_free(environment)?;
        Endpoints::forget(&self.home)?;
        match up::start(environment, &self.home, caracald, lock, self.timeout, interrupt)? {
            Ok(ready) => Ok(ready),
            Err(unready) => {
                self.stop()?;
                Err(match unready {
                    Unready::Dead(sentence) => anyhow!(sentence),
                    Unready::Late(why) => anyhow!("not ready after {} s: {why}", self.timeout.as_secs()),
                    Unready::Interrupted => anyhow!("interrupted"),
                })
            }
        }
    }

    fn go_back(&self, environment: &Environment, kept: &Former, journal: &Journal) -> anyhow::Result<()> {
        // A second Ctrl-C must not leave nothing running.
        let never = Interrupt::default();
        let Some(former) = kept.program() else {
            // Nothing ran, so nothing was acknowledged: the state becomes what it was.
            kept.put_back(&self.home)?;
            journal.note(Step::WentBack);
            return Ok(());
        };
        if self.start(environment, &former, &never).is_ok() {
            journal.note(Step::WentBack);
            return Ok(());
        }
        let aside = kept.put_back(&self.home)?;
        note(&format!(
            "the former program does not take the state as the new one left it; the backup is in place, and what it \
             replaces is in {}",
            aside.display()
        ));
        self.start(environment, &former, &never)?;
        journal.note(Step::WentBackToBackup);
        Ok(())
    }
}
