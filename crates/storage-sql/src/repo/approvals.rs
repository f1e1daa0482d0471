//! Approvals of a zone.

use std::collections::HashMap;

use async_trait::async_trait;
use caracal_core::{
    ApprovalId, AuthorityRecordId, Timestamp,
    entity::{Approval, ApprovalState, ApproverClass},
};
use caracal_storage::{ApprovalFilter, Approvals, Error, Page, PageRequest, Precedents, Verdict};
use sea_orm::Value;

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{Param as _, json_list, params},
    work::ZoneUnit,
};

mapped!(Approval in "approvals" {
    zone_id, id, authority_record_id, principal_id, application_id, tier, approver_class, privacy_mode, subject_anchor,
    binding, metadata, call, created_at, expires_at, approvals_required, approvals_given, satisfied_at, rejected_at,
    consumed_at, withdrawn_at, approver_subject_id, approver_record_id, decision_reason, consumed_record_id
});

const COLUMNS: &str = Approval::COLUMNS;

/// What identifies an approval to people. Whom it is for is found no more than it is shown.
const SEARCHED: &[&str] = &[
    "id",
    "tier",
    "principal_id",
    "CASE WHEN privacy_mode = 'identified' THEN subject_anchor END",
];

/// The row that is open for a principal, a record and a binding, `$2` to `$4`.
const SAME: &str = "zone_id = $1 AND principal_id = $2 AND COALESCE(authority_record_id, '') = $3 AND binding = $4 \
    AND consumed_at IS NULL";

/// The state as SQL reads it, in the order of [`Approval::state`]. `$n` is the time.
pub(super) fn state_at(n: usize) -> String {
    format!(
        "CASE WHEN consumed_at IS NOT NULL THEN 'consumed' WHEN rejected_at IS NOT NULL THEN 'rejected' \
         WHEN expires_at <= ${n} THEN 'expired' WHEN satisfied_at IS NOT NULL THEN 'approved' ELSE 'pending' END"
    )
}

fn same(approval: &Approval) -> Vec<Value> {
    let record = approval.authority_record_id.as_ref().map_or("", |id| id.as_str());
    params![approval.zone_id, approval.principal_id, record, approval.binding]
}

impl ZoneUnit {
    /// Makes one that stands so, and is neither used nor over, a no that was taken back.
    async fn withdraw_where(
        &mut self,
        standing: &str,
        id: &ApprovalId,
        verdict: &Verdict,
    ) -> Result<bool, Error> {
        let sql = format!(
            "UPDATE approvals SET satisfied_at = NULL, rejected_at = $3, withdrawn_at = $3, \
             approver_subject_id = $4, approver_record_id = $5, decision_reason = $6 \
             WHERE zone_id = $1 AND id = $2 AND {standing} AND consumed_at IS NULL AND expires_at > $3"
        );
        let params = params![
            self.zone,
            id,
            verdict.at,
            verdict.approver_id,
            verdict.approver_record_id,
            verdict.reason
        ];
        self.tx.changes_one(sql, params).await
    }
}

