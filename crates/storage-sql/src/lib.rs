//! The SQL implementation of the repositories: SQLite for one machine, PostgreSQL for fleets.
//!
//! Both dialects share nearly every statement; what differs is named in `dialect`. A unit of work is one
//! transaction, its repositories are trait implementations under `repo`, one file each. Depends on `core`,
//! `crypto`, `storage` and the outbox contract of `events`, never on a role.
//!
//! To add a repository: a migration with its table (zone first in every key), a file under `repo`, an accessor on
//! the unit of work; for PostgreSQL also its row-level security and its grants, and the service's use of it in
//! `tests/postgres_own`, which runs under the service roles.

mod batch;
mod dialect;
mod engine;
mod errors;
mod group;
mod health;
mod late;
mod locks;
mod log_unit;
mod mapped;
mod migrations;
mod outbox_queue;
mod over_engine;
mod paging;
mod params;
mod postgres;
mod preflight;
mod recent;
mod repo;
mod roles;
mod row;
mod sql;
mod sqlite;
mod work;

use caracal_storage::{Access, Error};

pub use engine::SqlStore;
pub use migrations::{AppliedMigration, MigrationError};
pub use outbox_queue::{DeadMessage, SqlOutboxQueue};
pub use postgres::{PostgresOptions, PostgresStore};
pub use preflight::{Preflight, Unusable};
pub use roles::ServiceRole;
pub use sqlite::SqliteStore;

/// What the database remembers of its migrations, oldest first.
///
/// # Errors
/// As the backend, also where there is no schema.
pub async fn applied_migrations<S: SqlStore>(store: &S) -> Result<Vec<AppliedMigration>, Error> {
    let tx = store.engine().begin(Access::Read).await?;
    migrations::remembered(&tx).await
}

/// The schema version this build needs.
pub const SCHEMA_VERSION: i64 = migrations::CURRENT;
