//! Keyset pages of both dialects.

use caracal_storage::{Error, PAGE_BYTES, Page, PageKey, PageRequest};
use sea_orm::Value;

use crate::{params::Param, row::Row, sql::Tx};

/// Rows read before anything is known about their size: as many of the largest metadata fit into half a page.
const FIRST_BATCH: usize = 16;

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

    /// Keeps rows in which one of `columns` has `text` in it, whatever the case of ASCII letters.
    pub(crate) fn holds(&mut self, columns: &[&str], text: &str) {
        let n = self.bind(containing(text));
        let each = columns
            .iter()
            .map(|column| format!("LOWER({column}) LIKE ${n} ESCAPE '\\'"));
        let any = each.collect::<Vec<_>>().join(" OR ");
        self.and(&format!("({any})"));
    }

    /// Reads the page, newest first. It ends at `page.limit` rows or past [`PAGE_BYTES`], whichever comes first,
    /// and always holds a row where there is one.
    pub(crate) async fn read<T>(
        self,
        tx: &Tx,
        page: &PageRequest,
        decode: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Page<T>, Error> {
        let limit = page.limit.max(1) as usize;
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut after = page.after.clone();
        loop {
            let wanted = limit - items.len();
            let batch = batch(wanted, items.len(), bytes);
            // One row more than wanted tells whether another page follows.
            let rows = self.batch(tx, after.as_ref(), batch + 1).await?;
            let more = rows.len() > batch;
            for (position, row) in rows.iter().take(batch).enumerate() {
                items.push(decode(row)?);
                bytes += row.width();
                let follows = more || position + 1 < rows.len();
                if follows && (items.len() == limit || bytes > PAGE_BYTES) {
                    let next = Some(self.key(row)?);
                    return Ok(Page { items, next });
                }
            }
            match rows.get(batch - 1) {
                Some(last) if more => after = Some(self.key(last)?),
                _ => return Ok(Page { items, next: None }),
            }
        }
    }

    /// The first `count` rows after a key.
    async fn batch(&self, tx: &Tx, after: Option<&PageKey>, count: usize) -> Result<Vec<Row>, Error> {
        let (at, id) = (self.at, self.id);
        let (mut sql, mut params) = (self.sql.clone(), self.params.clone());
        if let Some(after) = after {
            params.push(after.at_micros.value());
            params.push(after.id.as_str().value());
            let (at_n, id_n) = (params.len() - 1, params.len());
            // The first condition says nothing new, but bounds the index under row-level security, where the
            // second may not be asked of rows that the policy has not admitted.
            sql = format!("{sql} AND {at} <= ${at_n} AND ({at}, {id}) < (${at_n}, ${id_n})");
        }
        params.push(i64::try_from(count).unwrap_or(i64::MAX).value());
        let n = params.len();
        sql = format!("{sql} ORDER BY {at} DESC, {id} DESC LIMIT ${n}");
        tx.all(sql, params).await
    }

    fn key(&self, row: &Row) -> Result<PageKey, Error> {
        Ok(PageKey::new(
            row.time(column(self.at))?,
            row.text(column(self.id))?,
        ))
    }
}

/// A pattern that matches texts with `text` in them, taken literally.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// How many of `wanted` rows to read next, after `read` rows of `bytes` in all: what should fit, so that a page
/// of small rows takes two statements and one of large rows never much more memory than [`PAGE_BYTES`].
fn batch(wanted: usize, read: usize, bytes: usize) -> usize {
    let fits = match bytes.checked_div(read) {
        None => FIRST_BATCH,
        Some(width) => PAGE_BYTES.saturating_sub(bytes) / width.max(1),
    };
    wanted.min(fits.max(1))
}

/// The column's name in the answer, without its table.
fn column(qualified: &'static str) -> &'static str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_searched_for_as_it_is() {
        assert_eq!(containing("A_b%\\"), "%a\\_b\\%\\\\%");
    }

    #[test]
    fn batches_follow_the_size_of_what_was_read() {
        assert_eq!(batch(200, 0, 0), FIRST_BATCH);
        assert_eq!(batch(2, 0, 0), 2);
        assert_eq!(
            batch(484, 16, 16 * 300),
            484,
            "small rows come in one more statement"
        );
        assert_eq!(batch(436, 64, PAGE_BYTES / 2), 64, "large ones as many as fit");
        assert_eq!(batch(436, 64, PAGE_BYTES), 1);
        assert_eq!(batch(436, 64, 0), 436, "empty rows do not divide by nothing");
    }
}