#[async_trait]
impl Approvals for ZoneUnit {
    async fn get(&mut self, id: &ApprovalId) -> Result<Option<Approval>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], Approval::read).await
    }

    async fn list(&mut self, filter: &ApprovalFilter, page: &PageRequest) -> Result<Page<Approval>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id").searched(SEARCHED);
        if let Some((state, now)) = filter.state {
            let (state, now) = (listing.bind(state.as_str()), listing.bind(now));
            listing.and(&format!("{} = ${state}", state_at(now)));
        }
        listing.when("tier", "=", filter.tier.as_deref());
        listing.when("principal_id", "=", filter.principal_id.as_deref());
        listing.when("created_at", ">=", filter.since);
        listing.when("created_at", "<=", filter.until);
        listing.read(&self.tx, page, Approval::read).await
    }

    async fn count(&mut self, now: Timestamp) -> Result<HashMap<ApprovalState, u64>, Error> {
        let sql = format!(
            "SELECT state, COUNT(*) AS n FROM (SELECT {} AS state FROM approvals WHERE zone_id = $1) counted GROUP BY state",
            state_at(2)
        );
        self.tx
            .all_as(sql, params![self.zone, now], |row| {
                Ok((row.word("state", ApprovalState::parse)?, row.count("n")?))
            })
            .await
    }

    async fn precedents(&mut self, bindings: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Precedents>, Error> {
        if bindings.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT binding, COUNT(satisfied_at) AS approved, COUNT(rejected_at) AS rejected \
             FROM approvals WHERE zone_id = $1 AND {} GROUP BY binding",
            self.tx.dialect.is_one_of("binding", 2)
        );
        let bindings = json_list(bindings.iter().map(hex::encode));
        self.tx
            .all_as(sql, params![self.zone, bindings], |row| {
                let precedents = Precedents {
                    approved: row.count("approved")?,
                    rejected: row.count("rejected")?,
                };
                Ok((row.digest("binding")?, precedents))
            })
            .await
    }

    async fn pending_of(&mut self, principal_id: &str, now: Timestamp) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM approvals WHERE zone_id = $1 AND principal_id = $2 \
             AND consumed_at IS NULL AND satisfied_at IS NULL AND rejected_at IS NULL AND expires_at > $3";
        self.tx.count(sql, params![self.zone, principal_id, now]).await
    }

    async fn open(&mut self, approval: &Approval) -> Result<(Approval, bool), Error> {
        self.own(&approval.zone_id)?;
        let mut ended = same(approval);
        ended.push(approval.created_at.value());
        let make_room = format!("DELETE FROM approvals WHERE {SAME} AND expires_at <= $5");
        self.tx.run(make_room, ended).await?;
        if self.tx.insert_unless_there(approval).await? {
            return Ok((approval.clone(), true));
        }
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE {SAME}");
        let other = self.tx.one_as(sql, same(approval), Approval::read).await?;
        let used = || Error::Contended("the approval was used meanwhile".into());
        Ok((other.ok_or_else(used)?, false))
    }

    async fn decide(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error> {
        let Verdict { approve, at, .. } = verdict;
        // The row first: whoever else decides waits here, and sees what was decided.
        let classes = match verdict.class {
            ApproverClass::Operator => "approver_class IN ('operator', 'any')",
            ApproverClass::Subject => "approver_class IN ('subject', 'any')",
            ApproverClass::Any => "approver_class = 'any'",
        };
        let outcome = if *approve {
            "approvals_given = approvals_given + 1, \
             satisfied_at = CASE WHEN approvals_given + 1 >= approvals_required THEN CAST($3 AS BIGINT) END"
        } else {
            "rejected_at = $3"
        };
        let sql = format!(
            "UPDATE approvals SET {outcome}, approver_subject_id = $4, approver_record_id = $5, decision_reason = $6 \
             WHERE zone_id = $1 AND id = $2 AND {classes} AND satisfied_at IS NULL AND rejected_at IS NULL \
             AND consumed_at IS NULL AND expires_at > $3 \
             AND NOT EXISTS (SELECT 1 FROM approval_votes v \
                 WHERE v.zone_id = $1 AND v.approval_id = $2 AND v.approver_id = $4)"
        );
        let params = params![
            self.zone,
            id,
            at,
            verdict.approver_id,
            verdict.approver_record_id,
            verdict.reason
        ];
        if !self.tx.changes_one(sql, params).await? {
            return Ok(false);
        }
        let sql = "INSERT INTO approval_votes (zone_id, approval_id, approver_id, approve, decided_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let params = params![self.zone, id, verdict.approver_id, approve, at];
        if !self.tx.changes_one(sql, params).await? {
            return Err(Error::Contended("the same approver decided meanwhile".into()));
        }
        Ok(true)
    }

    async fn withdraw(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error> {
        self.withdraw_where("satisfied_at IS NOT NULL", id, verdict).await
    }

    async fn give_up(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error> {
        self.withdraw_where("satisfied_at IS NULL AND rejected_at IS NULL", id, verdict)
            .await
    }

    async fn end_of_caller(&mut self, principal_id: &str, verdict: &Verdict) -> Result<Vec<Approval>, Error> {
        let sql = format!(
            "UPDATE approvals SET rejected_at = $3, satisfied_at = NULL, \
             withdrawn_at = CASE WHEN satisfied_at IS NOT NULL THEN CAST($3 AS BIGINT) ELSE withdrawn_at END, \
             approver_subject_id = $4, approver_record_id = $5, decision_reason = $6 \
             WHERE zone_id = $1 AND principal_id = $2 AND rejected_at IS NULL AND consumed_at IS NULL \
             AND expires_at > $3 RETURNING {COLUMNS}"
        );
        let params = params![
            self.zone,
            principal_id,
            verdict.at,
            verdict.approver_id,
            verdict.approver_record_id,
            verdict.reason
        ];
        let mut ended: Vec<Approval> = self.tx.all_as(sql, params, Approval::read).await?;
        ended.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(ended)
    }

    async fn consume(
        &mut self,
        id: &ApprovalId,
        record: Option<&AuthorityRecordId>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE approvals SET consumed_at = $3, consumed_record_id = $4 \
             WHERE zone_id = $1 AND id = $2 AND satisfied_at IS NOT NULL AND rejected_at IS NULL \
             AND consumed_at IS NULL AND expires_at > $3 AND approver_subject_id IS NOT NULL";
        self.tx.changes_one(sql, params![self.zone, id, at, record]).await
    }

    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let sql = "WITH old AS MATERIALIZED (SELECT id FROM approvals WHERE zone_id = $1 AND expires_at < $2 \
             AND COALESCE(consumed_at, 0) < $2 AND COALESCE(rejected_at, 0) < $2 ORDER BY expires_at LIMIT $3) \
             DELETE FROM approvals WHERE zone_id = $1 AND id IN (SELECT id FROM old)";
        self.tx.run(sql, params![self.zone, before, limit]).await
    }
}
