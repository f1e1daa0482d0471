//! Events that a unit of work leaves to publish.

use std::time::Duration;

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_storage::{Error, Outbox, OutboxMessage, OutboxState};

use crate::{
    batch::insert,
    params::params,
    row::{Row, to_json},
    sql::Tx,
    work::{GlobalUnit, ZoneUnit},
};

/// Writes messages in this order.
pub(super) async fn append(tx: &Tx, messages: &[OutboxMessage]) -> Result<(), Error> {
    let columns = [
        "id",
        "topic",
        "dedupe_key",
        "fields",
        "state",
        "attempts",
        "available_at",
        "created_at",
    ];
    let mut batch = Vec::with_capacity(messages.len());
    let mut last = None;
    for message in messages {
        let at = message.created_at;
        // Those of one instant would be told in the order of their ids, which is random.
        let order = last.map_or(at, |last: Timestamp| at.max(last.plus(Duration::from_micros(1))));
        last = Some(order);
        let fields = to_json(&message.fields)?;
        batch.push(params![
            message.id,
            message.topic,
            message.dedupe_key,
            fields,
            "pending",
            0_i64,
            at,
            order
        ]);
    }
    // Only a repeated topic and key is dropped; a repeated id is a mistake and fails.
    let repeats = "ON CONFLICT (topic, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING";
    insert(tx, "event_outbox", &columns, batch, repeats).await
}

async fn status(tx: &Tx, id: &str) -> Result<Option<OutboxState>, Error> {
    let sql = "SELECT state, attempts, last_error, dispatched_at FROM event_outbox WHERE id = $1";
    let read = |row: &Row| {
        Ok(OutboxState {
            state: row.word("state", |word| {
                ["pending", "dispatched", "dead"]
                    .into_iter()
                    .find(|known| *known == word)
            })?,
            attempts: row.int("attempts")?,
            last_error: row.opt_text("last_error")?,
            dispatched_at: row.opt_time("dispatched_at")?,
        })
    };
    tx.one_as(sql, params![id], read).await
}

#[async_trait]
impl Outbox for ZoneUnit {
    async fn append(&mut self, messages: &[OutboxMessage]) -> Result<(), Error> {
        if self.tx.shared().is_some() {
            self.late.outbox.extend_from_slice(messages);
            return Ok(());
        }
        append(&self.tx, messages).await
    }

    async fn status(&mut self, id: &str) -> Result<Option<OutboxState>, Error> {
        status(&self.tx, id).await
    }
}

#[async_trait]
impl Outbox for GlobalUnit {
    async fn append(&mut self, messages: &[OutboxMessage]) -> Result<(), Error> {
        append(&self.tx, messages).await
    }

    async fn status(&mut self, id: &str) -> Result<Option<OutboxState>, Error> {
        status(&self.tx, id).await
    }
}
