//! Delegations of a zone.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, DelegationId, SessionId, Timestamp,
    entity::{Constraints, Delegation, DelegationStatus},
};
use caracal_storage::{DelegationDirection, DelegationFilter, Delegations, Error, Page, PageRequest};

use crate::{
    dialect::Dialect,
    mapped::qualified,
    paging::Listing,
    params::{Param as _, json_list, params},
    row::{Row, to_json},
    work::ZoneUnit,
};

const COLUMNS: &str = "zone_id, id, source_session_id, target_session_id, issuer_application_id, \
     receiver_application_id, parent_edge_id, resource_id, scopes, constraints_json, constraints_expire_at, status, \
     expires_at, edge_version, revoked_at, created_at";

/// What identifies a delegation to people: itself, its ends, and what it hands on.
const SEARCHED: &[&str] = &["id", "source_session_id", "target_session_id", "scopes"];

/// Parents are set at creation and exist by then, so chains cannot loop; this bounds the work even if one did.
const DEEPEST: i64 = 10_000;

fn decode(row: &Row) -> Result<Delegation, Error> {
    let mut constraints: Constraints = row.json("constraints_json")?;
    // Its JSON form has milliseconds; the column has them all.
    constraints.expires_at = row.opt_time("constraints_expire_at")?;
    Ok(Delegation {
        id: row.id("id")?,
        zone_id: row.id("zone_id")?,
        source_session_id: row.id("source_session_id")?,
        target_session_id: row.id("target_session_id")?,
        issuer_application_id: row.id("issuer_application_id")?,
        receiver_application_id: row.id("receiver_application_id")?,
        parent_edge_id: row.opt_id("parent_edge_id")?,
        resource_id: row.opt_id("resource_id")?,
        scopes: row.json("scopes")?,
        constraints,
        status: row.word("status", DelegationStatus::parse)?,
        expires_at: row.time("expires_at")?,
        edge_version: row.int("edge_version")?,
        revoked_at: row.opt_time("revoked_at")?,
        created_at: row.time("created_at")?,
    })
}

impl ZoneUnit {
    /// The first $3 of [`tree`] that meet `condition`, with their distance from the root.
    async fn nearest(
        &mut self,
        condition: &str,
        params: Vec<sea_orm::Value>,
    ) -> Result<Vec<(Delegation, u32)>, Error> {
        let sql = format!(
            "{}, nearest AS (SELECT id, distance FROM tree {condition} LIMIT $3)
            SELECT {}, nearest.distance FROM nearest
            JOIN delegations d ON d.zone_id = $1 AND d.id = nearest.id
            ORDER BY nearest.distance, d.created_at, d.id",
            tree(),
            qualified("d", COLUMNS)
        );
        self.tx
            .all_as(sql, params, |row| Ok((decode(row)?, row.small("distance")?)))
            .await
    }

    /// Revokes the active delegations that `walk` finds, nearest first; returns them changed.
    ///
    /// Walks again until nothing active is left: while an update waited for a row, its holder may have made a
    /// child that the walk before could not see.
    async fn revoke_walk(
        &mut self,
        walk: &str,
        start: sea_orm::Value,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, Error> {
        let revoke = format!(
            "UPDATE delegations SET status = 'revoked', revoked_at = $2, changed_at = $2, \
             edge_version = edge_version + 1 WHERE zone_id = $1 AND status = 'active' AND {} RETURNING {COLUMNS}",
            self.tx.dialect.is_one_of("id", 3)
        );
        let mut revoked = Vec::new();
        loop {
            let ids = each_once(&self.tx.all(walk, params![self.zone, start]).await?)?;
            if ids.is_empty() {
                return Ok(revoked);
            }
            let params = params![self.zone, at, json_list(&ids)];
            let read = |row: &Row| decode(row).map(|delegation| (delegation.id.clone(), delegation));
            let mut changed: HashMap<_, _> = self.tx.all_as(revoke.clone(), params, read).await?;
            revoked.extend(ids.iter().filter_map(|id| changed.remove(id)));
            if self.tx.dialect == Dialect::Sqlite {
                return Ok(revoked);
            }
        }
    }
}

/// `tree`: delegation $2 of zone $1 and everything that descends from it, nearest first. Both databases walk it level
/// by level and no further than what is read of it.
fn tree() -> String {
    format!(
        "WITH RECURSIVE tree AS (
            SELECT id, status, expires_at, CAST(0 AS BIGINT) AS distance
            FROM delegations WHERE zone_id = $1 AND id = $2
            UNION
            SELECT child.id, child.status, child.expires_at, tree.distance + 1 FROM tree
            JOIN delegations child ON child.zone_id = $1 AND child.parent_edge_id = tree.id
            WHERE tree.distance < {DEEPEST}
        )"
    )
}

