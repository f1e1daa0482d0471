//! Sealed blocks that may hold what is searched for, in the order of their latest event.

use std::fmt::Write as _;

use caracal_ledger::{chain::Chain, terms::max_span};
use caracal_storage::{Error, LogHead, Posting};
use sea_orm::Value;

use super::{
    blocks::{Item, unpack_some},
    logs::stored,
};
use crate::{
    log_unit::LogUnit,
    params::{Param, params},
    sql::Tx,
};

#[cfg(test)]
mod tests;

/// Postings looked at to find out which term is the rarest.
const SAMPLE: i64 = 512;

/// A walk over blocks.
pub(super) struct Scan {
    log: i64,
    sealed: i64,
    /// Longest time between entries of a block.
    span: i64,
    /// Terms of which a block has one each; the first drives.
    terms: Vec<Vec<i64>>,
    /// Earliest and latest instant of interest.
    from: i64,
    until: i64,
    newest_first: bool,
    /// Last block: its latest event, its first entry.
    last: Option<(i64, i64)>,
    /// Nothing follows.
    pub(super) done: bool,
}

/// What a step of a walk read.
#[derive(Default)]
pub(super) struct Blocks {
    /// By their first entries.
    packed: Vec<(u64, Vec<u8>)>,
    /// Those that have nothing later than is of interest.
    pub(super) counted: usize,
}

impl Blocks {
    /// Their entries that may say `values`.
    pub(super) fn open(&self, values: &[&str]) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        for (first, block) in &self.packed {
            items.extend(unpack_some(*first, block, values)?);
        }
        Ok(items)
    }
}

