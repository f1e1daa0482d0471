//! `caracald secrets rotate`: changes secrets while calls go on.
//!
//! In three steps: the new value beside the old one, the new value in its place, the old one away. Between two steps
//! every process that has the secret is started again, by whoever runs them; this command tells which, sees that it
//! happened where it may ask them, and goes on. It can be run as often as wanted: what it has come to is in a journal.

mod catalogue;
mod journal;
mod plan;
mod processes;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use caracal_crypto::system_world;
use caracal_service::config::Role;
use serde::Serialize;
use tokio::time::Instant;

pub(super) use self::catalogue::{beside, rotates_beside};
use self::{
    catalogue::{ALL, Change, DropCondition, Entry},
    journal::{Journal, Phase, Secrets},
    processes::Processes,
};
use crate::commands::{
    processes::{self as named, Process},
    say,
};

/// Pause between two looks.
const AGAIN: Duration = Duration::from_secs(1);
/// Exit code while the change waits for somebody.
const UNFINISHED: u8 = 3;

/// What to change, and what is known of the processes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rotate {
    /// Where the files are: of `secrets init`, or `secrets` in the home of an embedded deployment.
    directory: PathBuf,
    /// Files to change, such as secretStoreKek; everything that can be changed with `--all`.
    #[arg(conflicts_with = "all")]
    secrets: Vec<String>,
    /// Change every secret that is there.
    #[arg(long)]
    all: bool,
    /// A process that is asked what it has read and still needs, once for each; not a balancer in front of several. Those
    /// of an embedded deployment are known.
    #[arg(long = "process", value_name = "ROLE=URL")]
    processes: Vec<Process>,
    /// A role that this deployment does not run, once for each: nobody has to start it again.
    #[arg(long, value_name = "ROLE", value_parser = role)]
    without: Vec<Role>,
    /// Wait so long for processes to be started again and for the old value to be needed no more.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    /// Every process that was to be started again was, and reads the files as they are now.
    #[arg(long)]
    restarted: bool,
    /// Take old values away that only people can tell are needed no more.
    #[arg(long)]
    drop: bool,
    /// Go back, as long as the new value is not in use.
    #[arg(long, conflicts_with_all = ["restarted", "drop", "all", "dry_run"])]
    abandon: bool,
    /// Make room beside a key that has four earlier ones.
    #[arg(long)]
    forget_oldest: bool,
    /// Write nothing; say what each step would do.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// What is told.
#[derive(Debug, Serialize)]
struct RotationReport {
    secrets: Vec<String>,
    /// The step that was done last; nothing when the change is over or was not begun.
    phase: Option<Phase>,
    /// Steps, the one that was done or all that would be.
    steps: Vec<StepReport>,
    /// What the change waits for.
    waiting: Vec<String>,
    done: bool,
}

#[derive(Debug, Serialize)]
struct StepReport {
    phase: Phase,
    writes: Vec<String>,
    before: Vec<String>,
    restart: Vec<String>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("{text:?} is not a role"))
}

/// Does what can be done now, and says what is to be done next.
pub(super) fn run(asked: &Rotate) -> anyhow::Result<ExitCode> {
    let secrets = Secrets::take(&asked.directory)?;
    let told = super::super::block_on(async {
        match secrets.journal()? {
            None if asked.abandon => bail!("no change is under way"),
            None => begin(asked, &secrets).await,
            Some(journal) => {
                ensure!(
                    asked.secrets.is_empty() && !asked.all
                        || chosen(asked, &secrets)?
                            .iter()
                            .map(|entry| entry.file)
                            .eq(journal.secrets.iter()),
                    "a change of {} is under way; finish it first by running this without names",
                    journal.secrets.join(", ")
                );
                if asked.abandon {
                    abandon(&secrets, journal)
                } else {
                    go_on(asked, &secrets, journal, asked.restarted).await
                }
            }
        }
    })?;
    tell(asked, &told)?;
    Ok(if told.done || asked.dry_run {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNFINISHED)
    })
}

