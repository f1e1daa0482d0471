//! Checks that many tests make.

use std::time::Duration;

use caracal_e2e::{Fixture, Reply};

/// What the upstream has received since.
#[derive(Debug)]
pub(crate) struct Untouched<'s> {
    fixture: &'s Fixture<'s>,
    before: usize,
}

impl<'s> Untouched<'s> {
    /// From now on.
    pub(crate) fn from_now(fixture: &'s Fixture<'s>) -> Self {
        Self {
            fixture,
            before: fixture.upstream.requests(),
        }
    }

    /// Nothing arrived.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert_eq!(
            self.fixture.upstream.requests(),
            self.before,
            "the upstream was reached"
        );
    }
}

/// The Gateway refused, and the upstream knows nothing of it.
pub(crate) async fn assert_call_refused(
    fixture: &Fixture<'_>,
    mandate: &str,
    status: u16,
    code: &str,
    reason: &str,
) {
    let untouched = Untouched::from_now(fixture);
    fixture.call(mandate).await.assert_refused(status, code, reason);
    untouched.check();
}

/// The call went through to the upstream.
#[track_caller]
pub(crate) fn assert_passed(reply: &Reply) {
    assert_eq!(reply.status, 200, "{reply:#?}");
}

/// Waits for what is promised without a time; a minute is for a busy machine.
pub(crate) async fn within_a_minute(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_mins(1), reached).await;
    reached.unwrap_or_else(|_| panic!("not within a minute: {what}"));
}
