//! Which document each object of a zone comes from.

use async_trait::async_trait;
use caracal_core::{Timestamp, entity::StateKind};
use caracal_storage::{Error, StateOwner, StateOwners};

use crate::{mapped::Column as _, params::params, work::ZoneUnit};

#[async_trait]
impl StateOwners for ZoneUnit {
    async fn all(&mut self) -> Result<Vec<StateOwner>, Error> {
        let sql = "SELECT kind, object_id, manager FROM zone_state_owners WHERE zone_id = $1 \
             ORDER BY kind, object_id";
        self.tx
            .all_as(sql, params![self.zone], |row| {
                Ok(StateOwner {
                    kind: StateKind::read(row, "kind")?,
                    object_id: row.text("object_id")?,
                    manager: row.text("manager")?,
                })
            })
            .await
    }

    async fn claim(&mut self, owner: &StateOwner, at: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO zone_state_owners (zone_id, kind, object_id, manager, claimed_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (zone_id, kind, object_id) \
             DO UPDATE SET manager = excluded.manager, claimed_at = excluded.claimed_at";
        let params = params![self.zone, owner.kind, owner.object_id, owner.manager, at];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn release(&mut self, kind: StateKind, object_id: &str) -> Result<(), Error> {
        let sql = "DELETE FROM zone_state_owners WHERE zone_id = $1 AND kind = $2 AND object_id = $3";
        self.tx
            .run(sql, params![self.zone, kind, object_id])
            .await
            .map(|_| ())
    }
}
