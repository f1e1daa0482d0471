//! What becomes of events that cannot be read.

use std::{sync::Arc, time::Duration};

use caracal_events::{Bus as _, EmbeddedBus, EmbeddedOptions, Fields, StreamSigner, Topic};
use tokio_util::sync::CancellationToken;

use super::{
    super::{Followed, LiveAuthority, follower::events},
    Fixture,
};
use crate::revocation::{Feed, Revocations};

/// A later release may end authority in words that this one does not know. What ended is in storage.
#[tokio::test]
async fn after_an_end_that_cannot_be_read_storage_is_read() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let application = zone.application();
    let record = zone.authority_record(&application);
    let mut work = fixture.write(&zone).await;
    work.applications().create(&application).await.unwrap();
    work.authority_records().create(&record).await.unwrap();
    work.commit().await.unwrap();

    let signer = StreamSigner::without_key(false);
    let bus = EmbeddedBus::open(fixture.world.clone(), signer, EmbeddedOptions::default()).unwrap();
    let bus = Arc::new(bus);
    let revocations = Arc::new(Revocations::new(fixture.world.clone()));
    let followed = Followed {
        store: fixture.store.clone(),
        zones: fixture.directory.clone(),
        authority: Arc::new(LiveAuthority::new(fixture.store.clone(), fixture.world.clone())),
        revocations: revocations.clone(),
    };
    let shutdown = CancellationToken::new();
    // Without the timer of `follow`, so that nothing but the event makes it read again.
    let following = tokio::spawn(events(followed, bus.clone(), Feed::Ends, shutdown.clone()));
    while !revocations.is_fresh() {
        tokio::task::yield_now().await;
    }

    let mut work = fixture.write(&zone).await;
    let now = fixture.world.now();
    work.authority_records()
        .revoke_tree(&record.id, "done", now)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert!(!revocations.is_revoked(record.id.as_str()), "nobody told");
    let unread = Fields::new()
        .with("zone_id", zone.zone_id.as_str())
        .with("something_later", "x");
    let heard = async {
        while !revocations.is_revoked(record.id.as_str()) {
            bus.append(Topic::SessionsRevoke, vec![unread.clone()])
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard)
        .await
        .expect("storage was read");
    shutdown.cancel();
    following.await.unwrap();
}
