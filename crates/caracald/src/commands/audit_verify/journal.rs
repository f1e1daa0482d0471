//! How far a verification is: kept in a file, and told on standard error.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use caracal_audit::Walked;
use caracal_ledger::{chain::LogId, merkle::Frontier, verify::Progress};
use caracal_service::files;
use serde::{Deserialize, Serialize};

/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// How often it is kept: what an interrupted comparison does again at most.
const KEPT_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// Logs that were compared with what was signed.
    compared: BTreeMap<String, KeptProgress>,
    /// Logs of a database that is being verified as a whole.
    #[serde(default)]
    whole: BTreeMap<String, Walked>,
}

/// How far each log is.
pub(super) struct Journal {
    path: Option<PathBuf>,
    logs: BTreeMap<String, Progress>,
    whole: BTreeMap<String, Walked>,
    kept_every: Duration,
    kept_at: Instant,
    /// It could not be written; what is compared goes on, and ends with this.
    failed: Option<anyhow::Error>,
    told_at: Instant,
    /// The log that is told about, when that began and with which entry.
    told: Option<(LogId, Instant, u64)>,
}

impl Journal {
    /// What was kept in the file at `path`, where there is one.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Self::keeping(path, KEPT_EVERY)
    }

    /// As [`Self::open`], and how far it is, is kept each time that `kept_every` is over.
    pub(super) fn keeping(path: Option<&Path>, kept_every: Duration) -> anyhow::Result<Self> {
        let not_kept = "--resume: the file is not one that was kept";
        let kept: State = match path.map(std::fs::read) {
            None => State::default(),
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Some(Err(error)) => return Err(error).context("--resume: cannot read the file"),
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).context(not_kept)?,
        };
        let logs = kept
            .compared
            .into_iter()
            .map(|(log, kept)| Some((log, kept.read()?)))
            .collect::<Option<_>>()
            .context(not_kept)?;
        let now = Instant::now();
        Ok(Self {
            path: path.map(Path::to_owned),
            logs,
            whole: kept.whole,
            kept_every,
            kept_at: now,
            failed: None,
            told_at: now,
            told: None,
        })
    }

    /// Keeps that these logs were compared up to there, and hold.
    pub(super) fn done<'p>(
        &mut self,
        logs: impl IntoIterator<Item = (&'p LogId, &'p Progress)>,
    ) -> anyhow::Result<()> {
        let logs = logs
            .into_iter()
            .map(|(log, progress)| (log.name(), progress.clone()));
        self.logs.extend(logs);
        self.keep()
    }

    /// All that a database says was verified to its end: the next verification of it begins at the beginning.
    pub(super) fn whole_is_done(mut self) -> anyhow::Result<()> {
        if !self.whole.is_empty() {
            self.whole.clear();
            self.keep()?;
        }
        self.finish()
    }

    /// Whether everything that was to be kept was.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn keep(&mut self) -> anyhow::Result<()> {
        self.kept_at = Instant::now();
        let Some(path) = &self.path else { return Ok(()) };
        let compared = self.logs.iter();
        let compared = compared.map(|(log, progress)| (log.clone(), KeptProgress::of(progress)));
        let state = State {
            compared: compared.collect(),
            whole: self.whole.clone(),
        };
        files::replace(path, &serde_json::to_vec(&state)?).context("--resume: cannot write the file")
    }

    /// Whether it is time to keep how far it is.
    fn is_due(&self) -> bool {
        self.path.is_some() && self.kept_at.elapsed() >= self.kept_every && self.failed.is_none()
    }

    fn tell(&mut self, log: &LogId, size: u64) {
        let now = Instant::now();
        let (_, begun, first) = match &self.told {
            Some(told) if told.0 == *log => told,
            _ => {
                self.told_at = now;
                self.told.insert((log.clone(), now, size))
            }
        };
        if now.duration_since(self.told_at) < TOLD_EVERY {
            return;
        }
        self.told_at = now;
        let progress = progress(log, size, size.saturating_sub(*first), now.duration_since(*begun));
        // Nobody may be there to read it.
        let _ = writeln!(io::stderr(), "{progress}");
    }
}

/// How far the comparison of `log` has come: its first `size` entries, `compared` of them within `took`.
fn progress(log: &LogId, size: u64, compared: u64, took: Duration) -> String {
    let rate = compared / took.as_secs().max(1);
    format!("{log}: {size} entries compared, {rate} a second")
}

impl caracal_audit::Journal for Journal {
    fn earlier(&mut self, log: &LogId) -> Option<Progress> {
        let earlier = self.logs.get(&log.name()).cloned();
        let first = earlier.as_ref().map_or(0, |earlier| earlier.frontier.size());
        self.told = Some((log.clone(), Instant::now(), first));
        earlier
    }

    fn reached(&mut self, log: &LogId, progress: &Progress) {
        self.tell(log, progress.frontier.size());
        if self.is_due() {
            self.logs.insert(log.name(), progress.clone());
            self.failed = self.keep().err();
        }
    }

    fn walked(&mut self, log: &LogId) -> Option<Walked> {
        self.whole.get(&log.name()).cloned()
    }

    fn walking(&mut self, log: &LogId, progress: &Progress, walked: &dyn Fn() -> Option<Walked>) {
        self.tell(log, progress.frontier.size());
        if self.is_due()
            && let Some(walked) = walked()
        {
            self.whole.insert(log.name(), walked);
            self.failed = self.keep().err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_names_the_log_how_far_it_came_and_the_rate_of_this_run() {
        let told = progress(&LogId::Deployment, 450_000, 400_000, Duration::from_millis(2900));
        assert_eq!(
            told,
            format!("{}: 450000 entries compared, 200000 a second", LogId::Deployment)
        );
        // Of less than a second nothing is said that was not compared.
        assert!(progress(&LogId::Deployment, 7, 7, Duration::ZERO).ends_with("7 a second"));
    }
}
