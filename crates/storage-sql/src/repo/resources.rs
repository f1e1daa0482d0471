//! Resources of a zone.

use async_trait::async_trait;
use caracal_core::{ResourceId, Timestamp, entity::Resource};
use caracal_storage::{Error, Page, PageRequest, Registered, Resources};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::params,
    work::ZoneUnit,
};

mapped!(Resource in "resources" {
    zone_id, id, name, identifier, upstream_url, scopes as json, credential_provider_id, operations as json,
    operation_enforcement, upstream_timeout_seconds, cookies, archived_at; attribution
});

const COLUMNS: &str = Resource::COLUMNS;

#[async_trait]
impl Resources for ZoneUnit {
    async fn get(&mut self, id: &ResourceId) -> Result<Option<Resource>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], Resource::read).await
    }

    async fn find(&mut self, name: &str) -> Result<Option<Resource>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND archived_at IS NULL \
             AND (identifier = $2 OR id = $2) ORDER BY CASE WHEN identifier = $2 THEN 0 ELSE 1 END LIMIT 1"
        );
        self.tx
            .one_as(sql, params![self.zone, name], Resource::read)
            .await
    }

    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Resource>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name_in_index::<Resource>("name", "searched");
        listing.is_set("archived_at", Some(which.archived));
        if let Some(identifier) = &which.without_identifier {
            let n = listing.bind(identifier);
            // By its id, which is in the indexes that are searched.
            listing.and(&format!(
                "id NOT IN (SELECT r.id FROM resources r WHERE r.zone_id = $1 AND r.identifier = ${n})"
            ));
        }
        listing.read(&self.tx, page, Resource::read).await
    }

    async fn all_live(&mut self) -> Result<Vec<Resource>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE zone_id = $1 AND archived_at IS NULL");
        self.tx.all_as(sql, params![self.zone], Resource::read).await
    }

    async fn count_live(&mut self) -> Result<u64, Error> {
        // The database keeps it, whoever writes.
        let sql = "SELECT live AS n FROM resource_counts WHERE zone_id = $1";
        self.tx.count(sql, params![self.zone]).await
    }

    async fn count_unenforced(&mut self) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM resources WHERE zone_id = $1 AND archived_at IS NULL \
             AND operation_enforcement <> 'enforced'";
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
        self.tx.insert(resource, &[]).await
    }

    async fn update(&mut self, resource: &Resource) -> Result<bool, Error> {
        self.update_live(resource, resource.id.as_str(), resource.attribution.version, &[])
            .await
    }

    async fn archive(&mut self, id: &ResourceId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE resources SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at]).await
    }
}
