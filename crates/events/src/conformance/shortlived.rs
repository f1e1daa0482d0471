//! The suite of [`ShortLived`].

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::World;

use crate::{
    ShortLived,
    shortlived::{Claim, Hit, generation_of, mark},
};

/// A store to test, with nothing in it.
#[async_trait]
pub trait ShortLivedBackend: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn ShortLived>;

    /// The world it lives in.
    fn world(&self) -> &World;

    /// Lets `span` pass there.
    async fn pass(&self, span: Duration);
}

const WINDOW: Duration = Duration::from_millis(500);

/// Case.
pub async fn of_concurrent_claims_exactly_one_wins(backend: &dyn ShortLivedBackend) {
    let until = backend.world().now().plus(Duration::from_mins(1));
    for round in 0..10 {
        let mut claims = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let store = backend.store();
            claims.spawn(async move { store.claim(&format!("jti-{round}"), until).await.expect("claim") });
        }
        let wins = claims.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(wins, 1);
    }
}

/// Case.
pub async fn keys_do_not_touch_each_other(backend: &dyn ShortLivedBackend) {
    let (store, until) = (
        backend.store(),
        backend.world().now().plus(Duration::from_mins(1)),
    );
    for key in ["a", "b", "", "a b\n", &"long".repeat(500)] {
        assert_eq!(store.claim(key, until).await, Ok(true), "{key:?}");
        assert_eq!(store.claim(key, until).await, Ok(false), "{key:?}");
    }
}

/// Case.
pub async fn a_claim_ends_with_its_mandate(backend: &dyn ShortLivedBackend) {
    let store = backend.store();
    let until = |span| backend.world().now().plus(span);
    assert_eq!(store.claim("jti", until(WINDOW)).await, Ok(true));
    assert_eq!(store.claim("jti", until(Duration::from_mins(1))).await, Ok(false));
    backend.pass(WINDOW * 2).await;
    assert_eq!(store.claim("jti", until(Duration::from_mins(1))).await, Ok(true));
}

/// Case.
pub async fn an_expired_mandate_is_never_fresh(backend: &dyn ShortLivedBackend) {
    let (store, now) = (backend.store(), backend.world().now());
    assert_eq!(store.claim("jti", now).await, Ok(false));
    assert_eq!(
        store.claim("jti", now.minus(Duration::from_secs(5))).await,
        Ok(false)
    );
}

/// Case.
pub async fn hits_beyond_the_limit_are_refused_until_the_window_ends(backend: &dyn ShortLivedBackend) {
    let store = backend.store();
    for left in [1, 0] {
        let decision = store.hit("caller", 2, WINDOW).await.expect("hit");
        assert!(decision.allowed);
        assert_eq!(decision.remaining, left);
    }
    let refused = store.hit("caller", 2, WINDOW).await.expect("hit");
    assert!(!refused.allowed);
    assert!(
        refused.retry_after > Duration::ZERO && refused.retry_after <= WINDOW,
        "{refused:?}"
    );
    assert!(store.hit("another", 2, WINDOW).await.expect("hit").allowed);
    assert!(!store.hit("nobody", 0, WINDOW).await.expect("hit").allowed);
    backend.pass(WINDOW * 2).await;
    assert!(store.hit("caller", 2, WINDOW).await.expect("hit").allowed);
}

/// Case.
pub async fn a_hit_given_back_leaves_room_for_another_and_keeps_the_window(backend: &dyn ShortLivedBackend) {
    let store = backend.store();
    for _ in 0..3 {
        assert!(store.hit("caller", 1, WINDOW).await.expect("hit").allowed);
        store.give_back("caller", WINDOW).await.expect("given back");
    }
    assert!(store.hit("caller", 1, WINDOW).await.expect("hit").allowed);
    assert!(!store.hit("caller", 1, WINDOW).await.expect("hit").allowed);
    // Of what was never counted nothing stays for ever.
    store.give_back("nobody", WINDOW).await.expect("given back");
    backend.pass(WINDOW * 2).await;
    assert!(store.hit("nobody", 1, WINDOW).await.expect("hit").allowed);
    assert!(!store.hit("nobody", 1, WINDOW).await.expect("hit").allowed);
}

/// Case.
pub async fn concurrent_hits_are_all_counted(backend: &dyn ShortLivedBackend) {
    let mut hits = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let store = backend.store();
        hits.spawn(async move {
            store
                .hit("caller", 10, Duration::from_mins(1))
                .await
                .expect("hit")
        });
    }
    let allowed = hits
        .join_all()
        .await
        .into_iter()
        .filter(|decision| decision.allowed)
        .count();
    assert_eq!(allowed, 10);
}

/// Case.
pub async fn hits_counted_together_count_each(backend: &dyn ShortLivedBackend) {
    let store = backend.store();
    let window = Duration::from_mins(1);
    let hit = |key, limit| Hit { key, limit, window };
    assert_eq!(store.hit_all(&[]).await, Ok(Vec::new()));
    for allowed in [[true, true, true], [true, false, false]] {
        let decisions = store
            .hit_all(&[hit("a", 3), hit("b", 1), hit("a", 3)])
            .await
            .expect("hits");
        let got: Vec<bool> = decisions.iter().map(|decision| decision.allowed).collect();
        // The key asked about twice was hit twice, so its second hit of the second round is one too many.
        assert_eq!(got, allowed, "{decisions:?}");
    }
}

/// Case.
pub async fn a_claim_counts_only_in_its_own_generation(backend: &dyn ShortLivedBackend) {
    let (store, until) = (
        backend.store(),
        backend.world().now().plus(Duration::from_mins(1)),
    );
    let generation = store.generation().await.expect("a name");
    assert_eq!(store.generation().await.as_ref(), Ok(&generation), "it stays");
    let marked = mark(String::from("jti-1"), &generation);
    assert_eq!(generation_of(&marked), &*generation);
    assert_eq!(generation_of("jti-1"), "");
    assert_eq!(
        store.claim_of("zone", &generation, &marked, until).await,
        Ok(Claim::First)
    );
    assert_eq!(
        store.claim_of("zone", &generation, &marked, until).await,
        Ok(Claim::Repeated)
    );
    let other = format!("{generation}0");
    for _ in 0..2 {
        assert_eq!(
            store.claim_of("zone", &other, "jti-2", until).await,
            Ok(Claim::Forgotten)
        );
    }
    // What was refused was not claimed.
    assert_eq!(store.claim("jti-2", until).await, Ok(true));
}
