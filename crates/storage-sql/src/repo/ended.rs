//! What ended or is due to, in every zone.

use std::sync::Arc;

use caracal_core::{Timestamp, ZoneId};
use caracal_storage::{Error, RevokedAnchors};

use super::applications::ENDED_DCR;
use crate::{params::params, sql::Tx};

impl Tx {
    pub(crate) async fn revoked_between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<RevokedAnchors, Error> {
        let sql = "SELECT 'record' AS kind, zone_id, id FROM authority_records
                WHERE status = 'revoked' AND revoked_at >= $1 AND revoked_at < $2
            UNION ALL SELECT 'session', zone_id, id FROM sessions
                WHERE terminated_at >= $1 AND terminated_at < $2
            UNION ALL SELECT 'delegation', zone_id, id FROM delegations
                WHERE status <> 'active' AND changed_at >= $1 AND changed_at < $2
            UNION ALL SELECT 'connection', zone_id, id FROM provider_connections
                WHERE status = 'revoked' AND revoked_at >= $1 AND revoked_at < $2";
        let mut anchors = RevokedAnchors::default();
        for row in self.all(sql, params![from, to]).await? {
            let list = match row.text("kind")?.as_str() {
                "record" => &mut anchors.authority_records,
                "session" => &mut anchors.sessions,
                "connection" => &mut anchors.connections,
                _ => &mut anchors.delegations,
            };
            list.push((row.id("zone_id")?, Arc::from(row.text("id")?)));
        }
        Ok(anchors)
    }

    pub(crate) async fn zones_with_overdue(
        &self,
        now: Timestamp,
        applications_ended_by: Timestamp,
    ) -> Result<Vec<ZoneId>, Error> {
        let sql = format!(
            "SELECT zone_id FROM sessions WHERE slot_until IS NOT NULL AND slot_until <= $1
            UNION SELECT zone_id FROM delegations WHERE status = 'active' AND expires_at <= $1
            UNION SELECT zone_id FROM applications WHERE {ENDED_DCR} AND expires_at <= $2
            UNION SELECT c.zone_id FROM session_counts c
                JOIN applications a ON a.zone_id = c.zone_id AND a.id = c.application_id
                JOIN zones z ON z.id = c.zone_id
                WHERE c.unended > 0
                AND (a.archived_at IS NOT NULL OR a.expires_at <= $1 OR z.archived_at IS NOT NULL)"
        );
        self.all_as(sql, params![now, applications_ended_by], |row| row.id("zone_id"))
            .await
    }
}
