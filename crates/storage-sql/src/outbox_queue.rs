//! The outbox as its relay works on it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, World, ZoneId};
use caracal_events::{BoxError, Fields, OutboxQueue, OutboxRow, OutboxStats, Topic};
use caracal_storage::{Access, Error, Page, PageRequest};

use crate::{
    dialect::Dialect,
    engine::{Engine, SqlStore},
    paging::Listing,
    params::{json_list, params},
    row::Row,
    sql::Tx,
};

/// Longest error text kept with a row, in characters.
const ERROR_CHARACTERS: usize = 500;

/// Most rows one statement deletes, so that pruning never holds the writer for long.
const PRUNE_BATCH: u32 = 5_000;

/// The outbox table of a store.
#[derive(Clone)]
pub struct SqlOutboxQueue {
    engine: Arc<Engine>,
    world: World,
}

impl std::fmt::Debug for SqlOutboxQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqlOutboxQueue")
    }
}

/// A message that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadMessage {
    /// Id.
    pub id: String,
    /// Wire name of the topic.
    pub topic: String,
    /// Zone, when its fields name one.
    pub zone_id: Option<ZoneId>,
    /// Tries.
    pub attempts: i64,
    /// Why it was put aside.
    pub error: Option<String>,
    /// Creation.
    pub created_at: Timestamp,
}

impl SqlOutboxQueue {
    /// The outbox of `store`; leases and times of dispatch are told by `world`'s clock.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hold the store in an Arc and hand one on"
    )]
    pub fn new<S: SqlStore>(store: Arc<S>, world: World) -> Self {
        Self {
            engine: store.engine().clone(),
            world,
        }
    }

    /// Messages put aside, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the backend does not answer.
    pub async fn list_dead(&self, page: &PageRequest) -> Result<Page<DeadMessage>, Error> {
        let tx = self.engine.begin(Access::Read).await?;
        let sql = "SELECT id, topic, fields, attempts, last_error, created_at FROM event_outbox WHERE state = 'dead'";
        Listing::new(sql, Vec::new(), "created_at", "id")
            .read(&tx, page, |row| {
                Ok(DeadMessage {
                    id: row.text("id")?,
                    topic: row.text("topic")?,
                    zone_id: fields(row)?.zone_id(),
                    attempts: row.int("attempts")?,
                    error: row.opt_text("last_error")?,
                    created_at: row.time("created_at")?,
                })
            })
            .await
    }

    /// Puts dead messages back in line, from their first attempt on; returns how many were dead.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the backend does not answer.
    pub async fn requeue(&self, ids: &[String]) -> Result<u64, Error> {
        let now = self.world.now();
        let tx = self.engine.begin(Access::Write).await?;
        let sql = format!(
            "UPDATE event_outbox SET state = 'pending', attempts = 0, available_at = $2 \
             WHERE state = 'dead' AND {}",
            tx.dialect.is_one_of("id", 1)
        );
        let changed = tx.run(sql, params![json_list(ids), now]).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Claims due rows of topics this build knows; others wait for a replica that does.
    async fn claim_due(&self, tx: &Tx, limit: usize, lease: Duration) -> Result<Vec<OutboxRow>, Error> {
        let now = self.world.now();
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM event_outbox \
             WHERE state = 'pending' AND available_at <= $1 AND {known} ORDER BY created_at, id LIMIT $3{}) \
             UPDATE event_outbox SET available_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM due) \
             RETURNING id, topic, dedupe_key, fields, attempts, created_at",
            tx.dialect.skip_locked(),
            known = tx.dialect.is_one_of("topic", 4)
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let claimed = tx
            .all(sql, params![now, now.plus(lease), limit, known_topics()])
            .await?;
        let mut rows = Vec::with_capacity(claimed.len());
        for row in &claimed {
            let (id, created_at) = (row.text("id")?, row.time("created_at")?);
            let topic = row.text("topic")?.parse::<Topic>();
            let topic =
                topic.map_err(|_| Error::Corrupt(String::from("a topic was claimed that nobody knows")))?;
            let mut fields = fields(row)?;
            if let Some(key) = row.opt_text("dedupe_key")? {
                fields.insert("dedupe_key", key);
            }
            let zone_id = fields.zone_id();
            let attempts = row.small("attempts")?.saturating_sub(1);
            rows.push((
                created_at,
                OutboxRow {
                    id,
                    topic,
                    fields,
                    attempts,
                    zone_id,
                },
            ));
        }
        // The order of a RETURNING clause is nobody's promise.
        rows.sort_by(|(a_at, a), (b_at, b)| (a_at, &a.id).cmp(&(b_at, &b.id)));
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }
}

/// The wire names of the topics of this build, as a parameter.
fn known_topics() -> String {
    json_list(Topic::ALL.map(Topic::as_str))
}

/// Those of them that are no evidence, which nobody waits for.
fn announced_topics() -> String {
    let announced = Topic::ALL.into_iter().filter(|topic| !topic.is_evidence());
    json_list(announced.map(Topic::as_str))
}

fn ids_of(rows: &[Row]) -> Result<Vec<String>, Error> {
    rows.iter().map(|row| row.text("id")).collect()
}

