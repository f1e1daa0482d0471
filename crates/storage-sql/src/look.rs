//! The first look at a server: is it away, will it never do, or is everything in place?

use caracal_core::Timestamp;
use caracal_storage::{Access, Error};
use sea_orm::{DbErr, RuntimeErr, error::SqlxError};

use crate::{
    engine::Engine,
    migrations,
    params::{json_list, params},
};

/// What was found where nothing speaks against serving.
#[derive(Debug)]
pub enum FirstLook {
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
}

pub(crate) async fn look(engine: &Engine) -> Result<FirstLook, Unusable> {
    match usable(engine).await {
        Ok(server_now) => Ok(FirstLook::Usable { server_now }),
        Err(Error::Corrupt(text)) => Err(Unusable::Schema(text)),
        Err(error) => match refusal(&error) {
            Some(text) => Err(Unusable::Login(text)),
            None => Ok(FirstLook::Away(error)),
        },
    }
}

async fn usable(engine: &Engine) -> Result<Timestamp, Error> {
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
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";
    match tx.one(sql, Vec::new()).await? {
        Some(row) => row.time("now"),
        None => Err(Error::Corrupt(String::from(
            "the database does not tell the time",
        ))),
    }
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
