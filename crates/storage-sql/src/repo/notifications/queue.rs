//! Deliveries of every zone.

use async_trait::async_trait;
use caracal_core::{NotificationSinkId, Timestamp, ZoneId, entity::NotificationType};
use caracal_storage::{Error, Notification, NotificationBacklog, NotificationQueue};

use super::notify;
use crate::{dialect::Dialect, params::params, row::Row, work::GlobalUnit};

/// Approvals `a` that ended undecided after `$3` and up to `$4`, and that a sink is yet to be told of; `$2` is the word
/// for it.
pub(super) fn untold(dialect: Dialect) -> String {
    format!(
        "a.expires_at > $3 AND a.expires_at <= $4 AND a.satisfied_at IS NULL AND a.rejected_at IS NULL \
         AND a.consumed_at IS NULL AND EXISTS (SELECT 1 FROM notification_sinks s \
             WHERE s.zone_id = a.zone_id AND s.active AND s.created_at <= a.expires_at AND {} \
             AND NOT EXISTS (SELECT 1 FROM notification_deliveries d \
                 WHERE d.zone_id = a.zone_id AND d.id = 'expired:' || a.id || '.' || s.id))",
        dialect.has_member("s.event_types", 2)
    )
}

#[async_trait]
impl NotificationQueue for GlobalUnit {
    async fn due_sinks(
        &mut self,
        now: Timestamp,
        failing: bool,
        limit: u32,
    ) -> Result<Vec<(ZoneId, NotificationSinkId)>, Error> {
        // Nearly always there is nothing, which one look at an index tells.
        let anything = "SELECT 1 AS found FROM notification_deliveries \
             WHERE delivered_at IS NULL AND abandoned_at IS NULL AND available_at <= $1 LIMIT 1";
        if !self.tx.any(anything, params![now]).await? {
            return Ok(Vec::new());
        }
        let failures = if failing { "> 0" } else { "= 0" };
        let sql = format!(
            "SELECT t.zone_id, t.sink_id FROM notification_sink_states t \
             JOIN notification_sinks n ON n.zone_id = t.zone_id AND n.id = t.sink_id \
             JOIN zones z ON z.id = t.zone_id \
             WHERE t.next_attempt_at <= $1 AND (t.leased_until IS NULL OR t.leased_until <= $1) \
             AND t.consecutive_failures {failures} AND n.active AND z.archived_at IS NULL \
             AND EXISTS (SELECT 1 FROM notification_deliveries d \
                 WHERE d.zone_id = t.zone_id AND d.sink_id = t.sink_id AND d.delivered_at IS NULL \
                 AND d.abandoned_at IS NULL AND d.available_at <= $1) \
             ORDER BY t.next_attempt_at, t.zone_id, t.sink_id LIMIT $2"
        );
        self.tx
            .all_as(sql, params![now, limit], |row| {
                Ok((row.id("zone_id")?, row.id("sink_id")?))
            })
            .await
    }

    async fn zones_to_sweep(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        ended_before: Timestamp,
    ) -> Result<Vec<ZoneId>, Error> {
        let sql = format!(
            "SELECT zone_id FROM notification_deliveries WHERE COALESCE(delivered_at, abandoned_at) < $1 \
             AND (delivered_at IS NOT NULL OR abandoned_at IS NOT NULL) \
             UNION SELECT a.zone_id FROM approvals a \
             WHERE a.zone_id IN (SELECT zone_id FROM notification_sinks WHERE active) AND {}",
            untold(self.tx.dialect)
        );
        let params = params![ended_before, NotificationType::StepUpExpired, since, now];
        self.tx.all_as(sql, params, |row| row.id("zone_id")).await
    }

    async fn backlog(&mut self, now: Timestamp, failures: u32) -> Result<NotificationBacklog, Error> {
        // Of sinks that are told something at all. One that is left alone for a while is not late.
        let told = "JOIN notification_sinks n ON n.zone_id = t.zone_id AND n.id = t.sink_id AND n.active \
             JOIN zones z ON z.id = t.zone_id AND z.archived_at IS NULL";
        let waiting = format!(
            "FROM notification_deliveries d \
             JOIN notification_sink_states t ON t.zone_id = d.zone_id AND t.sink_id = d.sink_id {told} \
             WHERE d.delivered_at IS NULL AND d.abandoned_at IS NULL"
        );
        let sql = format!(
            "SELECT (SELECT COUNT(*) {waiting}) AS waiting, \
             (SELECT MIN(CASE WHEN d.available_at > t.next_attempt_at THEN d.available_at \
                 ELSE t.next_attempt_at END) {waiting} AND d.available_at <= $1 AND t.next_attempt_at <= $1 \
                 AND (t.leased_until IS NULL OR t.leased_until <= $1)) AS oldest, \
             (SELECT COUNT(*) FROM notification_sink_states t {told} WHERE t.consecutive_failures >= $2) AS failing"
        );
        let read = |row: &Row| {
            Ok(NotificationBacklog {
                waiting: row.count("waiting")?,
                oldest_due: row.opt_time("oldest")?,
                failing: row.count("failing")?,
            })
        };
        let backlog = self.tx.one_as(sql, params![now, failures], read).await?;
        Ok(backlog.unwrap_or_default())
    }

    async fn notify_in(
        &mut self,
        zone: &ZoneId,
        notification: &Notification,
        most: u32,
    ) -> Result<(), Error> {
        notify(&self.tx, zone, notification, most).await
    }
}
