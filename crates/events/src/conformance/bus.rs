//! The suite of [`Bus`].

mod groups;
mod signing;
mod subscriptions;

use std::{sync::Arc, time::Duration};

use caracal_crypto::HmacKey;

use crate::{Bus, Consumer, Delivery, Fields, StreamSigner, Subscription, Topic};

pub use groups::*;
pub use signing::*;
pub use subscriptions::*;

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
const TIMEOUT: Duration = Duration::from_secs(20);
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
        let (_, batch) = tokio::time::timeout(TIMEOUT, subscription.next())
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
    tokio::time::timeout(TIMEOUT, some)
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
