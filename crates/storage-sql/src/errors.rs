//! What the drivers report, in the words of the storage contract.

use caracal_storage::{Access, Error};
use sea_orm::{DbErr, RuntimeErr, error::SqlxError};

/// Names of uniqueness rules by the columns SQLite reports; PostgreSQL reports the name itself.
const RULES: &[(&str, &str)] = &[
    ("zones.slug", "zones_slug"),
    ("applications.id", "applications_id"),
    ("providers.zone_id, providers.identifier", "providers_identifier"),
    ("resources.zone_id, resources.identifier", "resources_identifier"),
    ("workloads.zone_id, workloads.name_folded", "workloads_name"),
    ("workloads.id", "workloads_id"),
    ("approvals.id", "approvals_id"),
    (
        "provider_connections.zone_id, provider_connections.provider_id, provider_connections.subject_id",
        "provider_connections_subject",
    ),
    (
        "subject_issuers.zone_id, subject_issuers.issuer",
        "subject_issuers_issuer",
    ),
    ("policies.zone_id, policies.name", "policies_name"),
    (
        "policy_versions.zone_id, policy_versions.policy_id, policy_versions.version",
        "policy_versions_version",
    ),
    ("policy_sets.zone_id, policy_sets.name", "policy_sets_name"),
    (
        "policy_set_versions.zone_id, policy_set_versions.policy_set_id, policy_set_versions.version",
        "policy_set_versions_version",
    ),
    ("policy_canaries.zone_id", "policy_canaries_running"),
    (
        "signing_keys.zone_id, signing_keys.version",
        "signing_keys_version",
    ),
    ("accounts.email", "accounts_email"),
    (
        "accounts.identity_issuer, accounts.identity_subject",
        "accounts_identity",
    ),
    ("account_passkeys.credential_id", "account_passkeys_credential"),
    ("admin_tokens.token_digest", "admin_tokens_digest"),
    (
        "audit_events.zone_id, audit_events.chain_seq",
        "audit_events_chain",
    ),
    (
        "admin_audit_events.chain_key, admin_audit_events.chain_seq",
        "admin_audit_events_chain",
    ),
];

/// Translates a driver error. Statements and values never appear in the result's own text; the driver's text is
/// the `source` of [`Error::Unavailable`], for the operator. `access` is what the unit of work asked for.
pub(crate) fn from_driver(error: DbErr, access: Access) -> Error {
    enum Kind {
        Conflict(String),
        MissingReference,
        Corrupt(String),
        Contended,
        Unavailable,
    }
    let kind = match driver(&error) {
        Some(inner) => match inner {
            SqlxError::Database(database) => {
                if database.is_unique_violation() {
                    Kind::Conflict(match database.constraint() {
                        Some(name) => name.to_owned(),
                        None => sqlite_rule(database.message()),
                    })
                } else if database.is_foreign_key_violation() {
                    Kind::MissingReference
                } else if is_contention(database.code().as_deref()) {
                    Kind::Contended
                } else if database.is_check_violation()
                    || is_refused(database.code().as_deref())
                    || (access == Access::Read && is_read_only(database.code().as_deref()))
                {
                    Kind::Corrupt(database.message().to_owned())
                } else {
                    Kind::Unavailable
                }
            }
            SqlxError::ColumnDecode { .. } | SqlxError::ColumnNotFound(_) | SqlxError::Decode(_) => {
                Kind::Corrupt(inner.to_string())
            }
            _ => Kind::Unavailable,
        },
        None => match &error {
            DbErr::TryIntoErr { .. } | DbErr::Type(_) | DbErr::Json(_) => Kind::Corrupt(error.to_string()),
            _ => Kind::Unavailable,
        },
    };
    match kind {
        Kind::Conflict(constraint) => Error::Conflict { constraint },
        Kind::MissingReference => Error::MissingReference,
        Kind::Corrupt(text) => Error::Corrupt(text),
        Kind::Contended => Error::Contended(Box::new(error)),
        Kind::Unavailable => Error::Unavailable(Box::new(error)),
    }
}

