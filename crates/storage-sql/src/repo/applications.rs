//! Applications of a zone.

use async_trait::async_trait;
use caracal_core::{ApplicationId, Timestamp, ZoneId, entity::Application};
use caracal_storage::{Applications, CountedApplications, Error, Lock, Page, PageRequest, Registered};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{Param as _, json_list, params},
    sql::Tx,
    work::ZoneUnit,
};

mapped!(Application in "applications" {
    zone_id, id, name, registration_method, client_secret_hash, traits as json, expires_at, archived_at; attribution
});

const COLUMNS: &str = Application::COLUMNS;

/// What may be archived because its time is over, spelt as the index of it is.
pub(super) const ENDED_DCR: &str = "registration_method = 'dcr' AND archived_at IS NULL";

impl Tx {
    /// Unarchived, unexpired `dcr` applications of `zone`.
    pub(crate) async fn live_dcr(&self, zone: &ZoneId, now: Timestamp) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM applications WHERE zone_id = $1 AND archived_at IS NULL \
             AND registration_method = 'dcr' AND expires_at > $2";
        self.count(sql, params![zone, now]).await
    }

    /// Finds an application whatever its zone.
    pub(crate) async fn application_anywhere(
        &self,
        id: &ApplicationId,
    ) -> Result<Option<Application>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM applications WHERE id = $1");
        self.one_as(sql, params![id], Application::read).await
    }
}

#[async_trait]
impl Applications for ZoneUnit {
    async fn get(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error> {
        if let Some(known) = self
            .tx
            .shared()
            .and_then(|member| member.known().applications.get(id))
        {
            return Ok(Some(known.clone()));
        }
        let sql = format!("SELECT {COLUMNS} FROM applications WHERE zone_id = $1 AND id = $2");
        let row = self.tx.one(sql, params![self.zone, id]).await?;
        let application = row.as_ref().map(Application::read).transpose()?;
        if let (Some(member), Some(application)) = (self.tx.shared(), &application) {
            member
                .known()
                .applications
                .insert(id.clone(), application.clone());
        }
        Ok(application)
    }

    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Application>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM applications WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name_in_index::<Application>("name", "searched");
        listing.is_set("archived_at", Some(which.archived));
        if let Some(name) = &which.without_trait {
            let n = listing.bind(name);
            listing.and(&format!("NOT {}", self.tx.dialect.has_member("traits", n)));
        }
        listing.read(&self.tx, page, Application::read).await
    }

    async fn all_live(&mut self, now: Timestamp) -> Result<Vec<Application>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM applications WHERE zone_id = $1 AND archived_at IS NULL \
             AND (expires_at IS NULL OR expires_at > $2)"
        );
        self.tx
            .all_as(sql, params![self.zone, now], Application::read)
            .await
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

    async fn count(&mut self, now: Timestamp, soon: Timestamp) -> Result<CountedApplications, Error> {
        let sql = "SELECT COUNT(*) AS total, COUNT(CASE WHEN expires_at <= $2 THEN 1 END) AS expired, \
             COUNT(CASE WHEN expires_at > $2 AND expires_at <= $3 THEN 1 END) AS expiring_soon \
             FROM applications WHERE zone_id = $1 AND archived_at IS NULL";
        let Some(row) = self.tx.one(sql, params![self.zone, now, soon]).await? else {
            return Ok(CountedApplications::default());
        };
        Ok(CountedApplications {
            total: row.count("total")?,
            expired: row.count("expired")?,
            expiring_soon: row.count("expiring_soon")?,
        })
    }

    async fn count_live_dcr(&mut self, now: Timestamp) -> Result<u64, Error> {
        self.tx.live_dcr(&self.zone, now).await
    }

    async fn hold_registrations(&mut self, now: Timestamp) -> Result<u64, Error> {
        self.lock_name(Lock::DynamicRegistration.as_str()).await?;
        self.tx.live_dcr(&self.zone, now).await
    }

    async fn ended_with_sessions(&mut self, now: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, Error> {
        let sql = "SELECT a.id FROM session_counts c \
             JOIN applications a ON a.zone_id = c.zone_id AND a.id = c.application_id \
             WHERE c.zone_id = $1 AND c.unended > 0 AND (a.archived_at IS NOT NULL OR a.expires_at <= $2) \
             ORDER BY a.id LIMIT $3";
        self.tx.ids(sql, params![self.zone, now, limit]).await
    }

    async fn ended_dcr(&mut self, ended_by: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, Error> {
        let sql = format!(
            "SELECT id FROM applications WHERE zone_id = $1 AND {ENDED_DCR} AND expires_at <= $2 \
             ORDER BY expires_at, id LIMIT $3"
        );
        self.tx.ids(sql, params![self.zone, ended_by, limit]).await
    }

    async fn create(&mut self, application: &Application) -> Result<(), Error> {
        self.changed = true;
        self.forget_known();
        self.own(&application.zone_id)?;
        let folded = ("name_folded", application.name.to_lowercase().value());
        self.tx.insert(application, &[folded]).await
    }

    async fn update(&mut self, application: &Application) -> Result<bool, Error> {
        self.forget_known();
        let folded = ("name_folded", application.name.to_lowercase().value());
        self.update_live(
            application,
            application.id.as_str(),
            application.attribution.version,
            &[folded],
        )
        .await
    }

    async fn rehash(&mut self, id: &ApplicationId, seen: &str, hash: &str) -> Result<bool, Error> {
        self.forget_known();
        let sql = "UPDATE applications SET client_secret_hash = $4 \
             WHERE zone_id = $1 AND id = $2 AND client_secret_hash = $3";
        self.tx.changes_one(sql, params![self.zone, id, seen, hash]).await
    }

    async fn archive(&mut self, id: &ApplicationId, at: Timestamp) -> Result<bool, Error> {
        self.changed = true;
        self.forget_known();
        let sql = "UPDATE applications SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at]).await
    }

    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        self.forget_known();
        let sql = "WITH old AS MATERIALIZED (SELECT a.id FROM applications a \
             WHERE a.zone_id = $1 AND a.registration_method = 'dcr' AND a.archived_at < $2 \
             AND NOT EXISTS (SELECT 1 FROM authority_records r WHERE r.zone_id = $1 AND r.application_id = a.id) \
             AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.zone_id = $1 AND s.application_id = a.id) \
             AND NOT EXISTS (SELECT 1 FROM delegations d WHERE d.zone_id = $1 AND d.issuer_application_id = a.id) \
             AND NOT EXISTS (SELECT 1 FROM delegations d WHERE d.zone_id = $1 AND d.receiver_application_id = a.id) \
             AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.zone_id = $1 AND g.application_id = a.id) \
             ORDER BY a.archived_at LIMIT $3) \
             DELETE FROM applications WHERE zone_id = $1 AND id IN (SELECT id FROM old) RETURNING id";
        let rows = self.tx.all(sql, params![self.zone, before, limit]).await?;
        let reaped: Vec<ApplicationId> = rows.iter().map(|row| row.id("id")).collect::<Result<_, _>>()?;
        if !reaped.is_empty() {
            // Nothing refers to a count; it would stay for ever.
            let sql = format!(
                "DELETE FROM session_counts WHERE zone_id = $1 AND unended = 0 AND {}",
                self.tx.dialect.is_one_of("application_id", 2)
            );
            self.tx.run(sql, params![self.zone, json_list(&reaped)]).await?;
        }
        Ok(reaped.len() as u64)
    }
}
