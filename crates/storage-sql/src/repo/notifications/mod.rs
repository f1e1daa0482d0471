//! Sinks of a zone and their deliveries; `claims.rs` is what dispatchers do.

mod claims;
mod queue;

use async_trait::async_trait;
use caracal_core::{
    NotificationDeliveryId, NotificationSinkId, Timestamp, ZoneId,
    entity::{Approval, NotificationDelivery, NotificationSink, NotificationType, SinkHealth},
};
use caracal_storage::{
    AttemptedDelivery, ClaimedDelivery, Error, Notification, Notifications, Page, PageRequest,
};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::params,
    row::Row,
    sql::Tx,
    work::ZoneUnit,
};

mapped!(NotificationSink in "notification_sinks" { zone_id, id, name, url, event_types as json, active; attribution });
mapped!(NotificationDelivery in "notification_deliveries" {
    zone_id, id, sink_id, event_id, event_type, payload, attempts, available_at, delivered_at, abandoned_at,
    response_status, last_error, created_at
});

/// A delivery that is still on its way.
const WAITING: &str = "delivered_at IS NULL AND abandoned_at IS NULL";

/// Sinks with how it went.
fn sinks() -> String {
    format!(
        "SELECT {}, consecutive_failures, last_success_at, last_failure_at, last_error FROM notification_sinks \
         JOIN (SELECT zone_id AS state_zone, sink_id AS state_sink, consecutive_failures, last_success_at, \
         last_failure_at, last_error FROM notification_sink_states) state \
         ON state_zone = zone_id AND state_sink = id WHERE zone_id = $1",
        NotificationSink::COLUMNS
    )
}

fn sink(row: &Row) -> Result<(NotificationSink, SinkHealth), Error> {
    let health = SinkHealth {
        consecutive_failures: row.small("consecutive_failures")?,
        last_success_at: row.opt_time("last_success_at")?,
        last_failure_at: row.opt_time("last_failure_at")?,
        last_error: row.opt_text("last_error")?,
    };
    Ok((NotificationSink::read(row)?, health))
}

/// Puts in line for every sink of the zone that wants to know and is not full.
async fn notify(tx: &Tx, zone: &ZoneId, told: &Notification, most: u32) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO notification_deliveries \
         (zone_id, id, sink_id, event_id, event_type, payload, attempts, available_at, created_at) \
         SELECT s.zone_id, CAST($2 AS TEXT) || '.' || s.id, s.id, CAST($2 AS TEXT), CAST($3 AS TEXT), \
         CAST($4 AS TEXT), 0, CAST($5 AS BIGINT), CAST($5 AS BIGINT) \
         FROM notification_sinks s WHERE s.zone_id = $1 AND s.active AND s.created_at <= $5 AND {} \
         AND NOT EXISTS (SELECT 1 FROM notification_deliveries d WHERE d.zone_id = s.zone_id AND d.sink_id = s.id \
         AND d.delivered_at IS NULL AND d.abandoned_at IS NULL LIMIT 1 OFFSET $6) ON CONFLICT DO NOTHING",
        tx.dialect.has_member("s.event_types", 3),
    );
    let most = i64::from(most.max(1)) - 1;
    let kind: NotificationType = told.event_type;
    let params = params![zone, told.event_id, kind, told.payload, told.occurred_at, most];
    tx.run(sql, params).await.map(|_| ())
}

#[async_trait]
impl Notifications for ZoneUnit {
    async fn get(
        &mut self,
        id: &NotificationSinkId,
    ) -> Result<Option<(NotificationSink, SinkHealth)>, Error> {
        let sql = format!("{} AND id = $2", sinks());
        self.tx.one_as(sql, params![self.zone, id], sink).await
    }

    async fn list(&mut self, page: &PageRequest) -> Result<Page<(NotificationSink, SinkHealth)>, Error> {
        Listing::new(sinks(), params![self.zone], "created_at", "id")
            .by_name("name", &["name", "url"])
            .read(&self.tx, page, sink)
            .await
    }

