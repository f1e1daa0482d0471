//! Sessions of a zone.
//!
//! Two columns keep starts cheap: `sessions.slot_until`, when a session frees its place by itself, and
//! `session_counts.unended`, how many have not ended. A place is held by every unended session but the few whose
//! time ran out and that no sweep has ended yet, so counting places reads one counter and those few.

use std::collections::HashMap;

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, Timestamp, ZoneId,
    entity::{Lifecycle, Session, SessionStatus},
};
use caracal_storage::{EndedSession, Error, Page, PageRequest, SessionFilter, Sessions, TreeEnd};

use crate::{
    dialect::Dialect,
    late::DeferredWrites,
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{Param as _, json_list, params},
    row::Row,
    work::ZoneUnit,
};

mapped!(Session in "sessions" {
    zone_id, id, application_id, parent_id, subject_authority_record_id, status, lifecycle, depth, labels as json,
    max_children, child_count, ttl_seconds, last_heartbeat_at, heartbeat_deadline_at, lease_generation,
    termination_reason, metadata_json, started_at, last_active_at, updated_at, terminated_at
});

const COLUMNS: &str = Session::COLUMNS;

/// A suspended service waits for its operator however long that takes.
const NEVER: i64 = i64::MAX;

/// What identifies a session to people: itself, its labels, the application that it is of, and whom it acts for.
const SEARCHED: &[&str] = &["id", "labels", "application_name", "acts_for"];

/// Where a search finds the last two: joined, so that the database may look them up row by row in the order of the listing, or
/// read them once where few rows match; a subselect for each row leaves it the first alone.
const NAMES: &str = "
    LEFT JOIN (SELECT id AS named_application, name AS application_name FROM applications WHERE zone_id = $1) AS named
        ON named_application = application_id
    LEFT JOIN (SELECT id AS acting_record, subject_id AS acts_for FROM authority_records WHERE zone_id = $1) AS acting
        ON acting_record = subject_authority_record_id";

/// Sessions of the zone `$1`, with their names where they are searched.
fn listing(zone: &ZoneId, page: &PageRequest) -> Listing {
    let names = if page.search.is_some() { NAMES } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM sessions{names} WHERE zone_id = $1");
    Listing::new(sql, params![zone], "started_at", "id").searched(SEARCHED)
}

const ENDED: &str = "id, application_id, parent_id, subject_authority_record_id";

fn decode_ended(row: &Row) -> Result<EndedSession, Error> {
    Ok(EndedSession {
        id: row.id("id")?,
        application_id: row.id("application_id")?,
        parent_id: row.opt_id("parent_id")?,
        subject_authority_record_id: row.id("subject_authority_record_id")?,
    })
}

/// When the session frees its place by itself; nothing once it has ended.
fn slot_until(session: &Session) -> Option<Timestamp> {
    match (session.status, session.lifecycle) {
        (SessionStatus::Terminated | SessionStatus::Expired, _) => None,
        (SessionStatus::Suspended, Lifecycle::Service) => Some(Timestamp::from_micros(NEVER)),
        (SessionStatus::Active | SessionStatus::Suspended, _) => Some(session.ends_at()),
    }
}

