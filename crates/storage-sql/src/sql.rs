//! The one executor: a transaction that counts its statements and translates errors.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use caracal_core::id::InvalidId;
use caracal_storage::{Access, Error};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};
use tracing::Span;

use crate::{
    dialect::Dialect,
    errors::{from_driver, leaves_doubt},
    health::Health,
    row::Row,
};

/// Statements sent since the store was opened, transaction control included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Notes one statement.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Statements so far.
    pub(crate) fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the answers of one unit of work are waited for and judged.
pub(crate) struct AnswerPolicy {
    pub(crate) access: Access,
    /// Longest wait for one answer.
    pub(crate) timeout: Option<Duration>,
    pub(crate) health: Health,
}

impl AnswerPolicy {
    /// An answer, or that there was none in time: a server that hangs does not keep its own time limits. What leaves
    /// doubt about the connections is noted.
    pub(crate) async fn answer<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, Error> {
        let answer = match self.timeout {
            Some(timeout) => tokio::time::timeout(timeout, answer).await,
            None => Ok(answer.await),
        };
        let told = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => {
                if leaves_doubt(&error) {
                    self.health.doubt();
                }
                from_driver(error, self.access)
            }
            Err(_) => {
                self.health.doubt();
                Error::Unavailable("no answer in time".into())
            }
        };
        if self.access == Access::Write && matches!(told, Error::Unavailable(_)) {
            self.health.could_not_write();
        }
        Err(told)
    }
}

/// No savepoint: the unit of work has the transaction for itself.
const NOT_NEEDED: u8 = 0;
/// A savepoint before the next change.
const WANTED: u8 = 1;
/// What was changed can be undone.
const SET: u8 = 2;

/// What a unit of work left behind in a transaction.
pub(crate) enum Residue {
    /// Nothing was changed since its savepoint.
    Sound,
    /// What it changed can be undone.
    Changed,
    /// Nobody knows what was changed.
    Broken {
        /// Others were in the way.
        contended: bool,
    },
}

/// An open transaction. Dropping it rolls back.
pub(crate) struct Tx {
    inner: DatabaseTransaction,
    counter: Counter,
    /// A statement failed or was given up half-way. PostgreSQL then refuses everything up to the end and turns a
    /// commit into a silent rollback; SQLite may have ended the transaction by itself, and would run what follows
    /// outside of it. So everything that follows is refused here, for both dialects alike.
    failed: AtomicBool,
    /// The failure was no broken rule, or the answer was not waited for.
    broken: AtomicBool,
    /// The failure was that others were in the way.
    contended: AtomicBool,
    /// Whether what the unit changes can be undone alone.
    savepoint: AtomicU8,
    /// How this dialect speaks.
    pub(crate) dialect: Dialect,
    answers: AnswerPolicy,
    /// From begin to commit or roll-back.
    span: Span,
}

/// The span of one unit of work, named as OpenTelemetry names those of database clients. Neither text nor parameters
/// of a statement are in it.
pub(crate) fn span_of(dialect: Dialect, access: Access) -> Span {
    tracing::debug_span!(
        "unit of work",
        otel.kind = "client",
        db.system.name = dialect.name(),
        db.operation.name = if access == Access::Write { "write" } else { "read" },
        caracal.committed = false,
    )
}

impl Tx {
    pub(crate) fn new(
        inner: DatabaseTransaction,
        dialect: Dialect,
        counter: Counter,
        answers: AnswerPolicy,
        span: Span,
    ) -> Self {
        Self {
            span,
            inner,
            counter,
            failed: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            contended: AtomicBool::new(false),
            savepoint: AtomicU8::new(NOT_NEEDED),
            dialect,
            answers,
        }
    }

    fn statement(&self, sql: impl Into<String>, params: Vec<Value>) -> Statement {
        self.counter.add();
        Statement::from_sql_and_values(self.dialect.backend(), sql, params)
    }

    async fn note<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, Error> {
        // Set while the answer is waited for: a caller that stops waiting leaves it set.
        if self.failed.swap(true, Ordering::Relaxed) {
            return Err(Error::Unavailable("a statement failed before".into()));
        }
        self.broken.store(true, Ordering::Relaxed);
        let answer = self.answers.answer(answer).await.inspect_err(|error| {
            let rule = matches!(error, Error::Conflict { .. } | Error::MissingReference);
            self.broken.store(!rule, Ordering::Relaxed);
            self.contended
                .store(matches!(error, Error::Contended(_)), Ordering::Relaxed);
        })?;
        self.broken.store(false, Ordering::Relaxed);
        self.failed.store(false, Ordering::Relaxed);
        Ok(answer)
    }