/// Puts a row aside.
async fn bury(tx: &Tx, id: &str, error: &str) -> Result<(), Error> {
    let sql = "UPDATE event_outbox SET state = 'dead', last_error = $2 WHERE id = $1 AND state = 'pending'";
    tx.run(sql, params![id, shortened(error)]).await.map(|_| ())
}

fn shortened(error: &str) -> String {
    error.chars().take(ERROR_CHARACTERS).collect()
}

fn fields(row: &Row) -> Result<Fields, Error> {
    let members: std::collections::BTreeMap<String, String> = row.json("fields")?;
    Ok(members.into_iter().collect())
}

#[async_trait]
impl OutboxQueue for SqlOutboxQueue {
    async fn claim(&self, limit: usize, lease: Duration) -> Result<Vec<OutboxRow>, BoxError> {
        if self.engine.dialect == Dialect::Postgres {
            let tx = self.engine.begin(Access::Write).await?;
            let rows = self.claim_due(&tx, limit, lease).await?;
            tx.commit().await?;
            return Ok(rows);
        }
        // Most looks find nothing; they must not queue behind the only writer.
        let look = self.engine.begin(Access::Read).await?;
        let due = format!(
            "SELECT 1 AS found FROM event_outbox WHERE state = 'pending' AND available_at <= $1 AND {} LIMIT 1",
            look.dialect.is_one_of("topic", 2)
        );
        if !look.any(due, params![self.world.now(), known_topics()]).await? {
            return Ok(Vec::new());
        }
        drop(look);
        let tx = self.engine.begin(Access::Write).await?;
        let rows = self.claim_due(&tx, limit, lease).await?;
        tx.commit().await?;
        Ok(rows)
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<String>, BoxError> {
        let tx = self.engine.begin(Access::Read).await?;
        let sql = format!(
            "SELECT id FROM event_outbox WHERE state = 'pending' AND {} ORDER BY created_at, id LIMIT $1",
            tx.dialect.is_one_of("topic", 2)
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(ids_of(&tx.all(sql, params![limit, announced_topics()]).await?)?)
    }

    async fn unpublished_of(&self, ids: &[String]) -> Result<Vec<String>, BoxError> {
        let tx = self.engine.begin(Access::Read).await?;
        let sql = format!(
            "SELECT id FROM event_outbox WHERE state = 'pending' AND {}",
            tx.dialect.is_one_of("id", 1)
        );
        Ok(ids_of(&tx.all(sql, params![json_list(ids)]).await?)?)
    }

    async fn mark_published(&self, ids: &[String]) -> Result<(), BoxError> {
        if ids.is_empty() {
            return Ok(());
        }
        let tx = self.engine.begin(Access::Write).await?;
        let sql = format!(
            "UPDATE event_outbox SET state = 'dispatched', dispatched_at = $2, last_error = NULL \
             WHERE state = 'pending' AND {}",
            tx.dialect.is_one_of("id", 1)
        );
        tx.run(sql, params![json_list(ids), self.world.now()]).await?;
        Ok(tx.commit().await?)
    }

    async fn release(&self, ids: &[String], retry_at: Timestamp, error: &str) -> Result<(), BoxError> {
        if ids.is_empty() {
            return Ok(());
        }
        let tx = self.engine.begin(Access::Write).await?;
        let sql = format!(
            "UPDATE event_outbox SET available_at = $2, last_error = $3 WHERE state = 'pending' AND {}",
            tx.dialect.is_one_of("id", 1)
        );
        tx.run(sql, params![json_list(ids), retry_at, shortened(error)])
            .await?;
        Ok(tx.commit().await?)
    }

    async fn mark_dead(&self, id: &str, error: &str) -> Result<(), BoxError> {
        let tx = self.engine.begin(Access::Write).await?;
        bury(&tx, id, error).await?;
        Ok(tx.commit().await?)
    }

    async fn prune(&self, older_than: Timestamp) -> Result<u64, BoxError> {
        let mut total = 0;
        loop {
            let tx = self.engine.begin(Access::Write).await?;
            let sql = "WITH old AS MATERIALIZED (SELECT id FROM event_outbox \
                 WHERE state = 'dispatched' AND dispatched_at < $1 LIMIT $2) \
                 DELETE FROM event_outbox WHERE id IN (SELECT id FROM old)";
            let deleted = tx.run(sql, params![older_than, PRUNE_BATCH]).await?;
            tx.commit().await?;
            total += deleted;
            if deleted < u64::from(PRUNE_BATCH) {
                return Ok(total);
            }
        }
    }

    async fn pending(&self) -> Result<OutboxStats, BoxError> {
        let tx = self.engine.begin(Access::Read).await?;
        let sql = "SELECT (SELECT COUNT(*) FROM event_outbox WHERE state = 'pending') AS pending, \
             (SELECT COUNT(*) FROM event_outbox WHERE state = 'dead') AS dead, \
             (SELECT MIN(created_at) FROM event_outbox WHERE state = 'pending') AS oldest";
        let now = self.world.now();
        let read = |row: &Row| {
            Ok(OutboxStats {
                pending: row.count("pending")?,
                dead: row.count("dead")?,
                oldest_age: row.opt_time("oldest")?.map(|oldest| now.since(oldest)),
            })
        };
        Ok(tx.one_as(sql, Vec::new(), read).await?.unwrap_or_default())
    }
}
