//! What a store is once it has an engine: the same for every database.

/// Makes a type with an `engine` a store.
macro_rules! store_over_engine {
    ($store:ident) => {
        impl $crate::engine::HasEngine for $store {
            fn engine(&self) -> &std::sync::Arc<$crate::engine::Engine> {
                &self.engine
            }
        }

        impl $crate::engine::SqlStore for $store {}

        #[async_trait::async_trait]
        impl caracal_storage::Store for $store {
            async fn zone(&self, zone: &ZoneId, access: Access) -> Result<Box<dyn ZoneWork>, Error> {
                self.engine.zone(zone, access).await
            }

            async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error> {
                self.engine.global(access).await
            }

            async fn log(&self, log: &LogId, access: Access) -> Result<Box<dyn LogWork>, Error> {
                self.engine.log(log, access).await
            }

            async fn ping(&self) -> Result<(), Error> {
                self.engine.ping().await
            }

            fn statements(&self) -> u64 {
                self.engine.counter.total()
            }

            fn connections(&self) -> Vec<Connections> {
                self.engine.connections()
            }
        }
    };
}

pub(crate) use store_over_engine;
