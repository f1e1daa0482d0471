//! Applications of a zone.

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, Timestamp,
    entity::{Application, RegistrationMethod},
};
use caracal_storage::{Applications, Error, Page, PageRequest};

use crate::{
    paging::Listing,
    params::{json_list, params},
    row::Row,
    seen::{Seen, changed_meanwhile},
    sql::Tx,
    work::ZoneUnit,
};

const COLUMNS: &str = "zone_id, id, name, registration_method, client_secret_hash, traits, expires_at, archived_at, \
     created_by, created_via_operator, created_at, updated_by, updated_via_operator, updated_at";

fn decode(row: &Row) -> Result<Application, Error> {
    Ok(Application {
        id: row.id("id")?,
        zone_id: row.id("zone_id")?,
        name: row.text("name")?,
        registration_method: row.word("registration_method", RegistrationMethod::parse)?,
        client_secret_hash: row.opt_text("client_secret_hash")?,
        traits: row.json("traits")?,
        expires_at: row.opt_time("expires_at")?,
        archived_at: row.opt_time("archived_at")?,
        attribution: row.attribution()?,
    })
}

/// Finds an application whatever its zone.
pub(crate) async fn find_anywhere(tx: &Tx, id: &ApplicationId) -> Result<Option<Application>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM applications WHERE id = $1");
    tx.one(sql, params![id]).await?.as_ref().map(decode).transpose()
}

#[async_trait]
impl Applications for ZoneUnit {
    async fn get(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error> {
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "SELECT {COLUMNS}, {version} AS row_version FROM applications WHERE zone_id = $1 AND id = $2"
        );
        let Some(row) = self.tx.one(sql, params![self.zone, id]).await? else {
            return Ok(None);
        };
        self.seen.note("applications", id.as_str(), &row)?;
        decode(&row).map(Some)
    }

    async fn list(&mut self, archived: bool, page: &PageRequest) -> Result<Page<Application>, Error> {
        let state = if archived { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!("SELECT {COLUMNS} FROM applications WHERE zone_id = $1 AND archived_at {state}");
        Listing::new(sql, params![self.zone], "created_at", "id")
            .read(&self.tx, page, decode)
            .await
    }

    async fn all_live(&mut self) -> Result<Vec<Application>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM applications WHERE zone_id = $1 AND archived_at IS NULL");
        self.tx
            .all(sql, params![self.zone])
            .await?
            .iter()
            .map(decode)
            .collect()
    }

    async fn name_taken(&mut self, name: &str, except: Option<&ApplicationId>) -> Result<bool, Error> {
        let sql = "SELECT 1 AS found FROM applications WHERE zone_id = $1 AND name_folded = $2 \
             AND archived_at IS NULL AND registration_method = 'managed' AND id <> $3";
        // No application has an empty id.
        let except = except.map_or("", ApplicationId::as_str);
        self.tx
            .any(sql, params![self.zone, name.to_lowercase(), except])
            .await
    }

    async fn count_live_dcr(&mut self, now: Timestamp) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM applications WHERE zone_id = $1 AND archived_at IS NULL \
             AND registration_method = 'dcr' AND expires_at > $2";
        self.tx.count(sql, params![self.zone, now]).await
    }

    async fn ended_with_sessions(&mut self, now: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, Error> {
        let sql = "SELECT a.id FROM session_counts c \
             JOIN applications a ON a.zone_id = c.zone_id AND a.id = c.application_id \
             WHERE c.zone_id = $1 AND c.unended > 0 AND (a.archived_at IS NOT NULL OR a.expires_at <= $2) \
             ORDER BY a.id LIMIT $3";
        self.tx
            .all(sql, params![self.zone, now, limit])
            .await?
            .iter()
            .map(|row| row.id("id"))
            .collect()
    }

    async fn create(&mut self, application: &Application) -> Result<(), Error> {
        self.changed = true;
        self.own(&application.zone_id)?;
        let by = &application.attribution;
        let sql = format!(
            "INSERT INTO applications ({COLUMNS}, name_folded) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        let params = params![
            self.zone,
            application.id,
            application.name,
            application.registration_method.as_str(),
            application.client_secret_hash,
            json_list(&application.traits),
            application.expires_at,
            application.archived_at,
            by.created_by,
            by.created_via_operator,
            by.created_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
            application.name.to_lowercase(),
        ];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn update(&mut self, application: &Application) -> Result<bool, Error> {
        self.changed = true;
        let by = &application.attribution;
        let version = Seen::column(self.tx.dialect);
        let sql = format!(
            "UPDATE applications SET name = $3, name_folded = $4, client_secret_hash = $5, traits = $6, \
             expires_at = $7, updated_by = $8, updated_via_operator = $9, updated_at = $10 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL \
             AND ($11 = '' OR $11 = {version})"
        );
        let seen = self.seen.take("applications", application.id.as_str());
        let params = params![
            self.zone,
            application.id,
            application.name,
            application.name.to_lowercase(),
            application.client_secret_hash,
            json_list(&application.traits),
            application.expires_at,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
            seen,
        ];
        if self.tx.run(sql, params).await? == 1 {
            return Ok(true);
        }
        // Gone, or still there with another version than the one that was read.
        if Applications::get(self, &application.id)
            .await?
            .is_some_and(|row| row.archived_at.is_none())
        {
            return Err(changed_meanwhile());
        }
        Ok(false)
    }

    async fn rehash(&mut self, id: &ApplicationId, seen: &str, hash: &str) -> Result<bool, Error> {
        let sql = "UPDATE applications SET client_secret_hash = $4 \
             WHERE zone_id = $1 AND id = $2 AND client_secret_hash = $3";
        Ok(self.tx.run(sql, params![self.zone, id, seen, hash]).await? == 1)
    }

    async fn archive(&mut self, id: &ApplicationId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE applications SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        Ok(self.tx.run(sql, params![self.zone, id, at]).await? == 1)
    }
}
