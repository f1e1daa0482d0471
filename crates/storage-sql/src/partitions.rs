//! Months of the ledger on PostgreSQL.

use std::collections::BTreeSet;

use caracal_core::Timestamp;
use caracal_storage::Error;

use crate::{
    dialect::Dialect,
    params::{json_list, params},
    sql::Tx,
};

/// Makes the partition of each instant's month unless it is there. SQLite has none.
pub(crate) async fn ensure_partitions(
    tx: &Tx,
    instants: impl Iterator<Item = Timestamp>,
) -> Result<(), Error> {
    if tx.dialect == Dialect::Sqlite {
        return Ok(());
    }
    let months: BTreeSet<String> = instants.filter_map(first_day).collect();
    // Asking for what is there is one look into the catalogue, and needs no right to make partitions.
    let sql = "SELECT audit_partition_ensure(CAST(month AS DATE)) AS made \
         FROM jsonb_array_elements_text(CAST($1 AS jsonb)) AS month \
         WHERE to_regclass('audit_events_y' || substr(month, 1, 4) || 'm' || substr(month, 6, 2)) IS NULL";
    tx.all(sql, params![json_list(months)]).await.map(|_| ())
}

/// First day of the instant's month, `2026-05-01`; nothing outside the years a partition may have.
pub(crate) fn first_day(at: Timestamp) -> Option<String> {
    let text = at.to_rfc3339_micros();
    let month = text
        .get(..8)
        .filter(|month| ("2020-01-".."2200-01-").contains(month))?;
    Some(format!("{month}01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_starts_on_its_first_day_and_absurd_years_have_none() {
        let day = |text| first_day(Timestamp::parse_rfc3339(text).unwrap());
        assert_eq!(day("2026-05-31T23:59:59.999999Z").as_deref(), Some("2026-05-01"));
        assert_eq!(day("2026-06-01T00:00:00+02:00").as_deref(), Some("2026-05-01"));
        for absurd in [
            "1970-01-01T00:00:00Z",
            "2019-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
        ] {
            assert_eq!(day(absurd), None);
        }
    }
}
