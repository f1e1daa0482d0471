//! What people agreed to let applications do.

use async_trait::async_trait;
use caracal_core::{
    GrantId, Timestamp,
    entity::{Grant, GrantStatus},
};
use caracal_storage::{Error, GrantFilter, Grants, Page, PageRequest, StandingGrant};

use crate::{
    mapped::{Column as _, Mapped as _, mapped, qualified},
    paging::Listing,
    params::params,
    row::Row,
    work::ZoneUnit,
};

mapped!(Grant in "grants" {
    zone_id, id, application_id, user_id, resource_id, scopes as json, revoked_at; attribution
});

/// How a grant stands at `$2`. Nothing is written when an application or a resource goes: whatever path that takes, and
/// whatever its clock says, the grant has ended with it.
const STATUS: &str = "CASE WHEN g.revoked_at IS NOT NULL THEN 'revoked' \
    WHEN a.archived_at IS NOT NULL OR r.archived_at IS NOT NULL OR COALESCE(a.expires_at <= $2, FALSE) THEN 'expired' \
    ELSE 'active' END";

/// Every grant of the zone `$1`, as it stands at `$2`.
fn standing() -> String {
    format!(
        "SELECT {}, {STATUS} AS status, a.name AS application_name, r.name AS resource_name, \
         r.identifier AS resource_identifier, r.credential_provider_id AS provider_id, p.name AS provider_name, \
         p.kind AS provider_kind FROM grants g \
         JOIN applications a ON a.zone_id = g.zone_id AND a.id = g.application_id \
         JOIN resources r ON r.zone_id = g.zone_id AND r.id = g.resource_id \
         JOIN providers p ON p.zone_id = r.zone_id AND p.id = r.credential_provider_id \
         WHERE g.zone_id = $1",
        qualified("g", Grant::COLUMNS)
    )
}

fn read(row: &Row) -> Result<StandingGrant, Error> {
    Ok(StandingGrant {
        grant: Grant::read(row)?,
        status: GrantStatus::read(row, "status")?,
        application_name: row.text("application_name")?,
        resource_name: row.text("resource_name")?,
        resource_identifier: row.text("resource_identifier")?,
        provider_id: row.id("provider_id")?,
        provider_name: row.text("provider_name")?,
        provider_kind: caracal_core::entity::ProviderKind::read(row, "provider_kind")?,
    })
}

#[async_trait]
impl Grants for ZoneUnit {
    async fn get(&mut self, id: &GrantId, now: Timestamp) -> Result<Option<StandingGrant>, Error> {
        let sql = format!("{} AND g.id = $3", standing());
        self.tx.one_as(sql, params![self.zone, now, id], read).await
    }

    async fn list(
        &mut self,
        filter: &GrantFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<StandingGrant>, Error> {
        let mut listing = Listing::new(standing(), params![self.zone, now], "g.created_at", "g.id")
            .searched(&["g.user_id", "a.name", "r.name", "r.identifier"]);
        listing.when("g.application_id", "=", filter.application_id.as_ref());
        listing.when("g.user_id", "=", filter.user_id.as_deref());
        listing.when("g.resource_id", "=", filter.resource_id.as_ref());
        listing.when("r.credential_provider_id", "=", filter.provider_id.as_ref());
        listing.when(STATUS, "=", filter.status.map(GrantStatus::as_str));
        for scope in filter.scopes.iter() {
            let n = listing.bind(scope);
            listing.and(&self.tx.dialect.has_member("g.scopes", n));
        }
        listing.read(&self.tx, page, read).await
    }

    async fn create(&mut self, grant: &Grant) -> Result<(), Error> {
        self.own(&grant.zone_id)?;
        self.tx.insert(grant, &[]).await
    }

    async fn revoke(&mut self, id: &GrantId, by: &str, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE grants SET revoked_at = $3, updated_at = $3, updated_by = $4, version = version + 1 \
             WHERE zone_id = $1 AND id = $2 AND revoked_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at, by]).await
    }
}
