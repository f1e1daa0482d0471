//! Versions of what administrators register, held until the end of a unit of work.

use caracal_storage::{Error, VersionedKind};

use crate::{params::params, work::ZoneUnit};

/// The table of what has versions, and the condition that a row is not archived.
const fn versioned(kind: VersionedKind) -> (&'static str, &'static str) {
    const LIVE: &str = " AND archived_at IS NULL";
    match kind {
        VersionedKind::Application => ("applications", LIVE),
        VersionedKind::Workload => ("workloads", ""),
        VersionedKind::Provider => ("providers", LIVE),
        VersionedKind::Resource => ("resources", LIVE),
        VersionedKind::Grant => ("grants", ""),
        VersionedKind::SubjectIssuer => ("subject_issuers", LIVE),
        VersionedKind::Policy => ("policies", LIVE),
        VersionedKind::PolicySet => ("policy_sets", LIVE),
        VersionedKind::NotificationSink => ("notification_sinks", ""),
    }
}

impl ZoneUnit {
    /// The version of an unarchived object, whose row nobody else changes until the end of the unit.
    pub(crate) async fn hold_version(&mut self, kind: VersionedKind, id: &str) -> Result<Option<i64>, Error> {
        let (table, live) = versioned(kind);
        let held = self.tx.dialect.for_change();
        let sql = format!("SELECT version FROM {table} WHERE zone_id = $1 AND id = $2{live}{held}");
        self.tx
            .one_as(sql, params![self.zone, id], |row| row.int("version"))
            .await
    }
}