    /// The transaction goes on with another unit of work.
    pub(crate) fn share(&self) {
        self.savepoint.store(WANTED, Ordering::Relaxed);
    }

    /// What the unit left that the transaction was shared with.
    pub(crate) fn residue(&self) -> Residue {
        let savepoint = self.savepoint.load(Ordering::Relaxed) == SET;
        let failed = self.failed.load(Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) || (failed && !savepoint) {
            let contended = self.contended.load(Ordering::Relaxed);
            Residue::Broken { contended }
        } else if savepoint {
            Residue::Changed
        } else {
            Residue::Sound
        }
    }

    /// Whether a statement failed, so that nothing of the unit may be committed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Undoes what the last unit changed.
    pub(crate) async fn undo(&self) -> Result<(), Error> {
        self.failed.store(false, Ordering::Relaxed);
        self.script("ROLLBACK TO SAVEPOINT turn").await
    }

    /// Makes what a unit changes undoable, before it changes something: most that are refused have only read.
    async fn before(&self, sql: &str) -> Result<(), Error> {
        if self.savepoint.load(Ordering::Relaxed) == WANTED && !sql.starts_with("SELECT") {
            // Earlier ones of the name stay, and go with the commit.
            self.script("SAVEPOINT turn").await?;
            self.savepoint.store(SET, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Every row of the answer.
    pub(crate) async fn all(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let sql = sql.into();
        self.before(&sql).await?;
        let rows = self
            .note(self.inner.query_all_raw(self.statement(sql, params)))
            .await?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// What `read` makes of every row of the answer.
    pub(crate) async fn all_as<T, C: FromIterator<T>>(
        &self,
        sql: impl Into<String>,
        params: Vec<Value>,
        read: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<C, Error> {
        let rows = self.all(sql, params).await?;
        rows.iter().map(read).collect()
    }

    /// The column `id` of every row of the answer.
    pub(crate) async fn ids<T: FromStr<Err = InvalidId>>(
        &self,
        sql: impl Into<String>,
        params: Vec<Value>,
    ) -> Result<Vec<T>, Error> {
        self.all_as(sql, params, |row| row.id("id")).await
    }

    /// The first row of the answer.
    pub(crate) async fn one(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<Option<Row>, Error> {
        let sql = sql.into();
        self.before(&sql).await?;
        Ok(self
            .note(self.inner.query_one_raw(self.statement(sql, params)))
            .await?
            .map(Row))
    }

    /// What `read` makes of the first row of the answer.
    pub(crate) async fn one_as<T>(
        &self,
        sql: impl Into<String>,
        params: Vec<Value>,
        read: impl FnOnce(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.one(sql, params).await?.as_ref().map(read).transpose()
    }

    /// Whether the answer has a row.
    pub(crate) async fn any(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<bool, Error> {
        Ok(self.one(sql, params).await?.is_some())
    }

    /// The count in column `n` of the only row.
    pub(crate) async fn count(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<u64, Error> {
        match self.one(sql, params).await? {
            Some(row) => row.count("n"),
            None => Ok(0),
        }
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn run(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<u64, Error> {
        let sql = sql.into();
        self.before(&sql).await?;
        Ok(self
            .note(self.inner.execute_raw(self.statement(sql, params)))
            .await?
            .rows_affected())
    }

    /// Runs a statement; whether it changed one row.
    pub(crate) async fn changes_one(
        &self,
        sql: impl Into<String>,
        params: Vec<Value>,
    ) -> Result<bool, Error> {
        Ok(self.run(sql, params).await? == 1)
    }

    /// Lets the statements that follow use kept plans, for those of many parameters that have no other plan anyway.
    pub(crate) async fn keep_plans(&self) -> Result<(), Error> {
        match self.dialect {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.script("SET LOCAL plan_cache_mode = auto").await,
        }
    }

    /// Runs text of our own without parameters, possibly several statements.
    pub(crate) async fn script(&self, sql: &str) -> Result<(), Error> {
        self.counter.add();
        self.note(self.inner.execute_unprepared(sql)).await.map(|_| ())
    }

    /// Makes everything durable. `Ok` is the database's own word that it is.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(Error::Unavailable(
                "a statement failed before, so nothing is committed".into(),
            ));
        }
        self.counter.add();
        self.answers.answer(self.inner.commit()).await?;
        self.span.record("caracal.committed", true);
        if self.answers.access == Access::Write {
            self.answers.health.wrote();
        }
        Ok(())
    }
}