impl ZoneUnit {
    /// Sessions of the tree under `root` whose status is one of `statuses`, root first.
    async fn tree(&self, root: &SessionId, statuses: &[SessionStatus]) -> Result<Vec<SessionId>, Error> {
        let sql = "WITH RECURSIVE tree AS (
                SELECT id, CAST(0 AS BIGINT) AS distance FROM sessions WHERE zone_id = $1 AND id = $2
                UNION
                SELECT child.id, tree.distance + 1 FROM tree
                JOIN sessions child ON child.zone_id = $1 AND child.parent_id = tree.id
                WHERE tree.distance < 1000
            )
            SELECT s.id, s.status FROM tree JOIN sessions s ON s.zone_id = $1 AND s.id = tree.id
            ORDER BY tree.distance, s.id";
        let mut ids = Vec::new();
        for row in self.tx.all(sql, params![self.zone, root]).await? {
            if statuses.contains(&row.word("status", SessionStatus::parse)?) {
                ids.push(row.id("id")?);
            }
        }
        Ok(ids)
    }

    /// Runs `update` on the sessions of the tree whose status is one of `statuses`; its last parameter is their ids
    /// and it returns [`ENDED`]. Answers what changed, root first.
    ///
    /// Walks again until nothing is left to change: while the update waited for a row, its holder may have started
    /// a child that the walk before could not see.
    async fn change_tree(
        &mut self,
        root: &SessionId,
        statuses: &[SessionStatus],
        update: &str,
        params: Vec<sea_orm::Value>,
    ) -> Result<Vec<EndedSession>, Error> {
        let mut all = Vec::new();
        let root_is_held = self.held.take().is_some_and(|(held, _)| held == *root);
        loop {
            let ids = self.tree(root, statuses).await?;
            if ids.is_empty() {
                return Ok(all);
            }
            let mut params = params.clone();
            params.push(json_list(&ids).value());
            let read = |row: &Row| decode_ended(row).map(|session| (session.id.clone(), session));
            let mut changed: HashMap<_, _> = self.tx.all_as(update, params, read).await?;
            all.extend(ids.iter().filter_map(|id| changed.remove(id)));
            // Nobody starts a child below a row that is held, and this one had none.
            let alone = root_is_held && ids.len() == 1;
            if self.tx.dialect == Dialect::Sqlite || alone {
                return Ok(all);
            }
        }
    }

    /// The state of one session, which is held.
    async fn status_of(&mut self, id: &SessionId) -> Result<Option<SessionStatus>, Error> {
        if let Some((held, status)) = &self.held
            && held == id
        {
            return Ok(Some(*status));
        }
        let sql = format!(
            "SELECT status FROM sessions WHERE zone_id = $1 AND id = $2{}",
            self.tx.dialect.for_update()
        );
        let status = |row: &Row| row.word("status", SessionStatus::parse);
        let status = self.tx.one_as(sql, params![self.zone, id], status).await?;
        self.held = status.map(|status| (id.clone(), status));
        Ok(status)
    }
}

