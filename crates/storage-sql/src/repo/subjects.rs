//! Subjects of a zone, counted from their authority records.

use async_trait::async_trait;
use caracal_core::{Timestamp, claims::SubjectType};
use caracal_storage::{
    BlockedSubject, Error, Holdings, Lock, MAX_BLOCKED_SUBJECTS, Page, PageRequest, SubjectFilter,
    SubjectSummary, Subjects,
};
use sea_orm::Value;

use super::approvals::state_at;
use crate::{
    mapped::{Column as _, subject_word},
    paging::Listing,
    params::params,
    row::Row,
    work::ZoneUnit,
};

/// Everything of the subjects whose records meet `condition`; `$1` is the zone, `$2` the time.
fn counted(condition: &str) -> String {
    format!(
        "SELECT s.subject_id, s.kind, s.issuer, s.total, s.active, s.revoked, s.first_seen, s.last_seen, \
         s.last_revoked_at, a.name AS application_name FROM ( \
             SELECT subject_id, MAX(subject_type) AS kind, MAX(issuer) AS issuer, COUNT(*) AS total, \
                 COUNT(CASE WHEN status = 'active' AND expires_at > $2 THEN 1 END) AS active, \
                 COUNT(CASE WHEN status = 'revoked' THEN 1 END) AS revoked, \
                 MIN(created_at) AS first_seen, MAX(created_at) AS last_seen, MAX(revoked_at) AS last_revoked_at \
             FROM authority_records WHERE zone_id = $1{condition} GROUP BY subject_id \
         ) s LEFT JOIN applications a ON a.zone_id = $1 AND a.id = s.subject_id WHERE TRUE"
    )
}

fn read(row: &Row) -> Result<SubjectSummary, Error> {
    Ok(SubjectSummary {
        subject_id: row.text("subject_id")?,
        kind: SubjectType::read(row, "kind")?,
        application_name: row.opt_text("application_name")?,
        issuer: row.opt_text("issuer")?,
        total: row.count("total")?,
        active: row.count("active")?,
        revoked: row.count("revoked")?,
        first_seen: row.time("first_seen")?,
        last_seen: row.time("last_seen")?,
        last_revoked_at: row.opt_time("last_revoked_at")?,
    })
}

#[async_trait]
impl Subjects for ZoneUnit {
    async fn get(&mut self, id: &str, now: Timestamp) -> Result<Option<SubjectSummary>, Error> {
        let sql = counted(" AND subject_id = $3");
        self.tx.one_as(sql, params![self.zone, now, id], read).await
    }

    async fn list(
        &mut self,
        filter: &SubjectFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<SubjectSummary>, Error> {
        let params: Vec<Value> = params![self.zone, now];
        let mut listing = Listing::new(counted(""), params, "s.last_seen", "s.subject_id")
            .by_name("s.subject_id", &["s.subject_id", "a.name"]);
        listing.when("s.kind", "=", filter.kind.map(subject_word));
        listing.read(&self.tx, page, read).await
    }

    async fn holdings(&mut self, id: &str, now: Timestamp) -> Result<Holdings, Error> {
        let sessions = "SELECT COUNT(*) AS total, COUNT(CASE WHEN status = 'active' THEN 1 END) AS active \
             FROM sessions WHERE zone_id = $1 AND subject_authority_record_id IN \
             (SELECT r.id FROM authority_records r WHERE r.zone_id = $1 AND r.subject_id = $2)";
        let approvals = format!(
            "SELECT COUNT(*) AS total, COUNT(CASE WHEN {} = 'pending' THEN 1 END) AS pending \
             FROM approvals WHERE zone_id = $1 AND (principal_id = $2 OR subject_anchor = $2)",
            state_at(3)
        );
        let mut holdings = Holdings::default();
        if let Some(row) = self.tx.one(sessions, params![self.zone, id]).await? {
            (holdings.sessions, holdings.active_sessions) = (row.count("total")?, row.count("active")?);
        }
        if let Some(row) = self.tx.one(approvals, params![self.zone, id, now]).await? {
            (holdings.approvals, holdings.pending_approvals) = (row.count("total")?, row.count("pending")?);
        }
        Ok(holdings)
    }

    async fn admits(&mut self, id: &str) -> Result<bool, Error> {
        self.hold_subject(id).await?;
        let sql = "SELECT 1 AS found FROM blocked_subjects WHERE zone_id = $1 AND subject_id = $2";
        Ok(!self.tx.any(sql, params![self.zone, id]).await?)
    }

    async fn block(&mut self, blocked: &BlockedSubject) -> Result<bool, Error> {
        self.hold_subject(&blocked.subject_id).await?;
        self.lock_name(Lock::BlockedSubjects.as_str()).await?;
        let sql = "SELECT COUNT(*) AS n FROM blocked_subjects WHERE zone_id = $1 AND subject_id <> $2";
        let others = self.tx.count(sql, params![self.zone, blocked.subject_id]).await?;
        if others >= MAX_BLOCKED_SUBJECTS {
            return Err(Error::Conflict {
                constraint: String::from("blocked_subjects"),
            });
        }
        let sql = "INSERT INTO blocked_subjects (zone_id, subject_id, reason, blocked_by, blocked_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (zone_id, subject_id) DO NOTHING";
        let params = params![
            self.zone,
            blocked.subject_id,
            blocked.reason,
            blocked.blocked_by,
            blocked.blocked_at
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn unblock(&mut self, id: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM blocked_subjects WHERE zone_id = $1 AND subject_id = $2";
        self.tx.changes_one(sql, params![self.zone, id]).await
    }

    async fn list_blocked(
        &mut self,
        subject: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<BlockedSubject>, Error> {
        let sql =
            "SELECT subject_id, reason, blocked_by, blocked_at FROM blocked_subjects WHERE zone_id = $1";
        let mut listing = Listing::new(sql, params![self.zone], "blocked_at", "subject_id")
            .by_name("subject_id", &["subject_id", "reason"]);
        listing.when("subject_id", "=", subject);
        listing
            .read(&self.tx, page, |row| {
                Ok(BlockedSubject {
                    subject_id: row.text("subject_id")?,
                    reason: row.text("reason")?,
                    blocked_by: row.text("blocked_by")?,
                    blocked_at: row.time("blocked_at")?,
                })
            })
            .await
    }
}

impl ZoneUnit {
    /// Until the end of the work this alone admits or blocks the subject.
    async fn hold_subject(&mut self, id: &str) -> Result<(), Error> {
        self.lock_name(&format!("subject/{id}")).await
    }
}
