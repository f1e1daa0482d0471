//! `caracal upgrade` where the home has the stack of a release.
//!
//! Images are fetched and the database is dumped while the former release serves; only then are containers replaced. If one
//! of them does not get ready, the former file and the former version take their places again, and no Ctrl-C ends that
//! half way: there would be no release at all. The schema does not go back:
//! the former release starts on it unless the migration said that it cannot, and then there is the dump.

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};

use super::{docker, finish, runtime, start, up};
use crate::Outcome;
use crate::cli::Upgrade;
use crate::containers::{Containers, Kind};
use crate::due;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::files::{self, TemporaryPath};
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::journal::{Journal, Step};
use crate::lock;
use crate::marker;
use crate::output::note;
use crate::version::VERSION;

/// How long replaced containers may take to be ready.
const TIMEOUT_SECONDS: u64 = 300;

/// Puts the release of this program in place of the one that runs, and goes back if it does not get ready.
///
/// # Errors
/// One sentence with what went wrong, and whether anything was changed.
pub(crate) fn upgrade(
    environment: &Environment,
    home: &Home,
    was: &Containers,
    options: &Upgrade,
    json: bool,
) -> anyhow::Result<Outcome> {
    let hint = Hint::new(environment, home);
    if was.kind == Kind::Development {
        bail!(
            "the containers of this home are built from a checkout: {} builds and starts what it says now",
            hint.command(was.kind.up())
        );
    }
    let former = was.variables.get(runtime::VERSION_VARIABLE).map(String::as_str);
    let installed = environment.get(runtime::VERSION_VARIABLE).unwrap_or(VERSION);
    if options.check {
        return due::tell(former, installed, &hint, json);
    }
    docker::require(environment)?;
    let interrupt = Interrupt::watch()?;
    let _lock = lock::take(home, &hint)?;
    marker::check(home)?;
    let journal = Journal::of(home, former, installed);
    let staged = stage(environment, home, was, installed);
    // Asked first: an interrupt makes Docker fail, and that is no fault of the release.
    if interrupt.is_asked() {
        note("interrupted; nothing was changed");
        return Ok(Outcome::Interrupted);
    }
    let kept = match staged {
        Ok(kept) => kept,
        Err(error) => {
            journal.note(Step::StageFailed);
            return Err(error.context("nothing was changed"));
        }
    };
    let timeout = options.timeout.unwrap_or(TIMEOUT_SECONDS);
    let rolled = roll(environment, home, timeout);
    let interrupted = interrupt.is_asked();
    match rolled {
        Ok(containers) if !interrupted => {
            marker::write(home)?;
            journal.note(Step::Success);
            note(&format!(
                "{} became {installed}; the former file and a dump of its database are kept in {}",
                due::shown(former),
                kept.directory.display()
            ));
            let endpoints = docker::endpoints(environment)?;
            up::report(home, &hint, &containers, &endpoints, json)?;
            Ok(Outcome::Good)
        }
        rolled => {
            journal.note(Step::ReadinessFailed);
            let why = rolled.map_or_else(|error| format!("{error:#}"), |_| String::from("interrupted"));
            note(&format!(
                "{why}; going back: {} is being put back, which no Ctrl-C ends",
                due::shown(former)
            ));
            // What was asked until now is what leads here.
            interrupt.take();
            kept.put_back(environment, home, was, timeout, &interrupt).with_context(|| {
                format!(
                    "{installed} did not get ready ({why}), and the way back failed; what was kept is in {}",
                    kept.directory.display()
                )
            })?;
            journal.note(Step::WentBack);
            if interrupted {
                return Ok(Outcome::Interrupted);
            }
            bail!(
                "{installed} did not get ready: {why}; {} runs again",
                due::shown(former)
            )
        }
    }
}

/// What is kept for the way back, in `<home>/upgrade`.
struct Kept {
    directory: PathBuf,
    /// The former Compose file.
    file: Vec<u8>,
}

/// Fetches the images of the new release and keeps the former file and the database. Nothing that runs is touched.
fn stage(environment: &Environment, home: &Home, was: &Containers, installed: &str) -> anyhow::Result<Kept> {
    let file =
        fs::read(&was.file).with_context(|| format!("the former file {} is gone", was.file.display()))?;
    let passing = TemporaryPath(home.path().join("upgrade.new"));
    let directory = &passing.0;
    files::remove(directory).with_context(|| format!("cannot remove {}", directory.display()))?;
    DirBuilder::new()
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    files::replace(&directory.join("compose.yml"), &file, 0o644).context("the former file cannot be kept")?;

    note(&format!("fetching the images of {installed}"));
    let mut coming = runtime::prepare(environment, home)?;
    coming.file = directory.join("next.yml");
    runtime::write_file(&coming.file)?;
    let mut pull = docker::compose(environment, &coming);
    if runtime::own_stores(home) {
        pull.args(["--profile", "stores"]);
    }
    let status = pull
        .args(["pull", "--policy", "missing"])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .context("docker cannot be run")?;
    if !status.success() {
        bail!("the images of {installed} cannot be had ({status})");
    }
    files::remove(&coming.file)?;

    if runtime::own_stores(home) {
        note("dumping the database");
        dump(environment, was, &directory.join("before.dump"))?;
    } else {
        note("PostgreSQL is elsewhere: it is not dumped, so back it up there");
    }
    let settled = home.path().join("upgrade");
    files::remove(&settled)
        .and_then(|()| fs::rename(directory, &settled))
        .with_context(|| format!("cannot put {} in place", settled.display()))?;
    Ok(Kept {
        directory: settled,
        file,
    })
}

/// Writes what `pg_restore` reads; whole, or not at all.
fn dump(environment: &Environment, was: &Containers, target: &Path) -> anyhow::Result<()> {
    let part = TemporaryPath(target.with_extension("part"));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part.0)
        .with_context(|| format!("cannot write {}", target.display()))?;
    let status = docker::compose(environment, was)
        .args(["--profile", "stores", "exec", "-T", "postgres"])
        .args([
            "pg_dump",
            "--username=postgres",
            "--dbname=caracal",
            "--format=custom",
        ])
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .status()
        .context("docker cannot be run")?;
    if !status.success() {
        bail!("PostgreSQL could not be dumped ({status}); it has to run for that");
    }
    file.sync_all()?;
    fs::rename(&part.0, target).with_context(|| format!("cannot write {}", target.display()))
}

/// Replaces the containers by those of the new release, and waits until every role is ready.
fn roll(environment: &Environment, home: &Home, timeout: u64) -> anyhow::Result<Containers> {
    let containers = runtime::prepare(environment, home)?;
    runtime::write_file(&containers.file)?;
    containers.record(home)?;
    Endpoints::publish(home, &docker::endpoints(environment)?).context("cannot write where the roles are")?;
    let status = start::start(environment, home, &containers, timeout)?;
    if !status.success() {
        bail!("not every container got ready ({status})");
    }
    Ok(containers)
}

impl Kept {
    /// Starts the former release again, to the end.
    fn put_back(
        &self,
        environment: &Environment,
        home: &Home,
        was: &Containers,
        timeout: u64,
        interrupt: &Interrupt,
    ) -> anyhow::Result<()> {
        files::replace(&was.file, &self.file, 0o644)
            .with_context(|| format!("cannot write {}", was.file.display()))?;
        was.record(home)?;
        let command = start::command(environment, home, was, timeout);
        let unheeded = "still putting the former release back; wait until it runs again";
        let status = finish::finish(command, interrupt, unheeded)?;
        if !status.success() {
            bail!("not every container of the former release got ready ({status})");
        }
        Ok(())
    }
}
