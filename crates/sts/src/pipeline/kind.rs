//! What kinds of exchange say for themselves: who acts, what is granted of each target, what is issued, and what their
//! events are about.

use caracal_authz::{DecisionInput, PolicySnapshot};
use caracal_core::{ApprovalId, Operation, audit::EventType};
use caracal_lifecycle::approvals::{AskedCall, Circumstances, Request};
use caracal_service::Refusal;
use serde_json::Value;

use crate::{
    case::Context,
    decide::{Denied, Outcome},
    evidence::{About, Metadata},
    grant::Grant,
    hold::Release,
    stopped::Stopped,
};

/// One kind of exchange: the steps in which kinds differ.
pub(crate) trait ExchangeKind {
    /// Who acts, under which authority.
    type Actor;
    /// What is granted of one target.
    type Granted: Grant;
    /// What is issued.
    type Issued;
    /// Whether a grant comes with the credential of the upstream.
    const BROKERS: bool = false;
    /// Whether it is a call that is asked for: whether somebody has to approve it is known once it is decided.
    const OF_CALLS: bool = false;
    /// Whether what an approval released a moment ago may be answered again.
    const GIVES_AGAIN: bool = false;
    /// Whether refusals say what would have to be different.
    const HELPS: bool = false;
    /// The type of its events.
    const EVENT: EventType = EventType::TokenExchange;
    /// Whether its events list the policies that decided even where none was asked.
    const LISTS_POLICIES: bool = true;

    /// Where it is asked for, by whom and when.
    fn context(&self) -> Context<'_>;

    /// Its name in metrics and spans: mostly the class of what is issued.
    fn class(&self) -> &'static str;

    /// Refuses before anything is written down about the request.
    async fn admit(&self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Who acts, under which authority; and that what is asked for is there.
    async fn resolve(&self) -> Result<Self::Actor, Stopped>;

    /// What is asked for: resources, mostly.
    fn targets(&self) -> impl Iterator<Item = &str>;

    /// What a refusal of the whole is about.
    fn references(&self) -> Value {
        Value::Null
    }

    /// Decides about one target by `policy`.
    fn decide(&self, policy: &PolicySnapshot, actor: &Self::Actor, target: &str) -> Outcome<Self::Granted>;

    /// What policy is asked about one target, where it is asked.
    fn input<'i>(&'i self, _actor: &'i Self::Actor, _target: &'i str) -> Option<DecisionInput<'i>> {
        None
    }

    /// The approval that the request names.
    fn presented(&self) -> Option<&ApprovalId> {
        None
    }

    /// The one call that is asked for, where it is one and was read.
    fn call(&self) -> Option<AskedCall<'_>> {
        None
    }

    /// What an approval of the whole is bound to, and what whoever approves is told; nothing where nobody could.
    fn to_approve<'r>(
        &'r self,
        _actor: &'r Self::Actor,
        _resources: &'r [&'r str],
        _scopes: &'r [&'r str],
    ) -> Option<(Request<'r>, Circumstances<'r>)> {
        None
    }

    /// Scopes that are asked for.
    fn scopes(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// Whether what was granted can be paid for, before anybody is asked for anything.
    async fn afford(&self, _: &Self::Actor, _: &mut [Outcome<Self::Granted>]) -> Result<(), Stopped> {
        Ok(())
    }

    /// For whom credentials are brokered, where that is somebody.
    fn beneficiary<'b>(&'b self, _: &'b Self::Actor) -> Option<&'b str> {
        None
    }

    /// Issues for what was granted, and released where it waited.
    async fn issue(
        &self,
        actor: &Self::Actor,
        granted: &[Outcome<Self::Granted>],
        release: Option<&Release>,
    ) -> Result<Self::Issued, Stopped>;

    /// What a target is refused with.
    fn refusal(&self, denied: &Denied) -> Refusal {
        denied.refusal()
    }

    /// What a governed call asks for.
    fn operation(&self) -> Option<&Operation> {
        None
    }

    /// What an event says that is about this.
    fn metadata<'e>(&'e self, about: &About<'e, Self::Actor, Self::Issued>) -> Metadata<'e>;
}
