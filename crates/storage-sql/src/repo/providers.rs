//! Providers of a zone.

use async_trait::async_trait;
use caracal_core::{
    ProviderId, Timestamp,
    entity::{Provider, ProviderKind},
};
use caracal_storage::{Error, Page, PageRequest, Providers};

use crate::{
    paging::Listing,
    params::{json_list, params},
    row::{Row, to_json},
    seen::{Seen, changed_meanwhile},
    work::ZoneUnit,
};

const COLUMNS: &str = "zone_id, id, name, identifier, kind, config_json, secret_config_keys, connectivity_failed_at, \
     archived_at, created_by, created_via_operator, created_at, updated_by, updated_via_operator, updated_at";

fn decode(row: &Row) -> Result<Provider, Error> {
    Ok(Provider {
        id: row.id("id")?,
        zone_id: row.id("zone_id")?,
        name: row.text("name")?,
        identifier: row.text("identifier")?,
        kind: row.word("kind", ProviderKind::parse)?,
        config_json: row.json("config_json")?,
        secret_config_keys: row.json("secret_config_keys")?,
        connectivity_failed_at: row.opt_time("connectivity_failed_at")?,
        archived_at: row.opt_time("archived_at")?,
        attribution: row.attribution()?,
    })
}

#[async_trait]
impl Providers for ZoneUnit {
    async fn get(&mut self, id: &ProviderId) -> Result<Option<Provider>, Error> {
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "SELECT {COLUMNS}, {version} AS row_version FROM providers WHERE zone_id = $1 AND id = $2"
        );
        let Some(row) = self.tx.one(sql, params![self.zone, id]).await? else {
            return Ok(None);
        };
        self.seen.note("providers", id.as_str(), &row)?;
        decode(&row).map(Some)
    }

    async fn list(&mut self, archived: bool, page: &PageRequest) -> Result<Page<Provider>, Error> {
        let state = if archived { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE zone_id = $1 AND archived_at {state}");
        Listing::new(sql, params![self.zone], "created_at", "id")
            .read(&self.tx, page, decode)
            .await
    }

    async fn all_live(&mut self) -> Result<Vec<Provider>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE zone_id = $1 AND archived_at IS NULL");
        self.tx
            .all(sql, params![self.zone])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn identifier_taken(
        &mut self,
        identifier: &str,
        except: Option<&ProviderId>,
    ) -> Result<bool, Error> {
        let sql = "SELECT 1 AS found FROM providers WHERE zone_id = $1 AND identifier = $2 \
             AND archived_at IS NULL AND id <> $3";
        let except = except.map_or("", ProviderId::as_str);
        self.tx.any(sql, params![self.zone, identifier, except]).await
    }

    async fn create(&mut self, provider: &Provider) -> Result<(), Error> {
        self.changed = true;
        self.own(&provider.zone_id)?;
        let by = &provider.attribution;
        let sql = format!(
            "INSERT INTO providers ({COLUMNS}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        let params = params![
            self.zone,
            provider.id,
            provider.name,
            provider.identifier,
            provider.kind.as_str(),
            to_json(&provider.config_json)?,
            json_list(&provider.secret_config_keys),
            provider.connectivity_failed_at,
            provider.archived_at,
            by.created_by,
            by.created_via_operator,
            by.created_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn update(&mut self, provider: &Provider) -> Result<bool, Error> {
        self.changed = true;
        let by = &provider.attribution;
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "UPDATE providers SET name = $3, identifier = $4, kind = $5, config_json = $6, \
             secret_config_keys = $7, connectivity_failed_at = $8, updated_by = $9, updated_via_operator = $10, \
             updated_at = $11 WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL \
             AND ($12 = '' OR $12 = {version})"
        );
        let seen = self.seen.take("providers", provider.id.as_str());
        let params = params![
            self.zone,
            provider.id,
            provider.name,
            provider.identifier,
            provider.kind.as_str(),
            to_json(&provider.config_json)?,
            json_list(&provider.secret_config_keys),
            provider.connectivity_failed_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
            seen,
        ];
        if self.tx.run(sql, params).await? == 1 {
            return Ok(true);
        }
        // Gone, or still there with another version than the one that was read.
        if Providers::get(self, &provider.id)
            .await?
            .is_some_and(|row| row.archived_at.is_none())
        {
            return Err(changed_meanwhile());
        }
        Ok(false)
    }

    async fn archive(&mut self, id: &ProviderId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE providers SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        Ok(self.tx.run(sql, params![self.zone, id, at]).await? == 1)
    }
}
