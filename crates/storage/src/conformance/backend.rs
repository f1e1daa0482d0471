//! What a backend hands to the suite for each case.

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

use crate::Store;

/// Opens the same durable state again, as a restarted process would.
pub type Reopen = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + Send>> + Send + Sync>;

/// A fresh, empty backend for one case.
pub struct Backend {
    /// The store under test.
    pub store: Arc<dyn Store>,
    /// Opens the same state again.
    pub reopen: Option<Reopen>,
    /// Kept alive for the case, for example the temporary directory. Declared last, so it is dropped last.
    pub keep: Box<dyn Any + Send>,
}

impl Backend {
    /// A backend whose state lives as long as `keep`.
    pub fn new(store: Arc<dyn Store>, keep: impl Any + Send) -> Self {
        Self {
            store,
            reopen: None,
            keep: Box::new(keep),
        }
    }

    /// Lets the suite restart the backend. Without it the restart cases fail: a store that cannot be reopened
    /// has not shown that anything is durable.
    #[must_use]
    pub fn with_reopen<F, Fut>(mut self, reopen: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Arc<dyn Store>> + Send + 'static,
    {
        self.reopen = Some(Box::new(move || Box::pin(reopen())));
        self
    }

    /// Drops the store and opens the same state again.
    pub(super) async fn restart(&mut self) {
        let reopen = self
            .reopen
            .as_ref()
            .expect("a durable backend offers `reopen` to the suite");
        self.store = reopen().await;
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
