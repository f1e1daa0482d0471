//! What becomes of events that cannot be read.

use std::{sync::Arc, time::Duration};

use caracal_core::entity::ApprovalState;
use caracal_events::{Bus as _, EmbeddedBus, EmbeddedOptions, Fields, StreamSigner, Topic};
use caracal_wire::events::{ApprovalDecided, Payload as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    super::{Followed, LiveAuthority, follower::events},
    Fixture,
};
use crate::{
    revocation::{Feed, Revocations},
    waiting::Waiting,
};

/// Follows a bus without the timer of `follow`, so that nothing but an event makes it act.
struct Following {
    bus: Arc<EmbeddedBus>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Following {
    async fn start(fixture: &Fixture, revocations: &Arc<Revocations>, waiting: &Arc<Waiting>) -> Self {
        let signer = StreamSigner::without_key(false);
        let bus = EmbeddedBus::open(fixture.world.clone(), signer, EmbeddedOptions::default()).unwrap();
        let bus = Arc::new(bus);
        let followed = Followed {
            store: fixture.store.clone(),
            zones: fixture.directory.clone(),
            authority: Arc::new(LiveAuthority::new(fixture.store.clone(), fixture.world.clone())),
            revocations: revocations.clone(),
            waiting: waiting.clone(),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(events(followed, bus.clone(), Feed::Ends, shutdown.clone()));
        while !revocations.is_fresh() {
            tokio::task::yield_now().await;
        }
        Self { bus, shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

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

    let revocations = Arc::new(Revocations::new(fixture.world.clone()));
    let following = Following::start(&fixture, &revocations, &Arc::default()).await;

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
            following
                .bus
                .append(Topic::SessionsRevoke, vec![unread.clone()])
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard)
        .await
        .expect("storage was read");
    following.stop().await;
}

/// The Control API decides, and who waits asked another process.
#[tokio::test]
async fn a_decision_on_the_bus_wakes_whoever_waits_for_it() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let (revocations, waiting) = (Arc::new(Revocations::new(fixture.world.clone())), Arc::default());
    let following = Following::start(&fixture, &revocations, &waiting).await;
    let decided = ApprovalDecided {
        zone_id: zone.zone_id.clone(),
        approval_id: "apr-1".parse().unwrap(),
        state: ApprovalState::Approved,
    };
    let mut waiter = waiting.begin(&decided.approval_id).unwrap();
    let entry = decided.to_fields().unwrap();
    following
        .bus
        .append(Topic::ApprovalsDecided, vec![entry])
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(20), waiter.decided())
        .await
        .expect("whoever waits is woken");
    following.stop().await;
}
