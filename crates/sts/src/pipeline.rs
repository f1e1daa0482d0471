//! The one way through an exchange: resolve, decide, hold, broker, issue, record.

mod beside;

use caracal_authz::{
    DecisionInput, PolicySnapshot, approval::ApprovalTier, record::record as record_of, remedy::Refused,
};
use caracal_core::{ApprovalId, AuthorityRecordId, Operation, ScopeSet, audit::Draft};
use caracal_lifecycle::approvals::{AskedCall, Circumstances, Request};
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    sts::{DenialReason, Explanation},
};
use serde_json::Value;
use tracing::{Instrument as _, field::Empty};

use beside::{canary, shadow};

use crate::{
    authenticate::unavailable,
    broker::broker,
    case::Case,
    decide::{Denied, Granted, Outcome, Party, PartyError, Stage},
    evidence::{Evidence, Metadata, record},
    help::helped,
    hold::{Asking, Release, Stopped},
    metrics,
};

/// What one kind of exchange does in the steps that differ.
pub(crate) trait ExchangeKind {
    /// What is signed.
    type Issued;
    /// Whether a grant comes with the credential of the upstream.
    const BROKERS: bool;
    /// Whether it is a call that is asked for. What an approval released of it cannot be given again: it was made.
    const OF_CALLS: bool = false;

    /// Class of the mandate, for evidence and metrics.
    fn class(&self) -> &'static str;

    /// Refuses before anything is written down about the request.
    async fn admit(&self, case: &Case<'_>) -> Result<(), Refusal>;

    /// Who acts, under which authority.
    async fn resolve(&self, case: &Case<'_>) -> Result<Party, PartyError>;

    /// The resources asked for.
    fn resources(&self) -> impl Iterator<Item = &str>;

    /// What a refusal of the party says about it.
    fn references(&self) -> Explanation<'_>;

    /// Decides about one resource by `policy`.
    fn decide(
        &self,
        case: &Case<'_>,
        policy: &PolicySnapshot,
        party: &Party,
        resource: &str,
    ) -> Outcome<Granted>;

    /// Scopes asked for.
    fn scopes(&self) -> &ScopeSet;

    /// What policy is asked about one resource, by identifier.
    fn input<'i>(&'i self, case: &'i Case<'_>, party: &'i Party, resource: &'i str) -> DecisionInput<'i>;

    /// The approval and the authority record that the request names.
    fn named(&self) -> (Option<&ApprovalId>, Option<&AuthorityRecordId>) {
        (None, None)
    }

    /// The one call that is asked for, where it is one and was read.
    fn call(&self) -> Option<AskedCall<'_>> {
        None
    }

    /// Whether what was granted can be paid for, before anybody is asked for anything.
    async fn afford(&self, _: &Case<'_>, _: &Party, _: &mut [Outcome<Granted>]) -> Result<(), Stopped> {
        Ok(())
    }

    /// Signs for what was granted, and released where it waited.
    async fn issue(
        &self,
        case: &Case<'_>,
        party: &Party,
        granted: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Self::Issued, Stopped>;

    /// Says what was asked and which mandate the events are about.
    fn evidence<'e>(&'e self, evidence: Evidence<'e>, issued: Option<&'e Self::Issued>) -> Evidence<'e>;
}

/// What became of each resource, in the order asked for, and what was signed.
pub(crate) struct Passed<I> {
    pub(crate) outcomes: Vec<Outcome<Granted>>,
    pub(crate) issued: I,
}

/// Runs an exchange. At least one resource was granted where it passes.
///
/// # Errors
/// The refusal to answer; every denial is in the spool already.
pub(crate) async fn run<K: ExchangeKind>(case: &Case<'_>, kind: &K) -> Result<Passed<K::Issued>, Refusal> {
    let span = tracing::debug_span!(
        "exchange",
        caracal.exchange.class = kind.class(),
        caracal.zone.id = case.zone.zone.id.as_str(),
        caracal.application.id = case.application.id.as_str(),
        "error.type" = Empty,
    );
    let passed = pass(case, kind).instrument(span.clone()).await;
    if let Err(refusal) = &passed {
        span.record("error.type", refusal.code.as_str());
    }
    passed
}

