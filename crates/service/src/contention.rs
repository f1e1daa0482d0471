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

/// What `attempt` comes to, made again after a random moment where it gave way to others. Only for a single unit of work,
/// or for units that may be done twice.
///
/// # Errors
/// As the last attempt.
pub async fn retried<T, E: AsRef<Refusal>, F: Future<Output = Result<T, E>>>(
    world: &World,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    let (mut made, mut longest) = (1, PAUSE);
    loop {
        let outcome = attempt().await;
        if !outcome.as_ref().is_err_and(|error| error.as_ref().contended) {
            return outcome;
        }
        let goes_on = made < ATTEMPTS;
        counter!(crate::metrics::CONTENTION, "outcome" => if goes_on { "again" } else { "given_up" })
            .increment(1);
        if !goes_on {
            return outcome;
        }
        let [random] = world.random_bytes::<1>();
        tokio::time::sleep(longest * u32::from(random) / u32::from(u8::MAX)).await;
        (made, longest) = (made + 1, longest * 2);
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
        let away = || Refusal::of(ErrorCode::StorageUnavailable);
        for (outcome, attempts) in [(Ok(()), 1), (Err(away()), 1), (Err(contended()), ATTEMPTS)] {
            let mut made = 0;
            let attempt = || {
                made += 1;
                std::future::ready(outcome.clone())
            };
            let came_to = retried(&world, attempt).await;
            assert_eq!(came_to.is_ok(), outcome.is_ok());
            assert_eq!(made, attempts);
        }
    }
}