#[async_trait]
impl Sessions for ZoneUnit {
    async fn get(&mut self, id: &SessionId) -> Result<Option<Session>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM sessions WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], Session::read).await
    }

    async fn get_locked(&mut self, id: &SessionId) -> Result<Option<Session>, Error> {
        let hold = self.tx.dialect.for_update();
        let sql = format!("SELECT {COLUMNS} FROM sessions WHERE zone_id = $1 AND id = $2{hold}");
        let session = self.tx.one_as(sql, params![self.zone, id], Session::read).await?;
        self.held = session.as_ref().map(|session| (id.clone(), session.status));
        Ok(session)
    }

    async fn list(&mut self, filter: &SessionFilter, page: &PageRequest) -> Result<Page<Session>, Error> {
        let mut listing = listing(&self.zone, page);
        listing.when("status", "=", filter.status.map(SessionStatus::as_str));
        listing.when("lifecycle", "=", filter.lifecycle.map(Lifecycle::as_str));
        listing.when("application_id", "=", filter.application_id.as_ref());
        listing.when("parent_id", "=", filter.parent_id.as_ref());
        if let Some(label) = &filter.label {
            let n = listing.bind(label);
            listing.and(&self.tx.dialect.has_member("labels", n));
        }
        if let Some(subject) = &filter.subject_id {
            let n = listing.bind(subject);
            listing.and(&format!(
                "subject_authority_record_id IN \
                 (SELECT r.id FROM authority_records r WHERE r.zone_id = $1 AND r.subject_id = ${n})"
            ));
        }
        listing.read(&self.tx, page, Session::read).await
    }

    async fn create(&mut self, session: &Session) -> Result<(), Error> {
        self.own(&session.zone_id)?;
        if session.parent_id.as_ref() == Some(&session.id) {
            return Err(Error::MissingReference);
        }
        let slot = slot_until(session);
        self.tx.insert(session, &[("slot_until", slot.value())]).await?;
        if slot.is_none() {
            return Ok(());
        }
        if let Some(parent) = &session.parent_id {
            let sql = "UPDATE sessions SET child_count = child_count + 1 WHERE zone_id = $1 AND id = $2";
            self.tx.run(sql, params![self.zone, parent]).await?;
        }
        *self.unended.entry(session.application_id.clone()).or_default() += 1;
        Ok(())
    }

    async fn count_slots(
        &mut self,
        application: Option<&ApplicationId>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        self.count_unended().await?;
        let owner = application.cloned();
        let uncounted = DeferredWrites::unended_of(&self.unended, application);
        if let Some(member) = self.tx.shared() {
            let uncounted = uncounted + DeferredWrites::unended_of(&member.late().unended, application);
            if let Some(slots) = member.known().slots.get(&owner) {
                return Ok(u64::try_from(slots + uncounted).unwrap_or(0));
            }
        }
        let (of_owner, mut params) = match application {
            Some(_) => (" AND application_id = $3", params![self.zone, now]),
            None => ("", params![self.zone, now]),
        };
        params.extend(application.map(|id| sea_orm::Value::String(Some(id.as_str().to_owned()))));
        let sql = format!(
            "SELECT (SELECT CAST(COALESCE(SUM(unended), 0) AS BIGINT) FROM session_counts \
             WHERE zone_id = $1{of_owner}) - (SELECT COUNT(*) FROM sessions \
             WHERE zone_id = $1 AND slot_until IS NOT NULL AND slot_until <= $2{of_owner}) AS n"
        );
        let slots = self.tx.one_as(sql, params, |row| row.int("n")).await?;
        let slots = slots.unwrap_or(0);
        let Some(member) = self.tx.shared() else {
            return Ok(u64::try_from(slots).unwrap_or(0));
        };
        let uncounted = uncounted + DeferredWrites::unended_of(&member.late().unended, application);
        member.known().slots.insert(owner, slots);
        Ok(u64::try_from(slots + uncounted).unwrap_or(0))
    }

    async fn end_tree(&mut self, root: &SessionId, end: &TreeEnd) -> Result<Vec<EndedSession>, Error> {
        if !matches!(
            self.status_of(root).await?,
            Some(SessionStatus::Active | SessionStatus::Suspended)
        ) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "UPDATE sessions SET status = CASE WHEN id = $2 THEN $3 ELSE 'terminated' END, \
             termination_reason = CASE WHEN id = $2 THEN $4 ELSE 'parent_terminated' END, \
             terminated_at = $5, updated_at = $5, slot_until = NULL, child_count = 0 \
             WHERE zone_id = $1 AND slot_until IS NOT NULL AND {} RETURNING {ENDED}",
            self.tx.dialect.is_one_of("id", 6)
        );
        let params = params![self.zone, root, end.root_status.as_str(), end.reason, end.at];
        let unended = [SessionStatus::Active, SessionStatus::Suspended];
        let ended = self.change_tree(root, &unended, &sql, params).await?;
        // The parent of the root goes on with one child less.
        if let Some(parent) = ended
            .first()
            .filter(|first| first.id == *root)
            .and_then(|root| root.parent_id.clone())
        {
            let sql = "UPDATE sessions SET child_count = child_count - 1 \
                 WHERE zone_id = $1 AND id = $2 AND slot_until IS NOT NULL AND child_count > 0";
            self.tx.run(sql, params![self.zone, parent]).await?;
        }
        for session in &ended {
            *self.unended.entry(session.application_id.clone()).or_default() -= 1;
        }
        Ok(ended)
    }

    async fn suspend_tree(&mut self, root: &SessionId, at: Timestamp) -> Result<Vec<EndedSession>, Error> {
        // Below a root that is suspended already, a member may have been resumed by itself.
        if !matches!(
            self.status_of(root).await?,
            Some(SessionStatus::Active | SessionStatus::Suspended)
        ) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "UPDATE sessions SET status = 'suspended', updated_at = $2, \
             slot_until = CASE WHEN lifecycle = 'service' THEN {NEVER} ELSE slot_until END \
             WHERE zone_id = $1 AND status = 'active' AND {} RETURNING {ENDED}",
            self.tx.dialect.is_one_of("id", 3)
        );
        let params = params![self.zone, at];
        self.change_tree(root, &[SessionStatus::Active], &sql, params)
            .await
    }

    async fn resume_tree(
        &mut self,
        root: &SessionId,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<EndedSession>, Error> {
        if self.status_of(root).await? != Some(SessionStatus::Suspended) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "UPDATE sessions SET status = 'active', updated_at = $2, last_active_at = $2, \
             heartbeat_deadline_at = CASE WHEN lifecycle = 'service' THEN $3 ELSE heartbeat_deadline_at END, \
             slot_until = CASE WHEN lifecycle = 'service' THEN $3 ELSE slot_until END \
             WHERE zone_id = $1 AND status = 'suspended' AND {} RETURNING {ENDED}",
            self.tx.dialect.is_one_of("id", 4)
        );
        let params = params![self.zone, at, lease_until];
        self.change_tree(root, &[SessionStatus::Suspended], &sql, params)
            .await
    }

    async fn acquire_lease(
        &mut self,
        id: &SessionId,
        expected: i64,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = format!(
            "UPDATE sessions SET lease_generation = lease_generation + 1, last_heartbeat_at = $4, \
             heartbeat_deadline_at = $5, last_active_at = $4, updated_at = $4, \
             slot_until = CASE WHEN status = 'suspended' THEN {NEVER} ELSE $5 END \
             WHERE zone_id = $1 AND id = $2 AND lease_generation = $3 AND lifecycle = 'service' \
             AND status IN ('active', 'suspended') RETURNING lease_generation"
        );
        self.tx
            .one_as(sql, params![self.zone, id, expected, at, lease_until], |row| {
                row.int("lease_generation")
            })
            .await
    }

    async fn heartbeat(
        &mut self,
        id: &SessionId,
        generation: i64,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = format!(
            "UPDATE sessions SET last_heartbeat_at = $4, heartbeat_deadline_at = $5, last_active_at = $4, \
             updated_at = $4, slot_until = CASE WHEN status = 'suspended' THEN {NEVER} ELSE $5 END \
             WHERE zone_id = $1 AND id = $2 AND lease_generation = $3 AND lifecycle = 'service' \
             AND status IN ('active', 'suspended')"
        );
        self.tx
            .changes_one(sql, params![self.zone, id, generation, at, lease_until])
            .await
    }

    async fn overdue_tasks(&mut self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, Error> {
        let sql = "SELECT id FROM sessions WHERE zone_id = $1 AND slot_until IS NOT NULL AND slot_until <= $2 \
             AND lifecycle = 'task' ORDER BY slot_until, id LIMIT $3";
        self.tx.ids(sql, params![self.zone, now, limit]).await
    }

    async fn lapsed_services(&mut self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, Error> {
        let sql = "SELECT id FROM sessions WHERE zone_id = $1 AND slot_until IS NOT NULL AND slot_until <= $2 \
             AND lifecycle = 'service' AND status = 'active' ORDER BY slot_until, id LIMIT $3";
        self.tx.ids(sql, params![self.zone, now, limit]).await
    }

    async fn record_in_use(
        &mut self,
        record: &AuthorityRecordId,
        except: &[SessionId],
    ) -> Result<bool, Error> {
        let sql = format!(
            "SELECT 1 AS found FROM sessions WHERE zone_id = $1 AND subject_authority_record_id = $2 \
             AND slot_until IS NOT NULL AND NOT ({}) LIMIT 1",
            self.tx.dialect.is_one_of("id", 3)
        );
        self.tx
            .any(sql, params![self.zone, record, json_list(except)])
            .await
    }

    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let sql = "WITH old AS MATERIALIZED (SELECT s.id FROM sessions s \
             WHERE s.zone_id = $1 AND s.terminated_at < $2 AND s.slot_until IS NULL \
             AND NOT EXISTS (SELECT 1 FROM sessions c WHERE c.zone_id = $1 AND c.parent_id = s.id) \
             AND NOT EXISTS (SELECT 1 FROM delegations d WHERE d.zone_id = $1 AND d.source_session_id = s.id) \
             AND NOT EXISTS (SELECT 1 FROM delegations d WHERE d.zone_id = $1 AND d.target_session_id = s.id) \
             ORDER BY s.terminated_at LIMIT $3) \
             DELETE FROM sessions WHERE zone_id = $1 AND id IN (SELECT id FROM old)";
        self.tx.run(sql, params![self.zone, before, limit]).await
    }

    async fn anchored_on(&mut self, record: &AuthorityRecordId) -> Result<Vec<SessionId>, Error> {
        let sql = "SELECT id FROM sessions WHERE zone_id = $1 AND subject_authority_record_id = $2 \
             AND slot_until IS NOT NULL ORDER BY started_at, id";
        self.tx.ids(sql, params![self.zone, record]).await
    }
}

#[cfg(test)]
mod tests;