/// The secrets that were asked for, in the order of the catalogue.
fn chosen(asked: &Rotate, secrets: &Secrets) -> anyhow::Result<Vec<&'static Entry>> {
    let names: Vec<&str> = ALL.iter().map(|entry| entry.file).collect();
    for wanted in &asked.secrets {
        ensure!(
            names.contains(&wanted.as_str()),
            "{wanted:?} is not a secret that can be changed; those are {}",
            names.join(", ")
        );
    }
    let mut entries = Vec::new();
    for entry in ALL {
        let named = asked.secrets.iter().any(|wanted| wanted == entry.file);
        if named || asked.all && secrets.read(entry.file)?.is_some() {
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn processes(asked: &Rotate) -> anyhow::Result<Processes> {
    Processes::new(if asked.processes.is_empty() {
        asked.directory.parent().map_or(Ok(Vec::new()), named::embedded)?
    } else {
        asked.processes.clone()
    })
}

async fn begin(asked: &Rotate, secrets: &Secrets) -> anyhow::Result<RotationReport> {
    let entries = chosen(asked, secrets)?;
    ensure!(
        !entries.is_empty(),
        "say which secrets to change, or --all; those that can be are {}",
        ALL.iter().map(|entry| entry.file).collect::<Vec<_>>().join(", ")
    );
    let [fresh, old] = plan::values(secrets, &system_world(), &entries)?;
    let journal = Journal {
        secrets: entries.iter().map(|entry| entry.file.to_owned()).collect(),
        phase: Phase::Added,
        fresh,
        old,
        writes: BTreeMap::new(),
        restart: Vec::new(),
        before: Vec::new(),
        seen: BTreeMap::new(),
    };
    if asked.dry_run {
        let mut steps = Vec::new();
        for phase in [Phase::Added, Phase::Switched, Phase::Dropped] {
            let step = plan::step(secrets, &journal, phase, asked.forget_oldest)?;
            steps.push(StepReport {
                phase,
                restart: step.restart(&asked.without),
                writes: step.writes.into_keys().collect(),
                before: step.before,
            });
        }
        return Ok(RotationReport {
            secrets: journal.secrets,
            phase: None,
            steps,
            waiting: Vec::new(),
            done: false,
        });
    }
    let processes = processes(asked)?;
    let journal = carry_out(asked, secrets, &processes, journal, Phase::Added).await?;
    // What has nothing to add waits for nobody.
    go_on(asked, secrets, journal, false).await
}

/// Writes what `phase` is to write, with what the processes say of themselves just before.
async fn carry_out(
    asked: &Rotate,
    secrets: &Secrets,
    processes: &Processes,
    mut journal: Journal,
    phase: Phase,
) -> anyhow::Result<Journal> {
    let step = plan::step(secrets, &journal, phase, asked.forget_oldest)?;
    journal.phase = phase;
    journal.restart = step.restart(&asked.without);
    journal.writes = step.writes;
    journal.before = step.before;
    journal.seen = processes.seen(secrets).await?;
    secrets.carry_out(&journal)?;
    Ok(journal)
}

/// Goes on from where the journal ends, as far as it goes.
///
/// `confirmed` says that whoever had to be started again for its last step was.
async fn go_on(
    asked: &Rotate,
    secrets: &Secrets,
    mut journal: Journal,
    mut confirmed: bool,
) -> anyhow::Result<RotationReport> {
    ensure!(
        !asked.dry_run,
        "a change of {} is under way; see it without --dry-run",
        journal.secrets.join(", ")
    );
    // The step may have been cut short.
    secrets.write(&journal)?;
    let deadline = Instant::now().checked_add(Duration::from_secs(asked.wait));
    loop {
        // Looked up anew each time: an embedded daemon comes back on other ports.
        let processes = processes(asked)?;
        let waiting = waiting(asked, secrets, &journal, &processes, confirmed).await?;
        if waiting.is_empty() {
            let Some(next) = journal.phase.next() else {
                secrets.forget()?;
                return Ok(report(journal, Vec::new(), true));
            };
            journal = carry_out(asked, secrets, &processes, journal, next).await?;
            // What was said of one step does not hold for the next.
            confirmed = false;
            if !asked.json && asked.wait > 0 {
                say(&lines(&step_report(&journal)))?;
            }
            continue;
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Ok(report(journal, waiting, false));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// What the next step waits for.
async fn waiting(
    asked: &Rotate,
    secrets: &Secrets,
    journal: &Journal,
    processes: &Processes,
    confirmed: bool,
) -> anyhow::Result<Vec<String>> {
    if !confirmed {
        let unread = processes.unread(secrets, &journal.restart, &journal.seen).await;
        if !unread.is_empty() {
            return Ok(unread);
        }
        // Nobody starts a process again for these, so that nothing shows that they were done.
        if journal.restart.is_empty() && !journal.before.is_empty() {
            return Ok(vec![String::from("say --restarted once it is done")]);
        }
    }
    if journal.phase != Phase::Switched {
        return Ok(Vec::new());
    }
    let mut waiting = BTreeSet::new();
    for file in &journal.secrets {
        let entry = catalogue::find(file).context("the catalogue changed under the journal")?;
        let Change::Beside { other, until, .. } = &entry.change else {
            continue;
        };
        match until {
            DropCondition::Told(what) if !asked.drop => {
                waiting.insert(format!(
                    "{file}: the old value stays until {what}; then say --drop"
                ));
            }
            DropCondition::Zero(_) | DropCondition::Still(..) if processes.is_empty() && !asked.drop => {
                waiting.insert(format!(
                    "{file}: nobody can see whether the old value is needed; name every --process, or say --drop"
                ));
            }
            DropCondition::Zero(_) | DropCondition::Still(..) if !processes.is_empty() => {
                waiting.extend(processes.needed(secrets, file, *until, other.users()).await?);
            }
            _ => {}
        }
    }
    Ok(waiting.into_iter().collect())
}

/// Takes the new values away again, which nobody uses yet.
fn abandon(secrets: &Secrets, mut journal: Journal) -> anyhow::Result<RotationReport> {
    ensure!(
        journal.phase == Phase::Added,
        "the new values are in use; finish this change, then begin another"
    );
    let fresh = journal.fresh.clone();
    for (name, value) in &mut journal.writes {
        if let Some(file) = name.strip_suffix("Previous") {
            let without = value
                .split(',')
                .filter(|one| fresh.get(file).map(String::as_str) != Some(*one));
            *value = without.collect::<Vec<_>>().join(",");
        }
        // Two passwords in `redisUsers` are no harm; the next change of it takes the abandoned one away.
    }
    secrets.carry_out(&journal)?;
    secrets.forget()?;
    Ok(report(journal, Vec::new(), true))
}

fn step_report(journal: &Journal) -> StepReport {
    StepReport {
        phase: journal.phase,
        writes: journal.writes.keys().cloned().collect(),
        before: journal.before.clone(),
        restart: journal.restart.clone(),
    }
}

fn report(journal: Journal, waiting: Vec<String>, done: bool) -> RotationReport {
    RotationReport {
        phase: (!done).then_some(journal.phase),
        steps: vec![step_report(&journal)],
        secrets: journal.secrets,
        waiting,
        done,
    }
}

fn tell(asked: &Rotate, told: &RotationReport) -> anyhow::Result<()> {
    if asked.json {
        return Ok(say(&serde_json::to_string_pretty(told)?)?);
    }
    let mut text: Vec<String> = Vec::new();
    if told.done {
        let secrets = told.secrets.join(", ");
        text.push(if asked.abandon {
            format!("{secrets}: as it was; start again what had read the new value")
        } else {
            format!("changed: {secrets}")
        });
    } else {
        text.extend(told.steps.iter().map(lines));
        text.extend(told.waiting.iter().map(|what| format!("waits: {what}")));
        if !asked.dry_run {
            text.push(String::from("then run this again"));
        }
    }
    Ok(say(&text.join("\n"))?)
}

fn lines(step: &StepReport) -> String {
    let what = match step.phase {
        Phase::Added => "1 of 3, the new value beside the old one",
        Phase::Switched => "2 of 3, the new value in its place",
        Phase::Dropped => "3 of 3, the old value away",
    };
    let list = |names: &[String]| match names {
        [] => String::from("nothing"),
        names => names.join(", "),
    };
    let mut lines = vec![format!("step {what}"), format!("  wrote: {}", list(&step.writes))];
    lines.extend(step.before.iter().map(|sentence| format!("  do: {sentence}")));
    lines.push(format!(
        "  start again, one process after the other: {}",
        list(&step.restart)
    ));
    lines.join("\n")
}