    async fn count(&mut self) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM notification_sinks WHERE zone_id = $1";
        self.tx.count(sql, params![self.zone]).await
    }

    async fn create(&mut self, sink: &NotificationSink) -> Result<(), Error> {
        self.own(&sink.zone_id)?;
        self.tx.insert(sink, &[]).await?;
        let sql = "INSERT INTO notification_sink_states (zone_id, sink_id, consecutive_failures, next_attempt_at) \
             VALUES ($1, $2, 0, $3)";
        let params = params![self.zone, sink.id, sink.attribution.created_at];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn update(&mut self, sink: &NotificationSink) -> Result<bool, Error> {
        self.update_live(sink, sink.id.as_str(), sink.attribution.version, &[])
            .await
    }

    async fn forget_failures(&mut self, id: &NotificationSinkId, at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE notification_sink_states SET consecutive_failures = 0, last_error = NULL, \
             next_attempt_at = $3 WHERE zone_id = $1 AND sink_id = $2";
        self.tx.run(sql, params![self.zone, id, at]).await.map(|_| ())
    }

    async fn delete(&mut self, id: &NotificationSinkId) -> Result<bool, Error> {
        let sql = "DELETE FROM notification_sinks WHERE zone_id = $1 AND id = $2";
        self.tx.changes_one(sql, params![self.zone, id]).await
    }

    async fn notify(&mut self, notification: &Notification, most: u32) -> Result<(), Error> {
        notify(&self.tx, &self.zone, notification, most).await
    }

    async fn enqueue(&mut self, delivery: &NotificationDelivery) -> Result<(), Error> {
        self.own(&delivery.zone_id)?;
        self.tx.insert(delivery, &[]).await
    }

    async fn deliveries(
        &mut self,
        sink: &NotificationSinkId,
        page: &PageRequest,
    ) -> Result<Page<NotificationDelivery>, Error> {
        let sql = format!(
            "SELECT {} FROM notification_deliveries WHERE zone_id = $1 AND sink_id = $2",
            NotificationDelivery::COLUMNS
        );
        Listing::new(sql, params![self.zone, sink], "created_at", "id")
            .searched(&["id", "event_id", "event_type", "last_error"])
            .read(&self.tx, page, NotificationDelivery::read)
            .await
    }

    async fn delivery(
        &mut self,
        sink: &NotificationSinkId,
        id: &NotificationDeliveryId,
    ) -> Result<Option<NotificationDelivery>, Error> {
        let sql = format!(
            "SELECT {} FROM notification_deliveries WHERE zone_id = $1 AND sink_id = $2 AND id = $3",
            NotificationDelivery::COLUMNS
        );
        self.tx
            .one_as(sql, params![self.zone, sink, id], NotificationDelivery::read)
            .await
    }

    async fn redeliver(
        &mut self,
        sink: &NotificationSinkId,
        id: &NotificationDeliveryId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        self.make_due(sink, id, at).await
    }

    async fn claim(
        &mut self,
        sink: &NotificationSinkId,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, Error> {
        self.claim_next(sink, now, leased_until).await
    }

    async fn record_attempt(&mut self, attempted: &AttemptedDelivery) -> Result<bool, Error> {
        self.write_attempt(attempted).await
    }

    async fn untold_expiries(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Approval>, Error> {
        let sql = format!(
            "SELECT {} FROM approvals a WHERE a.zone_id = $1 AND {} ORDER BY a.expires_at, a.id LIMIT $5",
            Approval::COLUMNS,
            queue::untold(self.tx.dialect)
        );
        let kind = NotificationType::StepUpExpired;
        let params = params![self.zone, kind, since, now, limit];
        self.tx.all_as(sql, params, Approval::read).await
    }

    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let sql = "WITH old AS MATERIALIZED (SELECT id FROM notification_deliveries WHERE zone_id = $1 \
             AND COALESCE(delivered_at, abandoned_at) < $2 \
             AND (delivered_at IS NOT NULL OR abandoned_at IS NOT NULL) LIMIT $3) \
             DELETE FROM notification_deliveries WHERE zone_id = $1 AND id IN (SELECT id FROM old)";
        self.tx.run(sql, params![self.zone, before, limit]).await
    }
}
