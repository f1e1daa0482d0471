//! What is signed, what is dropped for it, and what a later release may add.

use caracal_crypto::HmacKey;

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
