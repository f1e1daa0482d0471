//! A group does each piece of work once, hands on what a lost consumer left, and buries what cannot be done.

use std::time::Duration;

use super::{
    BusBackend, acknowledge, append, audit, consume, number, revocation, revocations, signer, take, take_all,
};
use crate::Topic;

/// Case.
pub async fn each_entry_goes_to_one_consumer_of_the_group(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..60)).await;
    let mut first = consume(&*bus, "workers", "first").await;
    let mut second = consume(&*bus, "workers", "second").await;
    let mut seen = Vec::new();
    while seen.len() < 60 {
        for consumer in [&mut first, &mut second] {
            let batch = consumer.next(7, Duration::ZERO).await.expect("consume");
            seen.extend(batch.iter().map(number));
            acknowledge(&mut **consumer, &batch).await;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
}

/// Case.
pub async fn two_groups_both_get_everything(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut one = consume(&*bus, "one", "c").await;
    let mut two = consume(&*bus, "two", "c").await;
    append(&*bus, revocations(0..20)).await;
    assert_eq!(take_all(&mut *one, 20).await, (0..20).collect::<Vec<_>>());
    assert_eq!(take_all(&mut *two, 20).await, (0..20).collect::<Vec<_>>());
}

/// Case.
pub async fn a_new_group_starts_with_the_oldest_entry(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..3)).await;
    let mut consumer = consume(&*bus, "late", "c").await;
    assert_eq!(take_all(&mut *consumer, 3).await, [0, 1, 2]);
}

/// Case.
pub async fn work_of_a_dropped_consumer_is_delivered_again(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..4)).await;
    let mut doomed = consume(&*bus, "workers", "doomed").await;
    let batch = take(&mut *doomed, 4).await;
    assert_eq!(batch.len(), 4);
    acknowledge(&mut *doomed, &batch[..1]).await;
    drop(doomed);
    let mut heir = consume(&*bus, "workers", "heir").await;
    let mut again = take_all(&mut *heir, 3).await;
    again.sort_unstable();
    assert_eq!(again, [1, 2, 3]);
}

/// Case.
pub async fn acknowledged_work_is_not_delivered_again(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..2)).await;
    let mut consumer = consume(&*bus, "workers", "c").await;
    assert_eq!(take_all(&mut *consumer, 2).await, [0, 1]);
    drop(consumer);
    let mut consumer = consume(&*bus, "workers", "c").await;
    append(&*bus, vec![revocation(2)]).await;
    assert_eq!(take_all(&mut *consumer, 1).await, [2]);
}

/// Case.
pub async fn a_consumer_without_work_comes_back_empty(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut consumer = consume(&*bus, "workers", "c").await;
    assert!(
        consumer
            .next(10, Duration::from_millis(20))
            .await
            .expect("consume")
            .is_empty()
    );
    assert!(
        consumer
            .next(10, Duration::ZERO)
            .await
            .expect("consume")
            .is_empty()
    );
}

/// Case.
pub async fn evidence_reaches_its_group(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let producer = bus.clone();
    let ids: Vec<String> = (0..1_200).map(|number| format!("evt-{number}")).collect();
    let entries = ids.iter().map(|id| audit(id)).collect();
    let appended = tokio::spawn(async move { producer.append(Topic::AuditEvents, entries).await });
    let mut consumer = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .expect("consume");
    let mut seen = Vec::new();
    while seen.len() < ids.len() {
        let batch = take(&mut *consumer, 100).await;
        seen.extend(
            batch
                .iter()
                .map(|delivery| delivery.fields.get("id").unwrap_or_default().to_owned()),
        );
        acknowledge(&mut *consumer, &batch).await;
    }
    assert_eq!(seen, ids);
    assert_eq!(appended.await.expect("the producer does not panic"), Ok(()));
}

/// Case.
pub async fn a_dead_letter_is_kept_and_not_delivered_again(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..2)).await;
    let mut consumer = consume(&*bus, "workers", "c").await;
    let batch = take(&mut *consumer, 1).await;
    consumer
        .dead_letter(&batch[0], "no\nanchor")
        .await
        .expect("dead letter");
    drop(consumer);
    let mut heir = consume(&*bus, "workers", "heir").await;
    assert_eq!(take_all(&mut *heir, 1).await, [1]);
    let letters = bus
        .dead_letters(Topic::SessionsRevoke, None, 10)
        .await
        .expect("dead letters");
    assert_eq!(letters.len(), 1);
    let letter = &letters[0].fields;
    assert_eq!(letter.get("original_id"), Some(&*batch[0].id));
    assert_eq!(letter.get("error"), Some("no anchor"));
    assert!(
        letter
            .get("values")
            .is_some_and(|values| values.contains(r#""session_id":"0""#))
    );
    assert!(letter.get("_sig").is_some());
    let after = bus
        .dead_letters(Topic::SessionsRevoke, Some(&letters[0].id), 10)
        .await
        .expect("dead letters");
    assert!(after.is_empty());
    bus.remove_dead_letters(Topic::SessionsRevoke, &[letters[0].id.clone()])
        .await
        .expect("remove");
    assert!(
        bus.dead_letters(Topic::SessionsRevoke, None, 10)
            .await
            .expect("dead letters")
            .is_empty()
    );
}

/// Case.
pub async fn a_dead_audit_letter_keeps_position_and_event_id_apart(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let producer = bus.clone();
    let appended =
        tokio::spawn(async move { producer.append(Topic::AuditEvents, vec![audit("evt-1")]).await });
    let mut consumer = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .expect("consume");
    let batch = take(&mut *consumer, 1).await;
    consumer
        .dead_letter(&batch[0], "hmac_verify_failed")
        .await
        .expect("dead letter");
    assert_eq!(appended.await.expect("the producer does not panic"), Ok(()));
    let letters = bus
        .dead_letters(Topic::AuditEvents, None, 10)
        .await
        .expect("dead letters");
    let letter = &letters[0].fields;
    assert_eq!(letter.get("reason"), Some("hmac_verify_failed"));
    assert_eq!(letter.get("src_id"), Some(&*batch[0].id));
    assert_eq!(letter.get("src_event_id"), Some("evt-1"));
    assert_eq!(letter.get("src_data"), Some(r#"{"id":"evt-1"}"#));
    assert!(letter.get("received_at").is_some());
}
