//! Requests that go through much evidence: one of a zone at a time, and few of all.

use std::{sync::Arc, time::Duration};

use caracal_service::{
    Refusal,
    turns::{NoTurn, Turn, TurnLimits, Turns},
};
use caracal_wire::ErrorCode;

/// They last too long to be waited for. Whoever asks for one zone, and whoever reaches beyond zones, has one.
const LIMITS: TurnLimits = TurnLimits {
    in_all: 4,
    of_one: 1,
    waiting: 0,
    waiting_in_all: 0,
    wait: Duration::ZERO,
};

/// Who goes through evidence now. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct LongReads(Turns);

impl Default for LongReads {
    fn default() -> Self {
        Self(Turns::new(LIMITS))
    }
}

impl LongReads {
    /// A turn of `share`, now or not at all. Held until its work has ended, whoever still waits for it.
    ///
    /// # Errors
    /// 429 `too_many_policy_checks` when the zone has one already, 503 `policy_verification_unavailable` when others have
    /// all.
    pub(crate) async fn begin(&self, share: &str) -> Result<Arc<Turn>, Refusal> {
        let turn = self.0.take(share).await.map_err(|no_turn| match no_turn {
            NoTurn::OfOne => Refusal::of(ErrorCode::TooManyPolicyChecks)
                .describe("evidence of this zone is being gone through already")
                .retry_after(1),
            NoTurn::InAll => Refusal::of(ErrorCode::PolicyVerificationUnavailable),
        });
        turn.map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_zone_has_one_turn_and_all_have_few() {
        let reads = LongReads::default();
        let code = async |share: &str| reads.begin(share).await.map(drop).map_err(|refusal| refusal.code);
        let mut turns = Vec::new();
        for share in ["a", "b", "c", "d"] {
            turns.push(reads.begin(share).await.unwrap());
        }
        // Whose own is under way is told so, however full it is.
        assert_eq!(code("a").await, Err(ErrorCode::TooManyPolicyChecks));
        assert_eq!(code("e").await, Err(ErrorCode::PolicyVerificationUnavailable));
        let held = turns[0].clone();
        drop(turns.remove(0));
        assert_eq!(
            code("e").await,
            Err(ErrorCode::PolicyVerificationUnavailable),
            "its work goes on"
        );
        drop(held);
        assert_eq!((code("e").await, code("a").await), (Ok(()), Ok(())));
    }
}
