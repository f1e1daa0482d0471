//! How long events are kept, and what is held.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_storage::{
    Error, Hold, KeptPrune, Lock, LogRetention, MAX_HOLDS, Page, PageRequest, RetentionDays,
    RetentionSetting, Swept,
};

use crate::{
    log_unit::{HasLog as _, LogTransaction, LogUnit},
    paging::Listing,
    params::params,
    row::Row,
    sql::Tx,
    work::{GlobalUnit, ZoneUnit},
};

/// What the deployment's own setting is filed under.
const DEPLOYMENT: &str = "*";
/// What deletions and new holds wait for each other under.
pub(super) const LOCK: &str = "evidence-retention";

impl Tx {
    async fn days(&self, of: &str) -> Result<Option<RetentionDays>, Error> {
        let sql = "SELECT days, updated_by, updated_at FROM evidence_retention WHERE zone_id = $1";
        let Some(row) = self.one(sql, params![of]).await? else {
            return Ok(None);
        };
        Ok(Some(RetentionDays {
            days: row.small("days")?,
            updated_by: row.text("updated_by")?,
            updated_at: row.time("updated_at")?,
        }))
    }

    async fn set_days(&self, of: &str, days: Option<&RetentionDays>) -> Result<(), Error> {
        let Some(RetentionDays {
            days,
            updated_by,
            updated_at,
        }) = days
        else {
            let sql = "DELETE FROM evidence_retention WHERE zone_id = $1";
            return self.run(sql, params![of]).await.map(|_| ());
        };
        let sql = "INSERT INTO evidence_retention (zone_id, days, updated_by, updated_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (zone_id) DO UPDATE SET days = excluded.days, updated_by = excluded.updated_by, \
             updated_at = excluded.updated_at";
        let params = params![of, *days, updated_by.as_str(), *updated_at];
        self.run(sql, params).await.map(|_| ())
    }
}

#[async_trait]
impl RetentionSetting for ZoneUnit {
    async fn lock(&mut self) -> Result<(), Error> {
        self.lock_name(Lock::AuditRetention.as_str()).await
    }

    async fn days(&mut self) -> Result<Option<RetentionDays>, Error> {
        self.tx.days(self.zone.as_str()).await
    }

    async fn set_days(&mut self, days: Option<&RetentionDays>) -> Result<(), Error> {
        self.tx.set_days(self.zone.as_str(), days).await
    }
}

#[async_trait]
impl RetentionSetting for GlobalUnit {
    async fn lock(&mut self) -> Result<(), Error> {
        self.lock_name(Lock::AuditRetention.as_str()).await
    }

    async fn days(&mut self) -> Result<Option<RetentionDays>, Error> {
        self.tx.days(DEPLOYMENT).await
    }

    async fn set_days(&mut self, days: Option<&RetentionDays>) -> Result<(), Error> {
        self.tx.set_days(DEPLOYMENT, days).await
    }
}

/// Columns of a hold.
const HOLD: &str = "id, subject, reason, placed_by, placed_at";

fn decode(row: &Row) -> Result<Hold, Error> {
    Ok(Hold {
        id: row.text("id")?,
        subject: row.opt_text("subject")?,
        reason: row.text("reason")?,
        placed_by: row.text("placed_by")?,
        placed_at: row.time("placed_at")?,
    })
}

impl LogUnit<'_> {
    pub(super) async fn holds(&self) -> Result<Vec<Hold>, Error> {
        let Some(zone) = self.log.zone() else {
            return Ok(Vec::new());
        };
        let sql =
            format!("SELECT {HOLD} FROM evidence_holds WHERE zone_id = $1 AND lifted_at IS NULL ORDER BY id");
        self.tx.all_as(sql, params![zone], decode).await
    }

    /// The zone of the log. Nothing of the deployment's own is held.
    fn held_zone(&self) -> Result<&ZoneId, Error> {
        self.log.zone().ok_or(Error::MissingReference)
    }
}

