//! One migration set for both dialects.
//!
//! A migration has statements both dialects share, in a common subset with `{bytes}` for binary columns, and
//! each dialect's own parts beside them. Its checksum covers all of its text, so a released migration cannot be
//! edited unnoticed: [`frozen`] has what each must be. Released files never change.
//!
//! To add one:
//! 1. A file `mNNNN_name.rs` with the next version, listed in [`ALL`]. Statements of both dialects in `common`, with
//!    grants and row policies of new tables among PostgreSQL's own.
//! 2. `compatible_from`: the oldest schema whose builds go on working once it is applied. Adding a table, an index or a
//!    column with a default keeps them working; anything they read or write that changes does not. A change that would
//!    break them is made in two releases: add, then take away.
//! 3. Its checksums, as `cargo test -p caracal-storage-sql frozen` prints them, in [`frozen`].
//! 4. The rights of each role in `tests/postgres_own/rights.rs`, and cases in the conformance suite for what is new.

mod frozen;
mod m0001_baseline;
mod m0001_evidence;
mod m0001_postgres;
mod m0002_gateway;
mod m0003_versions;
mod m0004_evidence;
mod m0005_retention;
mod m0006_launcher;
mod m0007_approvals;
mod m0008_freeze;
mod m0009_accounts;
mod m0011_records;
mod m0012_notifications;
mod m0013_connections;
mod m0015_state_owners;
mod m0016_policy_shadows;
mod m0019_sign_in;
mod m0020_passkeys;
mod m0021_policy_canaries;
mod m0023_grants;
mod m0025_held_calls;
mod m0027_receipts;
mod m0030_deployment_receipts;
mod m0031_reveal;
mod m0032_mint_limits;
mod m0034_budget_uses;
mod m0035_scale;
mod m0036_client_sign_ins;
mod m0039_ends;
mod m0042_held_keys;
mod run;

pub use run::{AppliedMigration, MigrationError};
pub(crate) use run::{check, remembered, step};

use caracal_crypto::sha256_hex;

use crate::dialect::Dialect;

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// 1, 2, 3, …
    pub(crate) version: i64,
    /// What it is about.
    pub(crate) name: &'static str,
    /// The oldest schema whose builds go on working once this one is applied, so that a fleet can be upgraded replica
    /// by replica. Its own version when none does.
    pub(crate) compatible_from: i64,
    /// Statements of both dialects, run first.
    pub(crate) common: &'static [&'static str],
    /// SQLite's own, run after the common ones.
    pub(crate) sqlite: &'static [&'static str],
    /// PostgreSQL's own, run after the common ones.
    pub(crate) postgres: &'static [&'static str],
}

