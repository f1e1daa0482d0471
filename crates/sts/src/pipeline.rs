//! The one way through an exchange: resolve, decide, hold, broker, issue, record.

use caracal_authz::{DecisionInput, record::record as record_of};
use caracal_core::{ScopeSet, audit::Draft};
use caracal_service::Refusal;
use caracal_wire::sts::Explanation;
use tracing::{Instrument as _, field::Empty};

use crate::{
    authenticate::unavailable,
    broker::broker,
    case::Case,
    decide::{Denied, Granted, Outcome, Party, PartyError},
    evidence::{Evidence, Metadata, record},
    hold::hold,
    metrics,
};

/// What one kind of exchange does in the steps that differ.
pub(crate) trait Kind {
    /// What is signed.
    type Issued;
    /// Whether a grant comes with the credential of the upstream.
    const BROKERS: bool;

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

    /// Decides about one resource.
    fn decide(&self, case: &Case<'_>, party: &Party, resource: &str) -> Outcome<Granted>;

    /// Scopes asked for.
    fn scopes(&self) -> &ScopeSet;

    /// What policy is asked about one resource, by identifier.
    fn input<'i>(&'i self, case: &'i Case<'_>, party: &'i Party, resource: &'i str) -> DecisionInput<'i>;

    /// Signs for what was granted.
    async fn issue(
        &self,
        case: &Case<'_>,
        party: &Party,
        granted: &[Outcome<Granted>],
    ) -> Result<Self::Issued, Refusal>;

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
pub(crate) async fn run<K: Kind>(case: &Case<'_>, kind: &K) -> Result<Passed<K::Issued>, Refusal> {
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

async fn pass<K: Kind>(case: &Case<'_>, kind: &K) -> Result<Passed<K::Issued>, Refusal> {
    if !case.deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    kind.admit(case).await?;
    let party = match kind.resolve(case).await {
        Ok(party) => party,
        Err(error) => {
            if !matches!(error, PartyError::Unavailable) {
                let nobody = Party::default();
                let evidence = kind.evidence(Evidence::new(case, &nobody, kind.class(), kind.scopes()), None);
                let resource = kind.resources().next().unwrap_or_default();
                let details = kind.references().into();
                let event = evidence.refused(resource, "exchange_denied", error.reason(), &details);
                record(case.deps, &[event]).await?;
            }
            metrics::exchanged(kind.class(), "denied");
            return Err(error.refusal());
        }
    };

    let mut outcomes: Vec<Outcome<Granted>> = kind
        .resources()
        .map(|resource| kind.decide(case, &party, resource))
        .collect();
    hold(&mut outcomes);
    if K::BROKERS {
        broker(case, &mut outcomes).await;
    }
    if outcomes.iter().all(Result::is_err) {
        let evidence = kind.evidence(Evidence::new(case, &party, kind.class(), kind.scopes()), None);
        record(case.deps, &events(case, kind, &party, &evidence, &outcomes)).await?;
        metrics::exchanged(kind.class(), "denied");
        return Err(Denied::refusal(&outcomes));
    }
    let issued = kind.issue(case, &party, &outcomes).await?;
    let evidence = kind.evidence(
        Evidence::new(case, &party, kind.class(), kind.scopes()),
        Some(&issued),
    );
    record(case.deps, &events(case, kind, &party, &evidence, &outcomes)).await?;
    metrics::exchanged(kind.class(), "allowed");
    Ok(Passed { outcomes, issued })
}

fn events<'e, K: Kind>(
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
