//! The version that decides for some of a zone's applications.

use async_trait::async_trait;
use caracal_core::{
    CanaryId, Timestamp,
    entity::{CanaryCounts, CanaryOutcome, PolicyCanary},
};

use crate::Error;

/// Canaries of the zone: one runs at a time, and the last one is kept.
#[async_trait]
pub trait Canaries: Send {
    /// The last canary, over or not.
    async fn last(&mut self) -> Result<Option<PolicyCanary>, Error>;
    /// Begins one, in the place of one that is over.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when the version is not of the set, or not of the zone. [`Error::Conflict`]
    /// (`policy_canaries_running`) while another one runs.
    async fn begin(&mut self, canary: &PolicyCanary) -> Result<(), Error>;
    /// Changes the rules of the one that runs, and counts anew: its share, what is judged and when. `false` unless it runs
    /// and has this version.
    async fn change(&mut self, canary: &PolicyCanary) -> Result<bool, Error>;
    /// Adds what was counted; the canary as it is then, held against everybody else until the unit of work ends. `None`
    /// unless it runs: whoever counts late counts for nothing.
    async fn count(&mut self, id: &CanaryId, counts: &CanaryCounts) -> Result<Option<PolicyCanary>, Error>;
    /// Notes that what was counted so far is judged.
    async fn judged(&mut self, id: &CanaryId) -> Result<(), Error>;
    /// Ends it. Of any number of concurrent callers exactly one gets `true`.
    async fn end(
        &mut self,
        id: &CanaryId,
        outcome: CanaryOutcome,
        by: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, Error>;
}
