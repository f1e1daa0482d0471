//! What units of work leave to be written at the end of their transaction.

use std::collections::BTreeMap;

use caracal_core::{ApplicationId, ZoneId};
use caracal_ledger::chain::LogId;
use caracal_storage::{AdminAuditRecord, Error, OutboxMessage};

use crate::{
    batch::insert, engine::Engine, log_unit::LogUnit, params::params, recent::Learned, repo::append,
    row::to_json, sql::Tx, work::next_revision,
};

/// What is written once for all units of a transaction, before its commit.
#[derive(Default)]
pub(crate) struct Late {
    pub(crate) outbox: Vec<OutboxMessage>,
    pub(crate) records: Vec<AdminAuditRecord>,
    /// How many more sessions of each application have not ended.
    pub(crate) unended: BTreeMap<ApplicationId, i64>,
    /// Whether something changed that a zone snapshot is loaded from.
    pub(crate) changed: bool,
}

impl Late {
    /// Takes over what another unit leaves.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.outbox.extend(other.outbox);
        self.records.extend(other.records);
        for (application, count) in other.unended {
            *self.unended.entry(application).or_default() += count;
        }
        self.changed |= other.changed;
    }

    /// How many more sessions of the application, or of all of them, `counts` has.
    pub(crate) fn unended_of(
        counts: &BTreeMap<ApplicationId, i64>,
        application: Option<&ApplicationId>,
    ) -> i64 {
        match application {
            Some(application) => counts.get(application).copied().unwrap_or(0),
            None => counts.values().sum(),
        }
    }

    /// Writes all of it. The head of the log of records is what the whole zone waits for, so it comes after everything but the
    /// revision, which is held for as short as can be.
    pub(crate) async fn write(self, tx: &Tx, zone: &ZoneId, engine: &Engine) -> Result<Learned, Error> {
        let mut learned = Learned::default();
        count_unended(tx, zone, self.unended).await?;
        append(tx, &self.outbox).await?;
        if !self.records.is_empty() {
            let (log, key) = (LogId::Admin(zone.clone()), engine.chain_key.as_ref());
            let mut log = LogUnit::new(tx, log, key, &engine.recent, &mut learned);
            log.append_records(&self.records).await?;
        }
        if self.changed {
            next_revision(tx, zone).await?;
        }
        Ok(learned)
    }
}

/// Writes how many more, or fewer, sessions of each application have not ended. Every start and end of an application changes
/// the same row: held from the change on, it would make them wait for whatever the unit of work does besides.
pub(crate) async fn count_unended(
    tx: &Tx,
    zone: &ZoneId,
    counts: BTreeMap<ApplicationId, i64>,
) -> Result<(), Error> {
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