/// The ids of a walk, each once, nearest first.
fn each_once(rows: &[Row]) -> Result<Vec<DelegationId>, Error> {
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let id: DelegationId = row.id("id")?;
        if seen.insert(id.clone()) {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[async_trait]
impl Delegations for ZoneUnit {
    async fn get(&mut self, id: &DelegationId) -> Result<Option<Delegation>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM delegations WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], decode).await
    }

    async fn get_locked(&mut self, id: &DelegationId) -> Result<Option<Delegation>, Error> {
        let hold = self.tx.dialect.for_update();
        let sql = format!("SELECT {COLUMNS} FROM delegations WHERE zone_id = $1 AND id = $2{hold}");
        self.tx.one_as(sql, params![self.zone, id], decode).await
    }

    async fn lineage(&mut self, id: &DelegationId, limit: u32) -> Result<Vec<Delegation>, Error> {
        let sql = format!(
            "WITH RECURSIVE line AS (
                SELECT id, parent_edge_id, CAST(0 AS BIGINT) AS distance
                FROM delegations WHERE zone_id = $1 AND id = $2
                UNION ALL
                SELECT up.id, up.parent_edge_id, line.distance + 1 FROM line
                JOIN delegations up ON up.zone_id = $1 AND up.id = line.parent_edge_id
                WHERE line.distance + 1 < $3
            )
            SELECT {} FROM line JOIN delegations d ON d.zone_id = $1 AND d.id = line.id
            ORDER BY line.distance",
            qualified("d", COLUMNS)
        );
        let rows = self.tx.all(sql, params![self.zone, id, limit]).await?;
        let mut seen = HashSet::new();
        let mut line = Vec::with_capacity(rows.len());
        for row in &rows {
            let delegation = decode(row)?;
            if !seen.insert(delegation.id.clone()) {
                break;
            }
            line.push(delegation);
        }
        line.truncate(limit as usize);
        line.reverse();
        Ok(line)
    }

    async fn create(&mut self, delegation: &Delegation) -> Result<(), Error> {
        self.own(&delegation.zone_id)?;
        if delegation.parent_edge_id.as_ref() == Some(&delegation.id) {
            return Err(Error::MissingReference);
        }
        let sql = format!(
            "INSERT INTO delegations ({COLUMNS}, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        let changed_at = match delegation.status {
            DelegationStatus::Active => delegation.created_at,
            DelegationStatus::Revoked => delegation.revoked_at.unwrap_or(delegation.created_at),
            DelegationStatus::Expired => delegation.expires_at,
        };
        let params = params![
            self.zone,
            delegation.id,
            delegation.source_session_id,
            delegation.target_session_id,
            delegation.issuer_application_id,
            delegation.receiver_application_id,
            delegation.parent_edge_id,
            delegation.resource_id,
            to_json(&delegation.scopes)?,
            to_json(&delegation.constraints)?,
            delegation.constraints.expires_at,
            delegation.status.as_str(),
            delegation.expires_at,
            delegation.edge_version,
            delegation.revoked_at,
            delegation.created_at,
            changed_at,
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn inbound(&mut self, target: &SessionId) -> Result<Vec<Delegation>, Error> {
        let page = PageRequest::first(100);
        Ok(
            Delegations::list(self, target, DelegationDirection::Inbound, &page)
                .await?
                .items,
        )
    }

    async fn inbound_from(
        &mut self,
        target: &SessionId,
        issuer: &ApplicationId,
    ) -> Result<Vec<Delegation>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM delegations WHERE zone_id = $1 AND target_session_id = $2 \
             AND issuer_application_id = $3"
        );
        let page = PageRequest::first(100);
        let listing = Listing::new(sql, params![self.zone, target, issuer], "created_at", "id");
        Ok(listing.read(&self.tx, &page, decode).await?.items)
    }

    async fn list(
        &mut self,
        session: &SessionId,
        direction: DelegationDirection,
        page: &PageRequest,
    ) -> Result<Page<Delegation>, Error> {
        let end = match direction {
            DelegationDirection::Inbound => "target_session_id",
            DelegationDirection::Outbound => "source_session_id",
        };
        let sql = format!("SELECT {COLUMNS} FROM delegations WHERE zone_id = $1 AND {end} = $2");
        Listing::new(sql, params![self.zone, session], "created_at", "id")
            .searched(SEARCHED)
            .read(&self.tx, page, decode)
            .await
    }

    async fn list_live(
        &mut self,
        filter: &DelegationFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Delegation>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM delegations WHERE zone_id = $1 AND status = 'active' AND expires_at > $2"
        );
        let mut listing = Listing::new(sql, params![self.zone, now], "created_at", "id").searched(SEARCHED);
        let (issuer, receiver) = (&filter.issuer_application_id, &filter.receiver_application_id);
        listing.when("issuer_application_id", "=", issuer.as_ref());
        listing.when("receiver_application_id", "=", receiver.as_ref());
        listing.when("source_session_id", "=", filter.source_session_id.as_ref());
        listing.when("target_session_id", "=", filter.target_session_id.as_ref());
        listing.when("resource_id", "=", filter.resource_id.as_ref());
        listing.read(&self.tx, page, decode).await
    }

    async fn descendants(&mut self, id: &DelegationId, limit: u32) -> Result<Vec<(Delegation, u32)>, Error> {
        self.nearest("", params![self.zone, id, limit]).await
    }

    async fn live_descendants(
        &mut self,
        id: &DelegationId,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<(Delegation, u32)>, u64), Error> {
        let nearest = self
            .nearest(
                "WHERE status = 'active' AND expires_at > $4",
                params![self.zone, id, limit, now],
            )
            .await?;
        // The rest of the graph is counted only where the limit cut something off.
        if nearest.len() < limit as usize {
            let total = nearest.len() as u64;
            return Ok((nearest, total));
        }
        let sql = format!(
            "{} SELECT COUNT(*) AS live FROM tree WHERE status = 'active' AND expires_at > $3",
            tree()
        );
        let live = |row: &Row| row.small("live");
        let total = self.tx.one_as(sql, params![self.zone, id, now], live).await?;
        Ok((nearest, u64::from(total.unwrap_or(0))))
    }

    async fn holders_below(&mut self, id: &DelegationId) -> Result<Vec<ApplicationId>, Error> {
        let sql = format!(
            "{} SELECT DISTINCT d.receiver_application_id FROM tree \
             JOIN delegations d ON d.zone_id = $1 AND d.id = tree.id ORDER BY d.receiver_application_id",
            tree()
        );
        self.tx
            .all_as(sql, params![self.zone, id], |row| {
                row.id("receiver_application_id")
            })
            .await
    }

    async fn revoke_tree(&mut self, id: &DelegationId, at: Timestamp) -> Result<Vec<Delegation>, Error> {
        let sql = format!(
            "{} SELECT id FROM tree WHERE status = 'active' ORDER BY distance, id",
            tree()
        );
        self.revoke_walk(&sql, id.value(), at).await
    }

    async fn revoke_touching(
        &mut self,
        sessions: &[SessionId],
        at: Timestamp,
    ) -> Result<Vec<Delegation>, Error> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "WITH RECURSIVE tree AS (
                SELECT id, CAST(0 AS BIGINT) AS distance FROM delegations
                WHERE zone_id = $1 AND status = 'active' AND {}
                UNION
                SELECT id, CAST(0 AS BIGINT) FROM delegations
                WHERE zone_id = $1 AND status = 'active' AND {}
                UNION
                SELECT child.id, tree.distance + 1 FROM tree
                JOIN delegations child ON child.zone_id = $1 AND child.parent_edge_id = tree.id
                WHERE tree.distance < {DEEPEST}
            )
            SELECT tree.id FROM tree JOIN delegations d ON d.zone_id = $1 AND d.id = tree.id
            WHERE d.status = 'active' ORDER BY tree.distance, tree.id",
            self.tx.dialect.is_one_of("source_session_id", 2),
            self.tx.dialect.is_one_of("target_session_id", 2),
        );
        self.revoke_walk(&sql, json_list(sessions).value(), at).await
    }

    async fn expire_due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Delegation>, Error> {
        // The materialised list is made once; a plain subquery might be run again for every row it finds.
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM delegations \
             WHERE zone_id = $1 AND status = 'active' AND expires_at <= $2 ORDER BY expires_at LIMIT $3{}) \
             UPDATE delegations SET status = 'expired', changed_at = $2, edge_version = edge_version + 1 \
             WHERE zone_id = $1 AND status = 'active' AND id IN (SELECT id FROM due) RETURNING {COLUMNS}",
            self.tx.dialect.skip_locked()
        );
        self.tx.all_as(sql, params![self.zone, now, limit], decode).await
    }

    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let sql = "WITH old AS MATERIALIZED (SELECT d.id FROM delegations d \
             WHERE d.zone_id = $1 AND d.status <> 'active' AND d.changed_at < $2 \
             AND NOT EXISTS (SELECT 1 FROM delegations c WHERE c.zone_id = $1 AND c.parent_edge_id = d.id) \
             ORDER BY d.changed_at LIMIT $3) \
             DELETE FROM delegations WHERE zone_id = $1 AND id IN (SELECT id FROM old)";
        self.tx.run(sql, params![self.zone, before, limit]).await
    }

    async fn epoch(&mut self) -> Result<i64, Error> {
        let sql = "SELECT epoch FROM delegation_epochs WHERE zone_id = $1";
        let epoch = |row: &Row| row.int("epoch");
        let epoch = self.tx.one_as(sql, params![self.zone], epoch).await?;
        Ok(epoch.unwrap_or(0))
    }

    async fn advance_epoch(&mut self, at: Timestamp) -> Result<i64, Error> {
        self.changed = true;
        let sql = "INSERT INTO delegation_epochs (zone_id, epoch, updated_at) VALUES ($1, 1, $2) \
             ON CONFLICT (zone_id) DO UPDATE \
             SET epoch = delegation_epochs.epoch + 1, updated_at = excluded.updated_at RETURNING epoch";
        let epoch = |row: &Row| row.int("epoch");
        let epoch = self.tx.one_as(sql, params![self.zone, at], epoch).await?;
        epoch.ok_or_else(|| Error::Corrupt(String::from("the epoch did not move")))
    }
}
