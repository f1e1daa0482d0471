use super::*;

fn bus(capacity: usize) -> EmbeddedBus {
    let options = EmbeddedOptions {
        capacity,
        ..EmbeddedOptions::default()
    };
    EmbeddedBus::open(World::for_tests(), StreamSigner::default(), options).unwrap()
}

fn zone(zone: &str) -> Vec<Fields> {
    vec![Fields::new().with("zone_id", zone)]
}

fn audit(count: usize) -> Vec<Fields> {
    (0..count)
        .map(|number| Fields::new().with("id", number.to_string()).with("data", "{}"))
        .collect()
}

#[tokio::test]
async fn settling_waits_until_subscribers_come_back_for_more() {
    let bus = bus(16);
    let mut subscription = bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    bus.append(Topic::KeysInvalidate, zone("z")).await.unwrap();
    let settled = tokio::spawn({
        let bus = bus.clone();
        async move { bus.wait_in_sync(Duration::from_mins(1)).await }
    });
    subscription.next().await.unwrap();
    tokio::task::yield_now().await;
    assert!(!settled.is_finished(), "the batch is still being handled");
    let waiting = tokio::spawn(async move { subscription.next().await });
    settled.await.unwrap();
    waiting.abort();
}

#[tokio::test]
async fn settling_does_not_wait_for_a_subscriber_that_is_gone() {
    let bus = bus(16);
    let subscription = bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    bus.append(Topic::KeysInvalidate, zone("z")).await.unwrap();
    let settled = tokio::spawn({
        let bus = bus.clone();
        async move { bus.wait_in_sync(Duration::from_mins(1)).await }
    });
    tokio::task::yield_now().await;
    drop(subscription);
    settled.await.unwrap();
}

#[tokio::test]
async fn evidence_is_delivered_only_once_its_group_acknowledged() {
    let bus = bus(4);
    let producer = tokio::spawn({
        let bus = bus.clone();
        async move { bus.append(Topic::AuditEvents, audit(6)).await }
    });
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let first = ledger.next(100, Duration::from_secs(5)).await.unwrap();
    assert_eq!(first.len(), 4, "the producer waits for room");
    assert!(!producer.is_finished());
    let ids: Vec<String> = first.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids).await.unwrap();
    let rest = ledger.next(100, Duration::from_secs(5)).await.unwrap();
    assert_eq!(rest.len(), 2);
    tokio::task::yield_now().await;
    assert!(!producer.is_finished(), "taken is not acknowledged");
    let ids: Vec<String> = rest.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids).await.unwrap();
    producer.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_bus_ends_everyone_who_waits() {
    let bus = bus(4);
    let producer = tokio::spawn({
        let bus = bus.clone();
        async move { bus.append(Topic::AuditEvents, audit(1)).await }
    });
    let mut subscription = bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    let reader = tokio::spawn(async move { subscription.next().await });
    tokio::task::yield_now().await;
    bus.close();
    assert_eq!(producer.await.unwrap(), Err(BusError::Closed));
    assert!(matches!(reader.await.unwrap(), Err(BusError::Closed)));
    assert_eq!(bus.ping().await, Err(BusError::Closed));
}

#[tokio::test]
async fn dead_letters_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let options = EmbeddedOptions {
            groups: Vec::new(),
            dead_letter_dir: Some(dir.path().join("dead")),
            ..EmbeddedOptions::default()
        };
        EmbeddedBus::open(World::for_tests(), StreamSigner::default(), options).unwrap()
    };
    let bus = open();
    bus.append(Topic::AuditEvents, audit(2)).await.unwrap();
    let mut ledger = bus.consume(Topic::AuditEvents, "ledger", "c").await.unwrap();
    for entry in ledger.next(2, Duration::from_secs(1)).await.unwrap() {
        ledger.dead_letter(&entry, "unreadable").await.unwrap();
    }
    let before = bus.dead_letters(Topic::AuditEvents, None, 10).await.unwrap();
    bus.remove_dead_letters(Topic::AuditEvents, &[before[0].id.clone()])
        .await
        .unwrap();
    let after = open().dead_letters(Topic::AuditEvents, None, 10).await.unwrap();
    assert_eq!(after, before[1..]);
}

#[tokio::test]
async fn a_lost_group_member_leaves_its_work_to_a_waiting_one() {
    let bus = bus(16);
    let mut first = bus.consume(Topic::KeysInvalidate, "g", "1").await.unwrap();
    let mut second = bus.consume(Topic::KeysInvalidate, "g", "2").await.unwrap();
    bus.append(Topic::KeysInvalidate, zone("z")).await.unwrap();
    assert_eq!(first.next(1, Duration::ZERO).await.unwrap().len(), 1);
    let waiting = tokio::spawn(async move { second.next(1, Duration::from_mins(1)).await });
    tokio::task::yield_now().await;
    drop(first);
    assert_eq!(waiting.await.unwrap().unwrap().len(), 1);
}
