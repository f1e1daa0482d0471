//! Doing again what gave way to others.
//!
//! PostgreSQL ends a deadlock, or what cannot be put into one order, by giving up one of the transactions. It has
//! changed nothing, so whoever has the whole request in hand does it again rather than leave that to the client.

use std::time::Duration;

use caracal_core::World;
use caracal_wire::ErrorCode;
use metrics::counter;

use crate::Refusal;

/// Attempts of one request in all.
const ATTEMPTS: u32 = 4;
/// Longest pause before the second attempt; doubled for each further one.
const PAUSE: Duration = Duration::from_millis(20);

/// The attempts of one request.
#[derive(Debug, Default)]
pub struct Attempts {
    made: u32,
}

impl Attempts {
    /// Whether to make another attempt after one that was `refused`, or was not. Waits for a random moment before.
    /// Only for handlers with a single unit of work, or whose units may be done twice.
    pub async fn again(&mut self, world: &World, refused: Option<&Refusal>) -> bool {
        if !refused.is_some_and(|refusal| refusal.contended) {
            return false;
        }
        self.made += 1;
        let goes_on = self.made < ATTEMPTS;
        counter!(crate::metrics::CONTENTION, "outcome" => if goes_on { "again" } else { "given_up" })
            .increment(1);
        if goes_on {
            let [random] = world.random_bytes::<1>();
            let longest = PAUSE * (1 << (self.made - 1));
            tokio::time::sleep(longest * u32::from(random) / u32::from(u8::MAX)).await;
        }
        goes_on
    }
}

/// What is told when others were in the way at every attempt: no failure of ours, but a conflict that the client can
/// resolve by reading again.
pub fn given_up(refusal: Refusal) -> Refusal {
    if !refusal.contended {
        return refusal;
    }
    Refusal::of(ErrorCode::Conflict)
        .describe("others keep changing the same; read it again before you try again")
        .retry_after(1)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[tokio::test]
    async fn only_what_gave_way_is_done_again_and_not_for_ever() {
        let world = World::for_tests();
        let contended = || Refusal {
            contended: true,
            ..Refusal::of(ErrorCode::StorageUnavailable)
        };
        let mut attempts = Attempts::default();
        assert!(!attempts.again(&world, None).await);
        let away = Refusal::of(ErrorCode::StorageUnavailable);
        assert!(!attempts.again(&world, Some(&away)).await);
        let mut made = 1;
        while attempts.again(&world, Some(&contended())).await {
            made += 1;
        }
        assert_eq!(made, ATTEMPTS);
    }
}
