//! Concurrency as the cases need it: start together, try again, wait without deciding anything by time.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::Barrier,
    task::{JoinHandle, JoinSet},
};

use crate::Error;

/// Attempts before [`retry`] gives up; with the pauses below it outlives any honest contention.
const ATTEMPTS: u32 = 300;

/// Longest time a case may take before it counts as stuck. Generous: it only turns a deadlock into a failure.
const STUCK_AFTER: Duration = Duration::from_mins(2);

/// Runs `count` futures that start at the same moment; returns their results in no particular order.
pub(super) async fn race<T, F, Fut>(count: usize, act: F) -> Vec<T>
where
    T: Send + 'static,
    F: Fn(usize) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut runners = JoinSet::new();
    for runner in 0..count {
        let (start, act) = (start.clone(), act(runner));
        runners.spawn(async move {
            start.wait().await;
            act.await
        });
    }
    runners.join_all().await
}

/// Repeats a whole unit of work while the backend says that trying again may succeed, as callers do.
pub(super) async fn retry<T, F, Fut>(attempt: F) -> Result<T, Error>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    for round in 0..ATTEMPTS {
        match attempt().await {
            Err(failure) if failure.is_retryable() => {
                tokio::time::sleep(Duration::from_millis(u64::from(1 + round.min(20)))).await;
            }
            settled => return settled,
        }
    }
    attempt().await
}

/// Gives `rival` every chance to run on. Too short a pause can only hide a defect, never invent one.
pub(super) async fn give_way<T>(rival: &JoinHandle<T>) {
    for _ in 0..15 {
        if rival.is_finished() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Runs one case; a case that waits for ever fails instead.
#[doc(hidden)]
pub async fn run(case: impl Future<Output = ()>) {
    tokio::time::timeout(STUCK_AFTER, case)
        .await
        .expect("the case is stuck: a lock is never released");
}
