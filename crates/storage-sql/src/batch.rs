//! Inserting many rows with few statements, of few texts, so that they stay prepared.

use std::fmt::Write as _;

use caracal_storage::Error;
use sea_orm::Value;

use crate::{dialect::Dialect, sql::Tx};

/// About the most parameters of one statement: far from the limit of either dialect, and larger statements are no faster.
const MOST_PARAMETERS: usize = 1152;

/// Inserts `rows`, each with a value per column; `tail` is an `ON CONFLICT` clause or empty.
///
/// A list of values rather than one JSON document: SQLite would parse each row of a document once per column.
pub(crate) async fn insert(
    tx: &Tx,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<(), Error> {
    // A smaller rest goes in powers of two.
    let most = 1 << (MOST_PARAMETERS / columns.len().max(1)).max(1).ilog2();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    while left > 0 {
        let size = if left >= most { most } else { 1 << left.ilog2() };
        let mut params = Vec::with_capacity(size * columns.len());
        for row in rows.by_ref().take(size) {
            params.extend(row);
        }
        tx.run(text(tx.dialect, table, columns, size, tail), params)
            .await?;
        left -= size;
    }
    Ok(())
}

/// `INSERT INTO table (a, b) VALUES ($1, $2), ($3, $4) tail`.
fn text(dialect: Dialect, table: &str, columns: &[&str], rows: usize, tail: &str) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for n in 0..rows * columns.len() {
        let before = match (n, n % columns.len()) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        };
        // Writing to a string cannot fail.
        let _ = match dialect {
            // SQLite looks a numbered parameter up by walking over all names before it.
            Dialect::Sqlite => write!(sql, "{before}?"),
            Dialect::Postgres => write!(sql, "{before}${}", n + 1),
        };
    }
    sql.push_str(") ");
    sql.push_str(tail);
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_run_through_all_rows() {
        let sql = |dialect| text(dialect, "t", &["a", "b"], 2, "ON CONFLICT DO NOTHING");
        let expected = "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING";
        assert_eq!(sql(Dialect::Postgres), expected);
        assert_eq!(
            sql(Dialect::Sqlite),
            "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"
        );
    }
}
