//! Names that units of work take turns under.

use caracal_core::ZoneId;
use caracal_storage::Error;

use crate::{
    dialect::Dialect,
    params::params,
    sql::Tx,
    work::{GlobalUnit, ZoneUnit},
};

impl ZoneUnit {
    /// Serialises holders of the same name in this zone. SQLite's only writer needs nothing.
    pub(crate) async fn lock_name(&mut self, name: &str) -> Result<(), Error> {
        if self.tx.shared().is_some_and(|member| member.holds(name)) {
            return Ok(());
        }
        self.tx.lock_name_in(name, &self.zone).await
    }
}

impl Tx {
    /// Serialises holders of the same name in `zone`. SQLite's only writer needs nothing.
    async fn lock_name_in(&self, name: &str, zone: &ZoneId) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            // 64 bits, and a separator no id contains, so that unrelated names do not meet.
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))";
            self.run(sql, params![name, zone]).await?;
        }
        Ok(())
    }
}

impl GlobalUnit {
    /// As [`ZoneUnit::lock_name`], of `zone`.
    pub(crate) async fn lock_name_in(&self, name: &str, zone: &ZoneId) -> Result<(), Error> {
        self.tx.lock_name_in(name, zone).await
    }

    /// Serialises holders of the same name in the deployment. SQLite's only writer needs nothing.
    pub(crate) async fn lock_name(&self, name: &str) -> Result<(), Error> {
        if self.tx.dialect == Dialect::Postgres {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.tx.run(sql, params![name]).await?;
        }
        Ok(())
    }
}
