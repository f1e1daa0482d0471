//! Resources of a zone.

use async_trait::async_trait;
use caracal_core::{
    ResourceId, Timestamp,
    entity::{OperationEnforcement, Resource},
};
use caracal_storage::{Error, Page, PageRequest, Resources};

use crate::{
    paging::Listing,
    params::params,
    row::{Row, to_json},
    seen::{Seen, changed_meanwhile},
    work::ZoneUnit,
};

const COLUMNS: &str = "zone_id, id, name, identifier, upstream_url, scopes, credential_provider_id, operations, \
     operation_enforcement, upstream_timeout_seconds, cookies, archived_at, \
     created_by, created_via_operator, created_at, updated_by, updated_via_operator, updated_at";

fn decode(row: &Row) -> Result<Resource, Error> {
    Ok(Resource {
        id: row.id("id")?,
        zone_id: row.id("zone_id")?,
        name: row.text("name")?,
        identifier: row.text("identifier")?,
        upstream_url: row.opt_text("upstream_url")?,
        scopes: row.json("scopes")?,
        credential_provider_id: row.id("credential_provider_id")?,
        operations: row.json("operations")?,
        operation_enforcement: row.word("operation_enforcement", OperationEnforcement::parse)?,
        upstream_timeout_seconds: row.opt_small("upstream_timeout_seconds")?,
        cookies: row.flag("cookies")?,
        archived_at: row.opt_time("archived_at")?,
        attribution: row.attribution()?,
    })
}

#[async_trait]
impl Resources for ZoneUnit {
    async fn get(&mut self, id: &ResourceId) -> Result<Option<Resource>, Error> {
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "SELECT {COLUMNS}, {version} AS row_version FROM resources WHERE zone_id = $1 AND id = $2"
        );
        let Some(row) = self.tx.one(sql, params![self.zone, id]).await? else {
            return Ok(None);
        };
        self.seen.note("resources", id.as_str(), &row)?;
        decode(&row).map(Some)
    }

    async fn find(&mut self, name: &str) -> Result<Option<Resource>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND archived_at IS NULL \
             AND (identifier = $2 OR id = $2) ORDER BY CASE WHEN identifier = $2 THEN 0 ELSE 1 END LIMIT 1"
        );
        self.tx
            .one(sql, params![self.zone, name])
            .await?
            .as_ref()
            .map(decode)
            .transpose()
    }

    async fn list(&mut self, archived: bool, page: &PageRequest) -> Result<Page<Resource>, Error> {
        let state = if archived { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND archived_at {state}");
        Listing::new(sql, params![self.zone], "created_at", "id")
            .read(&self.tx, page, decode)
            .await
    }

    async fn all_live(&mut self) -> Result<Vec<Resource>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND archived_at IS NULL");
        self.tx
            .all(sql, params![self.zone])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn count_live(&mut self) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM resources WHERE zone_id = $1 AND archived_at IS NULL";
        self.tx.count(sql, params![self.zone]).await
    }

    async fn identifier_taken(
        &mut self,
        identifier: &str,
        except: Option<&ResourceId>,
        archived_too: bool,
    ) -> Result<bool, Error> {
        let state = if archived_too {
            ""
        } else {
            " AND archived_at IS NULL"
        };
        let sql = format!(
            "SELECT 1 AS found FROM resources WHERE zone_id = $1 AND identifier = $2 AND id <> $3{state}"
        );
        let except = except.map_or("", ResourceId::as_str);
        self.tx.any(sql, params![self.zone, identifier, except]).await
    }

    async fn create(&mut self, resource: &Resource) -> Result<(), Error> {
        self.changed = true;
        self.own(&resource.zone_id)?;
        let by = &resource.attribution;
        let sql = format!(
            "INSERT INTO resources ({COLUMNS}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
        );
        let params = params![
            self.zone,
            resource.id,
            resource.name,
            resource.identifier,
            resource.upstream_url,
            to_json(&resource.scopes)?,
            resource.credential_provider_id,
            to_json(&resource.operations)?,
            resource.operation_enforcement.as_str(),
            resource.upstream_timeout_seconds,
            resource.cookies,
            resource.archived_at,
            by.created_by,
            by.created_via_operator,
            by.created_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn update(&mut self, resource: &Resource) -> Result<bool, Error> {
        self.changed = true;
        let by = &resource.attribution;
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "UPDATE resources SET name = $3, identifier = $4, upstream_url = $5, scopes = $6, \
             credential_provider_id = $7, operations = $8, operation_enforcement = $9, \
             upstream_timeout_seconds = $10, cookies = $11, updated_by = $12, \
             updated_via_operator = $13, updated_at = $14 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL \
             AND ($15 = '' OR $15 = {version})"
        );
        let seen = self.seen.take("resources", resource.id.as_str());
        let params = params![
            self.zone,
            resource.id,
            resource.name,
            resource.identifier,
            resource.upstream_url,
            to_json(&resource.scopes)?,
            resource.credential_provider_id,
            to_json(&resource.operations)?,
            resource.operation_enforcement.as_str(),
            resource.upstream_timeout_seconds,
            resource.cookies,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
            seen,
        ];
        if self.tx.run(sql, params).await? == 1 {
            return Ok(true);
        }
        // Gone, or still there with another version than the one that was read.
        if Resources::get(self, &resource.id)
            .await?
            .is_some_and(|row| row.archived_at.is_none())
        {
            return Err(changed_meanwhile());
        }
        Ok(false)
    }

    async fn archive(&mut self, id: &ResourceId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE resources SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        Ok(self.tx.run(sql, params![self.zone, id, at]).await? == 1)
    }
}
