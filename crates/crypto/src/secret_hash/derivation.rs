//! Argon2id within a budget: few at once, few waiting, none twice, shares in turn.

use std::{collections::HashSet, fmt, mem};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use caracal_core::World;
use parking_lot::{Condvar, Mutex};

use super::{
    line::{Line, Ticket},
    memo::Memo,
};
use crate::{
    digest::{Digest32, constant_time_eq},
    hmac_key::HmacKey,
};

/// Passes over memory.
const PASSES: u32 = 3;
/// Memory of one derivation, in KiB.
const MEMORY_KIB: u32 = 64 * 1024;
/// Lanes. They run one after the other here; the number is part of the stored form's meaning.
const LANES: u32 = 2;
/// Output of new hashes, in bytes.
pub(super) const ARGON2_BYTES: usize = 32;

/// How much hashing may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashLimits {
    /// Derivations at once, 64 MiB each. Zero counts as one.
    pub concurrency: usize,
    /// Callers that may wait for a turn; one more is turned away.
    pub waiting: usize,
}

impl Default for HashLimits {
    fn default() -> Self {
        Self {
            concurrency: 2,
            waiting: 64,
        }
    }
}

/// Too many derivations wait already. Try again after a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many secrets are being verified")]
pub struct Overloaded;

pub(super) struct Derivations {
    world: World,
    limits: HashLimits,
    /// Names pairs of stored form and secret in memory; random per process, so that names mean nothing outside.
    pair_key: HmacKey,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    memo: Memo,
    running: HashSet<Digest32>,
    line: Line,
    /// Memory that turns gave back while others wait for theirs. To have the system clear 64 MiB anew for each guess
    /// would cost whoever else shares the machine more than the guess does.
    spare: Vec<Memory>,
}

/// What one derivation works on.
type Memory = Vec<Block>;

impl State {
    /// The memory that nobody waits for, to be given back to the system without the lock.
    fn unused(&mut self) -> Vec<Memory> {
        if self.line.is_empty() {
            mem::take(&mut self.spare)
        } else {
            Vec::new()
        }
    }
}

impl Derivations {
    pub(super) fn new(world: World, limits: HashLimits) -> Self {
        let pair_key = HmacKey::from_bytes(&world.random_bytes::<32>());
        let limits = HashLimits {
            concurrency: limits.concurrency.max(1),
            ..limits
        };
        Self {
            world,
            limits,
            pair_key,
            state: Mutex::default(),
            done: Condvar::new(),
        }
    }

    /// What an earlier derivation found.
    pub(super) fn recall(&self, stored: &str, presented: &str) -> Option<bool> {
        let pair = self.pair(stored, presented);
        self.state.lock().memo.recall(&pair, self.world.now())
    }

    /// Whether a derivation of this pair runs or waits already, so that another caller costs none.
    pub(super) fn is_under_way(&self, stored: &str, presented: &str) -> bool {
        let pair = self.pair(stored, presented);
        let state = self.state.lock();
        state.running.contains(&pair) || state.line.has(&pair)
    }

    pub(super) fn verify(
        &self,
        share: &str,
        stored: &str,
        presented: &str,
        salt: &[u8],
        hash: &[u8],
    ) -> Result<bool, Overloaded> {
        let pair = self.pair(stored, presented);
        let mut turn = match self.take_turn(share, pair)? {
            Turn::Known(matched) => return Ok(matched),
            Turn::Mine(turn) => turn,
        };
        let mut derived = vec![0; hash.len()];
        let matched =
            argon2id(presented, salt, &mut derived, &mut turn.memory) && constant_time_eq(&derived, hash);
        self.state.lock().memo.remember(pair, matched, self.world.now());
        drop(turn);
        Ok(matched)
    }

