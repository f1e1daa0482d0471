//! Keyset pages of both dialects.

use caracal_storage::{Error, Page, PageKey, PageRequest};
use sea_orm::Value;

use crate::{params::Param, row::Row, sql::Tx};

/// A listing under construction: `SELECT … WHERE …` plus the page's own conditions.
pub(crate) struct Listing {
    sql: String,
    params: Vec<Value>,
    at: &'static str,
    id: &'static str,
}

impl Listing {
    /// Starts from `select`, which ends inside its `WHERE` clause, ordered by the columns `at` and `id`.
    pub(crate) fn new(
        select: impl Into<String>,
        params: Vec<Value>,
        at: &'static str,
        id: &'static str,
    ) -> Self {
        Self {
            sql: select.into(),
            params,
            at,
            id,
        }
    }

    /// Binds a parameter and returns its number.
    pub(crate) fn bind(&mut self, value: impl Param) -> usize {
        self.params.push(value.value());
        self.params.len()
    }

    /// Adds a condition.
    pub(crate) fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Adds `column <operator> value` when there is a value.
    pub(crate) fn when(&mut self, column: &str, operator: &str, value: Option<impl Param>) {
        if let Some(value) = value {
            let n = self.bind(value);
            self.and(&format!("{column} {operator} ${n}"));
        }
    }

    /// Reads the page, newest first.
    pub(crate) async fn read<T>(
        mut self,
        tx: &Tx,
        page: &PageRequest,
        decode: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Page<T>, Error> {
        let (at, id) = (self.at, self.id);
        if let Some(after) = &page.after {
            let (at_n, id_n) = (self.bind(after.at_micros), self.bind(after.id.as_str()));
            // The first condition says nothing new, but bounds the index under row-level security, where the
            // second may not be asked of rows that the policy has not admitted.
            self.and(&format!("{at} <= ${at_n} AND ({at}, {id}) < (${at_n}, ${id_n})"));
        }
        let limit = page.limit.max(1);
        // One row more than asked tells whether another page follows.
        let n = self.bind(i64::from(limit) + 1);
        let sql = format!("{} ORDER BY {at} DESC, {id} DESC LIMIT ${n}", self.sql);
        let mut rows = tx.all(sql, self.params).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = match rows.last() {
            Some(last) if more => Some(PageKey::new(last.time(column(at))?, last.text(column(id))?)),
            _ => None,
        };
        Ok(Page {
            items: rows.iter().map(decode).collect::<Result<_, _>>()?,
            next,
        })
    }
}

/// The column's name in the answer, without its table.
fn column(qualified: &'static str) -> &'static str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}
