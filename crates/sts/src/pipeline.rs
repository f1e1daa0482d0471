//! The one way through an exchange: resolve, decide, hold, broker, issue, record.

mod beside;
mod events;
mod kind;

use caracal_authz::{approval::ApprovalTier, remedy::Refused};
use caracal_core::{ApprovalId, Operation};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, sts::DenialReason};
use serde_json::Value;
use tracing::{Instrument as _, field::Empty};

use beside::{canary, shadow};
use events::RequestEvents;
pub(crate) use kind::ExchangeKind;

use crate::{
    authenticate::unavailable,
    broker::broker,
    decide::{Denied, Outcome, Stage},
    evidence::record,
    grant::Grant,
    help::helped,
    hold::{ApprovalAttempt, Release},
    metrics,
    stopped::Stopped,
};

/// What became of each target, in the order asked for, and what was issued.
pub(crate) struct Passed<K: ExchangeKind> {
    pub(crate) outcomes: Vec<Outcome<K::Granted>>,
    pub(crate) issued: K::Issued,
}

/// Runs an exchange. At least one target was granted where it passes.
///
/// # Errors
/// The refusal to answer; every denial is in the spool already.
pub(crate) async fn run<K: ExchangeKind>(kind: &K) -> Result<Passed<K>, Refusal> {
    let context = kind.context();
    let span = tracing::debug_span!(
        "exchange",
        caracal.exchange.class = kind.class(),
        caracal.zone.id = context.zone.zone.id.as_str(),
        caracal.principal.id = context.principal,
        "error.type" = Empty,
    );
    let passed = pass(kind).instrument(span.clone()).await;
    if let Err(refusal) = &passed {
        span.record("error.type", refusal.code.as_str());
    }
    passed
}

async fn pass<K: ExchangeKind>(kind: &K) -> Result<Passed<K>, Refusal> {
    let context = kind.context();
    if !context.deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    kind.admit().await?;
    let told = RequestEvents::of(kind);
    let actor = match kind.resolve().await {
        Ok(actor) => actor,
        Err(stopped) => return Err(refused(&told, stopped).await?),
    };
    let told = RequestEvents {
        actor: Some(&actor),
        ..told
    };

    let presented = kind.presented();
    let of_approval = RequestEvents {
        approval: presented.map(ApprovalId::as_str),
        ..told
    };
    let mut release = match presented.filter(|_| !K::OF_CALLS) {
        Some(id) => match released(kind, &actor, ReleaseSource::Presented(id)).await {
            Ok(release) => Some(release),
            Err(stopped) => return Err(refused(&of_approval, stopped).await?),
        },
        None => None,
    };
    let mut outcomes: Vec<Outcome<K::Granted>> = kind
        .targets()
        .map(|target| kind.decide(told.policy, &actor, target))
        .collect();
    let mut granted = outcomes.iter().flatten();
    let is_gated = granted.any(|granted| !granted.tiers_of_call().is_empty());
    if is_gated && kind.call().is_none() {
        // No decision yet, and so nothing to count or to write down.
        return Err(unread());
    }
    canary(kind, told.canary, &actor, &outcomes);
    if let Err(stopped) = kind.afford(&actor, &mut outcomes).await {
        shadow(kind, &actor, &outcomes, false);
        return Err(refused(&told, stopped).await?);
    }
    if release.is_none() {
        let tiers: Vec<ApprovalTier> = outcomes.iter().flatten().flat_map(tiers).cloned().collect();
        if !tiers.is_empty() {
            // Of a call it is decided first whether it needs one at all, since only then it is read.
            let wanted = presented.map_or(ReleaseSource::Hold(&tiers), ReleaseSource::Presented);
            match released(kind, &actor, wanted).await {
                Ok(found) => release = Some(found),
                Err(stopped) => return Err(held(&of_approval, &actor, outcomes, stopped).await?),
            }
        }
    }
    if K::BROKERS {
        broker(context, kind.beneficiary(&actor), &mut outcomes).await;
    }
    if outcomes.iter().all(Result::is_err) {
        return Err(denied(&told, &actor, &outcomes).await?);
    }
    let issued = match kind.issue(&actor, &outcomes, release.as_ref()).await {
        Ok(issued) => issued,
        Err(stopped) => {
            shadow(kind, &actor, &outcomes, false);
            return Err(refused(&told, stopped).await?);
        }
    };
    let told = RequestEvents {
        issued: Some(&issued),
        approval: release.as_ref().map(Release::id),
        ..told
    };
    record(context.deps, &told.of_targets(&outcomes)).await?;
    shadow(kind, &actor, &outcomes, true);
    metrics::exchanged(kind.class(), "allowed");
    Ok(Passed { outcomes, issued })
}

/// Who has to approve what was granted: for its decision, and for the very call.
fn tiers<G: Grant>(granted: &G) -> impl Iterator<Item = &ApprovalTier> {
    let of_decision = granted.decision().map(|decision| decision.gates.as_slice());
    of_decision
        .unwrap_or_default()
        .iter()
        .chain(granted.tiers_of_call())
}

/// The answer to a Gateway that could not know that the call has to be read.
fn unread() -> Refusal {
    Refusal::of(ErrorCode::AccessDenied)
        .describe("a person has to approve this very call, and it was not read")
        .reason(DenialReason::CallNotRead)
}

