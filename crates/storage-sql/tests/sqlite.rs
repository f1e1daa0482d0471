//! SQLite passes the whole conformance suite.

use std::sync::Arc;

use caracal_core::World;
use caracal_storage::{Store, conformance::Backend};
use caracal_storage_sql::SqliteStore;

/// A fresh file in a directory of its own.
async fn temporary() -> Backend {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("caracal.db");
    let open = move || {
        let path = path.clone();
        async move {
            let store = SqliteStore::open(&path, None, World::for_tests().now()).await;
            Arc::new(store.expect("a private file opens")) as Arc<dyn Store>
        }
    };
    Backend::new(open().await, directory).with_reopen(open)
}

caracal_storage::conformance!(sqlite, crate::temporary());
