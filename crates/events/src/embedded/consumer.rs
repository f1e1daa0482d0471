//! Shared work.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};

use crate::{BusError, Consumer, Delivery, StreamSigner, Topic, metrics};

use super::{Shared, log::Polled};

#[derive(Debug)]
pub(super) struct EmbeddedConsumer {
    pub(super) shared: Arc<Shared>,
    pub(super) signer: StreamSigner,
    pub(super) topic: Topic,
    pub(super) group: String,
    pub(super) number: u64,
    pub(super) wake: Arc<Notify>,
}

impl EmbeddedConsumer {
    fn take(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let taken = self
            .shared
            .log(self.topic)
            .lock()
            .take(&self.group, self.number, max);
        match taken {
            Polled::Lagged => {
                metrics::count(metrics::GAPS, self.topic, 1);
                Err(BusError::Gap("the group fell behind"))
            }
            Polled::Entries(entries) => {
                let mut deliveries = entries.iter().map(|entry| entry.delivery()).collect();
                let refused = self.signer.screen(self.topic, &mut deliveries);
                if !refused.is_empty() {
                    self.acknowledge(&refused);
                }
                Ok(deliveries)
            }
        }
    }

    fn acknowledge(&self, ids: &[String]) {
        let positions = ids.iter().filter_map(|id| id.parse().ok());
        self.shared
            .log(self.topic)
            .lock()
            .acknowledge(&self.group, positions);
        self.shared.moved();
    }
}

#[async_trait]
impl Consumer for EmbeddedConsumer {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + wait;
        loop {
            self.shared.ensure_open()?;
            let deliveries = self.take(max.max(1))?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            if tokio::time::timeout_at(deadline, self.wake.notified())
                .await
                .is_err()
            {
                return Ok(deliveries);
            }
        }
    }

    async fn ack(&mut self, ids: &[String]) -> Result<(), BusError> {
        self.shared.ensure_open()?;
        self.acknowledge(ids);
        Ok(())
    }

    async fn dead_letter(&mut self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        self.shared.ensure_open()?;
        let now = self.shared.world.now();
        self.shared
            .dead
            .add(self.topic, &self.signer, delivery, reason, now)
            .map_err(|error| BusError::Unavailable(error.to_string()))?;
        self.acknowledge(std::slice::from_ref(&delivery.id));
        Ok(())
    }
}

impl Drop for EmbeddedConsumer {
    fn drop(&mut self) {
        self.shared.log(self.topic).lock().leave(&self.group, self.number);
    }
}
