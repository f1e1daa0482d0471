//! Workloads of a zone.

use async_trait::async_trait;
use caracal_core::{WorkloadId, entity::Workload};
use caracal_storage::{Error, Page, PageRequest, Workloads};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{Param as _, params},
    sql::Tx,
    work::ZoneUnit,
};

mapped!(Workload in "workloads" { zone_id, id, name, secret_hash, bindings as json; attribution });

const COLUMNS: &str = Workload::COLUMNS;

impl Tx {
    /// The workload, whatever its zone.
    pub(crate) async fn workload_anywhere(&self, id: &WorkloadId) -> Result<Option<Workload>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM workloads WHERE id = $1");
        self.one_as(sql, params![id], Workload::read).await
    }
}

#[async_trait]
impl Workloads for ZoneUnit {
    async fn get(&mut self, id: &WorkloadId) -> Result<Option<Workload>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM workloads WHERE zone_id = $1 AND id = $2");
        self.tx.one_as(sql, params![self.zone, id], Workload::read).await
    }

    async fn list(&mut self, page: &PageRequest) -> Result<Page<Workload>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM workloads WHERE zone_id = $1");
        Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name("name", &["name", "id"])
            .read(&self.tx, page, Workload::read)
            .await
    }

    async fn all(&mut self) -> Result<Vec<Workload>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM workloads WHERE zone_id = $1");
        self.tx.all_as(sql, params![self.zone], Workload::read).await
    }

    async fn create(&mut self, workload: &Workload) -> Result<(), Error> {
        self.own(&workload.zone_id)?;
        let folded = ("name_folded", workload.name.to_lowercase().value());
        self.tx.insert(workload, &[folded]).await
    }

    async fn update(&mut self, workload: &Workload) -> Result<bool, Error> {
        let folded = ("name_folded", workload.name.to_lowercase().value());
        let version = workload.attribution.version;
        self.update_live(workload, workload.id.as_str(), version, &[folded])
            .await
    }

    async fn rehash(&mut self, id: &WorkloadId, seen: &str, hash: &str) -> Result<bool, Error> {
        let sql = "UPDATE workloads SET secret_hash = $4 WHERE zone_id = $1 AND id = $2 AND secret_hash = $3";
        self.tx.changes_one(sql, params![self.zone, id, seen, hash]).await
    }

    async fn delete(&mut self, id: &WorkloadId) -> Result<bool, Error> {
        let sql = "DELETE FROM workloads WHERE zone_id = $1 AND id = $2";
        self.tx.changes_one(sql, params![self.zone, id]).await
    }
}
