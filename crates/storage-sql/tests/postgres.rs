//! PostgreSQL passes the whole conformance suite, as an owner whom row-level security binds.

use std::sync::Arc;

use caracal_storage::{Store, conformance::Backend};
use caracal_testkit::database;

/// A fresh database, removed after the case.
async fn temporary() -> Backend {
    let database = database::Database::migrated().await;
    let url = database.owner_url();
    let open = move || {
        let url = url.clone();
        async move { Arc::new(database::connect(&url).await) as Arc<dyn Store> }
    };
    Backend::new(open().await, database).with_reopen(open)
}

caracal_storage::conformance!(postgres, crate::temporary());
