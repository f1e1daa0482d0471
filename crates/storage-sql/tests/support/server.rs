//! One server for this test process, one database per case.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::LazyLock;

use caracal_core::{Secret, World};
use caracal_crypto::HmacKey;
use caracal_storage_sql::{PostgresOptions, PostgresStore};
use caracal_testkit::postgres::Postgres;
use tokio::sync::OnceCell;

/// Owner of the schema: may make roles, is no superuser, and so is bound by row-level security.
pub(crate) const OWNER: &str = "caracal_owner";

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
pub(crate) fn server() -> &'static Postgres {
    &SERVER
}

/// A database of one case.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    /// Empty, owned by [`OWNER`].
    pub(crate) fn empty() -> Self {
        let name = server().create_database();
        own(&name);
        Self { name }
    }

    /// With the schema.
    pub(crate) async fn migrated() -> Self {
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

    pub(crate) fn owner_url(&self) -> String {
        server().url_as(&self.name, OWNER, OWNER)
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

/// A store with few connections.
pub(crate) async fn connect(url: &str) -> PostgresStore {
    try_connect(url)
        .await
        .unwrap_or_else(|error| panic!("{error:?}\n{}", server().log()))
}

/// As [`connect`], where failing is what is asked.
pub(crate) async fn try_connect(url: &str) -> Result<PostgresStore, caracal_storage::Error> {
    let options = PostgresOptions {
        max_connections: 20,
        ..PostgresOptions::new(Secret::new(url))
    };
    PostgresStore::connect(options, Some(HmacKey::from_bytes(&[7; 32]))).await
}
