//! Requests that go through much evidence: one of a principal at a time, and few of all.

use std::{collections::HashSet, sync::Arc};

use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many there are at once, whoever asks.
const AT_ONCE: usize = 2;

/// Who goes through evidence now. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct LongReads {
    all: Arc<Semaphore>,
    callers: Arc<Mutex<HashSet<String>>>,
}

impl Default for LongReads {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(AT_ONCE)),
            callers: Arc::default(),
        }
    }
}

/// The turn of a request. Held until its work has ended, whoever still waits for it.
#[derive(Debug)]
pub(crate) struct Turn {
    callers: Arc<Mutex<HashSet<String>>>,
    caller: String,
    _one: OwnedSemaphorePermit,
}

impl LongReads {
    /// A turn for `caller`, now or not at all.
    ///
    /// # Errors
    /// 429 `too_many_policy_checks` when the caller has one already, 503 `policy_verification_unavailable` when others have
    /// all.
    pub(crate) fn begin(&self, caller: String) -> Result<Arc<Turn>, Refusal> {
        // In this order, so that whoever is refused for another of its own takes no place of others.
        let mut callers = self.callers.lock();
        if callers.contains(&caller) {
            return Err(Refusal::of(ErrorCode::TooManyPolicyChecks)
                .describe("this caller is going through evidence already")
                .retry_after(1));
        }
        let one = self.all.clone().try_acquire_owned();
        let one = one.map_err(|_| Refusal::of(ErrorCode::PolicyVerificationUnavailable))?;
        callers.insert(caller.clone());
        drop(callers);
        Ok(Arc::new(Turn {
            callers: self.callers.clone(),
            caller,
            _one: one,
        }))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.callers.lock().remove(&self.caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_one_turn_and_all_have_few() {
        let reads = LongReads::default();
        let code = |caller: &str| {
            reads
                .begin(caller.to_owned())
                .map(drop)
                .map_err(|refusal| refusal.code)
        };
        let first = reads.begin(String::from("a")).unwrap();
        assert_eq!(code("a"), Err(ErrorCode::TooManyPolicyChecks));
        let second = reads.begin(String::from("b")).unwrap();
        assert_eq!(code("c"), Err(ErrorCode::PolicyVerificationUnavailable));
        // Whose own is under way is told so, however full it is.
        assert_eq!(code("a"), Err(ErrorCode::TooManyPolicyChecks));
        let held = first.clone();
        drop(first);
        assert_eq!(code("a"), Err(ErrorCode::TooManyPolicyChecks), "its work goes on");
        drop(held);
        assert_eq!((code("c"), code("a")), (Ok(()), Ok(())));
        drop(second);
        assert!(reads.callers.lock().is_empty());
    }
}
