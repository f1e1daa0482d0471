//! Identity providers that a zone trusts.

use async_trait::async_trait;
use caracal_core::{SubjectIssuerId, Timestamp, entity::SubjectIssuer};
use caracal_storage::{Error, Page, PageRequest, SubjectIssuers};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::params,
    work::ZoneUnit,
};

mapped!(SubjectIssuer in "subject_issuers" {
    zone_id, id, issuer, jwks_url, audience, archived_at; attribution
});

const COLUMNS: &str = SubjectIssuer::COLUMNS;

#[async_trait]
impl SubjectIssuers for ZoneUnit {
    async fn get(&mut self, id: &SubjectIssuerId) -> Result<Option<SubjectIssuer>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM subject_issuers WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL"
        );
        self.tx
            .one_as(sql, params![self.zone, id], SubjectIssuer::read)
            .await
    }

    async fn find(&mut self, issuer: &str) -> Result<Option<SubjectIssuer>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM subject_issuers WHERE zone_id = $1 AND issuer = $2 AND archived_at IS NULL"
        );
        self.tx
            .one_as(sql, params![self.zone, issuer], SubjectIssuer::read)
            .await
    }

    async fn list(&mut self, page: &PageRequest) -> Result<Page<SubjectIssuer>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM subject_issuers WHERE zone_id = $1 AND archived_at IS NULL");
        Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name("issuer", &["issuer", "audience"])
            .read(&self.tx, page, SubjectIssuer::read)
            .await
    }

    async fn count_live(&mut self) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM subject_issuers WHERE zone_id = $1 AND archived_at IS NULL";
        self.tx.count(sql, params![self.zone]).await
    }

    async fn create(&mut self, issuer: &SubjectIssuer) -> Result<(), Error> {
        self.own(&issuer.zone_id)?;
        self.tx.insert(issuer, &[]).await
    }

    async fn update(&mut self, issuer: &SubjectIssuer) -> Result<bool, Error> {
        self.update_live(issuer, issuer.id.as_str(), issuer.attribution.version, &[])
            .await
    }

    async fn archive(&mut self, id: &SubjectIssuerId, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE subject_issuers SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at]).await
    }
}
