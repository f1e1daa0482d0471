//! The preflight check of a server: is it away, will it never do, or is everything in place?

use caracal_core::Timestamp;
use caracal_storage::{Access, Error};
use sea_orm::{DbErr, RuntimeErr, error::SqlxError};
use sqlx::{Executor as _, PgConnection, Row as _};

use crate::{
    engine::Engine,
    migrations,
    params::{json_list, params},
    row::Row,
};

/// What was found where nothing speaks against serving.
#[derive(Debug)]
pub enum Preflight {
    /// Everything is in place.
    Usable {
        /// What the server's clock says.
        server_now: Timestamp,
    },
    /// The server does not answer, which may pass.
    Away(Error),
}

/// Why no amount of waiting helps. The text is for the operator and names no password.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The server does not let us in.
    #[error("PostgreSQL refuses the login: {0}")]
    Login(String),
    /// The schema is missing, incomplete, or of another version.
    #[error("{0}")]
    Schema(String),
    /// The login may do everything, so nothing that the schema forbids is forbidden.
    #[error("the login {0} is a superuser or passes row-level security; use the role of the service")]
    Almighty(String),
    /// Whoever answers gives each transaction another session.
    #[error(
        "a pooler gives each transaction another session of PostgreSQL, which statements that were prepared do not \
         survive; set it to session mode (PgBouncer: pool_mode = session)"
    )]
    TransactionPooler,
}

pub(crate) async fn check(engine: &Engine, strict: bool) -> Result<Preflight, Unusable> {
    // Whatever else is wrong, the questions that follow tell it better.
    if matches!(pools_transactions(engine).await, Ok(true)) {
        return Err(Unusable::TransactionPooler);
    }
    match usable(engine).await {
        Ok(Usable {
            almighty: Some(login),
            ..
        }) if strict => Err(Unusable::Almighty(login)),
        Ok(Usable { server_now, .. }) => Ok(Preflight::Usable { server_now }),
        Err(Error::Corrupt(text)) => Err(Unusable::Schema(text)),
        Err(error) => match refusal(&error) {
            Some(text) => Err(Unusable::Login(text)),
            None => Ok(Preflight::Away(error)),
        },
    }
}

/// What a server that can be used says.
struct Usable {
    server_now: Timestamp,
    /// The login, when no right and no row policy counts for it.
    almighty: Option<String>,
}

/// Whether a connection speaks to another session of the server in its second transaction than in its first.
///
/// Two connections hold a session each at the same time and let go of them in turn; a pooler then hands out the one
/// it got back last, which is the other connection's.
async fn pools_transactions(engine: &Engine) -> Result<bool, SqlxError> {
    let pool = engine.writers.get_postgres_connection_pool();
    if pool.options().get_max_connections() < 2 {
        return Ok(false);
    }
    let (mut one, mut other) = (pool.acquire().await?, pool.acquire().await?);
    let first = begin(&mut one).await?;
    begin(&mut other).await?;
    one.execute("COMMIT").await?;
    other.execute("COMMIT").await?;
    let second = begin(&mut one).await?;
    one.execute("COMMIT").await?;
    Ok(first != second)
}

/// Begins a transaction and says in which session. Plain queries alone: prepared ones are what a pooler breaks.
async fn begin(connection: &mut PgConnection) -> Result<i32, SqlxError> {
    connection.execute("BEGIN READ ONLY").await?;
    connection
        .fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()"))
        .await?
        .try_get(0)
}

async fn usable(engine: &Engine) -> Result<Usable, Error> {
    let tx = engine.begin(Access::Read).await?;
    migrations::check(&tx).await?;
    let sql = "SELECT string_agg(name, ', ' ORDER BY name) AS missing \
         FROM jsonb_array_elements_text(CAST($1 AS jsonb)) AS name WHERE to_regclass(name) IS NULL";
    let missing = tx
        .one(sql, params![json_list(migrations::tables(tx.dialect))])
        .await?;
    if let Some(missing) = missing.and_then(|row| row.opt_text("missing").transpose()) {
        return Err(Error::Corrupt(format!(
            "the database lacks {}; restore it from a backup",
            missing?
        )));
    }
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now, \
         (SELECT CAST(rolname AS TEXT) FROM pg_roles \
          WHERE rolname = current_user AND (rolsuper OR rolbypassrls)) AS almighty";
    let read = |row: &Row| {
        Ok(Usable {
            server_now: row.time("now")?,
            almighty: row.opt_text("almighty")?,
        })
    };
    let usable = tx.one_as(sql, Vec::new(), read).await?;
    usable.ok_or_else(|| Error::Corrupt(String::from("the database does not tell the time")))
}

/// What the server says when it does not let us in.
fn refusal(error: &Error) -> Option<String> {
    let Error::Unavailable(source) = error else {
        return None;
    };
    let (DbErr::Conn(RuntimeErr::SqlxError(inner))
    | DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))) = source.downcast_ref::<DbErr>()?
    else {
        return None;
    };
    let SqlxError::Database(database) = inner.as_ref() else {
        return None;
    };
    // 28: wrong user, password or host rule. 3D: no such database.
    let code = database.code()?;
    (code.starts_with("28") || code.starts_with("3D")).then(|| database.message().to_owned())
}
