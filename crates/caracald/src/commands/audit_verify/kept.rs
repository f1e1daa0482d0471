//! `caracald audit verify --checkpoint`: logs compared with checkpoints that were kept elsewhere.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use caracal_audit::{KeptCheckpoints, verify_against};
use caracal_core::ZoneId;
use caracal_ledger::{merkle::Frontier, note::NoteKey, verify::Progress, witness::parse_keys};
use caracal_service::files;
use caracal_storage::Store;
use serde::{Deserialize, Serialize};

/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// How often it is kept: what an interrupted comparison does again at most.
const KEPT_EVERY: Duration = Duration::from_secs(5);

/// What logs are compared with.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(group(clap::ArgGroup::new("compared").multiple(true)))]
pub(crate) struct Against {
    /// A checkpoint that was kept elsewhere: its log must still begin with what was signed. May be given again.
    #[arg(long, value_name = "FILE", group = "compared", requires = "trust")]
    checkpoint: Vec<PathBuf>,
    /// Keys that are believed, one a line: those of `caracald audit keys`, and of witnesses.
    #[arg(long, value_name = "FILE", requires = "compared")]
    trust: Option<PathBuf>,
    /// How many witnesses must have signed each checkpoint.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "compared")]
    pub(super) witnesses: usize,
    /// A file that keeps how far the comparison is: the next one goes on from there. Whoever can write it decides what is
    /// not looked at again.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    resume: Option<PathBuf>,
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

/// How far each log is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept(BTreeMap<String, KeptProgress>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptProgress {
    entries: u64,
    /// Roots of the perfect subtrees, in hex.
    peaks: Vec<String>,
    proved: u64,
}

impl KeptProgress {
    fn of(progress: &Progress) -> Self {
        Self {
            entries: progress.frontier.size(),
            peaks: progress.frontier.peaks().iter().map(hex::encode).collect(),
            proved: progress.proved,
        }
    }

    fn read(&self) -> Option<Progress> {
        let peak = |text: &String| {
            let mut hash = [0; 32];
            hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
        };
        let peaks = self.peaks.iter().map(peak).collect::<Option<_>>()?;
        Some(Progress {
            frontier: Frontier::from_parts(self.entries, peaks).ok()?,
            proved: self.proved,
        })
    }
}

impl Against {
    /// Compares every log that there is a checkpoint of, or that of one `zone`.
    pub(super) async fn compare(
        &self,
        store: &dyn Store,
        zone: Option<&ZoneId>,
    ) -> anyhow::Result<Vec<Compared>> {
        self.compare_keeping(store, zone, KEPT_EVERY).await
    }

    /// As [`Self::compare`], and how far it is, is kept each time that `every` is over.
    async fn compare_keeping(
        &self,
        store: &dyn Store,
        zone: Option<&ZoneId>,
        every: Duration,
    ) -> anyhow::Result<Vec<Compared>> {
        let (known, keys) = self.read()?;
        let mut kept = self.kept()?;
        let mut compared = Vec::new();
        for (of, checkpoints) in &known.0 {
            if zone.is_some() && zone != of.zone() {
                continue;
            }
            let name = of.name();
            let from = match kept.0.get(&name) {
                Some(progress) => progress
                    .read()
                    .context("--resume: the file is not one that was kept")?,
                None => Progress::default(),
            };
            let mut told = KeptFindings::new(&name, from.frontier.size());
            let mut last = KeptProgress::of(&from);
            let (mut kept_at, mut not_kept) = (Instant::now(), None);
            let outcome = verify_against(store, of, checkpoints, &keys, from, |progress| {
                last = KeptProgress::of(progress);
                told.tell(progress.frontier.size());
                if kept_at.elapsed() >= every && not_kept.is_none() {
                    kept.0.insert(name.clone(), last.clone());
                    not_kept = self.keep(&kept).err();
                    kept_at = Instant::now();
                }
            })
            .await?;
            if let Some(error) = not_kept {
                return Err(error);
            }
            let fault = match outcome {
                Ok(progress) => {
                    last = KeptProgress::of(&progress);
                    None
                }
                Err(fault) => Some(fault.to_string()),
            };
            compared.push(Compared {
                log: name.clone(),
                zone_id: of.zone().cloned(),
                entries: last.entries,
                proved: last.proved,
                fault: fault.clone(),
            });
            if fault.is_none() {
                kept.0.insert(name, last);
                self.keep(&kept)?;
            }
        }
        Ok(compared)
    }

    pub(super) fn read(&self) -> anyhow::Result<(KeptCheckpoints, Vec<NoteKey>)> {
        let mut known = KeptCheckpoints::default();
        let keys = self.keys()?;
        for path in &self.checkpoint {
            let named = || format!("--checkpoint: {}", path.display());
            let note = std::fs::read(path).with_context(named)?;
            known.add(&note, &keys, self.witnesses).with_context(named)?;
        }
        Ok((known, keys))
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

    fn kept(&self) -> anyhow::Result<Kept> {
        match self.resume.as_deref().map(std::fs::read) {
            None => Ok(Kept::default()),
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
            Some(Err(error)) => Err(error).context("--resume: cannot read the file"),
            Some(Ok(bytes)) => {
                serde_json::from_slice(&bytes).context("--resume: the file is not one that was kept")
            }
        }
    }

    fn keep(&self, kept: &Kept) -> anyhow::Result<()> {
        let Some(path) = &self.resume else { return Ok(()) };
        files::replace(path, &serde_json::to_vec(kept)?).context("--resume: cannot write the file")
    }
}

/// Tells on standard error how far it is.
struct KeptFindings<'l> {
    log: &'l str,
    begun: Instant,
    first: u64,
    last: Instant,
}

impl<'l> KeptFindings<'l> {
    fn new(log: &'l str, first: u64) -> Self {
        let begun = Instant::now();
        let last = begun;
        Self {
            log,
            begun,
            first,
            last,
        }
    }

    fn tell(&mut self, size: u64) {
        if self.last.elapsed() < TOLD_EVERY {
            return;
        }
        self.last = Instant::now();
        let seconds = self.begun.elapsed().as_secs().max(1);
        let rate = size.saturating_sub(self.first) / seconds;
        // Nobody may be there to read it.
        let _ = writeln!(
            std::io::stderr(),
            "{}: {size} entries compared, {rate} a second",
            self.log
        );
    }
}

#[cfg(test)]
mod tests;
