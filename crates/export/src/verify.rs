//! An export verified from its target alone.

use std::collections::{BTreeMap, BTreeSet};

use caracal_audit::{Journal, KeptCheckpoints};
use caracal_ledger::{
    chain::{Chain, LogId},
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::NoteKey,
    trust::Trust,
    verify::{Fault, Progress, Verifier},
};

use caracal_storage::AuditRow;

use crate::{
    ExportTarget, Part, PartName, TargetError,
    part::{FORMAT, zone_directory},
};

/// What of an export does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportFault {
    /// A record is none.
    #[error("the record {0} cannot be read")]
    Record(String),
    /// The checkpoint of a record is not believed.
    #[error("the checkpoint of {0} is not believed: {1}")]
    Distrust(String, String),
    /// There are no entries beside a record, or they cannot be read, or say something of themselves that is not so.
    #[error("the entries of {0} are missing, cannot be read, or are not what their columns say")]
    Entries(String),
    /// Entries belong to no record.
    #[error("{0} belongs to no record")]
    Stray(String),
    /// A part begins elsewhere than the one before ends: parts are missing, or there are too many.
    #[error("{name} begins at entry {found}, and {expected} is expected")]
    Gap {
        /// The record.
        name: String,
        /// The entry that is expected.
        expected: u64,
        /// The entry that it begins with.
        found: u64,
    },
    /// The tree before a part is not the one after the part before.
    #[error("{0} does not continue the part before")]
    Before(String),
    /// The entries do not make the tree that was signed.
    #[error("in {0}: {1}")]
    Log(String, Fault),
    /// A checkpoint that was kept says that there was more, or something else.
    #[error("the export of the zone as a whole: {0}")]
    Kept(Fault),
}

/// Why it was not found to hold.
#[derive(Debug, thiserror::Error)]
pub enum ExportUnverified {
    /// The target does not answer.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What was found of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The zone, as the target names it.
    pub zone: String,
    /// How many parts were looked at.
    pub parts: u64,
    /// The first entry that was looked at, and the one behind the last.
    pub entries: (u64, u64),
    /// Where the next verification may go on.
    pub progress: Option<(LogId, Progress)>,
    /// What does not hold.
    pub fault: Option<ExportFault>,
}

/// What lies below a zone: records by the first entry, and everything else.
type Listed = (BTreeMap<u64, PartName>, BTreeSet<Vec<String>>);

/// Verifies every part of an export with the keys of the deployment and `threshold` witnesses for the checkpoints in
/// `kept`, which somebody kept elsewhere. Holds one part at a time, and begins with the part at which `journal` says that a
/// zone was compared before.
///
/// # Errors
/// When the target does not answer; what does not hold is told of each zone.
pub async fn verify_export(
    target: &ExportTarget,
    keys: &[NoteKey],
    kept: &KeptCheckpoints,
    journal: &mut dyn Journal,
) -> Result<Vec<Verified>, ExportUnverified> {
    let mut zones: BTreeMap<String, Listed> = BTreeMap::new();
    let mut strays = Vec::new();
    for names in target.all().await? {
        if let Some(name) = PartName::parse(&names) {
            let zone = zones.entry(name.zone.clone()).or_default();
            // Of two with one beginning one belongs to nothing.
            if let Some(other) = zone.0.insert(name.first, name) {
                strays.push((other.zone.clone(), other.record()));
            }
        } else if let [zone, ..] = names.as_slice() {
            zones.entry(zone.clone()).or_default().1.insert(names);
        }
    }
    for zone in kept.ledgers().map(|(zone, _)| zone) {
        zones.entry(zone_directory(zone)).or_default();
    }
    let mut verified = Vec::new();
    for (zone, (parts, mut others)) in zones {
        let mut found = Verified {
            zone: zone.clone(),
            parts: 0,
            entries: (0, 0),
            progress: None,
            fault: None,
        };
        let parts = Parts {
            parts,
            others: &mut others,
        };
        found.fault = verify_zone(target, keys, kept, parts, journal, &mut found).await?;
        if found.fault.is_none() {
            let stray = strays
                .iter()
                .find(|(of, _)| *of == zone)
                .map(|(_, name)| name.clone());
            let left = others.first().map(|names| names.join("/"));
            found.fault = stray.or(left).map(ExportFault::Stray);
        }
        verified.push(found);
    }
    Ok(verified)
}

/// What lies below a zone.
struct Parts<'o> {
    parts: BTreeMap<u64, PartName>,
    others: &'o mut BTreeSet<Vec<String>>,
}

impl Parts<'_> {
    /// Leaves out the parts that end at entry `from` or before it: the next begins there or before.
    fn skip(&mut self, from: u64) {
        let Some((first, _)) = self.parts.range(..=from).next_back() else {
            return;
        };
        let first = *first;
        let left = self.parts.split_off(&first);
        let skipped = std::mem::replace(&mut self.parts, left);
        self.others.retain(|names| {
            PartName::of_entries(names).is_none_or(|part| skipped.get(&part.first) != Some(&part))
        });
    }
}

