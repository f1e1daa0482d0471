//! Idempotency receipts and the outbox: each effect once.

use std::time::Duration;

use crate::{Error, IdempotencyReceipt, OutboxMessage, ZoneWork};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    race::{give_way, race, retry},
};

const OPERATION: &str = "session.start.v2";

async fn claim(
    work: &mut dyn ZoneWork,
    receipt: &IdempotencyReceipt,
    zone: &InZone,
) -> Result<Option<IdempotencyReceipt>, Error> {
    let now = zone.given.world.now();
    work.receipts()
        .claim(&receipt.operation, &receipt.scope_id, &receipt.key_digest, now)
        .await
}

pub async fn a_second_request_with_the_same_key_sees_the_first_ones_receipt(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let receipt = fixture.a.given.receipt(OPERATION, &fixture.a.given.application());
    let mut first = fixture.a.write().await;
    assert_eq!(claim(first.as_mut(), &receipt, &fixture.a).await.unwrap(), None);
    let (zone, key) = (fixture.a.clone(), receipt.clone());
    let second = tokio::spawn(async move {
        let look = || async {
            let mut work = zone.try_write().await?;
            claim(work.as_mut(), &key, &zone).await
        };
        retry(look).await.unwrap()
    });
    give_way(&second).await;
    assert!(!second.is_finished(), "two works claimed one key");
    first.receipts().create(&receipt).await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), Some(receipt));
}

pub async fn who_only_looks_for_a_receipt_waits_for_nobody_and_sees_what_is_committed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let receipt = fixture.a.given.receipt(OPERATION, &fixture.a.given.application());
    let find = async |zone: &InZone, now| {
        let mut work = zone.read().await;
        work.receipts()
            .find(&receipt.operation, &receipt.scope_id, &receipt.key_digest, now)
            .await
            .unwrap()
    };
    let now = fixture.world.now();
    let mut first = fixture.a.write().await;
    assert_eq!(claim(first.as_mut(), &receipt, &fixture.a).await.unwrap(), None);
    first.receipts().create(&receipt).await.unwrap();
    assert_eq!(find(&fixture.a, now).await, None, "not committed yet");
    first.commit().await.unwrap();
    assert_eq!(find(&fixture.a, now).await.as_ref(), Some(&receipt));
    assert_eq!(find(&fixture.a, receipt.expires_at).await, None);
    assert_eq!(find(&fixture.b, now).await, None);
}

