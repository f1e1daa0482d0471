//! Applying migrations, and checking that they are.

use std::sync::OnceLock;

use caracal_core::Timestamp;
use caracal_storage::Error;

use super::{
    ALL, CURRENT,
    frozen::{FROZEN, first_edited},
};
use crate::{dialect::Dialect, params::params, row::Row, sql::Tx};

/// Why a database cannot be brought to the schema of this build.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer build migrated the database, and said that this one would not understand it.
    #[error("the database has schema {found}, newer than {supported}, the newest this build works with")]
    SchemaNewer {
        /// Version of the database.
        found: i64,
        /// Newest version this build knows.
        supported: i64,
    },
    /// A migration that was applied reads differently here: the database was migrated by something else.
    #[error("migration {version} was applied with another content")]
    Changed {
        /// Its version.
        version: i64,
    },
    /// This build was made from a migration that was edited after its release.
    #[error("migration {version} of this build is not the released one; use an official build")]
    Edited {
        /// Its version.
        version: i64,
    },
    /// The database did not carry it out; nothing of the run remains.
    #[error("the migration was not carried out")]
    Storage(#[from] Error),
}

/// Whom two migrators ask which of them goes first (`caracal` in ASCII).
const ADVISORY_LOCK: i64 = 0x0063_6172_6163_616c;

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    compatible_from BIGINT NOT NULL
)";

/// The version of a migration that was edited after it was frozen, in builds that meet databases worth keeping.
fn edited(dialect: Dialect) -> Option<i64> {
    static FOUND: [OnceLock<Option<i64>>; 2] = [const { OnceLock::new() }; 2];
    if cfg!(debug_assertions) {
        return None;
    }
    let [sqlite, postgres] = &FOUND;
    let found = match dialect {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    };
    *found.get_or_init(|| first_edited(ALL, FROZEN, dialect))
}

/// Applies the next missing migration in this transaction, if there is one. The caller commits and calls again
/// until nothing is missing, so that each migration is a transaction of its own.
pub(crate) async fn step(tx: &Tx, now: Timestamp) -> Result<Option<i64>, MigrationError> {
    if let Some(version) = edited(tx.dialect) {
        return Err(MigrationError::Edited { version });
    }
    if tx.dialect == Dialect::Postgres {
        tx.run("SELECT pg_advisory_xact_lock($1)", params![ADVISORY_LOCK])
            .await?;
    }
    tx.script(HISTORY).await?;
    let applied = history(tx).await?;
    if let Some(found) = too_new(&applied) {
        return Err(MigrationError::SchemaNewer {
            found,
            supported: CURRENT,
        });
    }
    for migration in ALL {
        let expected = migration.checksum(tx.dialect);
        match applied.iter().find(|done| done.version == migration.version) {
            Some(done) if done.checksum == expected => {}
            Some(_) => {
                return Err(MigrationError::Changed {
                    version: migration.version,
                });
            }
            None => {
                for statement in migration.statements(tx.dialect) {
                    tx.script(&statement).await?;
                }
                let record = "INSERT INTO schema_migrations (version, name, checksum, applied_at, \
                     compatible_from) VALUES ($1, $2, $3, $4, $5)";
                let (name, compatible_from) = (migration.name, migration.compatible_from);
                tx.run(
                    record,
                    params![migration.version, name, expected, now, compatible_from],
                )
                .await?;
                return Ok(Some(migration.version));
            }
        }
    }
    Ok(None)
}

/// A migration that was applied, by this build or another.
struct Applied {
    version: i64,
    checksum: String,
    compatible_from: i64,
}

/// A migration as the database remembers it.
#[derive(Debug, Clone)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// When it was applied.
    pub applied_at: Timestamp,
}

/// What the database remembers of its migrations, oldest first.
///
/// # Errors
/// As the backend, also where there is no schema.
pub(crate) async fn remembered(tx: &Tx) -> Result<Vec<AppliedMigration>, Error> {
    let sql = "SELECT version, name, applied_at FROM schema_migrations ORDER BY version";
    let read = |row: &Row| {
        Ok(AppliedMigration {
            version: row.int("version")?,
            name: row.text("name")?,
            applied_at: row.time("applied_at")?,
        })
    };
    tx.all_as(sql, Vec::new(), read).await
}

/// Applied migrations, oldest first.
async fn history(tx: &Tx) -> Result<Vec<Applied>, Error> {
    let sql = "SELECT version, checksum, compatible_from FROM schema_migrations ORDER BY version";
    let read = |row: &Row| {
        Ok(Applied {
            version: row.int("version")?,
            checksum: row.text("checksum")?,
            compatible_from: row.int("compatible_from")?,
        })
    };
    tx.all_as(sql, Vec::new(), read).await
}

/// The version of the newest migration whose author says that this build cannot work with it.
fn too_new(applied: &[Applied]) -> Option<i64> {
    let newer = applied.iter().filter(|done| done.version > CURRENT);
    newer
        .filter(|done| done.compatible_from > CURRENT)
        .map(|done| done.version)
        .max()
}

/// Whether the schema is the one this build needs, or a newer one that says it serves this build as well.
///
/// # Errors
/// [`Error::Corrupt`] with a text for the operator when it is not.
pub(crate) async fn check(tx: &Tx) -> Result<(), Error> {
    if let Some(version) = edited(tx.dialect) {
        return Err(Error::Corrupt(format!(
            "migration {version} of this build is not the released one; use an official build"
        )));
    }
    let exists = match tx.dialect {
        Dialect::Sqlite => {
            "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
        }
        Dialect::Postgres => "SELECT 1 AS found WHERE to_regclass('schema_migrations') IS NOT NULL",
    };
    if !tx.any(exists, Vec::new()).await? {
        return Err(Error::Corrupt(String::from(
            "the database has no schema; run `caracald migrate`",
        )));
    }
    let applied = history(tx).await?;
    let found = applied.last().map_or(0, |done| done.version);
    if let Some(found) = too_new(&applied) {
        return Err(Error::Corrupt(format!(
            "the database has schema {found}, newer than {CURRENT}; run a newer build"
        )));
    }
    for migration in ALL {
        match applied.iter().find(|done| done.version == migration.version) {
            Some(done) if done.checksum == migration.checksum(tx.dialect) => {}
            Some(_) => {
                return Err(Error::Corrupt(format!(
                    "migration {} was applied with another content",
                    migration.version
                )));
            }
            None => {
                return Err(Error::Corrupt(format!(
                    "the database has schema {found}, older than {CURRENT}; run `caracald migrate`"
                )));
            }
        }
    }
    Ok(())
}