/// What may release a request.
enum ReleaseSource<'w> {
    /// An approval that it presents.
    Presented(&'w ApprovalId),
    /// One that it waits for, of these tiers.
    Hold(&'w [ApprovalTier]),
}

/// One held target holds the whole request: what is bound is all that was asked for.
async fn released<K: ExchangeKind>(
    kind: &K,
    actor: &K::Actor,
    wanted: ReleaseSource<'_>,
) -> Result<Release, Stopped> {
    let resources: Vec<&str> = kind.targets().collect();
    let scopes: Vec<&str> = kind.scopes().collect();
    let (request, circumstances) = kind
        .to_approve(actor, &resources, &scopes)
        .ok_or_else(unavailable)?;
    let asking = ApprovalAttempt {
        context: kind.context(),
        request,
        circumstances,
        again: K::GIVES_AGAIN,
    };
    match wanted {
        ReleaseSource::Presented(id) => asking.presented(id).await,
        ReleaseSource::Hold(tiers) => asking.hold(tiers).await,
    }
}

/// The refusal of a request that ends as a whole, once that is written down where the reason is known: nobody acts, its
/// approval does not release it, or was used meanwhile, or a budget has not enough left.
async fn refused<K: ExchangeKind>(told: &RequestEvents<'_, K>, stopped: Stopped) -> Result<Refusal, Refusal> {
    let kind = told.kind;
    let Stopped { refusal, why } = stopped;
    let Some(mut why) = why else {
        let outcome = if told.actor.is_some() { "held" } else { "denied" };
        metrics::exchanged(kind.class(), outcome);
        return Ok(refusal);
    };
    if why.details.is_null() {
        why.details = kind.references();
    }
    record(kind.context().deps, &[told.of_whole(&why)]).await?;
    metrics::exchanged(kind.class(), if why.held { "held" } else { "denied" });
    match why.reason {
        Some(reason) if K::HELPS && !why.held => {
            let target = kind.targets().next().unwrap_or_default();
            Ok(helped(
                refusal,
                kind.context(),
                &about(kind, reason, target, &why.details),
                None,
            ))
        }
        Some(_) | None => Ok(refusal),
    }
}

/// The refusal of a request of which nothing was granted, once each decision about it is written down.
async fn denied<K: ExchangeKind>(
    told: &RequestEvents<'_, K>,
    actor: &K::Actor,
    outcomes: &[Outcome<K::Granted>],
) -> Result<Refusal, Refusal> {
    let kind = told.kind;
    let context = kind.context();
    record(context.deps, &told.of_targets(outcomes)).await?;
    shadow(kind, actor, outcomes, false);
    metrics::exchanged(kind.class(), "denied");
    let Some(denied) = Denied::told(outcomes) else {
        return Ok(Refusal::of(ErrorCode::AccessDenied).describe("policy denied"));
    };
    let refusal = kind.refusal(denied);
    if !K::HELPS {
        return Ok(refusal);
    }
    let refused = about(kind, denied.reason, &denied.resource, &denied.details);
    let decided = denied.decision.as_ref().filter(|decision| !decision.is_allow());
    let input = decided.and_then(|_| kind.input(actor, &denied.resource));
    Ok(helped(refusal, context, &refused, input.as_ref()))
}

/// What a refusal is about, for whoever looks for what would have to be different.
fn about<'r, K: ExchangeKind>(
    kind: &'r K,
    reason: DenialReason,
    resource: &'r str,
    details: &'r Value,
) -> Refused<'r> {
    Refused {
        reason: reason.as_str(),
        resource,
        details,
        protocol: kind.operation().and_then(Operation::protocol),
    }
}

/// The refusal of a request that waits, once each decision about it is written down.
async fn held<K: ExchangeKind>(
    told: &RequestEvents<'_, K>,
    actor: &K::Actor,
    outcomes: Vec<Outcome<K::Granted>>,
    stopped: Stopped,
) -> Result<Refusal, Refusal> {
    let kind = told.kind;
    if let Some(why) = &stopped.why
        && let Some(reason) = why.reason
    {
        let waited_for = why.approval.as_ref().map(ApprovalId::as_str);
        let told = RequestEvents {
            approval: waited_for.or(told.approval),
            ..*told
        };
        let hold = |(target, outcome): (&str, Outcome<K::Granted>)| {
            let granted = outcome?;
            Err(held_as(&granted, target, reason))
        };
        let held: Vec<Outcome<K::Granted>> = kind.targets().zip(outcomes).map(hold).collect();
        record(kind.context().deps, &told.of_targets(&held)).await?;
        shadow(kind, actor, &held, false);
    }
    metrics::exchanged(kind.class(), "held");
    Ok(stopped.refusal)
}

/// What was granted of one target, as it is written down of a request that waits for `reason`.
fn held_as<G: Grant>(granted: &G, target: &str, reason: DenialReason) -> Box<Denied> {
    let of_call = granted.tiers_of_call();
    // Policy allowed the call, and what holds it is no part of what policy was asked.
    let decision = granted.decision().filter(|_| of_call.is_empty());
    let tiers = of_call.iter().map(|gate| Value::from(gate.tier.as_ref()));
    Box::new(Denied {
        resource: granted.named(target).to_owned(),
        stage: Stage::Approval,
        reason,
        details: decision.map_or_else(|| tiers.collect(), caracal_authz::Decision::diagnostics),
        decision: decision.cloned(),
    })
}
