//! The few places where the two dialects say the same thing differently.

use sea_orm::DbBackend;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite 3.38 or newer, bundled.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

impl Dialect {
    /// The driver's word for the dialect.
    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }

    /// Its name in spans.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }

    /// Condition: `column` equals a member of the JSON array of texts in parameter `$n`. One parameter however
    /// long the list, so the statement stays prepared.
    pub(crate) fn is_one_of(self, column: &str, n: usize) -> String {
        match self {
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each(${n}))"),
            Self::Postgres => {
                format!("{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(${n} AS jsonb))))")
            }
        }
    }

    /// Condition: the JSON array of texts in `column` has the member in parameter `$n`.
    pub(crate) fn has_member(self, column: &str, n: usize) -> String {
        match self {
            Self::Sqlite => format!("EXISTS (SELECT 1 FROM json_each({column}) WHERE value = ${n})"),
            Self::Postgres => {
                format!("CAST({column} AS jsonb) @> jsonb_build_array(CAST(${n} AS text))")
            }
        }
    }

    /// Adds to `column` of the rows of the zone in parameter `$1` the numbers in parameter `$2`, a JSON list of pairs of
    /// `key` and number.
    pub(crate) fn add_counts(self, table: &str, column: &str, key: &str) -> String {
        let pairs = match self {
            Self::Sqlite => {
                "SELECT json_extract(value, '$[0]') AS k, json_extract(value, '$[1]') AS n FROM json_each($2)"
            }
            Self::Postgres => {
                "SELECT pair->>0 AS k, CAST(pair->>1 AS BIGINT) AS n \
                 FROM jsonb_array_elements(CAST($2 AS jsonb)) AS pair"
            }
        };
        format!(
            "UPDATE {table} SET {column} = {table}.{column} + more.n FROM ({pairs}) AS more \
             WHERE {table}.zone_id = $1 AND {table}.{key} = more.k"
        )
    }

    /// Holds the selected rows until the end of the transaction. A SQLite writer is alone already.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Holds the selected rows against changes until the end of the transaction; others may refer to them meanwhile.
    pub(crate) const fn for_change(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// As [`Dialect::for_update`], passing over rows another transaction holds.
    pub(crate) const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}