/// Every migration, oldest first.
pub(crate) const ALL: &[Migration] = &[
    Migration {
        version: 1,
        name: "baseline",
        compatible_from: 1,
        common: m0001_baseline::COMMON,
        sqlite: m0001_evidence::SQLITE,
        postgres: m0001_postgres::STATEMENTS,
    },
    Migration {
        version: 2,
        name: "gateway",
        compatible_from: 1,
        common: &[],
        sqlite: &[],
        postgres: m0002_gateway::POSTGRES,
    },
    Migration {
        version: 3,
        name: "versions",
        compatible_from: 1,
        common: m0003_versions::COMMON,
        sqlite: m0003_versions::SQLITE,
        postgres: m0003_versions::POSTGRES,
    },
    Migration {
        version: 4,
        name: "evidence",
        // What earlier builds append would not be in the log, and they would find nothing of what is.
        compatible_from: 4,
        common: m0004_evidence::COMMON,
        sqlite: m0004_evidence::SQLITE,
        postgres: m0004_evidence::POSTGRES,
    },
    Migration {
        version: 5,
        name: "retention",
        // Earlier builds make a tile of what stands in blocks, and these may be gone.
        compatible_from: 5,
        common: m0005_retention::COMMON,
        sqlite: m0005_retention::SQLITE,
        postgres: m0005_retention::POSTGRES,
    },
    Migration {
        version: 6,
        name: "launcher",
        compatible_from: 5,
        common: m0006_launcher::COMMON,
        sqlite: m0006_launcher::SQLITE,
        postgres: m0006_launcher::POSTGRES,
    },
    Migration {
        version: 7,
        name: "approvals",
        // Earlier builds refuse what would wait.
        compatible_from: 5,
        common: m0007_approvals::COMMON,
        sqlite: &[],
        postgres: m0007_approvals::POSTGRES,
    },
    Migration {
        version: 8,
        name: "freeze",
        // Earlier builds do not know that a zone is frozen: it is in force once all are replaced.
        compatible_from: 5,
        common: m0008_freeze::COMMON,
        sqlite: &[],
        postgres: &[],
    },
    Migration {
        version: 9,
        name: "accounts",
        // New tables alone.
        compatible_from: 5,
        common: m0009_accounts::COMMON,
        sqlite: &[],
        postgres: m0009_accounts::POSTGRES,
    },
    Migration {
        version: 11,
        name: "records",
        // Earlier builds would write records where nobody looks.
        compatible_from: 11,
        common: &[],
        sqlite: m0011_records::SQLITE,
        postgres: m0011_records::POSTGRES,
    },
    Migration {
        version: 12,
        name: "notifications",
        // New tables alone; what earlier builds do is not told.
        compatible_from: 11,
        common: m0012_notifications::COMMON,
        sqlite: m0012_notifications::SQLITE,
        postgres: m0012_notifications::POSTGRES,
    },
    Migration {
        version: 13,
        name: "connections",
        // New tables and rights alone.
        compatible_from: 11,
        common: m0013_connections::COMMON,
        sqlite: &[],
        postgres: m0013_connections::POSTGRES,
    },
    Migration {
        version: 15,
        name: "state_owners",
        // A new table alone.
        compatible_from: 11,
        common: m0015_state_owners::COMMON,
        sqlite: &[],
        postgres: m0015_state_owners::POSTGRES,
    },
    Migration {
        version: 16,
        name: "policy_shadows",
        // A new table alone; earlier builds decide nothing beside what is in force.
        compatible_from: 11,
        common: m0016_policy_shadows::COMMON,
        sqlite: &[],
        postgres: m0016_policy_shadows::POSTGRES,
    },
    Migration {
        version: 19,
        name: "sign_in",
        // A new table, and columns with defaults that earlier builds name nowhere.
        compatible_from: 11,
        common: m0019_sign_in::COMMON,
        sqlite: &[],
        postgres: m0019_sign_in::POSTGRES,
    },
    Migration {
        version: 20,
        name: "passkeys",
        // A new table alone.
        compatible_from: 11,
        common: m0020_passkeys::COMMON,
        sqlite: &[],
        postgres: m0020_passkeys::POSTGRES,
    },
    Migration {
        version: 21,
        name: "policy_canaries",
        // A new table alone; by earlier builds the version in force decides for everybody.
        compatible_from: 11,
        common: m0021_policy_canaries::COMMON,
        sqlite: &[],
        postgres: m0021_policy_canaries::POSTGRES,
    },
    Migration {
        version: 23,
        name: "grants",
        // A new table alone.
        compatible_from: 11,
        common: m0023_grants::COMMON,
        sqlite: &[],
        postgres: m0023_grants::POSTGRES,
    },
    Migration {
        version: 25,
        name: "held_calls",
        // Columns that earlier builds name nowhere, and rows that none of them would use.
        compatible_from: 11,
        common: m0025_held_calls::COMMON,
        sqlite: &[],
        postgres: &[],
    },
    Migration {
        version: 27,
        name: "receipts",
        // Rights alone.
        compatible_from: 11,
        common: &[],
        sqlite: &[],
        postgres: m0027_receipts::POSTGRES,
    },
    Migration {
        version: 30,
        name: "deployment_receipts",
        // A new table alone; earlier builds take no key where it is used.
        compatible_from: 11,
        common: m0030_deployment_receipts::COMMON,
        sqlite: &[],
        postgres: m0030_deployment_receipts::POSTGRES,
    },
    Migration {
        version: 31,
        name: "reveal",
        // Columns that earlier builds name nowhere, and indexes; by them every token that writes reveals.
        compatible_from: 11,
        common: m0031_reveal::COMMON,
        sqlite: m0031_reveal::SQLITE,
        postgres: m0031_reveal::POSTGRES,
    },
    Migration {
        version: 32,
        name: "mint_limits",
        // Earlier builds allow what the deployment allows: it is in force once all are replaced.
        compatible_from: 11,
        common: m0032_mint_limits::COMMON,
        sqlite: &[],
        postgres: &[],
    },
    Migration {
        version: 34,
        name: "budget_uses",
        // A new table alone. An earlier build knows no budgets, and refuses the policy that states them.
        compatible_from: 11,
        common: m0034_budget_uses::COMMON,
        sqlite: &[],
        postgres: m0034_budget_uses::POSTGRES,
    },
    Migration {
        version: 35,
        name: "scale",
        // Indexes, and a table and a column that the database keeps by itself: what earlier builds write is counted.
        compatible_from: 11,
        common: m0035_scale::COMMON,
        sqlite: m0035_scale::SQLITE,
        postgres: m0035_scale::POSTGRES,
    },
    Migration {
        version: 36,
        name: "client_sign_ins",
        // Rights alone.
        compatible_from: 11,
        common: &[],
        sqlite: &[],
        postgres: m0036_client_sign_ins::POSTGRES,
    },
    Migration {
        version: 39,
        name: "ends",
        // Indexes and rights, a new table, and a column that earlier builds name nowhere. By them nobody is kept out, and a
        // token has no end.
        compatible_from: 11,
        common: m0039_ends::COMMON,
        sqlite: &[],
        postgres: m0039_ends::POSTGRES,
    },
    Migration {
        version: 42,
        name: "held_keys",
        // A column that earlier builds name nowhere. They cannot sign with a key that is held elsewhere, which is made only
        // where a token is configured.
        compatible_from: 11,
        common: m0042_held_keys::COMMON,
        sqlite: &[],
        postgres: &[],
    },
];

