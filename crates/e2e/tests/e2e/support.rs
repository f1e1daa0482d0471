//! Checks that many tests make.

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
