//! The suite of [`Bus`].

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use caracal_crypto::HmacKey;

use crate::{Bus, BusError, Consumer, Delivery, Fields, MalformedFields, StreamSigner, Subscription, Topic};

/// A backend to test, with nothing in it.
///
/// It keeps 100 to 500 entries per broadcast topic and hands the work of a lost consumer on within a second.
pub trait BusBackend: Send + Sync {
    /// A handle on the backend that signs and checks with `signer`.
    fn bus(&self, signer: StreamSigner) -> Arc<dyn Bus>;
}

/// More entries than a backend under test keeps.
const TOO_MANY: usize = 2_000;
/// Long enough for anything that will happen at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough to believe that nothing comes.
const QUIET: Duration = Duration::from_millis(150);

fn signer() -> StreamSigner {
    StreamSigner::new(HmacKey::from_bytes(b"the key of the conformance suite"))
}

fn revocation(number: usize) -> Fields {
    Fields::new()
        .with("zone_id", "zone-1")
        .with("session_id", number.to_string())
        .with("reason", "test")
}

fn revocations(numbers: std::ops::Range<usize>) -> Vec<Fields> {
    numbers.map(revocation).collect()
}

fn audit(id: &str) -> Fields {
    Fields::new()
        .with("id", id)
        .with("data", format!("{{\"id\":\"{id}\"}}"))
        .with("sig", "00")
}

fn number(delivery: &Delivery) -> usize {
    delivery
        .fields
        .get("session_id")
        .and_then(|text| text.parse().ok())
        .expect("an entry of this suite")
}

async fn append(bus: &dyn Bus, entries: Vec<Fields>) {
    bus.append(Topic::SessionsRevoke, entries).await.expect("append");
}

async fn subscribe(bus: &dyn Bus, topics: &[Topic]) -> Box<dyn Subscription> {
    bus.subscribe(topics).await.expect("subscribe")
}

async fn consume(bus: &dyn Bus, group: &str, consumer: &str) -> Box<dyn Consumer> {
    bus.consume(Topic::SessionsRevoke, group, consumer)
        .await
        .expect("consume")
}

/// The next `count` entries.
async fn read(subscription: &mut dyn Subscription, count: usize) -> Vec<Delivery> {
    let mut entries = Vec::new();
    while entries.len() < count {
        let (_, batch) = tokio::time::timeout(PATIENCE, subscription.next())
            .await
            .expect("entries that were appended never arrived")
            .expect("read");
        entries.extend(batch);
    }
    entries
}

async fn is_quiet(subscription: &mut dyn Subscription) -> bool {
    tokio::time::timeout(QUIET, subscription.next()).await.is_err()
}

/// The next entry of a group, however often the consumer comes back empty.
async fn take(consumer: &mut dyn Consumer, max: usize) -> Vec<Delivery> {
    let some = async {
        loop {
            let batch = consumer
                .next(max, Duration::from_millis(200))
                .await
                .expect("consume");
            if !batch.is_empty() {
                return batch;
            }
        }
    };
    tokio::time::timeout(PATIENCE, some)
        .await
        .expect("work that was appended never arrived")
}

async fn take_all(consumer: &mut dyn Consumer, count: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let batch = take(consumer, 7).await;
        numbers.extend(batch.iter().map(number));
        acknowledge(consumer, &batch).await;
    }
    numbers
}

async fn acknowledge(consumer: &mut dyn Consumer, batch: &[Delivery]) {
    let ids: Vec<String> = batch.iter().map(|delivery| delivery.id.clone()).collect();
    consumer.ack(&ids).await.expect("acknowledge");
}

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
        let (topic, batch) = tokio::time::timeout(PATIENCE, subscription.next())
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
pub async fn entries_that_break_the_signed_form_are_refused(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    let forged = revocation(1).with("reason", "x\nzone_id=other");
    let refused = bus
        .append(Topic::SessionsRevoke, vec![revocation(0), forged])
        .await;
    assert_eq!(
        refused,
        Err(BusError::Malformed(MalformedFields::LineBreak("reason".into())))
    );
    let preset = revocation(1).with("_sig", "00");
    let refused = bus.append(Topic::SessionsRevoke, vec![preset]).await;
    assert_eq!(refused, Err(BusError::Malformed(MalformedFields::Reserved)));
    let empty = bus
        .append(Topic::AuditEvents, vec![Fields::new().with("id", "1")])
        .await;
    assert_eq!(empty, Err(BusError::Malformed(MalformedFields::Missing("data"))));
    assert!(
        is_quiet(&mut *subscription).await,
        "nothing of a refused batch may be sent"
    );
}

/// Case.
pub async fn unsigned_and_forged_entries_are_dropped(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    let mut consumer = consume(&*bus, "workers", "c").await;
    append(
        &*backend.bus(StreamSigner::without_key(false)),
        vec![revocation(1)],
    )
    .await;
    let stranger = StreamSigner::new(HmacKey::from_bytes(b"the key of somebody else entirely"));
    append(&*backend.bus(stranger), vec![revocation(2)]).await;
    append(&*bus, vec![revocation(3)]).await;
    assert_eq!(number(&read(&mut *subscription, 1).await[0]), 3);
    assert_eq!(take_all(&mut *consumer, 1).await, [3]);
    drop(consumer);
    let mut heir = consume(&*bus, "workers", "heir").await;
    append(&*bus, vec![revocation(4)]).await;
    assert_eq!(
        take_all(&mut *heir, 1).await,
        [4],
        "what was dropped must not come back"
    );
}

/// Case.
pub async fn a_key_that_is_required_and_missing_accepts_nothing(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let deaf = backend.bus(StreamSigner::without_key(true));
    let open = backend.bus(StreamSigner::without_key(false));
    let mut deaf = subscribe(&*deaf, &[Topic::SessionsRevoke]).await;
    let mut open = subscribe(&*open, &[Topic::SessionsRevoke]).await;
    append(&*bus, vec![revocation(1)]).await;
    assert_eq!(number(&read(&mut *open, 1).await[0]), 1);
    assert!(is_quiet(&mut *deaf).await);
}

/// Case.
pub async fn a_slow_subscriber_is_told_of_the_gap(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let mut subscription = subscribe(&*bus, &[Topic::SessionsRevoke]).await;
    for start in (0..TOO_MANY).step_by(100) {
        append(&*bus, revocations(start..start + 100)).await;
    }
    let told = tokio::time::timeout(PATIENCE, subscription.next())
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

/// Case.
pub async fn what_a_later_release_adds_is_delivered_as_it_is_and_never_buried(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let broadcast = Topic::ALL.into_iter().filter(|topic| !topic.is_evidence());
    for topic in broadcast {
        let mut subscription = subscribe(&*bus, &[topic]).await;
        let mut consumer = bus.consume(topic, "later", "one").await.expect("consume");
        let later = Fields::new()
            .with("zone_id", "zone-1")
            .with("event", "a-word-of-a-later-release")
            .with("kind", "gizmo")
            .with("field.of.a.later.release", "{\"nested\":[1,2]}")
            .with("unicode \u{1f512}", "");
        bus.append(topic, vec![later.clone()]).await.expect("append");
        let batch = take(&mut *consumer, 7).await;
        for delivery in [&read(&mut *subscription, 1).await[0], &batch[0]] {
            for (name, value) in later.iter() {
                assert_eq!(delivery.fields.get(name), Some(value), "{topic} {name}");
            }
        }
        acknowledge(&mut *consumer, &batch).await;
        let buried = bus.dead_letters(topic, None, 10).await.expect("dead letters");
        assert!(buried.is_empty(), "{topic}: {buried:?}");
    }
}