pub async fn of_8_requests_with_one_key_exactly_one_acts(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let application = fixture.a.given.application();
    let key = fixture.a.given.receipt(OPERATION, &application);
    let acted = race(8, |runner| {
        let zone = fixture.a.clone();
        let receipt = IdempotencyReceipt {
            resource_id: format!("made-by-{runner}"),
            ..key.clone()
        };
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                if let Some(earlier) = claim(work.as_mut(), &receipt, &zone).await? {
                    return Ok((false, earlier.resource_id));
                }
                work.receipts().create(&receipt).await?;
                work.commit().await?;
                Ok((true, receipt.resource_id.clone()))
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(acted.iter().filter(|(acted, _)| *acted).count(), 1, "{acted:?}");
    assert!(
        acted.iter().all(|(_, made)| *made == acted[0].1),
        "all answer with what the one made: {acted:?}"
    );
}

pub async fn a_claim_ends_with_its_work(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let receipt = fixture.a.given.receipt(OPERATION, &fixture.a.given.application());
    let mut work = fixture.a.write().await;
    assert_eq!(claim(work.as_mut(), &receipt, &fixture.a).await.unwrap(), None);
    work.receipts().create(&receipt).await.unwrap();
    drop(work);
    let mut work = fixture.a.write().await;
    assert_eq!(
        claim(work.as_mut(), &receipt, &fixture.a).await.unwrap(),
        None,
        "a failed request may be repeated"
    );
}

pub async fn keys_belong_to_their_operation_and_scope(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (one, two) = (fixture.a.given.application(), fixture.a.given.application());
    let receipt = fixture.a.given.receipt(OPERATION, &one);
    let others = [
        IdempotencyReceipt {
            operation: "delegation.create".into(),
            ..receipt.clone()
        },
        IdempotencyReceipt {
            scope_id: two.id.to_string(),
            ..receipt.clone()
        },
        IdempotencyReceipt {
            key_digest: [7; 32],
            ..receipt.clone()
        },
    ];
    let mut work = fixture.a.write().await;
    work.receipts().create(&receipt).await.unwrap();
    for other in &others {
        assert_eq!(claim(work.as_mut(), other, &fixture.a).await.unwrap(), None);
        work.receipts().create(other).await.unwrap();
    }
    let now = fixture.world.now();
    assert_eq!(
        work.receipts()
            .count(OPERATION, &receipt.scope_id, now)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        claim(work.as_mut(), &receipt, &fixture.a).await.unwrap(),
        Some(receipt.clone())
    );
    work.commit().await.unwrap();
    let mut elsewhere = fixture.b.write().await;
    assert_eq!(
        claim(elsewhere.as_mut(), &receipt, &fixture.b).await.unwrap(),
        None
    );
    elsewhere.receipts().create(&receipt).await.unwrap();
    elsewhere.commit().await.unwrap();
}

pub async fn a_receipt_is_forgotten_at_its_end_and_not_before(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let receipt = fixture.a.given.receipt(OPERATION, &fixture.a.given.application());
    let again = IdempotencyReceipt {
        resource_id: "second".into(),
        ..receipt.clone()
    };
    let mut work = fixture.a.write().await;
    work.receipts().create(&receipt).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    assert!(
        work.receipts().create(&again).await.is_err(),
        "a live receipt was replaced"
    );
    drop(work);

    let life = receipt.expires_at.since(receipt.created_at);
    fixture
        .world
        .manual_clock()
        .advance(life.checked_sub(Duration::from_micros(1)).unwrap());
    let mut work = fixture.a.write().await;
    let now = fixture.world.now();
    assert_eq!(
        claim(work.as_mut(), &receipt, &fixture.a).await.unwrap().as_ref(),
        Some(&receipt)
    );
    assert_eq!(
        work.receipts()
            .count(OPERATION, &receipt.scope_id, now)
            .await
            .unwrap(),
        1
    );
    assert_eq!(work.receipts().reap(now, 10).await.unwrap(), 0);
    fixture.world.manual_clock().advance(Duration::from_micros(1));
    let now = fixture.world.now();
    assert_eq!(claim(work.as_mut(), &receipt, &fixture.a).await.unwrap(), None);
    assert_eq!(
        work.receipts()
            .count(OPERATION, &receipt.scope_id, now)
            .await
            .unwrap(),
        0
    );
    let again = IdempotencyReceipt {
        created_at: now,
        expires_at: now.plus(Duration::from_mins(1)),
        ..again
    };
    work.receipts().create(&again).await.unwrap();
    assert_eq!(
        claim(work.as_mut(), &receipt, &fixture.a).await.unwrap(),
        Some(again)
    );
    work.commit().await.unwrap();
}

pub async fn reaping_receipts_takes_the_expired_up_to_its_limit(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let application = fixture.a.given.application();
    let mut work = fixture.a.write().await;
    for seconds in [1, 2, 3, 100] {
        let expires_at = fixture.world.now().plus(Duration::from_secs(seconds));
        let receipt = IdempotencyReceipt {
            expires_at,
            ..fixture.a.given.receipt(OPERATION, &application)
        };
        work.receipts().create(&receipt).await.unwrap();
    }
    let late = fixture.world.now().plus(Duration::from_secs(50));
    assert_eq!(work.receipts().reap(late, 2).await.unwrap(), 2);
    assert_eq!(work.receipts().reap(late, 2).await.unwrap(), 1);
    assert_eq!(work.receipts().reap(late, 2).await.unwrap(), 0);
    assert_eq!(
        work.receipts()
            .count(OPERATION, application.id.as_str(), late)
            .await
            .unwrap(),
        1
    );
}

fn keyed(zone: &InZone, topic: &str, key: Option<&str>) -> OutboxMessage {
    OutboxMessage {
        topic: topic.into(),
        dedupe_key: key.map(Into::into),
        ..zone.given.outbox_message()
    }
}

pub async fn a_second_message_with_the_same_topic_and_key_is_dropped(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let first = keyed(&fixture.a, "caracal.sessions.revoke", Some("session:1"));
    let in_batch = keyed(&fixture.a, "caracal.sessions.revoke", Some("session:1"));
    let later = keyed(&fixture.a, "caracal.sessions.revoke", Some("session:1"));
    let other_topic = keyed(&fixture.a, "caracal.delegations.invalidate", Some("session:1"));
    let (free, free_too) = (keyed(&fixture.a, "t", None), keyed(&fixture.a, "t", None));
    let mut work = fixture.a.write().await;
    work.outbox().append(&[]).await.unwrap();
    let batch = [
        first.clone(),
        in_batch.clone(),
        other_topic.clone(),
        free.clone(),
        free_too.clone(),
    ];
    work.outbox().append(&batch).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    work.outbox().append(std::slice::from_ref(&later)).await.unwrap();
    for (message, kept) in [
        (&first, true),
        (&in_batch, false),
        (&later, false),
        (&other_topic, true),
        (&free, true),
        (&free_too, true),
    ] {
        assert_eq!(
            work.outbox().status(&message.id).await.unwrap().is_some(),
            kept,
            "{message:?}"
        );
    }
    work.commit().await.unwrap();
}

pub async fn of_8_messages_with_one_key_exactly_one_stays(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let messages: Vec<_> = (0..8).map(|_| keyed(&fixture.a, "topic", Some("once"))).collect();
    race(8, |runner| {
        let (zone, message) = (fixture.a.clone(), messages[runner].clone());
        async move {
            let append = || async {
                let mut work = zone.try_write().await?;
                work.outbox().append(std::slice::from_ref(&message)).await?;
                work.commit().await
            };
            retry(append).await.unwrap();
        }
    })
    .await;
    let mut work = fixture.a.read().await;
    let mut kept = 0;
    for message in &messages {
        kept += usize::from(work.outbox().status(&message.id).await.unwrap().is_some());
    }
    assert_eq!(kept, 1);
}
