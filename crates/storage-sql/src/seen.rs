//! Row versions that a unit of work has read, so that its update fails when somebody else changed the row
//! meanwhile. Holding the rows instead would make every reader in a writing unit queue, and would need the right to
//! update them.

use std::collections::HashMap;

use caracal_storage::Error;

use crate::{dialect::Dialect, row::Row};

/// Versions by table and id.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<(&'static str, String), String>);

impl Seen {
    /// Column that carries a row's version. A SQLite writer is alone, so nothing can change under it.
    pub(crate) const fn column(dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => "''",
            Dialect::Postgres => "CAST(xmin AS TEXT)",
        }
    }

    /// Notes the version of a row that was selected with [`Seen::column`] as `row_version`.
    pub(crate) fn note(&mut self, table: &'static str, id: &str, row: &Row) -> Result<(), Error> {
        let version = row.text("row_version")?;
        if !version.is_empty() {
            self.0.insert((table, id.to_owned()), version);
        }
        Ok(())
    }

    /// Takes the version to compare with; empty when the row was not read, then any version will do.
    pub(crate) fn take(&mut self, table: &'static str, id: &str) -> String {
        self.0.remove(&(table, id.to_owned())).unwrap_or_default()
    }
}

/// The row was changed by somebody else since it was read; the whole unit of work may be tried again.
pub(crate) fn changed_meanwhile() -> Error {
    Error::Contended("another unit of work changed the row meanwhile".into())
}