impl Scan {
    /// Over the blocks of `log` that have a term of each of `terms` and events between `from` and `until`.
    pub(super) async fn new(
        tx: &Tx,
        (log, of): (&LogHead, Chain<'_>),
        mut terms: Vec<Vec<i64>>,
        (from, until): (i64, i64),
        newest_first: bool,
    ) -> Result<Self, Error> {
        if terms.len() > 1 {
            let mut counts = Vec::new();
            for alternatives in &terms {
                let mut params = params![log.number];
                let term = one_of("term", alternatives, &mut params);
                let sql = format!(
                    "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM evidence_terms \
                     WHERE log = $1 AND {term} LIMIT {SAMPLE}) AS sample"
                );
                counts.push(tx.count(sql, params).await?);
            }
            let rarest = counts.iter().enumerate().min_by_key(|(_, count)| **count);
            if let Some((rarest, _)) = rarest {
                terms.swap(0, rarest);
            }
        }
        Ok(Self {
            log: log.number,
            span: max_span(of),
            sealed: stored(log.sealed),
            terms,
            from,
            until,
            newest_first,
            last: None,
            done: false,
        })
    }

    /// The block that came last: its latest event, its first entry. None that follows has a later one, or where the oldest
    /// come first an earlier one.
    pub(super) const fn reached(&self) -> Option<(i64, i64)> {
        self.last
    }

    /// Nothing that is still to come behind the block that ended at `reached` is later than this, or, where the oldest come
    /// first, earlier.
    pub(super) async fn horizon(&self, tx: &Tx, reached: Option<(i64, i64)>) -> Result<i64, Error> {
        let Some((until, first)) = reached else {
            return Ok(if self.newest_first { i64::MAX } else { i64::MIN });
        };
        if self.newest_first {
            return Ok(until);
        }
        // A block that ends later may begin earlier, by as much as a block spans.
        let sql = "SELECT COALESCE(MIN(occurred_from), $3) AS earliest FROM evidence_blocks \
             WHERE log = $1 AND first_index < $2 AND occurred_until >= $3 AND occurred_until <= $4 \
             AND (occurred_until, first_index) > ($3, $5)";
        let params = params![
            self.log,
            self.sealed,
            until,
            until.saturating_add(self.span),
            first
        ];
        let earliest = tx.one_as(sql, params, |row| row.int("earliest")).await?;
        Ok(earliest.unwrap_or(until).min(until))
    }

    /// Whether what happened `at` an instant comes before all that is behind `horizon`.
    pub(super) const fn is_before(&self, at: i64, horizon: i64) -> bool {
        if self.newest_first {
            at > horizon
        } else {
            at < horizon
        }
    }

    /// Whether a walk that goes on at `horizon` gets any further than this one: where the oldest come first it begins just
    /// before.
    pub(super) const fn is_past(&self, horizon: i64) -> bool {
        self.newest_first || horizon.saturating_sub(1) > self.from
    }

    /// The statement that reads the next `count` blocks.
    fn statement(&self, count: u32) -> (String, Vec<Value>) {
        let mut params = params![
            self.log,
            self.from,
            self.until.saturating_add(self.span),
            self.until,
            count
        ];
        let order = if self.newest_first { "DESC" } else { "ASC" };
        let within = self.within(&mut params);
        let source = match self.terms.split_first() {
            None => {
                params.push(self.sealed.value());
                let n = params.len();
                format!(
                    "SELECT occurred_until, first_index FROM evidence_blocks t \
                     WHERE log = $1 AND first_index < ${n} AND {within} \
                     ORDER BY occurred_until {order}, first_index {order} LIMIT $5"
                )
            }
            Some((driving, others)) => {
                let mut also = String::new();
                for alternatives in others {
                    let term = one_of("o.term", alternatives, &mut params);
                    // Writing to a string cannot fail.
                    let _ = write!(
                        also,
                        " AND EXISTS (SELECT 1 FROM evidence_terms o WHERE o.log = $1 AND {term} \
                         AND o.occurred_until = t.occurred_until AND o.first_index = t.first_index)"
                    );
                }
                let mut parts = Vec::new();
                for term in driving {
                    params.push(term.value());
                    let n = params.len();
                    parts.push(format!(
                        "SELECT * FROM (SELECT occurred_until, first_index FROM evidence_terms t \
                         WHERE log = $1 AND term = ${n} AND {within}{also} \
                         ORDER BY occurred_until {order}, first_index {order} LIMIT $5) AS part"
                    ));
                }
                parts.join(" UNION ")
            }
        };
        let sql = format!(
            "SELECT p.occurred_until, p.first_index, b.occurred_from, \
             CASE WHEN b.occurred_from <= $4 THEN b.block END AS block FROM ({source}) AS p \
             LEFT JOIN evidence_blocks b ON b.log = $1 AND b.first_index = p.first_index \
             ORDER BY p.occurred_until {order}, p.first_index {order} LIMIT $5"
        );
        (sql, params)
    }

    /// The next `count` blocks.
    pub(super) async fn next(&mut self, tx: &Tx, count: u32) -> Result<Blocks, Error> {
        let (sql, params) = self.statement(count);
        let rows = tx.all(sql, params).await?;
        self.done = rows.len() < count as usize;
        let mut found = Blocks::default();
        for row in &rows {
            let (until, first) = (row.int("occurred_until")?, row.int("first_index")?);
            self.last = Some((until, first));
            if let Some(block) = row.opt_bytes("block")? {
                found.packed.push((first.cast_unsigned(), block));
                found.counted += usize::from(until <= self.until);
            }
        }
        Ok(found)
    }

    /// Condition: within the span of interest, and behind what came last.
    fn within(&self, params: &mut Vec<Value>) -> String {
        let span = "t.occurred_until >= $2 AND t.occurred_until <= $3";
        let Some((until, first)) = self.last else {
            return span.to_owned();
        };
        params.extend([until.value(), first.value()]);
        let (u, f) = (params.len() - 1, params.len());
        let behind = if self.newest_first { "<" } else { ">" };
        // The first condition says nothing new, but bounds the index under row-level security.
        format!(
            "{span} AND t.occurred_until {behind}= ${u} AND (t.occurred_until, t.first_index) {behind} (${u}, ${f})"
        )
    }
}

/// Condition: `column` is one of `terms`.
pub(super) fn one_of(column: &str, terms: &[i64], params: &mut Vec<Value>) -> String {
    let mut numbers = Vec::new();
    for term in terms {
        params.push(term.value());
        numbers.push(format!("${}", params.len()));
    }
    format!("{column} IN ({})", numbers.join(", "))
}

impl LogUnit<'_> {
    pub(super) async fn stored_postings(
        &mut self,
        log: i64,
        after: Option<Posting>,
        limit: u32,
    ) -> Result<Vec<Posting>, Error> {
        let mut params = params![log, limit];
        let mut behind = String::new();
        if let Some(after) = after {
            params.extend(params![after.term, after.occurred_until, stored(after.first)]);
            behind.push_str("AND term >= $3 AND (term, occurred_until, first_index) > ($3, $4, $5)");
        }
        let sql = format!(
            "SELECT term, occurred_until, first_index FROM evidence_terms WHERE log = $1 {behind} \
             ORDER BY term, occurred_until, first_index LIMIT $2"
        );
        let rows = self.tx.all(sql, params).await?;
        let posting = |row: &crate::row::Row| {
            Ok(Posting {
                term: row.int("term")?,
                occurred_until: row.time("occurred_until")?,
                first: row.count("first_index")?,
            })
        };
        rows.iter().map(posting).collect()
    }
}
