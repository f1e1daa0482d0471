//! How often the refusals of one mandate are written down.

use std::{collections::HashMap, sync::Arc};

use caracal_core::{Timestamp, ZoneId, claims::MandateClaims};
use parking_lot::Mutex;

/// Refusals of one mandate that are recorded one by one. Further ones are recorded when their number is a power of two.
const EACH: u64 = 8;
/// Most mandates of one zone, and most zones, whose refusals are counted: some 30 MB together.
const MAX_MANDATES: usize = 1024;
const MAX_ZONES: usize = 256;

/// Counts the refusals of mandates that are really the zone's. Each zone has its own table, so that none can make
/// another's be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    zones: Mutex<HashMap<ZoneId, HashMap<Arc<str>, Counted>>>,
}

#[derive(Debug)]
struct Counted {
    times: u64,
    until: Timestamp,
}

impl Refusals {
    /// Counts a refusal of the mandate with `claims`; the number of them so far when this one is to be recorded.
    pub(crate) fn note(&self, claims: &MandateClaims, now: Timestamp) -> Option<u64> {
        let mut zones = self.zones.lock();
        if !zones.contains_key(&claims.zone_id) && zones.len() >= MAX_ZONES {
            zones.retain(|_, mandates| mandates.values().any(|counted| counted.until > now));
            if zones.len() >= MAX_ZONES {
                zones.clear();
            }
        }
        let mandates = zones.entry(claims.zone_id.clone()).or_default();
        if !mandates.contains_key(&claims.jti) && mandates.len() >= MAX_MANDATES {
            mandates.retain(|_, counted| counted.until > now);
            if mandates.len() >= MAX_MANDATES {
                // Counting anew records too much, never too little.
                mandates.clear();
            }
        }
        let counted = mandates.entry(claims.jti.clone()).or_insert(Counted {
            times: 0,
            until: claims.expires_at(),
        });
        counted.times = counted.times.saturating_add(1);
        let times = counted.times;
        (times <= EACH || times.is_power_of_two()).then_some(times)
    }
}
