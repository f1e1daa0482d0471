//! What is signed, what is dropped for it, and what a later release may add.

use caracal_crypto::{HmacKey, HmacRing};

use super::{
    BusBackend, acknowledge, append, consume, is_quiet, number, read, revocation, signer, subscribe, take,
    take_all,
};
use crate::{BusError, Fields, MalformedFields, StreamSigner, Topic};

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
pub async fn entries_of_a_previous_key_are_delivered_and_those_of_a_dropped_one_are_not(
    backend: &dyn BusBackend,
) {
    let key = |name: &str| HmacKey::from_bytes(format!("the {name} key of the conformance suite").as_bytes());
    let bus = |current, previous: &[&str]| {
        let ring = HmacRing::new(key(current), previous.iter().map(|name| key(name)));
        backend.bus(StreamSigner::new(ring))
    };
    // Each step of a change, taken by one process while the others have not.
    let (before, told, changed, after) = (
        bus("old", &[]),
        bus("old", &["new"]),
        bus("new", &["old"]),
        bus("new", &[]),
    );
    let mut known = Vec::new();
    for reader in [&told, &changed] {
        known.push(subscribe(&**reader, &[Topic::SessionsRevoke]).await);
    }
    let (mut early, mut late) = (
        subscribe(&*before, &[Topic::SessionsRevoke]).await,
        subscribe(&*after, &[Topic::SessionsRevoke]).await,
    );
    for (number, writer) in (1..).zip([&before, &told, &changed, &after]) {
        append(&**writer, vec![revocation(number)]).await;
    }
    for reader in &mut known {
        let read = read(&mut **reader, 4).await;
        assert_eq!(read.iter().map(number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
    for (reader, own) in [(&mut early, [1, 2]), (&mut late, [3, 4])] {
        let read = read(&mut **reader, 2).await;
        assert_eq!(read.iter().map(number).collect::<Vec<_>>(), own);
    }
}

/// Case.
pub async fn a_key_that_is_required_and_missing_accepts_nothing(backend: &dyn BusBackend) {
    let bus = backend.bus(signer());
    let keyless = backend.bus(StreamSigner::without_key(true));
    let open = backend.bus(StreamSigner::without_key(false));
    let mut keyless = subscribe(&*keyless, &[Topic::SessionsRevoke]).await;
    let mut open = subscribe(&*open, &[Topic::SessionsRevoke]).await;
    append(&*bus, vec![revocation(1)]).await;
    assert_eq!(number(&read(&mut *open, 1).await[0]), 1);
    assert!(is_quiet(&mut *keyless).await);
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
