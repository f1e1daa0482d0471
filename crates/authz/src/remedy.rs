//! The smallest change of data that would allow what was refused.
//!
//! "Smallest" is meant exactly: with any part of the change left out, the request is still refused. What policy refused is
//! tried: the rules are gone through as [`crate::decide`] does, each that stands against the request is met by what it asks
//! for, and what then turns out to be needless is taken out again. For the other gates ([`gate`]) what to do follows from
//! the reason. Pure, off the hot path, for whoever may see the policy: a change names other applications where they are in
//! the way.

mod asker;
mod case;
mod facts;
mod gates;
mod rules;
#[cfg(test)]
mod tests;

use caracal_core::audit::{DataChange, Obstacle};

use self::case::Case;
pub use self::{
    asker::{details_to_asker, gate_to_asker, suggest_to_asker},
    facts::read,
    gates::{Gate, Refused, gate},
};
use crate::{document::PolicyDocuments, input::DecisionInput};

/// Most rules that one request meets, with room to spare.
const RULES: usize = 16;

/// Most changes that are suggested together: each is tried without the others.
const CHANGES: usize = 64;

/// The smallest change that would allow `input`, where `documents` are in force; none where nothing is. Empty when it is
/// allowed already.
///
/// # Errors
/// Why there is none.
pub fn suggest(
    documents: Option<&PolicyDocuments>,
    input: &DecisionInput<'_>,
) -> Result<Vec<DataChange>, Obstacle> {
    let refused = Case::new(documents, input);
    let (mut case, mut changes) = (refused.clone(), Vec::new());
    for _ in 0..RULES {
        let Some(reason) = case.decide().reason else {
            return Ok(needed(&refused, changes));
        };
        let met = rules::met(&case, reason)?;
        if changes.len().saturating_add(met.len()) > CHANGES {
            return Err(Obstacle::TooMuch);
        }
        for change in &met {
            case.apply(change);
        }
        changes.extend(met);
    }
    Err(Obstacle::NotByData)
}

/// `changes` without those that nothing depends on.
fn needed(refused: &Case, mut changes: Vec<DataChange>) -> Vec<DataChange> {
    let mut at = changes.len();
    while let Some(before) = at.checked_sub(1) {
        at = before;
        let left_out = changes.remove(at);
        let mut case = refused.clone();
        for change in &changes {
            case.apply(change);
        }
        if !case.decide().is_allow() {
            changes.insert(at, left_out);
        }
    }
    changes
}
