//! One test run for each way to deploy.

use std::time::Duration;

use caracal_testkit::deployed;

use crate::{Deployment, Stack, replay};

/// Longest time for replaying, which is no part of what a test is about.
const REPLAYING: Duration = Duration::from_secs(15);

/// Runs `test` on a stack of its own; see [`deployed::run`]. What the ledger has of its decisions at the end is replayed,
/// as far as there is time.
///
/// # Panics
/// When anything fails.
pub async fn run(deployment: Deployment, test: impl AsyncFnOnce(&Stack)) {
    deployed::run(deployment, async |stack: &Stack| {
        test(stack).await;
        let replayed = tokio::time::timeout(REPLAYING, replay::every_decision(stack)).await;
        println!("replayed {replayed:?}");
    })
    .await;
}

/// One test per named function, in the production deployment.
#[macro_export]
macro_rules! in_production {
    ($($test:ident),+ $(,)?) => {
        mod production {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $crate::run($crate::Deployment::Production, super::$test).await;
                }
            )+
        }
    };
}

/// One test per named function and deployment. The functions take `&Stack`.
#[macro_export]
macro_rules! on_every_deployment {
    ($($test:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $crate::run($crate::Deployment::Embedded, super::$test).await;
                }
            )+
        }
        $crate::in_production!($($test),+);
    };
}
