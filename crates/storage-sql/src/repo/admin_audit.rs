//! Administrative records, in logs as events are.

use std::slice;

use async_trait::async_trait;
use caracal_core::ZoneId;
use caracal_ledger::chain::LogId;
use caracal_storage::{
    AdminAuditFilter, AdminAuditLog, AdminAuditRecord, AdminAuditRow, Error, Page, PageRequest,
};

use crate::work::{GlobalUnit, ZoneUnit};

#[async_trait]
impl AdminAuditLog for ZoneUnit {
    async fn append(&mut self, record: &AdminAuditRecord) -> Result<(), Error> {
        // A zone's unit of work writes its own log only.
        match &record.zone_id {
            Some(zone) => self.own(zone)?,
            None => return Err(Error::MissingReference),
        }
        if self.tx.shared().is_some() {
            self.late.records.push(record.clone());
            return Ok(());
        }
        // The head of the log is what the whole zone waits for: whatever else is left to write goes before it.
        self.count_unended().await?;
        self.records().append_records(slice::from_ref(record)).await
    }

    async fn list(
        &mut self,
        zone: &ZoneId,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error> {
        if *zone != self.zone {
            return Ok(Page::new(Vec::new(), None));
        }
        self.records().list_records(filter, page).await
    }
}

#[async_trait]
impl AdminAuditLog for GlobalUnit {
    async fn append(&mut self, record: &AdminAuditRecord) -> Result<(), Error> {
        let log = LogId::records(record.zone_id.as_ref());
        self.log(log).append_records(slice::from_ref(record)).await
    }

    async fn list(
        &mut self,
        zone: &ZoneId,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error> {
        self.log(LogId::Admin(zone.clone()))
            .list_records(filter, page)
            .await
    }
}
