//! What does not hold.

use caracal_wire::audit::{ChainFault, FaultKind};

/// Faults listed; further ones are only counted.
const MAX_FAULTS: usize = 100;

/// Faults, counted and the first of them listed.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    pub(super) first: Vec<ChainFault>,
}

impl Faults {
    pub(super) fn add(&mut self, chain_seq: i64, event_id: &str, kind: FaultKind) {
        self.count += 1;
        if self.first.len() < MAX_FAULTS {
            self.first.push(ChainFault {
                chain_seq,
                event_id: event_id.to_owned(),
                kind,
            });
        }
    }
}
