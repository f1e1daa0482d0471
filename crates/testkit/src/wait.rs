//! Waiting for conditions, never for times.

use std::time::Duration;

/// Longest wait. Generous: it only turns what never comes into a failure.
const WITHIN: Duration = Duration::from_mins(1);

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none in a minute; `what` says which.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(WITHIN, asking)
        .await
        .unwrap_or_else(|_| panic!("{what}"))
}

/// Waits until something is so.
///
/// # Panics
/// As [`eventually`].
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    eventually(what, async || done().await.then_some(())).await;
}