/// The schema this build needs.
pub(crate) const CURRENT: i64 = ALL[ALL.len() - 1].version;

/// Every table that the migrations of this build make.
pub(crate) fn tables(dialect: Dialect) -> Vec<String> {
    ALL.iter()
        .flat_map(|migration| migration.statements(dialect))
        .filter_map(|statement| {
            let name = statement.strip_prefix("CREATE TABLE ")?.split(' ').next()?;
            Some(name.to_owned())
        })
        .collect()
}

impl Migration {
    /// The statements of one dialect in order.
    pub(crate) fn statements(&self, dialect: Dialect) -> Vec<String> {
        let own = match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        };
        let shared = self.common.iter().map(|statement| shared(statement, dialect));
        shared
            .chain(own.iter().map(|statement| (*statement).to_owned()))
            .collect()
    }

    /// What a database remembers of it, so that one that reads otherwise is not taken for it.
    fn checksum(&self, dialect: Dialect) -> String {
        sha256_hex(self.statements(dialect).join(";\n").as_bytes())
    }
}

/// A common statement in one dialect.
fn shared(statement: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => statement.replace("{bytes}", "BLOB"),
        // Ids and names sort by their bytes in both dialects, whatever the locale of the server.
        Dialect::Postgres => statement
            .replace("{bytes}", "BYTEA")
            .replace(" TEXT", " TEXT COLLATE \"C\""),
    }
}
