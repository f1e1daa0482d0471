//! What fuzzers reach of the Redis bus.

use caracal_crypto::{HmacKey, HmacRing};
use caracal_wire::events::Event;

use super::wire::{RawEntry, streams};
use crate::{StreamSigner, Topic};

/// What a server answers to a reader of `topic`: nothing of it is believed that we did not sign.
///
/// # Panics
/// When something is.
pub fn reply(topic: Topic, bytes: &[u8]) {
    let Ok(value) = redis::parse_redis_value(bytes) else {
        return;
    };
    let signer = StreamSigner::new(HmacRing::from(HmacKey::from_bytes(
        b"a key that no fuzzer is told of",
    )));
    for (_, entries) in streams(value) {
        let mut deliveries: Vec<_> = entries.into_iter().filter_map(RawEntry::into_delivery).collect();
        for delivery in &deliveries {
            let _ = Event::read(topic, &delivery.fields);
        }
        signer.screen(topic, &mut deliveries);
        // Evidence is signed inside, for the ledger.
        assert!(
            topic.is_evidence() || deliveries.is_empty(),
            "an unsigned entry passed"
        );
    }
}
