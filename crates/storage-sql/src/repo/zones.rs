//! Zones.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId, entity::Zone};
use caracal_storage::{Error, IdempotencyReceipt, Lock, Page, PageRequest, ZoneFilter, Zones};

use super::receipts::insert_receipt;
use crate::{
    mapped::{Mapped, changed_meanwhile, mapped},
    paging::Listing,
    params::{json_list, params},
    sql::Tx,
    work::{GlobalUnit, next_revision},
};

mapped!(Zone in "zones" {
    id, name, slug, dcr_enabled, operator_coauthor_badge, operator_governed, frozen_at,
    mint_limit_per_minute, archived_at; attribution
});

const COLUMNS: &str = Zone::COLUMNS;

impl Tx {
    /// The zone, unless absent or archived.
    pub(crate) async fn live_zone(&self, id: &ZoneId) -> Result<Option<Zone>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM zones WHERE id = $1 AND archived_at IS NULL");
        self.one_as(sql, params![id], Zone::read).await
    }
}

#[async_trait]
impl Zones for GlobalUnit {
    async fn get(&mut self, id: &ZoneId) -> Result<Option<Zone>, Error> {
        self.tx.live_zone(id).await
    }

    async fn get_with_archived(&mut self, id: &ZoneId) -> Result<Option<Zone>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM zones WHERE id = $1");
        self.tx.one_as(sql, params![id], Zone::read).await
    }

    async fn list(&mut self, filter: &ZoneFilter, page: &PageRequest) -> Result<Page<Zone>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM zones WHERE archived_at IS NULL");
        let mut listing =
            Listing::new(sql, Vec::new(), "created_at", "id").by_name("name", &["name", "slug"]);
        listing.when("slug", "=", filter.slug.as_deref());
        listing.when("dcr_enabled", "=", filter.dcr_enabled);
        listing.when("created_by", "=", filter.created_by.as_deref());
        listing.is_set("frozen_at", filter.frozen);
        if let Some(ids) = &filter.among {
            let n = listing.bind(json_list(ids));
            listing.and(&self.tx.dialect.is_one_of("id", n));
        }
        listing.begins_otherwise("name", filter.without_name);
        listing.begins_otherwise("slug", filter.without_slug);
        listing.read(&self.tx, page, Zone::read).await
    }

    async fn list_with_archived(&mut self, page: &PageRequest) -> Result<Page<Zone>, Error> {
        // Listings add conditions of their own.
        let sql = format!("SELECT {COLUMNS} FROM zones WHERE 1 = 1");
        Listing::new(sql, Vec::new(), "created_at", "id")
            .read(&self.tx, page, Zone::read)
            .await
    }

    async fn slug_taken(&mut self, slug: &str) -> Result<bool, Error> {
        self.tx
            .any("SELECT 1 AS found FROM zones WHERE slug = $1", params![slug])
            .await
    }

    async fn create(&mut self, zone: &Zone) -> Result<(), Error> {
        self.tx.insert(zone, &[]).await
    }

    async fn keep_receipt(&mut self, zone: &ZoneId, receipt: &IdempotencyReceipt) -> Result<(), Error> {
        insert_receipt(&self.tx, zone, receipt).await
    }

    async fn update(&mut self, zone: &Zone) -> Result<bool, Error> {
        let by = &zone.attribution;
        let sql = "UPDATE zones SET name = $2, slug = $3, dcr_enabled = $4, operator_coauthor_badge = $5, \
             operator_governed = $6, updated_by = $7, updated_via_operator = $8, updated_at = $9, frozen_at = $11, \
             mint_limit_per_minute = $12 \
             WHERE id = $1 AND archived_at IS NULL \
             AND version = $10";
        let params = params![
            zone.id,
            zone.name,
            zone.slug,
            zone.dcr_enabled,
            zone.operator_coauthor_badge,
            zone.operator_governed,
            by.updated_by,
            by.updated_via_operator,
            by.updated_at,
            by.version,
            zone.frozen_at,
            zone.mint_limit_per_minute,
        ];
        if self.tx.changes_one(sql, params).await? {
            next_revision(&self.tx, &zone.id).await?;
            return Ok(true);
        }
        // Gone, or still there with another version than the one that was read.
        if self.tx.live_zone(&zone.id).await?.is_some() {
            return Err(changed_meanwhile());
        }
        Ok(false)
    }

    async fn held_version(&mut self, id: &ZoneId) -> Result<Option<i64>, Error> {
        let held = self.tx.dialect.for_change();
        let sql = format!("SELECT version FROM zones WHERE id = $1 AND archived_at IS NULL{held}");
        self.tx.one_as(sql, params![id], |row| row.int("version")).await
    }

    async fn hold_registrations(&mut self, id: &ZoneId, now: Timestamp) -> Result<u64, Error> {
        self.lock_name_in(Lock::DynamicRegistration.as_str(), id).await?;
        self.tx.live_dcr(id, now).await
    }

    async fn archive(&mut self, id: &ZoneId, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE zones SET archived_at = $2, updated_at = $2 WHERE id = $1 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![id, at]).await
    }
}
