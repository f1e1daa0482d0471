//! What an event is written as when it is decided is what the ledger keeps: nothing on the way writes it anew.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use caracal_core::audit::{AuditEvent, SpoolEvent};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ledger::{Backends, Ledger};

/// An event that counts how often it is encoded, and is written as no encoder here would write it.
struct Counted {
    id: String,
    text: Box<RawValue>,
    encoded: AtomicUsize,
}

impl Counted {
    fn of(event: &AuditEvent) -> Self {
        let text = serde_json::to_string(event).unwrap().replacen(',', " ,  ", 3);
        Self {
            id: event.id.clone(),
            text: RawValue::from_string(text).unwrap(),
            encoded: AtomicUsize::new(0),
        }
    }
}

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        self.text.serialize(serializer)
    }
}

impl SpoolEvent for Counted {
    fn id(&self) -> &str {
        &self.id
    }
}

#[tokio::test]
async fn an_event_is_encoded_once_between_its_decision_and_the_ledger() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let ledger = Ledger::over(backends).await;
        let zone = ledger.zone();
        let events = [ledger.event(&zone, "one"), ledger.event(&zone, "two")];
        let counted = events.each_ref().map(Counted::of);
        ledger.parts.spool.append_async(&counted).await.unwrap();
        let taken = async {
            while ledger.requests(&zone).await.len() < counted.len() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let taken = tokio::time::timeout(Duration::from_mins(1), taken).await;
        taken.expect("the ledger takes them");
        let mut work = ledger.view(&zone).await;
        let rows = work.ledger().range(0, 10).await.unwrap();
        for (row, event) in rows.iter().zip(&counted) {
            assert_eq!(row.received, event.text.get());
            assert_eq!(event.encoded.load(Ordering::Relaxed), 1);
        }
    }
}
