//! When calls begin.
//!
//! **Closed loop**: a worker begins its next call when the last one ended. Throughput is what the system gives;
//! a stall stops the clock of everybody who would have called.
//! **Open loop**: calls are due at fixed times, whoever is busy. A call's latency counts from when it was due, so
//! a stall shows in every call that had to wait for it (no coordinated omission).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Hands out the due times of an open loop.
#[derive(Debug)]
pub struct Arrivals {
    started: Instant,
    rate: f64,
    total: u64,
    next: AtomicU64,
    due: Semaphore,
}

impl Arrivals {
    /// Begins `rate` arrivals a second, now, for `span`. `workers` is how many will ask for them.
    ///
    /// A thread of its own keeps the time: the runtime's timer is no finer than a millisecond, which is as long as
    /// the latencies to be measured.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn begin(rate: u32, span: Duration, workers: usize) -> std::io::Result<Arc<Self>> {
        let rate = f64::from(rate);
        let arrivals = Arc::new(Self {
            started: Instant::now(),
            rate,
            total: whole(rate * span.as_secs_f64()),
            next: AtomicU64::new(0),
            due: Semaphore::new(0),
        });
        let clock = Arc::downgrade(&arrivals);
        std::thread::Builder::new()
            .name(String::from("pace"))
            .spawn(move || {
                let mut released = 0;
                // Ends when the last worker has let go of the arrivals.
                while let Some(arrivals) = clock.upgrade() {
                    let passed = whole(arrivals.started.elapsed().as_secs_f64() * arrivals.rate);
                    let now_due = passed.saturating_add(1).min(arrivals.total);
                    arrivals
                        .due
                        .add_permits(usize::try_from(now_due - released).unwrap_or(0));
                    released = now_due;
                    if released == arrivals.total {
                        // So that every worker that waits learns that there are no more.
                        arrivals.due.add_permits(workers);
                        return;
                    }
                    let sleep = arrivals
                        .due_at(released)
                        .saturating_duration_since(Instant::now());
                    drop(arrivals);
                    std::thread::sleep(sleep);
                }
            })?;
        Ok(arrivals)
    }

    /// Waits for the next arrival and says when it was due; `None` when there are no more.
    pub async fn next(&self) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.total).then(|| self.due_at(index))
    }

    #[expect(clippy::cast_precision_loss, reason = "arrivals of minutes, far below 2^52")]
    fn due_at(&self, index: u64) -> Instant {
        self.started + Duration::from_secs_f64(index as f64 / self.rate)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arrivals so far: not negative, far below 2^52"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_arrival_is_handed_out_once_and_at_its_time() {
        let arrivals = Arrivals::begin(2_000, Duration::from_millis(50), 3).unwrap();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let arrivals = arrivals.clone();
            workers.spawn(async move {
                let mut seen = Vec::new();
                while let Some(due) = arrivals.next().await {
                    assert!(due <= Instant::now(), "handed out before it was due");
                    seen.push(due);
                }
                seen
            });
        }
        let mut all: Vec<Instant> = workers.join_all().await.into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(all.len(), 100);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(all[0], arrivals.started);
    }

    #[tokio::test]
    async fn a_loop_without_time_has_no_arrivals() {
        let arrivals = Arrivals::begin(1, Duration::ZERO, 1).unwrap();
        assert_eq!(arrivals.next().await, None);
    }
}
