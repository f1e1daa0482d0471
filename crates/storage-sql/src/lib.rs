//! The SQL implementation of the repositories: SQLite for one machine, PostgreSQL for fleets.
//!
//! Both dialects share nearly every statement; what differs is named in `dialect`. A unit of work is one
//! transaction, its repositories are trait implementations under `repo`, one file each. Depends on `core`,
//! `crypto`, `storage` and the outbox contract of `events`, never on a role.
//!
//! To add a repository: a migration with its table (zone first in every key), a file under `repo`, an accessor on
//! the unit of work; for PostgreSQL also its grants and its row-level security, which a test derives from what the
//! suite does under the service roles.

mod batch;
mod dialect;
mod engine;
mod errors;
mod migrations;
mod paging;
mod params;
mod repo;
mod row;
mod sql;
mod sqlite;
mod work;

pub use migrations::MigrationError;
pub use sqlite::SqliteStore;
