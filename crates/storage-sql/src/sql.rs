//! The one executor: a transaction that counts its statements and translates errors.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use caracal_storage::Error;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};

use crate::{dialect::Dialect, errors::from_driver, row::Row};

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

/// An answer, or that there was none in time: a server that hangs does not keep its own time limits.
pub(crate) async fn within<T>(
    patience: Option<Duration>,
    answer: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, Error> {
    let answer = match patience {
        Some(patience) => tokio::time::timeout(patience, answer)
            .await
            .map_err(|_| Error::Unavailable("no answer in time".into()))?,
        None => answer.await,
    };
    answer.map_err(from_driver)
}

/// An open transaction. Dropping it rolls back.
pub(crate) struct Tx {
    inner: DatabaseTransaction,
    counter: Counter,
    /// A statement failed. PostgreSQL then refuses everything up to the end and turns a commit into a silent
    /// rollback, so a commit is refused here, for both dialects alike.
    failed: AtomicBool,
    /// How this dialect speaks.
    pub(crate) dialect: Dialect,
    /// Longest wait for one answer.
    patience: Option<Duration>,
}

impl Tx {
    pub(crate) fn new(
        inner: DatabaseTransaction,
        dialect: Dialect,
        counter: Counter,
        patience: Option<Duration>,
    ) -> Self {
        Self {
            inner,
            counter,
            failed: AtomicBool::new(false),
            dialect,
            patience,
        }
    }

    fn statement(&self, sql: impl Into<String>, params: Vec<Value>) -> Statement {
        self.counter.add();
        Statement::from_sql_and_values(self.dialect.backend(), sql, params)
    }

    async fn note<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, Error> {
        within(self.patience, answer)
            .await
            .inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
    }

    /// Every row of the answer.
    pub(crate) async fn all(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let rows = self
            .note(self.inner.query_all_raw(self.statement(sql, params)))
            .await?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The first row of the answer.
    pub(crate) async fn one(&self, sql: impl Into<String>, params: Vec<Value>) -> Result<Option<Row>, Error> {
        Ok(self
            .note(self.inner.query_one_raw(self.statement(sql, params)))
            .await?
            .map(Row))
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
        Ok(self
            .note(self.inner.execute_raw(self.statement(sql, params)))
            .await?
            .rows_affected())
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

    /// Makes everything durable.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(Error::Unavailable(
                "a statement failed before, so nothing is committed".into(),
            ));
        }
        self.counter.add();
        within(self.patience, self.inner.commit()).await
    }
}
