//! Keyset pages of both dialects.

use caracal_storage::{Error, MOST_COUNTED, Order, PAGE_BYTES, Page, PageKey, PageRequest, Total};
use sea_orm::Value;

use crate::{mapped::Mapped, params::Param, row::Row, sql::Tx};

/// Rows read before anything is known about their size: as many of the largest metadata fit into half a page.
const FIRST_BATCH: usize = 16;

/// A listing under construction: `SELECT … WHERE …` plus the page's own conditions.
pub(crate) struct Listing {
    sql: String,
    params: Vec<Value>,
    at: &'static str,
    id: &'static str,
    /// The column that listings by name go by.
    name: Option<&'static str>,
    searched: Searched,
    /// Where the conditions are met by an index alone: which columns the listing selects, of which table.
    narrow: Option<Narrow>,
}

/// What a listing is searched in.
enum Searched {
    Nothing,
    Columns(&'static [&'static str]),
    /// One column, lower case and in the indexes of the listing's orders.
    Index(&'static str, Narrow),
}

#[derive(Clone, Copy)]
struct Narrow {
    table: &'static str,
    columns: &'static str,
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
            name: None,
            searched: Searched::Nothing,
            narrow: None,
        }
    }

    /// Lets the listing go by `name`, and be searched for what `columns` have in them.
    pub(crate) fn by_name(self, name: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            name: Some(name),
            searched: Searched::Columns(columns),
            ..self
        }
    }

    /// Lets the listing be searched for what `columns` have in them, which may be expressions.
    pub(crate) fn searched(self, columns: &'static [&'static str]) -> Self {
        Self {
            searched: Searched::Columns(columns),
            ..self
        }
    }

    /// As [`Listing::by_name`], of a zone's large table: `column` has all that is searched, in lower case, and is in an index
    /// of each order. Rows are read once they are known to be on the page.
    pub(crate) fn by_name_in_index<M: Mapped>(self, name: &'static str, column: &'static str) -> Self {
        let narrow = Narrow {
            table: M::TABLE,
            columns: M::COLUMNS,
        };
        Self {
            name: Some(name),
            searched: Searched::Index(column, narrow),
            ..self
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

    /// Keeps rows in which `column` has a value, or has none.
    pub(crate) fn is_set(&mut self, column: &str, set: Option<bool>) {
        if let Some(set) = set {
            let state = if set { "IS NOT NULL" } else { "IS NULL" };
            self.and(&format!("{column} {state}"));
        }
    }

    /// Leaves out rows whose `column` begins with `text`, whatever the case of ASCII letters.
    pub(crate) fn begins_otherwise(&mut self, column: &str, text: Option<&str>) {
        if let Some(text) = text {
            let n = self.bind(format!("{}%", literal(text)));
            self.and(&format!("LOWER({column}) NOT LIKE ${n} ESCAPE '\\'"));
        }
    }

    /// Keeps rows in which one of `columns` has `text` in it, whatever the case of ASCII letters.
    fn holds(&mut self, columns: &[&str], text: &str) {
        let n = self.bind(containing(text));
        let each = columns
            .iter()
            .map(|column| format!("LOWER({column}) LIKE ${n} ESCAPE '\\'"));
        let any = each.collect::<Vec<_>>().join(" OR ");
        self.and(&format!("({any})"));
    }

    /// Reads the page in the order that it asks for. It ends at `page.limit` rows or past [`PAGE_BYTES`], whichever comes first,
    /// and always holds a row where there is one.
    pub(crate) async fn read<T>(
        mut self,
        tx: &Tx,
        page: &PageRequest,
        decode: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Page<T>, Error> {
        if page.order.by_name() && self.name.is_none() {
            return Err(not_had());
        }
        if let Some(text) = &page.search {
            self.search(text)?;
        }
        let mut read = self.rows(tx, page, decode).await?;
        if page.count {
            // What begins and ends on this page is counted by now.
            read.total = Some(match (&page.after, &read.next) {
                (None, None) => Total::of(read.items.len() as u64, true),
                _ => self.count(tx).await?,
            });
        }
        Ok(read)
    }

    async fn rows<T>(
        &self,
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
            let rows = self.batch(tx, page.order, after.as_ref(), batch + 1).await?;
            let more = rows.len() > batch;
            for (position, row) in rows.iter().take(batch).enumerate() {
                items.push(decode(row)?);
                bytes += row.width();
                let follows = more || position + 1 < rows.len();
                if follows && (items.len() == limit || bytes > PAGE_BYTES) {
                    let next = Some(self.key(row, page.order)?);
                    return Ok(Page::new(items, next));
                }
            }
            match rows.get(batch - 1) {
                Some(last) if more => after = Some(self.key(last, page.order)?),
                _ => return Ok(Page::new(items, None)),
            }
        }
    }

    /// Keeps rows that have `text` in what is searched.
    fn search(&mut self, text: &str) -> Result<(), Error> {
        match self.searched {
            Searched::Nothing => return Err(not_had()),
            Searched::Columns(columns) => self.holds(columns, text),
            Searched::Index(column, narrow) => {
                let n = self.bind(containing(text));
                self.and(&format!("{column} LIKE ${n} ESCAPE '\\'"));
                self.narrow = Some(narrow);
            }
        }
        Ok(())
    }

    /// How many rows there are on all pages.
    async fn count(&self, tx: &Tx) -> Result<Total, Error> {
        let listed = match self.narrow {
            Some(Narrow { columns, .. }) => self.sql.replacen(columns, self.id, 1),
            None => self.sql.clone(),
        };
        let most = MOST_COUNTED + 1;
        let sql = format!("SELECT COUNT(*) AS n FROM ({listed} LIMIT {most}) AS counted");
        let found = tx.count(sql, self.params.clone()).await?;
        Ok(Total::of(found, true))
    }

    /// The first `count` rows after a key.
    async fn batch(
        &self,
        tx: &Tx,
        order: Order,
        after: Option<&PageKey>,
        count: usize,
    ) -> Result<Vec<Row>, Error> {
        let (sql, params) = self.statement(order, after, count);
        tx.all(sql, params).await
    }

    fn statement(&self, order: Order, after: Option<&PageKey>, count: usize) -> (String, Vec<Value>) {
        let (by, id) = (self.column_of(order), self.id);
        let (direction, bound, past) = match order {
            Order::Newest | Order::NameBackwards => ("DESC", "<=", "<"),
            Order::Oldest | Order::Name => ("ASC", ">=", ">"),
        };
        let (mut sql, mut params) = (self.sql.clone(), self.params.clone());
        if let Some(after) = after {
            params.push(match order {
                Order::Newest | Order::Oldest => after.at_micros.value(),
                Order::Name | Order::NameBackwards => after.name.as_deref().unwrap_or_default().value(),
            });
            params.push(after.id.as_str().value());
            let (by_n, id_n) = (params.len() - 1, params.len());
            // The first condition says nothing new, but bounds the index under row-level security, where the
            // second may not be asked of rows that the policy has not admitted.
            sql = format!("{sql} AND {by} {bound} ${by_n} AND ({by}, {id}) {past} (${by_n}, ${id_n})");
        }
        params.push(i64::try_from(count).unwrap_or(i64::MAX).value());
        let n = params.len();
        let sorted = format!("ORDER BY {by} {direction}, {id} {direction}");
        sql = format!("{sql} {sorted} LIMIT ${n}");
        if let Some(Narrow { table, columns }) = self.narrow {
            let ids = sql.replacen(columns, id, 1);
            sql = format!("SELECT {columns} FROM {table} WHERE zone_id = $1 AND {id} IN ({ids}) {sorted}");
        }
        (sql, params)
    }

    /// Lines of the plan of the first page.
    #[cfg(test)]
    pub(crate) async fn plan(mut self, tx: &Tx, page: &PageRequest) -> Result<Vec<String>, Error> {
        if let Some(text) = &page.search {
            self.search(text)?;
        }
        let (explain, column) = match tx.dialect {
            crate::dialect::Dialect::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            crate::dialect::Dialect::Postgres => ("EXPLAIN", "QUERY PLAN"),
        };
        let (sql, params) = self.statement(page.order, page.after.as_ref(), page.limit as usize);
        let rows = tx.all(format!("{explain} {sql}"), params).await?;
        rows.iter().map(|row| row.text(column)).collect()
    }

    fn column_of(&self, order: Order) -> &'static str {
        match self.name {
            Some(name) if order.by_name() => name,
            _ => self.at,
        }
    }

    fn key(&self, row: &Row, order: Order) -> Result<PageKey, Error> {
        let key = PageKey::new(row.time(column(self.at))?, row.text(column(self.id))?);
        if order.by_name() {
            return Ok(key.named(row.text(column(self.column_of(order)))?));
        }
        Ok(key)
    }
}

/// A listing was asked for an order or a search that it does not have.
pub(crate) fn not_had() -> Error {
    Error::Corrupt(String::from("a listing was asked for what it does not have"))
}

/// A pattern that matches texts with `text` in them, taken literally.
fn containing(text: &str) -> String {
    format!("%{}%", literal(text))
}

/// A pattern that matches the text in lower case, taken literally.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
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
