//! Whether every chain that began is still there. No I/O.

use caracal_crypto::HmacRing;
use caracal_ledger::chain::{beginning_digest, verify_chains as verify_tag};
use caracal_storage::ChainSet;
use caracal_wire::audit::{ChainsFault, ChainsReport};

/// Verifies that the chains in `set` are those that began. `used`: the deployment has zones, which cannot be made
/// without evidence.
pub fn verify_chains(set: &ChainSet, used: bool, key: Option<&HmacRing>) -> ChainsReport {
    let mut digest = String::new();
    let mut at = None;
    for (number, chain) in (1_u64..).zip(&set.chains) {
        if u64::try_from(chain.head.chain_number) != Ok(number) {
            at = at.or(i64::try_from(number).ok());
        }
        digest = beginning_digest(&digest, number, chain.log.chain());
    }
    let count = set.chains.len();
    let found = i64::try_from(count).unwrap_or(i64::MAX);
    let mut faults = Vec::new();
    match &set.summary {
        None if count == 0 && !used => {}
        None => faults.push(ChainsFault::Uncounted),
        Some(summary) => {
            if found != summary.count {
                at = at.or(Some(found.min(summary.count).saturating_add(1)));
            }
            if at.is_some() || summary.digest != digest {
                faults.push(ChainsFault::Differ);
            }
            let said = u64::try_from(summary.count).unwrap_or(0);
            if let Some(key) = key
                && !verify_tag(key, said, &summary.digest, &summary.digest_hmac)
            {
                faults.push(ChainsFault::WrongKey);
            }
        }
    }
    ChainsReport { count, faults, at }
}
