//! Writing what units of work leave to the end of their transaction.

use std::collections::BTreeMap;

use caracal_core::{ApplicationId, ZoneId};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::Error;

use super::outbox::append;
use crate::{
    batch::insert,
    group::Known,
    late::DeferredWrites,
    log_unit::LogUnit,
    params::params,
    recent::{Learned, Recent},
    row::to_json,
    sql::Tx,
    work::{ZoneUnit, next_revision},
};

impl DeferredWrites {
    /// Writes all of it. The head of the log of records is what the whole zone waits for, so it comes after everything but the
    /// revision, which is held for as short as can be.
    pub(crate) async fn write(
        self,
        tx: &Tx,
        zone: &ZoneId,
        chain_key: Option<&HmacKey>,
        recent: &Recent,
    ) -> Result<Learned, Error> {
        let mut learned = Learned::default();
        count_unended(tx, zone, self.unended).await?;
        append(tx, &self.outbox).await?;
        if !self.records.is_empty() {
            let log = LogId::Admin(zone.clone());
            let mut log = LogUnit::new(tx, log, chain_key, recent, &mut learned);
            log.append_records(&self.records).await?;
        }
        if self.changed {
            next_revision(tx, zone).await?;
        }
        Ok(learned)
    }
}

impl ZoneUnit {
    /// Writes what was counted in this unit of work. In a shared transaction it is written at the end, for all of them.
    pub(crate) async fn count_unended(&mut self) -> Result<(), Error> {
        if self.tx.shared().is_some() {
            return Ok(());
        }
        count_unended(&self.tx, &self.zone, std::mem::take(&mut self.unended)).await
    }

    /// What was read for others that share the transaction is about to change.
    pub(crate) fn forget_known(&mut self) {
        if let Some(member) = self.tx.shared() {
            *member.known() = Known::default();
        }
    }
}

/// Writes how many more, or fewer, sessions of each application have not ended. Every start and end of an application changes
/// the same row: held from the change on, it would make them wait for whatever the unit of work does besides.
async fn count_unended(tx: &Tx, zone: &ZoneId, counts: BTreeMap<ApplicationId, i64>) -> Result<(), Error> {
    let (more, fewer): (BTreeMap<_, _>, BTreeMap<_, _>) = counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .partition(|(_, count)| *count > 0);
    // In the order of the applications, so that two writers cannot wait for each other.
    if !more.is_empty() {
        let rows = more
            .iter()
            .map(|(application, count)| params![zone, application, *count]);
        let add = "ON CONFLICT (zone_id, application_id) \
             DO UPDATE SET unended = session_counts.unended + excluded.unended";
        let columns = ["zone_id", "application_id", "unended"];
        insert(tx, "session_counts", &columns, rows.collect(), add).await?;
    }
    match fewer.len() {
        0 => Ok(()),
        1 => {
            let sql =
                "UPDATE session_counts SET unended = unended + $3 WHERE zone_id = $1 AND application_id = $2";
            for (application, count) in fewer {
                tx.run(sql, params![zone, application, count]).await?;
            }
            Ok(())
        }
        _ => {
            let rows: Vec<(&str, i64)> = fewer
                .iter()
                .map(|(application, count)| (application.as_str(), *count))
                .collect();
            let sql = tx
                .dialect
                .add_counts("session_counts", "unended", "application_id");
            tx.run(sql, params![zone, to_json(&rows)?]).await.map(|_| ())
        }
    }
}