/// Makes a unit of work with a log ([`HasLog`]) say what of it may be deleted.
macro_rules! retention {
    ($unit:ty) => {
        #[async_trait]
        impl LogRetention for $unit {
            async fn holds(&mut self) -> Result<Vec<Hold>, Error> {
                self.unit().holds().await
            }

            async fn said_days(&mut self) -> Result<Option<u32>, Error> {
                let unit = self.unit();
                let of = unit.log.zone().map_or(DEPLOYMENT, ZoneId::as_str);
                Ok(unit.tx.days(of).await?.map(|said| said.days))
            }

            async fn list_holds(&mut self, page: &PageRequest) -> Result<Page<Hold>, Error> {
                let unit = self.unit();
                let Some(zone) = unit.log.zone() else {
                    return Ok(Page::new(Vec::new(), None));
                };
                let sql =
                    format!("SELECT {HOLD} FROM evidence_holds WHERE zone_id = $1 AND lifted_at IS NULL");
                let listing = Listing::new(sql, params![zone], "placed_at", "id").searched(&[
                    "id",
                    "subject",
                    "reason",
                    "placed_by",
                ]);
                listing.read(unit.tx, page, decode).await
            }

            async fn held_records(&mut self) -> Result<Vec<String>, Error> {
                let unit = self.unit();
                let Some(zone) = unit.log.zone() else {
                    return Ok(Vec::new());
                };
                let sql = "SELECT DISTINCT r.id FROM evidence_holds h \
                     JOIN authority_records r ON r.zone_id = h.zone_id AND r.subject_id = h.subject \
                     WHERE h.zone_id = $1 AND h.lifted_at IS NULL ORDER BY r.id";
                let rows = unit.tx.all(sql, params![zone]).await?;
                rows.iter().map(|row| row.text("id")).collect()
            }

            async fn place(&mut self, hold: &Hold) -> Result<(), Error> {
                let unit = self.unit();
                let zone = unit.held_zone()?;
                unit.lock_name(LOCK).await?;
                let sql = "SELECT COUNT(*) AS n FROM evidence_holds WHERE zone_id = $1 AND lifted_at IS NULL";
                if unit.tx.count(sql, params![zone]).await? >= MAX_HOLDS as u64 {
                    return Err(Error::Conflict {
                        constraint: String::from("evidence_holds"),
                    });
                }
                let sql = "INSERT INTO evidence_holds (zone_id, id, subject, reason, placed_by, placed_at) \
                     VALUES ($1, $2, $3, $4, $5, $6)";
                let Hold {
                    id,
                    subject,
                    reason,
                    placed_by,
                    placed_at,
                } = hold;
                let params = params![
                    zone,
                    id.as_str(),
                    subject.as_deref(),
                    reason.as_str(),
                    placed_by.as_str(),
                    *placed_at
                ];
                unit.tx.run(sql, params).await.map(|_| ())
            }

            async fn lift(&mut self, id: &str, by: &str, at: Timestamp) -> Result<bool, Error> {
                let unit = self.unit();
                let zone = unit.held_zone()?;
                let sql = "UPDATE evidence_holds SET lifted_by = $3, lifted_at = $4 \
                     WHERE zone_id = $1 AND id = $2 AND lifted_at IS NULL";
                Ok(unit.tx.run(sql, params![zone, id, by, at]).await? > 0)
            }

            async fn newest_prune(&mut self) -> Result<Option<KeptPrune>, Error> {
                let mut unit = self.unit();
                match unit.head().await? {
                    Some(log) => unit.prune_of(log.number).await,
                    None => Ok(None),
                }
            }

            async fn seal_before(&mut self, before: Timestamp) -> Result<bool, Error> {
                self.unit().seal_old(before).await
            }

            async fn prune(&mut self, prune: &KeptPrune) -> Result<bool, Error> {
                self.unit().keep_prune(prune).await
            }

            async fn sweep(&mut self, limit: u32) -> Result<Swept, Error> {
                self.unit().sweep_blocks(limit).await
            }
        }
    };
}

retention!(ZoneUnit);
retention!(LogTransaction);