async fn pass<K: ExchangeKind>(case: &Case<'_>, kind: &K) -> Result<Passed<K::Issued>, Refusal> {
    if !case.deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    kind.admit(case).await?;
    let party = match kind.resolve(case).await {
        Ok(party) => party,
        Err(error) => {
            let mut refusal = error.refusal();
            if !matches!(error, PartyError::Unavailable) {
                let nobody = Party::default();
                let references = kind.references();
                let evidence = Evidence::new(case, &nobody, kind.class(), kind.scopes());
                let evidence = kind.evidence(evidence, None).claiming(&references);
                let resource = kind.resources().next().unwrap_or_default();
                let details = references.into();
                let event = evidence.refused(resource, "exchange_denied", error.reason(), &details);
                record(case.deps, &[event]).await?;
                let refused = Refused {
                    reason: error.reason().as_str(),
                    resource,
                    details: &details,
                    protocol: None,
                };
                refusal = helped(refusal, case, &refused, None);
            }
            metrics::exchanged(kind.class(), "denied");
            return Err(refusal);
        }
    };

    let named = kind.named().0;
    let mut release = match named.filter(|_| !K::OF_CALLS) {
        Some(id) => match released(case, kind, &party, Wanted::Presented(id)).await {
            Ok(release) => Some(release),
            Err(stopped) => return Err(refused(case, kind, &party, stopped).await?),
        },
        None => None,
    };
    let mut outcomes: Vec<Outcome<Granted>> = kind
        .resources()
        .map(|resource| kind.decide(case, case.policy(), &party, resource))
        .collect();
    let is_gated = outcomes.iter().flatten().any(|granted| !granted.gates.is_empty());
    if is_gated && kind.call().is_none() {
        // No decision yet, and so nothing to count or to write down.
        return Err(unread());
    }
    canary(case, kind, &party, &outcomes);
    if let Err(stopped) = kind.afford(case, &party, &mut outcomes).await {
        shadow(case, kind, &party, &outcomes, false);
        return Err(refused(case, kind, &party, stopped).await?);
    }
    if release.is_none() {
        let granted = outcomes.iter().flatten();
        let tiers: Vec<ApprovalTier> = granted
            .flat_map(|granted| granted.decision.gates.iter().chain(&granted.gates).cloned())
            .collect();
        if !tiers.is_empty() {
            // Of a call it is decided first whether it needs one at all, since only then it is read.
            let wanted = named.map_or(Wanted::Hold(&tiers), Wanted::Presented);
            match released(case, kind, &party, wanted).await {
                Ok(found) => release = Some(found),
                Err(stopped) => return Err(held(case, kind, &party, outcomes, stopped).await?),
            }
        }
    }
    if K::BROKERS {
        broker(case, &party, &mut outcomes).await;
    }
    if outcomes.iter().all(Result::is_err) {
        let evidence = kind.evidence(Evidence::new(case, &party, kind.class(), kind.scopes()), None);
        record(case.deps, &events(case, kind, &party, &evidence, &outcomes)).await?;
        shadow(case, kind, &party, &outcomes, false);
        metrics::exchanged(kind.class(), "denied");
        let refusal = Denied::refusal(&outcomes);
        let Some(told) = Denied::told(&outcomes) else {
            return Err(refusal);
        };
        let refused = Refused {
            reason: told.reason.as_str(),
            resource: &told.resource,
            details: &told.details,
            protocol: evidence.operation.and_then(Operation::protocol),
        };
        let decided = told.decision.as_ref().filter(|decision| !decision.is_allow());
        let input = decided.map(|_| kind.input(case, &party, &told.resource));
        return Err(helped(refusal, case, &refused, input.as_ref()));
    }
    let issued = match kind.issue(case, &party, &outcomes, release.as_ref()).await {
        Ok(issued) => issued,
        Err(stopped) => {
            shadow(case, kind, &party, &outcomes, false);
            return Err(refused(case, kind, &party, stopped).await?);
        }
    };
    let mut evidence = kind.evidence(
        Evidence::new(case, &party, kind.class(), kind.scopes()),
        Some(&issued),
    );
    evidence.approval = release.as_ref().map(Release::id);
    record(case.deps, &events(case, kind, &party, &evidence, &outcomes)).await?;
    shadow(case, kind, &party, &outcomes, true);
    metrics::exchanged(kind.class(), "allowed");
    Ok(Passed { outcomes, issued })
}

/// The answer to a Gateway that could not know that the call has to be read.
fn unread() -> Refusal {
    Refusal::of(ErrorCode::AccessDenied)
        .describe("a person has to approve this very call, and it was not read")
        .reason(DenialReason::CallNotRead)
}