    /// Derives within the budget, for a new stored form.
    pub(super) fn derive(
        &self,
        share: &str,
        secret: &str,
        salt: &[u8],
        hash: &mut [u8],
    ) -> Result<(), Overloaded> {
        // A random name: two hashings are never the same work.
        match self.take_turn(share, self.world.random_bytes())? {
            Turn::Known(_) => Err(Overloaded),
            Turn::Mine(mut turn) => argon2id(secret, salt, hash, &mut turn.memory)
                .then_some(())
                .ok_or(Overloaded),
        }
    }

    /// Waits until `pair` is known or it is the caller's turn to derive it.
    fn take_turn(&self, share: &str, pair: Digest32) -> Result<Turn<'_>, Overloaded> {
        // Shares are named by callers: their digest has one size.
        let share = self.pair_key.sign_parts(&[b"share", share.as_bytes()]);
        let mut state = self.state.lock();
        let mut place: Option<Ticket> = None;
        loop {
            if let Some(matched) = state.memo.recall(&pair, self.world.now()) {
                if let Some(place) = place {
                    state.line.leave(&place);
                }
                let unused = state.unused();
                drop(state);
                drop(unused);
                return Ok(Turn::Known(matched));
            }
            let free = state.running.len() < self.limits.concurrency && !state.running.contains(&pair);
            let next = state.line.next(&state.running);
            match place {
                Some(place) if !state.line.holds(&place) => return Err(Overloaded),
                Some(place) if free && next == Some(place) => {
                    state.line.serve(&place);
                    return Ok(self.turn(&mut state, pair));
                }
                Some(_) => {}
                None if free && next.is_none() => return Ok(self.turn(&mut state, pair)),
                None => {
                    let joined = state.line.join(share, pair, self.limits.waiting);
                    place = Some(joined.ok_or(Overloaded)?);
                    // Whoever lost a place to this one goes.
                    self.done.notify_all();
                }
            }
            self.done.wait(&mut state);
        }
    }

    fn turn(&self, state: &mut State, pair: Digest32) -> Turn<'_> {
        state.running.insert(pair);
        // Another turn may be free, and those who looked before this one was taken wait again.
        self.done.notify_all();
        Turn::Mine(MyTurn {
            derivations: self,
            pair,
            memory: state.spare.pop().unwrap_or_default(),
        })
    }

    fn pair(&self, stored: &str, presented: &str) -> Digest32 {
        let length = (stored.len() as u64).to_be_bytes();
        self.pair_key
            .sign_parts(&[&length, stored.as_bytes(), presented.as_bytes()])
    }
}

impl fmt::Debug for Derivations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derivations")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

enum Turn<'d> {
    Known(bool),
    Mine(MyTurn<'d>),
}

/// The right to derive. Given back when dropped, also by a panic.
struct MyTurn<'d> {
    derivations: &'d Derivations,
    pair: Digest32,
    memory: Memory,
}

impl Drop for MyTurn<'_> {
    fn drop(&mut self) {
        let mut state = self.derivations.state.lock();
        state.running.remove(&self.pair);
        state.spare.push(mem::take(&mut self.memory));
        let unused = state.unused();
        drop(state);
        self.derivations.done.notify_all();
        drop(unused);
    }
}

/// False when the lengths are outside what Argon2 takes. What `memory` holds at first does not matter.
fn argon2id(secret: &str, salt: &[u8], hash: &mut [u8], memory: &mut Memory) -> bool {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(hash.len())).is_ok_and(|params| {
        memory.resize(params.block_count(), Block::default());
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(secret.as_bytes(), salt, hash, memory)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_another_derivation_left_changes_nothing() {
        let derive = |secret: &str, memory: &mut Memory| {
            let mut hash = [0; ARGON2_BYTES];
            assert!(argon2id(secret, &[7; 16], &mut hash, memory));
            hash
        };
        let mut memory = Memory::new();
        let one = derive("one", &mut memory);
        let other = derive("other", &mut memory);
        assert_ne!(one, other);
        assert_eq!(other, derive("other", &mut Memory::new()));
        assert_eq!(one, derive("one", &mut memory));
    }
}