async fn verify_zone(
    target: &ExportTarget,
    keys: &[NoteKey],
    kept: &KeptCheckpoints,
    mut parts: Parts<'_>,
    journal: &mut dyn Journal,
    found: &mut Verified,
) -> Result<Option<ExportFault>, TargetError> {
    let zone = parts.parts.values().next().and_then(PartName::zone_id);
    let earlier = zone.and_then(|zone| journal.earlier(&LogId::Ledger(zone)));
    let from = earlier.as_ref().map(|earlier| earlier.frontier.size());
    if let Some(from) = from {
        parts.skip(from);
    }
    let mut progress: Option<Progress> = None;
    for name in parts.parts.values() {
        let title = name.beside(&name.record()).join("/");
        let record = target
            .get(&name.beside(&name.record()))
            .await?
            .unwrap_or_default();
        let part: Option<Part> = serde_json::from_slice(&record).ok();
        let part = part.filter(|part| {
            part.format == FORMAT && part.first == name.first && zone_directory(&part.zone_id) == name.zone
        });
        let Some(part) = part else {
            return Ok(Some(ExportFault::Record(title)));
        };
        let log = Chain::Ledger(&part.zone_id).log();
        let signed = match believed(&part, keys) {
            Ok(signed) => signed,
            Err(why) => return Ok(Some(ExportFault::Distrust(title, why))),
        };
        let Some(before) = part.tree_before().filter(|_| part.end > part.first) else {
            return Ok(Some(ExportFault::Record(title)));
        };
        match &progress {
            None => found.entries.0 = part.first,
            Some(progress) if progress.frontier.size() != part.first => {
                return Ok(Some(ExportFault::Gap {
                    name: title,
                    expected: progress.frontier.size(),
                    found: part.first,
                }));
            }
            Some(progress) if progress.frontier != before => return Ok(Some(ExportFault::Before(title))),
            Some(_) => {}
        }
        let start = Progress {
            proved: part.first,
            frontier: before,
        };
        let entries = name.entries(part.form);
        parts
            .others
            .remove(&name.beside(&entries).map(str::to_owned).to_vec());
        let read = target.get(&name.beside(&entries)).await?;
        let form = part.form;
        let read = match read {
            Some(bytes) => tokio::task::spawn_blocking(move || form.read(bytes))
                .await
                .ok()
                .flatten(),
            None => None,
        };
        let Some(read) = read else {
            return Ok(Some(ExportFault::Entries(title)));
        };
        let (none, id) = (Vec::new(), LogId::Ledger(part.zone_id.clone()));
        // What was compared before ends somewhere in the first part, and is what it was.
        let resumed = earlier.as_ref().map(|earlier| Checkpoint {
            origin: part.origin.clone(),
            size: earlier.frontier.size(),
            root: earlier.frontier.root(),
        });
        let within = kept.0.get(&id).unwrap_or(&none).iter().chain(&resumed);
        let within = within.filter(|kept| (part.first..=part.end).contains(&kept.size));
        let known: Vec<_> = within.chain([signed.checkpoint()]).cloned().collect();
        let checked = check(&log, start, &known, &read);
        match checked {
            // More than is signed.
            Ok(end) if end.frontier.size() == part.end => {
                journal.reached(&id, &end);
                found.progress = Some((id, end.clone()));
                progress = Some(end);
            }
            Ok(end) => {
                let size = end.frontier.size();
                let fault = Fault::Gap {
                    expected: part.end,
                    found: size,
                };
                return Ok(Some(ExportFault::Log(title, fault)));
            }
            Err(fault) => return Ok(Some(ExportFault::Log(title, fault))),
        }
        found.parts += 1;
        found.entries.1 = part.end;
    }
    // What was kept and lies behind the last part.
    let known = kept
        .ledgers()
        .filter(|(zone, _)| zone_directory(zone) == found.zone);
    let largest = known
        .flat_map(|(_, kept)| kept.iter().map(|kept| kept.size))
        .chain(from)
        .max();
    Ok(largest.filter(|size| *size > found.entries.1).map(|size| {
        let missing = size - found.entries.1;
        ExportFault::Kept(Fault::Truncated { missing })
    }))
}

fn check(log: &str, start: Progress, known: &[Checkpoint], read: &[AuditRow]) -> Result<Progress, Fault> {
    let mut verifier = Verifier::new(log, start, known)?;
    for row in read {
        verifier.push(&row.entry(log), None)?;
    }
    verifier.finish()
}

/// The checkpoint of a record, when a key of the deployment signed it for this part.
fn believed(part: &Part, keys: &[NoteKey]) -> Result<SignedCheckpoint, String> {
    let signed = SignedCheckpoint::parse(part.checkpoint.as_bytes()).map_err(|error| error.to_string())?;
    let trust = Trust::of_keys(&part.origin, keys.iter().cloned(), 0).map_err(|error| error.to_string())?;
    trust.check(&signed).map_err(|error| error.to_string())?;
    let log = Chain::Ledger(&part.zone_id).log();
    if !part.origin.ends_with(&format!("/{log}")) {
        return Err(String::from("it is of another log"));
    }
    if signed.checkpoint().size != part.end {
        return Err(String::from("it is of another size"));
    }
    Ok(signed)
}
