//! One connection for many callers: whoever needs it first connects while the others wait, and it is made anew once
//! somebody says that it is of no more use.

use std::{fmt::Display, future::Future, time::Duration};

use tokio::{sync::Mutex, time::Instant};

/// For how long a failed attempt to connect answers for the next ones, so that callers of a server that is away do
/// not queue up behind each other's waits.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the connection is kept, with whatever belongs to it.
#[derive(Debug)]
pub(crate) struct Reconnecting<C> {
    slot: parking_lot::Mutex<Slot<C>>,
    /// Held while connecting; says when that failed last, and how.
    connecting: Mutex<Option<(Instant, String)>>,
}

#[derive(Debug)]
struct Slot<C> {
    live: Option<Live<C>>,
    dialled: u64,
}

/// A connection in use, told from its successors by its number.
#[derive(Debug, Clone)]
pub(crate) struct Live<C> {
    number: u64,
    pub(crate) connection: C,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NotConnected<E> {
    /// This attempt failed.
    Failed(E),
    /// Another one failed a moment ago.
    FailedBefore(String),
}

impl<C> Default for Reconnecting<C> {
    fn default() -> Self {
        Self {
            slot: parking_lot::Mutex::new(Slot {
                live: None,
                dialled: 0,
            }),
            connecting: Mutex::default(),
        }
    }
}

impl<C: Clone> Reconnecting<C> {
    /// The connection in use, or what `connect` makes. Of any number of callers one connects.
    ///
    /// # Errors
    /// [`NotConnected`] when this attempt, or one a moment ago, failed.
    pub(crate) async fn get<E: Display>(
        &self,
        connect: impl Future<Output = Result<C, E>>,
    ) -> Result<Live<C>, NotConnected<E>> {
        if let Some(live) = self.in_use() {
            return Ok(live);
        }
        let mut failed = self.connecting.lock().await;
        // Somebody may have connected, or failed to, while we waited.
        if let Some(live) = self.in_use() {
            return Ok(live);
        }
        if let Some((at, why)) = &*failed
            && at.elapsed() < PAUSE
        {
            return Err(NotConnected::FailedBefore(why.clone()));
        }
        match connect.await {
            Ok(connection) => {
                *failed = None;
                let mut slot = self.slot.lock();
                slot.dialled = slot.dialled.wrapping_add(1);
                let live = Live {
                    number: slot.dialled,
                    connection,
                };
                slot.live = Some(live.clone());
                Ok(live)
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.to_string()));
                Err(NotConnected::Failed(error))
            }
        }
    }

    /// Whether `live` has no successor yet.
    pub(crate) fn is_in_use(&self, live: &Live<C>) -> bool {
        let slot = self.slot.lock();
        slot.live.as_ref().is_some_and(|used| used.number == live.number)
    }

    /// Stops using `live`; `false` when somebody did so before.
    pub(crate) fn forget(&self, live: &Live<C>) -> bool {
        let mut slot = self.slot.lock();
        let used = slot.live.as_ref().is_some_and(|used| used.number == live.number);
        if used {
            slot.live = None;
        }
        used
    }

    fn in_use(&self) -> Option<Live<C>> {
        self.slot.lock().live.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn of_many_callers_one_connects_and_a_lost_connection_is_replaced_once() {
        let (shared, dialled) = (
            Arc::new(Reconnecting::<u32>::default()),
            Arc::new(AtomicU32::new(0)),
        );
        let dial = |dialled: Arc<AtomicU32>| async move {
            tokio::task::yield_now().await;
            Ok::<_, String>(dialled.fetch_add(1, Ordering::Relaxed))
        };
        let callers = (0..50).map(|_| {
            let (shared, dialled) = (shared.clone(), dialled.clone());
            tokio::spawn(async move { shared.get(dial(dialled)).await.expect("a connection") })
        });
        let lives = futures_util::future::join_all(callers).await;
        assert_eq!(dialled.load(Ordering::Relaxed), 1);
        let told: Vec<bool> = lives
            .iter()
            .map(|live| shared.forget(live.as_ref().expect("it ends well")))
            .collect();
        assert_eq!(told.iter().filter(|first| **first).count(), 1);
        let next = shared.get(dial(dialled.clone())).await.expect("a connection");
        assert!(shared.is_in_use(&next) && next.connection == 1);
        assert!(
            lives
                .iter()
                .all(|live| !shared.is_in_use(live.as_ref().expect("it ends well")))
        );
    }

    #[tokio::test]
    async fn a_failed_attempt_answers_for_those_right_after_it_and_not_for_ever() {
        let shared = Reconnecting::<u32>::default();
        let fail = async || Err::<u32, _>(String::from("refused"));
        assert!(matches!(shared.get(fail()).await, Err(NotConnected::Failed(_))));
        // Nobody connects in vain again right away, and in the end somebody does.
        while let Err(error) = shared.get(async { Ok::<_, String>(1) }).await {
            assert!(matches!(error, NotConnected::FailedBefore(why) if why == "refused"));
            tokio::time::sleep(PAUSE / 5).await;
        }
    }
}
