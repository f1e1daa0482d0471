//! `caracald audit verify --export FILE`, `--archive`: entries in files, without a database.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, Read as _, Seek as _},
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use caracal_audit::{LinesFault, LinesVerifier, stretches};

use super::{Against, journal::Journal, kept::Compared, report};

/// What tables begin with.
const TABLE: &[u8] = b"PAR1";

/// Consecutive entries in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EntryRange {
    entries: Range<u64>,
    path: PathBuf,
    /// Bytes before it in the file.
    skipped: u64,
    lines: u64,
}

/// Verifies what `audit export` printed into `path`; exit 1 when something does not hold.
pub(crate) fn run_file(path: &Path, against: &Against, json: bool) -> anyhow::Result<ExitCode> {
    report(&[compare_file(path, against)?], json)
}

/// Verifies every log of the archive of retention at `path`, and the entries that `rest` still has of one of them; exit 1 when
/// something does not hold.
pub(crate) fn run_archive(
    path: &Path,
    rest: Option<&Path>,
    against: &Against,
    json: bool,
) -> anyhow::Result<ExitCode> {
    report(&compare_archive(path, rest, against)?, json)
}

fn compare_file(path: &Path, against: &Against) -> anyhow::Result<Compared> {
    let believed = against.believed(&against.keys()?)?;
    let mut journal = against.journal()?;
    let mut verifier = LinesVerifier::new(&believed);
    let outcome = take_file(path, &mut verifier, &mut journal).with_context(|| named("--export", path))?;
    let compared = finish(path, verifier, outcome, &mut journal)?;
    journal.finish()?;
    Ok(compared)
}

fn compare_archive(path: &Path, rest: Option<&Path>, against: &Against) -> anyhow::Result<Vec<Compared>> {
    let believed = against.believed(&against.keys()?)?;
    let mut journal = against.journal()?;
    let mut logs = BTreeMap::new();
    collect(path, &mut logs).with_context(|| named("--archive", path))?;
    // Nothing was verified, which is not the same as an archive that holds.
    anyhow::ensure!(!logs.is_empty(), "--archive: {} has no entries", path.display());
    if let Some(rest) = rest {
        anyhow::ensure!(
            logs.len() == 1,
            "--archive: with --export it is the directory of one log"
        );
        let more = of_export(rest).with_context(|| named("--export", rest))?;
        for stretches in logs.values_mut() {
            stretches.extend(more.iter().cloned());
        }
    }
    let mut compared = Vec::new();
    for (directory, mut stretches) in logs {
        // Of two that begin alike the longer goes on where the shorter ended.
        stretches.sort_by_key(|stretch| (stretch.entries.start, stretch.entries.end));
        let mut verifier = LinesVerifier::new(&believed);
        let (mut outcome, mut last) = (Ok(()), directory);
        for stretch in stretches {
            verifier.stretch(stretch.entries.start);
            outcome = take(&stretch, &mut verifier, &mut journal);
            last = stretch.path;
            if outcome.is_err() {
                break;
            }
        }
        compared.push(finish(&last, verifier, outcome, &mut journal)?);
    }
    journal.finish()?;
    Ok(compared)
}

fn named(option: &str, path: &Path) -> String {
    format!("{option}: {}", path.display())
}

fn take_file(
    path: &Path,
    verifier: &mut LinesVerifier<'_>,
    journal: &mut Journal,
) -> anyhow::Result<Result<(), LinesFault>> {
    let mut file = File::open(path)?;
    let mut first = Vec::new();
    (&mut file).take(TABLE.len() as u64).read_to_end(&mut first)?;
    file.rewind()?;
    if first != TABLE {
        return Ok(verifier.lines(&mut BufReader::new(file), u64::MAX, journal));
    }
    #[cfg(feature = "export")]
    return Ok(super::export::take_table(file, verifier, journal));
    #[cfg(not(feature = "export"))]
    anyhow::bail!("this build reads no tables");
}

/// What came of a log, whose last file is at `path`.
fn finish(
    path: &Path,
    verifier: LinesVerifier<'_>,
    outcome: Result<(), LinesFault>,
    journal: &mut Journal,
) -> anyhow::Result<Compared> {
    let reached = verifier.progress().cloned().unwrap_or_default();
    let log = verifier.log().cloned();
    let outcome = outcome.and_then(|()| Ok(verifier.finish()?));
    match outcome {
        Ok(Some((log, progress))) => {
            journal.done([(&log, &progress)])?;
            Ok(Compared::new(&log, &progress, None))
        }
        Ok(None) => anyhow::bail!("{} has no entries", path.display()),
        Err(LinesFault::Read(error)) => Err(error).with_context(|| path.display().to_string()),
        Err(fault @ (LinesFault::Unsigned(_) | LinesFault::NoLog)) => {
            Err(anyhow::Error::new(fault).context(path.display().to_string()))
        }
        Err(fault @ (LinesFault::Line { .. } | LinesFault::Log(_))) => {
            let fault = format!("in {}: {fault}", path.display());
            Ok(match log {
                Some(log) => Compared::new(&log, &reached, Some(fault)),
                None => Compared::of_nothing(path, fault),
            })
        }
    }
}

fn take(
    stretch: &EntryRange,
    verifier: &mut LinesVerifier<'_>,
    journal: &mut Journal,
) -> Result<(), LinesFault> {
    let mut file = BufReader::new(File::open(&stretch.path)?);
    file.seek(io::SeekFrom::Start(stretch.skipped))?;
    verifier.lines(&mut file, stretch.lines, journal)
}

/// The stretches of the archives below `directory`, by the directory that they lie in.
fn collect(directory: &Path, logs: &mut BTreeMap<PathBuf, Vec<EntryRange>>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, logs)?;
            continue;
        }
        // Files of their own making, such as one that was not finished, are left alone.
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if let Some(entries) = stretch_of(name) {
            let stretch = EntryRange {
                entries,
                path: path.clone(),
                skipped: 0,
                lines: u64::MAX,
            };
            logs.entry(directory.to_owned()).or_default().push(stretch);
        }
    }
    Ok(())
}

/// The entries that a file of an archive is named after.
fn stretch_of(name: &str) -> Option<Range<u64>> {
    let (first, end) = name.strip_suffix(".ndjson")?.split_once('-')?;
    Some(first.parse().ok()?..end.parse().ok()?)
}

/// The stretches of what `audit export` printed.
fn of_export(path: &Path) -> io::Result<Vec<EntryRange>> {
    let found = stretches(&mut BufReader::new(File::open(path)?))?;
    let stretch = |(entries, lines, skipped)| EntryRange {
        entries,
        path: path.to_owned(),
        skipped,
        lines,
    };
    Ok(found.into_iter().map(stretch).collect())
}

#[cfg(test)]
mod tests;
