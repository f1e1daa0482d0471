//! `caracald audit verify --checkpoint`: logs compared with checkpoints that were kept elsewhere.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use caracal_audit::{Believed, Journal as _, verify_against};
use caracal_core::ZoneId;
use caracal_ledger::{chain::LogId, note::NoteKey, verify::Progress, witness::parse_keys};
use caracal_storage::Store;
use serde::Serialize;

use super::journal::Journal;

/// What logs are compared with.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(group(clap::ArgGroup::new("compared").multiple(true)))]
pub(crate) struct Against {
    /// A checkpoint that was kept elsewhere: its log must still begin with what was signed. Or a bucket as in
    /// `AUDIT_CHECKPOINT_URL`, for all that is published there. May be given again.
    #[arg(long, value_name = "FILE", group = "compared", requires = "trust")]
    pub(super) checkpoint: Vec<PathBuf>,
    /// A prune checkpoint that was kept or published. For a file or an archive: up to it entries may be missing, and those that
    /// are there must be what it signs. For a scheduled export, which has them all: it is compared like a checkpoint. May be
    /// given again.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub(super) pruned: Vec<PathBuf>,
    /// Keys that are believed, one a line: those of `caracald audit keys`, and of witnesses.
    #[arg(long, value_name = "FILE", requires = "compared")]
    pub(super) trust: Option<PathBuf>,
    /// How many witnesses must have signed each checkpoint.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "compared")]
    pub(super) witnesses: usize,
    /// A file that keeps how far the comparison is: the next one goes on from there, and the verification of a whole database
    /// where it was interrupted. Whoever can write it decides what is not looked at again.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pack", "receipt"])]
    pub(super) resume: Option<PathBuf>,
}

/// What came of one log.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    /// The name of the log.
    pub(super) log: String,
    /// Its zone; absent for the deployment's own.
    pub(super) zone_id: Option<ZoneId>,
    /// Entries looked at, those of an earlier comparison among them.
    pub(super) entries: u64,
    /// The largest size at which the log was the one that was signed.
    pub(super) proved: u64,
    /// What does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
}

impl Compared {
    /// Of a log that is `progress` far, or does not hold.
    pub(super) fn new(log: &LogId, progress: &Progress, fault: Option<String>) -> Self {
        Self {
            log: log.name(),
            zone_id: log.zone().cloned(),
            entries: progress.frontier.size(),
            proved: progress.proved,
            fault,
        }
    }

    /// Of a file whose first line does not hold, so that it is of no log that could be named.
    pub(super) fn of_nothing(path: &Path, fault: String) -> Self {
        Self {
            log: path.display().to_string(),
            zone_id: None,
            entries: 0,
            proved: 0,
            fault: Some(fault),
        }
    }
}

impl Against {
    /// Compares every log that there is a checkpoint of, or that of one `zone`.
    pub(super) async fn compare(
        &self,
        store: &dyn Store,
        zone: Option<&ZoneId>,
    ) -> anyhow::Result<Vec<Compared>> {
        self.compare_with(store, zone, self.journal()?).await
    }

    async fn compare_with(
        &self,
        store: &dyn Store,
        zone: Option<&ZoneId>,
        mut journal: Journal,
    ) -> anyhow::Result<Vec<Compared>> {
        let keys = self.keys()?;
        let known = self.believed(&keys)?.checkpoints;
        let mut compared = Vec::new();
        for (of, checkpoints) in &known.0 {
            if zone.is_some() && zone != of.zone() {
                continue;
            }
            let from = journal.earlier(of).unwrap_or_default();
            let mut last = from.clone();
            let outcome = verify_against(store, of, checkpoints, &keys, from, |progress| {
                last = progress.clone();
                journal.reached(of, progress);
            })
            .await?;
            let fault = match outcome {
                Ok(progress) => {
                    journal.done([(of, &progress)])?;
                    last = progress;
                    None
                }
                Err(fault) => Some(fault.to_string()),
            };
            compared.push(Compared::new(of, &last, fault));
        }
        journal.finish()?;
        Ok(compared)
    }

    /// What remembers how far the comparison is.
    pub(super) fn journal(&self) -> anyhow::Result<Journal> {
        Journal::open(self.resume.as_deref())
    }

    /// What was signed of logs, each by one of `keys`.
    pub(super) fn believed(&self, keys: &[NoteKey]) -> anyhow::Result<Believed> {
        let mut known = Believed::default();
        for path in &self.checkpoint {
            for (note, named) in checkpoints(path)? {
                known
                    .checkpoints
                    .add(&note, keys, self.witnesses)
                    .context(named)?;
            }
        }
        for path in &self.pruned {
            let (note, named) = read("--pruned", path)?;
            known.prunes.add(&note, keys).context(named)?;
        }
        Ok(known)
    }

    /// The keys that are believed.
    pub(super) fn keys(&self) -> anyhow::Result<Vec<NoteKey>> {
        let Some(trust) = &self.trust else {
            return Ok(Vec::new());
        };
        let keys = std::fs::read_to_string(trust);
        let keys = keys.with_context(|| format!("--trust: cannot read {}", trust.display()))?;
        parse_keys(&keys).with_context(|| format!("--trust: {}", trust.display()))
    }
}

/// A note in a file, and what to call it.
fn read(option: &str, path: &Path) -> anyhow::Result<(Vec<u8>, String)> {
    let named = format!("{option}: {}", path.display());
    std::fs::read(path)
        .context(named.clone())
        .map(|note| (note, named))
}

/// The checkpoints that an option names.
fn checkpoints(path: &Path) -> anyhow::Result<Vec<(Vec<u8>, String)>> {
    match path.to_str().filter(|text| text.starts_with("s3://")) {
        #[cfg(feature = "export")]
        Some(url) => super::bucket::published(url),
        #[cfg(not(feature = "export"))]
        Some(url) => anyhow::bail!("--checkpoint: {url} is a bucket, and this build knows none"),
        None => Ok(vec![read("--checkpoint", path)?]),
    }
}

#[cfg(test)]
mod tests;
