//! A part: where it lies, and the record beside it.

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::Digest32;
use caracal_ledger::merkle::Frontier;
use serde::{Deserialize, Serialize};

use crate::PartFormat;

/// The form of records.
pub(crate) const FORMAT: &str = "caracal.evidence.part.v1";

/// What is said of a part in the record beside it, `_part-<position>.json`. The record comes first and says which stretch it
/// is; only the stretch that a record names is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// `caracal.evidence.part.v1`.
    pub format: String,
    /// How the entries are written.
    pub form: PartFormat,
    /// Origin of the log.
    pub origin: String,
    /// Zone of the log.
    pub zone_id: ZoneId,
    /// Index of the first entry, from 0.
    pub first: u64,
    /// Index behind the last entry, which is the size of the tree that the checkpoint signs.
    pub end: u64,
    /// Roots of the perfect subtrees of the tree before the first entry, from left to right, in hex.
    pub before: Vec<String>,
    /// The checkpoint of the tree after the last entry (C2SP tlog-checkpoint).
    pub checkpoint: String,
}

impl Part {
    /// The tree before the first entry; `None` where what is said of it cannot be.
    pub(crate) fn tree_before(&self) -> Option<Frontier> {
        let peak = |text: &String| {
            let mut hash: Digest32 = [0; 32];
            hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
        };
        let peaks = self.before.iter().map(peak).collect::<Option<_>>()?;
        Frontier::from_parts(self.first, peaks).ok()
    }
}

/// Where a part lies: `zone=…/date=…/hour=…/part-<position>`, by the hour in which the ledger took its entries and the position
/// of the first, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartName {
    /// `zone=…`.
    pub(crate) zone: String,
    /// `date=…`.
    pub(crate) date: String,
    /// `hour=…`.
    pub(crate) hour: String,
    /// Index of the first entry, from 0.
    pub(crate) first: u64,
}

/// Directory of a zone.
pub(crate) fn zone_directory(zone: &ZoneId) -> String {
    format!("zone={zone}")
}

impl PartName {
    pub(crate) fn new(zone: &ZoneId, taken_at: Timestamp, first: u64) -> Self {
        let text = taken_at.to_rfc3339_micros();
        let (date, time) = text.split_once('T').unwrap_or((&text, ""));
        Self {
            zone: zone_directory(zone),
            date: format!("date={date}"),
            hour: format!("hour={}", time.get(..2).unwrap_or("00")),
            first,
        }
    }

    /// From the names on the way to a record.
    pub(crate) fn parse(names: &[String]) -> Option<Self> {
        let [zone, date, hour, name] = names else {
            return None;
        };
        let digits = name.strip_prefix("_part-")?.strip_suffix(".json")?;
        let position: u64 = digits.parse().ok()?;
        Some(Self {
            zone: zone.clone(),
            date: date.clone(),
            hour: hour.clone(),
            first: position.checked_sub(1)?,
        })
    }

    fn position(&self) -> String {
        format!("{:020}", self.first.saturating_add(1))
    }

    /// Name of the record.
    pub(crate) fn record(&self) -> String {
        // Readers of data sets pass over what begins so.
        format!("_part-{}.json", self.position())
    }

    /// Name of the entries.
    pub(crate) fn entries(&self, form: PartFormat) -> String {
        format!("part-{}.{}", self.position(), form.extension())
    }

    /// From the names on the way to its entries, in whatever form they are.
    pub(crate) fn of_entries(names: &[String]) -> Option<Self> {
        let [zone, date, hour, name] = names else {
            return None;
        };
        let (digits, _) = name.strip_prefix("part-")?.split_once('.')?;
        let part = Self {
            zone: zone.clone(),
            date: date.clone(),
            hour: hour.clone(),
            first: digits.parse::<u64>().ok()?.checked_sub(1)?,
        };
        (part.position() == digits).then_some(part)
    }

    /// The zone, where the name of its directory is one.
    pub(crate) fn zone_id(&self) -> Option<ZoneId> {
        ZoneId::parse(self.zone.strip_prefix("zone=")?).ok()
    }

    /// The way to `name` beside the record.
    pub(crate) fn beside<'n>(&'n self, name: &'n str) -> [&'n str; 4] {
        [&self.zone, &self.date, &self.hour, name]
    }
}
