//! The ledger as operators read it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::{Reply, Zone};

/// Longest wait for an event that is in the spool to be in the ledger.
const LIMIT: Duration = Duration::from_secs(30);

impl Zone<'_> {
    /// Events of one request, oldest first, once there are events that satisfy `complete`.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn events_of(&self, request_id: &str, complete: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let reply = self
                .admin("GET", &format!("/audit/by-request/{request_id}"), None)
                .await;
            assert!(matches!(reply.status, 200 | 404), "{reply:#?}");
            let events = reply.json.as_array().cloned().unwrap_or_default();
            if complete(&events) {
                return events;
            }
            assert!(
                Instant::now() < deadline,
                "the ledger lacks events of {request_id}: {events:#?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The whole ledger of the zone, newest first, once it satisfies `complete`.
    ///
    /// # Panics
    /// When it does not come to that.
    pub async fn ledger_once(&self, complete: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let events = self.ledger().await;
            if complete(&events) {
                return events;
            }
            assert!(Instant::now() < deadline, "the ledger lacks events: {events:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The whole ledger of the zone, newest first.
    pub async fn ledger(&self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let next = cursor
                .as_ref()
                .map_or(String::new(), |cursor| format!("&cursor={cursor}"));
            let page: Reply = self
                .admin("GET", &format!("/audit?limit=1000{next}"), None)
                .await
                .expect(200);
            events.extend(page.json["items"].as_array().cloned().unwrap_or_default());
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return events,
            }
        }
    }
}
