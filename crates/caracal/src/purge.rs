//! `caracal purge`: removes what a stack left, and nothing else.

use std::fs::OpenOptions;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::Outcome;
use crate::cli::{Down, Purge, Target};
use crate::containers;
use crate::down;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::files;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::{Attempt, Lock};
use crate::output::{answer, note};
use crate::stores::readable;

impl Target {
    /// What it removes, as names in the state directory.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Stack | Self::All => &[],
            Self::Logs => &["caracald.log", "caracald.log.1", "upgrade.log"],
            Self::State => &[
                "caracal.db",
                "caracal.db-wal",
                "caracal.db-shm",
                "audit-spool",
                "replay",
                "dead-letters",
                "checkpoints",
                "endpoints.json",
                "runtime.json",
                // A backup and a program for the way back.
                "upgrade",
                "upgrade.new",
            ],
            Self::Config => &["caracal.env"],
            Self::Secrets => &["secrets"],
        }
    }

    /// Whether what it removes cannot be had again.
    const fn is_destructive(self) -> bool {
        !matches!(self, Self::Stack | Self::Logs)
    }

    /// Those that `all` stands for, in the order in which they go.
    const EACH: [Self; 5] = [Self::Stack, Self::Logs, Self::State, Self::Config, Self::Secrets];
}

pub(crate) fn run(
    environment: &Environment,
    home: Option<&Path>,
    options: &Purge,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(environment, home)?;
    let instead = "`docker compose --file FILE down --volumes` removes its state for good";
    containers::refuse(environment, &home, "`purge`", instead)?;
    let all = options.targets.contains(&Target::All);
    let targets: Vec<Target> = Target::EACH
        .into_iter()
        .filter(|target| all || options.targets.contains(target))
        .collect();
    let doomed: Vec<PathBuf> = targets
        .iter()
        .flat_map(|target| target.names())
        .map(|name| home.path().join(name))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    let running = Lock::holder(&home)?.is_some();
    let destructive = targets.iter().any(|target| target.is_destructive());
    // A log may go from under a daemon; its state and its keys may not.
    let stop = running && (destructive || targets.contains(&Target::Stack));

    let mut plan = Vec::new();
    if stop {
        plan.push("stop caracald".to_owned());
    }
    for path in &doomed {
        plan.push(format!(
            "remove {} ({})",
            path.display(),
            readable(files::size(path))
        ));
    }
    if plan.is_empty() {
        return report(json, options.dry_run, &[], "there is nothing to remove");
    }
    if options.dry_run {
        let words = format!("would {}", plan.join("\nwould "));
        return report(json, true, &doomed, &words);
    }
    note(&plan.join("\n"));
    if !options.yes && !confirmed(destructive)? {
        return report(json, false, &[], "nothing was removed");
    }
    // What is begun is finished: half a state would be worse than either.
    let interrupt = Interrupt::watch()?;
    if stop {
        down::stop(&home, &Down { timeout: 20 })?;
    }
    if interrupt.is_asked() {
        note("interrupted; nothing was removed");
        return Ok(Outcome::Interrupted);
    }
    if running && !stop {
        // A daemon that runs on writes to its log: it is emptied, for one without a name would fill the disk unseen.
        for path in &doomed {
            OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(path)
                .with_context(|| format!("cannot empty {}", path.display()))?;
        }
    } else if home.path().exists() {
        // Nobody starts while we remove.
        let Attempt::Taken(lock, _) = Lock::attempt(&home)? else {
            bail!(
                "another caracal is just starting or stopping with the state in {}",
                home.path().display()
            );
        };
        for path in &doomed {
            files::remove(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Endpoints::forget(&home)?;
        if all {
            remove_home(&home)?;
        }
        drop(lock);
    }
    let words = format!("removed {} of {}", doomed.len(), home.path().display());
    report(json, false, &doomed, &words)
}

/// The directory itself, if nothing of others is in it.
fn remove_home(home: &Home) -> anyhow::Result<()> {
    for name in [".lock", "caracald.lock"] {
        files::remove(&home.path().join(name))?;
    }
    if std::fs::remove_dir(home.path()).is_err() {
        note(&format!(
            "{} stays: there is something in it that is not of caracal",
            home.path().display()
        ));
    }
    Ok(())
}

/// Asks the person at the terminal. What cannot be undone wants the whole word.
fn confirmed(destructive: bool) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody is there to confirm this; look with --dry-run, then add --yes");
    }
    let question = if destructive {
        "this cannot be undone; type yes to go on: "
    } else {
        "go on? [y/N] "
    };
    let mut terminal = std::io::stderr();
    write!(terminal, "{question}")?;
    terminal.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let said = line.trim().to_lowercase();
    Ok(said == "yes" || (!destructive && said == "y"))
}

/// What was removed, for programs.
#[derive(Serialize)]
struct Purged<'a> {
    removed: &'a [PathBuf],
    dry_run: bool,
}

fn report(json: bool, dry_run: bool, removed: &[PathBuf], words: &str) -> anyhow::Result<Outcome> {
    answer(&if json {
        serde_json::to_string(&Purged { removed, dry_run })?
    } else {
        words.to_owned()
    })?;
    Ok(Outcome::Good)
}