/// What may release a request.
enum Wanted<'w> {
    /// An approval that it presents.
    Presented(&'w ApprovalId),
    /// One that it waits for, of these tiers.
    Hold(&'w [ApprovalTier]),
}

/// One held resource holds the whole request: what is bound is all that was asked for.
async fn released<K: ExchangeKind>(
    case: &Case<'_>,
    kind: &K,
    party: &Party,
    wanted: Wanted<'_>,
) -> Result<Release, Stopped> {
    let resources: Vec<&str> = kind.resources().collect();
    let scopes: Vec<&str> = kind.scopes().iter().collect();
    let session = party.session.as_deref();
    let asking = Asking {
        deps: case.deps,
        zone: &case.zone.zone.id,
        request: Request {
            principal_id: case.application.id.as_str(),
            application_id: Some(&case.application.id),
            record_id: kind.named().1,
            session_id: session.map(|session| &session.id),
            delegation_id: party.delegation().map(|edge| &edge.id),
            resources: &resources,
            scopes: &scopes,
            policy: case.policy().identity(),
            call: kind.call(),
        },
        circumstances: Circumstances {
            subject: party.person.as_deref(),
            labels: session
                .map(|session| session.labels.as_slice())
                .unwrap_or_default(),
            workload: None,
        },
        request_id: case.request_id,
        now: case.now,
        again: !K::OF_CALLS,
    };
    match wanted {
        Wanted::Presented(id) => asking.presented(id).await,
        Wanted::Hold(tiers) => asking.hold(tiers).await,
    }
}

/// The refusal of a request that nothing is issued for, once that is written down where the reason is known: its approval
/// does not release it, or was used meanwhile, or a budget has not enough left.
async fn refused<K: ExchangeKind>(
    case: &Case<'_>,
    kind: &K,
    party: &Party,
    stopped: Stopped,
) -> Result<Refusal, Refusal> {
    let Some(reason) = stopped.reason else {
        metrics::exchanged(kind.class(), "held");
        return Ok(stopped.refusal);
    };
    let evidence = kind.evidence(Evidence::new(case, party, kind.class(), kind.scopes()), None);
    let resource = kind.resources().next().unwrap_or_default();
    let waits = reason != DenialReason::BudgetExhausted;
    let details = (stopped.details).map_or_else(|| kind.references().into(), |details| *details);
    let event = evidence.refused(resource, Denied::held_as(reason), reason, &details);
    record(case.deps, &[event]).await?;
    metrics::exchanged(kind.class(), if waits { "held" } else { "denied" });
    if waits {
        return Ok(stopped.refusal);
    }
    let refused = Refused {
        reason: reason.as_str(),
        resource,
        details: &details,
        protocol: evidence.operation.and_then(Operation::protocol),
    };
    Ok(helped(stopped.refusal, case, &refused, None))
}

/// The refusal of a request that waits, once each decision about it is written down.
async fn held<K: ExchangeKind>(
    case: &Case<'_>,
    kind: &K,
    party: &Party,
    outcomes: Vec<Outcome<Granted>>,
    stopped: Stopped,
) -> Result<Refusal, Refusal> {
    if let Some(reason) = stopped.reason {
        let hold = |outcome: Outcome<Granted>| {
            let granted = outcome?;
            let tiers = granted.gates.iter().map(|gate| Value::from(gate.tier.as_ref()));
            Err(Box::new(Denied {
                resource: granted.resource.resource.identifier.clone(),
                stage: Stage::Approval,
                reason,
                details: if granted.gates.is_empty() {
                    granted.decision.diagnostics()
                } else {
                    tiers.collect()
                },
                // Policy allowed the call, and what holds it is no part of what policy was asked.
                decision: granted.gates.is_empty().then_some(granted.decision),
            }))
        };
        let outcomes: Vec<Outcome<Granted>> = outcomes.into_iter().map(hold).collect();
        let evidence = kind.evidence(Evidence::new(case, party, kind.class(), kind.scopes()), None);
        record(case.deps, &events(case, kind, party, &evidence, &outcomes)).await?;
        shadow(case, kind, party, &outcomes, false);
    }
    metrics::exchanged(kind.class(), "held");
    Ok(stopped.refusal)
}

fn events<'e, K: ExchangeKind>(
    case: &'e Case<'_>,
    kind: &'e K,
    party: &'e Party,
    evidence: &'e Evidence<'_>,
    outcomes: &'e [Outcome<Granted>],
) -> Vec<Draft<'e, Metadata<'e>>> {
    let event = |outcome: &'e Outcome<Granted>| match outcome {
        Ok(granted) => {
            let resource = &granted.resource.resource.identifier;
            let decision = &granted.decision;
            evidence.allowed(
                resource,
                record_of(&kind.input(case, party, resource), decision),
                decision,
            )
        }
        Err(denied) => {
            let event = evidence.refused(&denied.resource, denied.status(), denied.reason, &denied.details);
            match &denied.decision {
                Some(decision) => {
                    let input = kind.input(case, party, &denied.resource);
                    evidence.decided(event, record_of(&input, decision), decision)
                }
                None => event,
            }
        }
    };
    outcomes.iter().map(event).collect()
}
