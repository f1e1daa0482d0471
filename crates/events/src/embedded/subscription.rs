//! Broadcast reading.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{BusError, Delivery, StreamSigner, Subscription, Topic, metrics};

use super::{
    Shared,
    log::{Read, Reader},
};

/// Entries per batch.
const BATCH: usize = 256;

#[derive(Debug)]
pub(super) struct EmbeddedSubscription {
    shared: Arc<Shared>,
    signer: StreamSigner,
    reader: Arc<Reader>,
    topics: Vec<Topic>,
    turn: usize,
}

impl EmbeddedSubscription {
    pub(super) fn new(shared: Arc<Shared>, signer: StreamSigner, reader: Arc<Reader>) -> Self {
        let topics = reader.cursors.lock().keys().copied().collect();
        Self {
            shared,
            signer,
            reader,
            topics,
            turn: 0,
        }
    }

    /// What was returned so far has been handled.
    fn mark_handled(&self) {
        let mut moved = false;
        for cursor in self.reader.cursors.lock().values_mut() {
            moved |= cursor.handled != cursor.next;
            cursor.handled = cursor.next;
        }
        if moved {
            self.shared.moved();
        }
    }

    fn advance(&self, topic: Topic, next: u64) {
        if let Some(cursor) = self.reader.cursors.lock().get_mut(&topic) {
            cursor.next = next;
        }
    }

    /// What a topic has now: entries, a gap, or nothing.
    fn poll(&self, topic: Topic) -> Result<Vec<Delivery>, BusError> {
        let Some(cursor) = self.reader.cursors.lock().get(&topic).copied() else {
            return Ok(Vec::new());
        };
        let read = self.shared.log(topic).lock().read(cursor.next, BATCH);
        match read {
            Read::Lagged { next } => {
                self.advance(topic, next);
                metrics::count(metrics::GAPS, topic, 1);
                Err(BusError::Gap("the subscriber fell behind"))
            }
            Read::Entries { entries, next } => {
                self.advance(topic, next);
                let mut deliveries = entries.iter().map(|entry| entry.delivery()).collect();
                self.signer.screen(topic, &mut deliveries);
                if deliveries.is_empty() && next != cursor.next {
                    // Everything was refused, so there is nothing left to handle.
                    self.mark_handled();
                    self.reader.wake.notify_one();
                }
                Ok(deliveries)
            }
        }
    }
}

#[async_trait]
impl Subscription for EmbeddedSubscription {
    async fn next(&mut self) -> Result<(Topic, Vec<Delivery>), BusError> {
        self.mark_handled();
        loop {
            self.shared.ensure_open()?;
            for offset in 0..self.topics.len() {
                let topic = self.topics[(self.turn + offset) % self.topics.len()];
                let deliveries = self.poll(topic)?;
                if !deliveries.is_empty() {
                    // The next call starts with the next topic, so that a busy one starves nobody.
                    self.turn = (self.turn + offset + 1) % self.topics.len();
                    return Ok((topic, deliveries));
                }
            }
            self.reader.wake.notified().await;
        }
    }
}

impl Drop for EmbeddedSubscription {
    fn drop(&mut self) {
        // Whoever waits in `wait_in_sync` need not wait for a subscriber that is gone.
        self.reader.cursors.lock().clear();
        self.shared.moved();
    }
}
