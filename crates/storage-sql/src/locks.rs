//! Names that units of work take turns under.

use caracal_storage::Error;

use crate::{
    dialect::Dialect,
    params::params,
    work::{GlobalUnit, ZoneUnit},
};

impl ZoneUnit {
    /// Serialises holders of the same name in this zone. SQLite's only writer needs nothing.
    pub(crate) async fn lock_name(&mut self, name: &str) -> Result<(), Error> {
        let held = self.tx.shared().is_some_and(|member| member.holds(name));
        if self.tx.dialect == Dialect::Postgres && !held {
            // 64 bits, and a separator no id contains, so that unrelated names do not meet.
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))";
            self.tx.run(sql, params![name, self.zone]).await?;
        }
        Ok(())
    }
}

impl GlobalUnit {
    /// Serialises holders of the same name in the deployment. SQLite's only writer needs nothing.
    pub(crate) async fn lock_name(&self, name: &str) -> Result<(), Error> {
        if self.tx.dialect == Dialect::Postgres {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.tx.run(sql, params![name]).await?;
        }
        Ok(())
    }
}
