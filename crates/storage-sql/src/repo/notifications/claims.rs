//! A delivery is claimed with the lease of its sink, and settled under it.

use caracal_core::{NotificationDeliveryId, NotificationSinkId, Timestamp, entity::NotificationDelivery};
use caracal_storage::{Attempt, AttemptedDelivery, ClaimedDelivery, Error, Notifications as _};

use super::WAITING;
use crate::{mapped::Mapped as _, params::params, work::ZoneUnit};

impl ZoneUnit {
    pub(super) async fn claim_next(
        &mut self,
        sink: &NotificationSinkId,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, Error> {
        // The row of the sink's state first: rivals wait here, and then see whose lease it is.
        let sql = "UPDATE notification_sink_states SET leased_until = $4 WHERE zone_id = $1 AND sink_id = $2 \
             AND next_attempt_at <= $3 AND (leased_until IS NULL OR leased_until <= $3) \
             AND EXISTS (SELECT 1 FROM notification_sinks n WHERE n.zone_id = $1 AND n.id = $2 AND n.active) \
             AND EXISTS (SELECT 1 FROM notification_deliveries d WHERE d.zone_id = $1 AND d.sink_id = $2 \
                 AND d.delivered_at IS NULL AND d.abandoned_at IS NULL AND d.available_at <= $3)";
        let params = params![self.zone, sink, now, leased_until];
        if !self.tx.changes_one(sql, params).await? {
            return Ok(None);
        }
        // Whoever dies half-way leaves it due at the end of the lease, with the attempt counted.
        let sql = format!(
            "UPDATE notification_deliveries SET attempts = attempts + 1, available_at = $4 \
             WHERE zone_id = $1 AND id = (SELECT id FROM notification_deliveries \
                 WHERE zone_id = $1 AND sink_id = $2 AND {WAITING} AND available_at <= $3 \
                 ORDER BY available_at, id LIMIT 1) RETURNING {}",
            NotificationDelivery::COLUMNS
        );
        let params = params![self.zone, sink, now, leased_until];
        let delivery = self.tx.one_as(sql, params, NotificationDelivery::read).await?;
        let (Some(delivery), Some((sink, health))) = (delivery, self.get(sink).await?) else {
            return Err(Error::Contended("the sink changed meanwhile".into()));
        };
        Ok(Some(ClaimedDelivery {
            sink,
            health,
            delivery,
            leased_until,
        }))
    }

    pub(super) async fn write_attempt(&mut self, attempted: &AttemptedDelivery) -> Result<bool, Error> {
        let AttemptedDelivery {
            sink_id,
            delivery_id,
            attempts,
            leased_until,
            attempt,
            at,
        } = attempted;
        // In the order of a claim, so that the two never wait for each other.
        let mine = "WHERE zone_id = $1 AND sink_id = $2 AND leased_until = $3";
        let lease = match attempt {
            Attempt::Delivered { .. } => {
                let sql = format!(
                    "UPDATE notification_sink_states SET leased_until = NULL, consecutive_failures = 0, \
                     last_success_at = $4, last_error = NULL, next_attempt_at = $4 {mine}"
                );
                (sql, params![self.zone, sink_id, leased_until, at])
            }
            Attempt::Failed {
                error, pause_until, ..
            } => {
                let sql = format!(
                    "UPDATE notification_sink_states SET leased_until = NULL, \
                     consecutive_failures = consecutive_failures + 1, last_failure_at = $4, last_error = $5, \
                     next_attempt_at = $6 {mine}"
                );
                let params = params![self.zone, sink_id, leased_until, at, error, pause_until];
                (sql, params)
            }
        };
        self.tx.run(lease.0, lease.1).await?;
        let mine = format!("WHERE zone_id = $1 AND id = $2 AND attempts = $3 AND {WAITING}");
        let (sql, params) = match attempt {
            Attempt::Delivered { status } => (
                format!(
                    "UPDATE notification_deliveries SET delivered_at = $4, response_status = $5, last_error = NULL {mine}"
                ),
                params![self.zone, delivery_id, attempts, at, Some(u32::from(*status))],
            ),
            Attempt::Failed {
                status,
                error,
                retry_at,
                ..
            } => {
                let abandoned = retry_at.is_none().then_some(*at);
                let next = retry_at.unwrap_or(*at);
                (
                    format!(
                        "UPDATE notification_deliveries SET abandoned_at = $4, available_at = $5, \
                         response_status = $6, last_error = $7 {mine}"
                    ),
                    params![
                        self.zone,
                        delivery_id,
                        attempts,
                        abandoned,
                        next,
                        status.map(u32::from),
                        error
                    ],
                )
            }
        };
        self.tx.changes_one(sql, params).await
    }

    pub(super) async fn make_due(
        &mut self,
        sink: &NotificationSinkId,
        id: &NotificationDeliveryId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        // As in a claim, the sink first. What somebody asks for does not wait for a pause.
        let sql = "UPDATE notification_sink_states SET next_attempt_at = $3 \
             WHERE zone_id = $1 AND sink_id = $2 AND next_attempt_at > $3";
        self.tx.run(sql, params![self.zone, sink, at]).await?;
        let sql = "UPDATE notification_deliveries SET attempts = 0, available_at = $4, delivered_at = NULL, \
             abandoned_at = NULL WHERE zone_id = $1 AND sink_id = $2 AND id = $3";
        self.tx.changes_one(sql, params![self.zone, sink, id, at]).await
    }
}
