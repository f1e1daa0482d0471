//! Providers of a zone.

use async_trait::async_trait;
use caracal_core::{ProviderId, Timestamp, entity::Provider};
use caracal_storage::{Error, Page, PageRequest, Providers, Registered};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::params,
    work::ZoneUnit,
};

mapped!(Provider in "providers" {
    zone_id, id, name, identifier, kind, config_json as json, secret_config_keys as json, connectivity_failed_at,
    archived_at; attribution
});

const COLUMNS: &str = Provider::COLUMNS;

#[async_trait]
impl Providers for ZoneUnit {
    async fn get(&mut self, id: &ProviderId) -> Result<Option<Provider>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], Provider::read).await
    }

    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Provider>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name("name", &["name", "identifier"]);
        listing.is_set("archived_at", Some(which.archived));
        listing.read(&self.tx, page, Provider::read).await
    }

    async fn all_live(&mut self) -> Result<Vec<Provider>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE zone_id = $1 AND archived_at IS NULL");
        self.tx.all_as(sql, params![self.zone], Provider::read).await
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
        self.tx.insert(provider, &[]).await
    }

    async fn update(&mut self, provider: &Provider) -> Result<bool, Error> {
        self.update_live(provider, provider.id.as_str(), provider.attribution.version, &[])
            .await
    }

    async fn archive(&mut self, id: &ProviderId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        let sql = "UPDATE providers SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at]).await
    }
}
