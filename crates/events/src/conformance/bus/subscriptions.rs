//! Every subscription sees everything from its beginning on, in order, or is told of the gap.

use std::collections::BTreeSet;

use super::{
    BusBackend, TIMEOUT, TOO_MANY, append, is_quiet, number, read, revocation, revocations, signer, subscribe,
};
use crate::{BusError, Fields, Topic};

/// Case.
pub async fn a_subscription_sees_what_comes_after_it_and_nothing_before(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    append(&*bus, revocations(0..3)).await;
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    append(&*bus, revocations(3..5)).await;
    let seen: Vec<usize> = read(&mut *subscription, 2).await.iter().map(number).collect();
    assert_eq!(seen, [3, 4]);
    assert!(is_quiet(&mut *subscription).await, "an entry came twice");
}

/// Case.
pub async fn two_subscriptions_both_see_everything(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut first = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    let mut second = subscribe(&*backend.bus(signer()), &[Topic::SessionsRevoke]).await;
    append(&*bus, revocations(0..50)).await;
    for subscription in [&mut first, &mut second] {
        let seen: Vec<usize> = read(&mut **subscription, 50).await.iter().map(number).collect();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
    }
}

/// Case.
pub async fn entries_of_one_producer_keep_their_order(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    let mut producers = tokio::task::JoinSet::new();
    for producer in 0..4 {
        let bus = bus.clone();
        producers.spawn(async move {
            for step in 0..20 {
                append(&*bus, vec![revocation(producer * 1_000 + step)]).await;
            }
        });
    }
    producers.join_all().await;
    let seen: Vec<usize> = read(&mut *subscription, 80).await.iter().map(number).collect();
    for producer in 0..4 {
        let own: Vec<usize> = seen
            .iter()
            .copied()
            .filter(|number| number / 1_000 == producer)
            .collect();
        assert_eq!(
            own,
            (0..20).map(|step| producer * 1_000 + step).collect::<Vec<_>>()
        );
    }
}

/// Case.
pub async fn one_subscription_reads_several_topics(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let topics = [
        Topic::SessionsRevoke,
        Topic::KeysInvalidate,
        Topic::DirectoryInvalidate,
    ];
    let mut subscription = subscribe(&*bus, &topics).await;
    let zone = |zone: &str| vec![Fields::new().with("zone_id", zone)];
    bus.append(Topic::KeysInvalidate, zone("keys"))
        .await
        .expect("append");
    bus.append(Topic::PolicyInvalidate, zone("not asked for"))
        .await
        .expect("append");
    bus.append(Topic::DirectoryInvalidate, zone("directory"))
        .await
        .expect("append");
    let mut seen = BTreeSet::new();
    while seen.len() < 2 {
        let (topic, batch) = tokio::time::timeout(TIMEOUT, subscription.next())
            .await
            .expect("entries that were appended never arrived")
            .expect("read");
        for delivery in batch {
            seen.insert((
                topic,
                delivery.fields.get("zone_id").unwrap_or_default().to_owned(),
            ));
        }
    }
    let expected = [
        (Topic::KeysInvalidate, "keys"),
        (Topic::DirectoryInvalidate, "directory"),
    ];
    assert_eq!(
        seen,
        expected.map(|(topic, zone)| (topic, zone.to_owned())).into()
    );
}

/// Case.
pub async fn a_cancelled_read_loses_nothing(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    for step in 0..5 {
        assert!(is_quiet(&mut *subscription).await, "nothing was appended");
        append(&*bus, vec![revocation(step)]).await;
        assert_eq!(number(&read(&mut *subscription, 1).await[0]), step);
    }
}

/// Case.
pub async fn a_slow_subscriber_is_told_of_the_gap(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    for start in (0..TOO_MANY).step_by(100) {
        append(&*bus, revocations(start..start + 100)).await;
    }
    let told = tokio::time::timeout(TIMEOUT, subscription.next())
        .await
        .expect("an answer");
    assert!(
        matches!(told, Err(BusError::Gap(_))),
        "entries were lost silently"
    );
    append(&*bus, vec![revocation(TOO_MANY)]).await;
    let after = read(&mut *subscription, 1).await;
    assert_eq!(number(&after[0]), TOO_MANY, "reading goes on after the gap");
}
