//! What was granted of one target of an exchange, as far as the pipeline goes on with it.

use caracal_authz::{Decision, approval::ApprovalTier};
use caracal_service::zones::ResourceState;
use caracal_wire::sts::UpstreamDirective;

/// What was granted of one target.
pub(crate) trait Grant {
    /// What policy said, where it was asked.
    fn decision(&self) -> Option<&Decision> {
        None
    }

    /// The rule that granted it where no policy was asked.
    fn rule(&self) -> Option<&'static str> {
        None
    }

    /// The resource.
    fn resource(&self) -> Option<&ResourceState> {
        None
    }

    /// Tiers that the very call falls under, beside those of its decision.
    fn tiers_of_call(&self) -> &[ApprovalTier] {
        &[]
    }

    /// The name of the target in evidence: a resource can be asked for by its id as well.
    fn named<'n>(&'n self, target: &'n str) -> &'n str {
        self.resource()
            .map_or(target, |state| state.resource.identifier.as_str())
    }

    /// Takes how the Gateway, or a workload, gets through.
    fn carry(&mut self, _: UpstreamDirective) {}
}

/// Granted by a rule of ours: no policy is asked.
pub(crate) struct Ruled<T> {
    /// Its name in evidence, where it has one.
    pub(crate) rule: Option<&'static str>,
    /// What it found.
    pub(crate) found: T,
}

impl<T> Grant for Ruled<T> {
    fn rule(&self) -> Option<&'static str> {
        self.rule
    }
}
