//! One test run on a deployment.

use std::time::Duration;

use super::{Deployment, Stack, program};

/// Longest run of one test: a test that hangs must say which it is.
const LIMIT: Duration = Duration::from_mins(2);

/// Starts a stack, runs `test` on it, and stops it: a stack that does not drain and end well is a failure of its own.
///
/// # Panics
/// When anything fails.
pub async fn run(deployment: Deployment, test: impl AsyncFnOnce(&Stack)) {
    // What is built first is no part of the test's time.
    let built = tokio::task::spawn_blocking(|| program("caracald")).await;
    built.expect("the binaries are current");
    let whole = async {
        let stack = Stack::start(deployment).await;
        test(&stack).await;
        stack.stop().await;
    };
    assert!(
        tokio::time::timeout(LIMIT, whole).await.is_ok(),
        "the test ran longer than {LIMIT:?}"
    );
}
