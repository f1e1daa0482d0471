//! What a restarted process finds: everything committed, nothing else, and every count where it stood.

use crate::AdminAuditFilter;

use super::{
    Backend,
    everything::{Everything, SIGHTINGS},
    fixture::{ALL, Fixture},
    ledger,
};

pub async fn what_was_committed_survives_a_restart(backend: Backend) {
    let mut fixture = Fixture::new(backend).await;
    let everything = Everything::new(&fixture.a.given);
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    work.commit().await.unwrap();
    fixture.restart().await;
    fixture.backend.store.ping().await.unwrap();
    let mut work = fixture.a.read().await;
    assert_eq!(
        everything.visible(work.as_mut(), &fixture.a.given).await.len(),
        SIGHTINGS
    );
    assert_eq!(
        work.sessions().get(&everything.session.id).await.unwrap(),
        Some(everything.session)
    );
    let event = work
        .outbox()
        .status(&everything.message.id)
        .await
        .unwrap()
        .expect("the event waits for its relay");
    assert_eq!(event.state, "pending");
}

pub async fn what_was_not_committed_is_gone_after_a_restart(backend: Backend) {
    let mut fixture = Fixture::new(backend).await;
    let everything = Everything::new(&fixture.a.given);
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    drop(work);
    fixture.restart().await;
    let mut work = fixture.a.read().await;
    assert!(
        everything
            .visible(work.as_mut(), &fixture.a.given)
            .await
            .is_empty()
    );
    assert!(
        work.outbox()
            .status(&everything.message.id)
            .await
            .unwrap()
            .is_none()
    );
    drop(work);
    // The interrupted request is tried again and gets through.
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    work.commit().await.unwrap();
}

pub async fn counts_and_chains_go_on_where_they_stood(backend: Backend) {
    let mut fixture = Fixture::new(backend).await;
    let (policy, first) = fixture.a.given.policy();
    let mut work = fixture.a.write().await;
    work.policies().create(&policy, &first).await.unwrap();
    work.commit().await.unwrap();
    for round in 1..=3_i64 {
        let mut work = fixture.a.write().await;
        let version = fixture.a.given.policy_version(&policy);
        assert_eq!(work.policies().add_version(&version).await.unwrap(), round + 1);
        assert_eq!(
            work.delegations()
                .advance_epoch(fixture.world.now())
                .await
                .unwrap(),
            round
        );
        work.signing_keys()
            .create(&fixture.a.given.signing_key(round))
            .await
            .unwrap();
        work.admin_audit()
            .append(&fixture.a.given.admin_audit_record())
            .await
            .unwrap();
        work.commit().await.unwrap();
        ledger::append(&fixture.a, &[fixture.a.given.ledger_entry("req")]).await;
        // Something unfinished in every round.
        let mut work = fixture.a.write().await;
        work.delegations()
            .advance_epoch(fixture.world.now())
            .await
            .unwrap();
        work.ledger()
            .append(&[fixture.a.given.ledger_entry("lost")], fixture.world.now())
            .await
            .unwrap();
        drop(work);
        fixture.restart().await;
    }
    assert_eq!(ledger::chain(&fixture.a).await.len(), 3);
    let mut work = fixture.a.read().await;
    let page = work
        .admin_audit()
        .list(fixture.a.id(), &AdminAuditFilter::default(), &ALL)
        .await
        .unwrap();
    let mut positions: Vec<_> = page.items.iter().map(|row| row.chain_seq).collect();
    positions.sort_unstable();
    assert_eq!(positions, [1, 2, 3]);
}
