//! A PostgreSQL database with our schema: one server for this test process, one database per case.

use std::sync::LazyLock;

use caracal_core::{Secret, World};
use caracal_crypto::HmacKey;
use caracal_storage_sql::{PostgresOptions, PostgresStore};
use tokio::sync::OnceCell;

use crate::postgres::Postgres;

/// Owner of the schema: may make roles, is no superuser, and so is bound by row-level security.
pub const OWNER: &str = "caracal_owner";

static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let server = Postgres::start();
    server.sql(
        "postgres",
        &format!("CREATE ROLE {OWNER} LOGIN CREATEROLE NOSUPERUSER PASSWORD '{OWNER}'"),
    );
    server
});

/// Name of the migrated database that cases copy.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The server of this process.
pub fn server() -> &'static Postgres {
    &SERVER
}

/// A database of one case, gone with the value.
#[derive(Debug)]
pub struct Database {
    /// Its name on the server.
    pub name: String,
}

impl Database {
    /// Empty, owned by [`OWNER`].
    pub fn empty() -> Self {
        let name = server().create_database();
        own(&name);
        Self { name }
    }

    /// With the schema.
    ///
    /// # Panics
    /// When it cannot be migrated.
    pub async fn migrated() -> Self {
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = server().create_database();
                own(&name);
                let store = connect(&server().url_as(&name, OWNER, OWNER)).await;
                store
                    .migrate(World::for_tests().now())
                    .await
                    .expect("the schema fits an empty database");
                store.close().await.expect("the template is left alone");
                name
            })
            .await;
        Self {
            name: server().copy_database(template),
        }
    }

    /// Its address for [`OWNER`].
    pub fn owner_url(&self) -> String {
        server().url_as(&self.name, OWNER, OWNER)
    }

    /// Runs SQL as the server's superuser, for whom no trigger and no policy counts; returns what it answers.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn sql(&self, sql: &str) -> String {
        server().sql(
            &self.name,
            &format!("SET session_replication_role = replica; {sql}"),
        )
    }

    /// Does for a table what the server does by itself a while after many of its rows changed.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn vacuum(&self, table: &str) {
        server().sql(&self.name, &format!("VACUUM ANALYZE {table}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        server().drop_database(&self.name);
    }
}

fn own(database: &str) {
    server().sql("postgres", &format!("ALTER DATABASE {database} OWNER TO {OWNER}"));
    server().sql(database, &format!("ALTER SCHEMA public OWNER TO {OWNER}"));
}

/// A store with few connections, which seals under a key of its own.
///
/// # Panics
/// When it does not connect.
pub async fn connect(url: &str) -> PostgresStore {
    connect_with(url, HmacKey::from_bytes(&[7; 32])).await
}

/// The same, sealing administrative evidence under `audit_key`.
///
/// # Panics
/// When it does not connect.
pub async fn connect_with(url: &str, audit_key: HmacKey) -> PostgresStore {
    let options = PostgresOptions {
        max_connections: 20,
        ..PostgresOptions::new(Secret::new(url))
    };
    PostgresStore::connect(options, Some(audit_key))
        .await
        .unwrap_or_else(|error| panic!("{error:?}\n{}", server().log()))
}