/// Whether a file could not be opened because somebody else holds it: SQLite says so (`SQLITE_BUSY` and its kin), or was
/// still waiting for it.
pub(crate) fn is_locked(error: &DbErr) -> bool {
    match driver(error) {
        Some(SqlxError::PoolTimedOut) => true,
        Some(SqlxError::Database(database)) => {
            let code = database.code().and_then(|code| code.parse::<u32>().ok());
            code.is_some_and(|code| code & 0xff == 5)
        }
        _ => false,
    }
}

/// What the driver itself reported, if it was the driver.
pub(crate) fn driver(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => Some(inner.as_ref()),
        _ => None,
    }
}

/// Whether this failure leaves doubt about the connection it happened on, or about what that connection leads to.
pub(crate) fn leaves_doubt(error: &DbErr) -> bool {
    let Some(error) = driver(error) else {
        return false;
    };
    match error {
        SqlxError::Database(database) => database.code().is_some_and(|code| match code.parse::<u32>() {
            // SQLite's extended code; its low byte is the kind. A broken rule (19) or a wrong statement (1) ends
            // nothing but the statement; anything else may have ended the transaction as well.
            Ok(extended) if code.len() != 5 => !matches!(extended & 0xff, 1 | 19),
            // 08 connection, 25 state of the transaction (25006: read-only), 57P shutdown or conflict with recovery, 58
            // and XX: the server is not well.
            _ => ["08", "25", "57P", "58", "XX"]
                .iter()
                .any(|class| code.starts_with(class)),
        }),
        // Others use them all, or what came back is not what we expect: the connection is as it was.
        SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::RowNotFound
        | SqlxError::ColumnDecode { .. }
        | SqlxError::ColumnNotFound(_)
        | SqlxError::Decode(_) => false,
        // Broken pipes, half answers, a worker that is gone.
        _ => true,
    }
}

/// Whether the database refused because it only reads. In a unit of work that only reads that is our own mistake; in
/// any other the server became a standby or the file system was remounted, which may pass.
fn is_read_only(code: Option<&str>) -> bool {
    matches!(code, Some("25006" | "8"))
}

/// Whether PostgreSQL gave this transaction up for another: 40001 serialization failure, 40P01 deadlock. SQLite has one
/// writer, which waits its turn.
fn is_contention(code: Option<&str>) -> bool {
    matches!(code, Some("40001" | "40P01"))
}

/// Whether the database refused a statement that can never succeed: a rule of the schema or of its grants, or a
/// missing object. Trying again would only repeat it.
fn is_refused(code: Option<&str>) -> bool {
    // SQLite: SQLITE_CONSTRAINT_TRIGGER 1811, _NOTNULL 1299, SQLITE_ERROR 1, SQLITE_CORRUPT 11, SQLITE_NOTADB 26.
    // PostgreSQL: 42xxx (syntax, access), 23502 (not null), P0001 (raised), 22xxx (data).
    code.is_some_and(|code| match code.len() {
        5 => code.starts_with("42") || code.starts_with("22") || matches!(code, "23502" | "P0001"),
        _ => matches!(code, "1811" | "1299" | "1" | "11" | "26"),
    })
}

/// The rule behind SQLite's `UNIQUE constraint failed: a.b, a.c`.
fn sqlite_rule(message: &str) -> String {
    let columns = message.rsplit("failed: ").next().unwrap_or(message);
    match RULES.iter().find(|(reported, _)| *reported == columns) {
        Some((_, rule)) => (*rule).to_owned(),
        // What is no rule of its own is the row's identity, spelt as PostgreSQL names it.
        None => format!("{}_pkey", columns.split('.').next().unwrap_or(columns)),
    }
}

#[cfg(test)]
mod tests {
    use super::sqlite_rule;

    #[test]
    fn columns_reported_by_sqlite_become_the_name_of_the_rule() {
        assert_eq!(sqlite_rule("UNIQUE constraint failed: zones.slug"), "zones_slug");
        assert_eq!(
            sqlite_rule("UNIQUE constraint failed: sessions.zone_id, sessions.id"),
            "sessions_pkey"
        );
    }
}
