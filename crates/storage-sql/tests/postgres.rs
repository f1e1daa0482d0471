//! PostgreSQL passes the whole conformance suite, as an owner whom row-level security binds.

#[path = "support/server.rs"]
mod server;

use std::sync::Arc;

use caracal_storage::{Store, conformance::Backend};

/// A fresh database, removed after the case.
async fn temporary() -> Backend {
    let database = server::Database::migrated().await;
    let url = database.owner_url();
    let open = move || {
        let url = url.clone();
        async move { Arc::new(server::connect(&url).await) as Arc<dyn Store> }
    };
    Backend::new(open().await, database).with_reopen(open)
}

caracal_storage::conformance!(postgres, crate::temporary());
