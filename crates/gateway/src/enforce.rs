//! The order of enforcement.

use std::sync::Arc;

use axum::body::Body;
use caracal_core::{
    ApprovalId, CallContent, Operation, Secret, Timestamp, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::{
    ClaimError, ClaimRules, Presenter,
    mandate::{LEEWAY, Peek, Unverified},
};
use caracal_service::{Refusal, possession::Holder, server::PeerAddr, zones::ResourceState};
use http::{Method, request::Parts};

use crate::{
    address::Address,
    denial::Denial,
    evidence,
    gateway::Gateway,
    inbound,
    listing::Shown,
    once::first_use,
    operation::{self, RequestedOperation},
    path, possession,
    proof::{prove, zone_of},
};

/// Life a mandate must have left: enough for the exchange and the upstream's first byte.
const MIN_LIFE_SECONDS: i64 = 35;

/// A call that passed every local check. Its mandate is spent.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) mandate: Secret,
    pub(crate) claims: Arc<MandateClaims>,
    /// Who presents it.
    pub(crate) holder: Holder,
    pub(crate) resource: String,
    pub(crate) operation: Arc<Operation>,
    /// What a tool is called with, as JSON.
    pub(crate) arguments: Option<Arc<str>>,
    /// The approval that the caller names.
    pub(crate) approval: Option<ApprovalId>,
    /// A person approved this very call, and may have approved no other: it is sent once, whatever becomes of it.
    pub(crate) once: bool,
    /// Where it was called, unless by a header.
    pub(crate) address: Option<Address>,
    /// What the answer's listing is cut down to, where it is one.
    pub(crate) shown: Option<Shown>,
}

/// Checks a call. The refusal is counted, and in the spool where it concerns a known zone, before this returns.
///
/// # Errors
/// The answer to send.
pub(crate) async fn enforce(
    gateway: &Gateway,
    head: &Parts,
    body: &mut Body,
    request_id: &str,
) -> Result<Admitted, Refusal> {
    let mut proven = None;
    match check(gateway, head, body, request_id, &mut proven).await {
        Ok(admitted) => Ok(admitted),
        Err(denial) => {
            gateway.metrics.denied(denial.reason());
            if denial.is_attributable() {
                if proven.is_none() {
                    proven = identify(gateway, head).await;
                }
                // A mandate can be presented as often as its holder likes: the bound stands before the write.
                if let Some(claims) = &proven
                    && let Some(times) = repeats(gateway, claims, &denial)
                {
                    evidence::denied(gateway, claims, head, request_id, &denial, times).await;
                }
            }
            Err(denial.into_refusal())
        }
    }
}

/// Reads what an admitted call carries, because a person has to approve it. The refusal is counted and in the spool before
/// this returns.
///
/// # Errors
/// The answer to send.
pub(crate) async fn read_content(
    gateway: &Gateway,
    admitted: &Admitted,
    head: &Parts,
    body: &mut Body,
    request_id: &str,
) -> Result<CallContent, Refusal> {
    let claims = &admitted.claims;
    let read = async {
        let timeout = gateway.deps.config.stream_idle_timeout;
        let content = operation::content::read(&admitted.operation, head, body, timeout).await;
        let content = content.map_err(Denial::Unreadable)?;
        // The caller took its time, and authority may have ended meanwhile.
        let now = gateway.deps.world.now();
        check_claims(
            gateway,
            &claims.zone_id,
            &admitted.resource,
            now,
            claims,
            admitted.holder.presenter(),
        )?;
        fresh(gateway)?;
        not_revoked(gateway, claims)?;
        Ok::<_, Denial>(content)
    };
    match read.await {
        Ok(content) => Ok(content),
        Err(denial) => {
            gateway.metrics.denied(denial.reason());
            if let Some(times) = repeats(gateway, claims, &denial) {
                evidence::denied(gateway, claims, head, request_id, &denial, times).await;
            }
            Err(Denial::into_refusal(denial))
        }
    }
}

/// Counts a refusal of a mandate that is really the zone's; how many there were so far when this one is to be recorded.
fn repeats(gateway: &Gateway, claims: &MandateClaims, denial: &Denial) -> Option<u64> {
    let key = match claims.mandate_use {
        // It is presented with many calls: what repeats is one kind of refusal.
        MandateUse::Access => [&*claims.jti, denial.reason().as_str()].join(" ").into(),
        _ => claims.jti.clone(),
    };
    let now = gateway.deps.world.now();
    gateway
        .refusals
        .note(claims.zone_id.clone(), key, claims.expires_at(), now)
}

/// The list. Cheap checks stand before dear ones, checks of the caller's own mistake before checks of authority, and
/// what cannot be undone stands last.
async fn check(
    gateway: &Gateway,
    head: &Parts,
    body: &mut Body,
    request_id: &str,
    proven: &mut Option<Arc<MandateClaims>>,
) -> Result<Admitted, Denial> {
    let deps = &gateway.deps;
    let headers = &head.headers;
    let now = deps.world.now();

    // First: on a state that may lack the latest revocations nothing can be allowed, so nothing else matters.
    fresh(gateway)?;
    // Before anything is believed: what two readers could read as two requests is none.
    inbound::unambiguous(head)?;
    // Before the credential is looked at: these methods would hand it, or the upstream's, to the wrong party.
    inbound::method_is_forwardable(&head.method)?;
    // One call has one method: the one that will be decided on.
    inbound::method_is_not_overridden(headers)?;
    // A bound on size before any decoding.
    let (scheme, token) = inbound::bearer(headers)?;
    // One decoding, no cryptography: noise ends here.
    let unverified = Unverified::parse(token).map_err(|_| Denial::BearerMalformed)?;
    let peek = unverified.peek().map_err(|_| Denial::BearerMalformed)?;
    // A mandate about to end would end under the call; the client mints another, so tell it before it pays more.
    lives_long_enough(&peek, now)?;
    // The client is whom the mandate names; a header that says otherwise is an attempt at confusion.
    inbound::no_client_id(headers)?;
    // The caller's own mistakes, told before its mandate is spent.
    let named = Named::of(gateway, head)?;
    let approval = inbound::approval(headers)?;
    // Which keys to try, and whom the STS will be asked about: typed, so that no id can break a path or a log line.
    let zone = peek.zone_id.as_ref().ok_or(Denial::MissingZone)?;
    let _ = peek.client_id.as_ref().ok_or(Denial::MissingClient)?;
    // Under no reading may the path leave what the policy will be asked about.
    path::check(head.uri.path()).map_err(|_| Denial::Path)?;
    // A header and an address that name two resources are two calls.
    let Called { resource, address } = named.called(gateway, zone).await?;
    let path = match &address {
        Some(address) => address.below(head.uri.path()),
        None => head.uri.path(),
    };
    let path = path::decode(path).map_err(|_| Denial::Path)?;
    // An upload that cannot fit is refused before its first byte, and before it costs a mandate.
    inbound::length_within(headers, deps.config.max_request_bytes)?;

    // The dear one: from here on the claims are the zone's word.
    let claims = proven
        .insert(prove(gateway, token, &unverified, zone, PeerAddr::of(&head.extensions)).await?)
        .clone();
    // Who holds the key that it is bound to, where it is bound to one: whoever only got hold of it sends nothing, and learns
    // nothing of what it would be good for.
    let holder = possession::holder(gateway, head, (scheme, token), &claims)?;
    // Ours, of this zone, and either for this Gateway and spent here, or for this very resource and presented again.
    check_claims(gateway, zone, &resource, now, &claims, holder.presenter())?;
    // Authority that has ended since the mandate was signed.
    not_revoked(gateway, &claims)?;
    // Asking would fail: say so while the mandate is still unspent.
    deps.exchange
        .available()
        .map_err(|refusal| Denial::ExchangeUnavailable(Box::new(refusal)))?;
    // What is asked for: the head says it, or, to a resource that has it read, the body. Nobody without authority has
    // their body read, and what cannot be told is refused before it costs a mandate.
    let (asked, declared) = asked(gateway, zone, &resource, head, path.into_owned(), body).await?;
    let RequestedOperation { operation, arguments } = asked;
    if operation.call().is_some() {
        // The caller took its time, and authority may have ended meanwhile.
        check_claims(
            gateway,
            zone,
            &resource,
            deps.world.now(),
            &claims,
            holder.presenter(),
        )?;
        fresh(gateway)?;
        not_revoked(gateway, &claims)?;
    }
    // A proof is of one call. Before the mandate, which a copy of the call does not spend for its holder.
    possession::spend(gateway, &holder, &claims, request_id).await?;
    // Last, because it cannot be undone: the mandate is spent. Of any number of presentations one gets through. An access
    // token is not spent: the STS mints for each of its calls.
    if claims.mandate_use != MandateUse::Access {
        first_use(gateway, &claims, request_id).await?;
    }

    Ok(Admitted {
        shown: Shown::of(&operation, declared.as_ref(), &claims),
        mandate: Secret::new(token),
        holder,
        claims,
        resource,
        operation: Arc::new(operation),
        arguments: arguments.map(Into::into),
        approval,
        once: false,
        address,
    })
}

/// The ways in which a call names its resource, at least one.
struct Named<'c> {
    header: Option<&'c str>,
    address: Option<Address>,
}

/// The one resource that is called.
struct Called {
    resource: String,
    address: Option<Address>,
}

impl<'c> Named<'c> {
    fn of(gateway: &Gateway, head: &'c Parts) -> Result<Self, Denial> {
        let header = inbound::resource(&head.headers)?;
        let address = Address::of(gateway.origin(), head.uri.path());
        if header.is_none() && address.is_none() {
            return Err(Denial::MissingResource);
        }
        Ok(Self { header, address })
    }

    /// A path that is no resource's address belongs to the upstream of the resource that the header names.
    async fn called(self, gateway: &Gateway, zone: &ZoneId) -> Result<Called, Denial> {
        let Some(address) = self.address else {
            return Self::by(self.header);
        };
        if address.zone != *zone {
            return match self.header {
                Some(_) => Self::by(self.header),
                None => Err(Denial::Claims(ClaimError::WrongZone)),
            };
        }
        let state = zone_of(gateway, zone).await?;
        let Some(here) = state.resource(&address.identifier) else {
            return Self::by(self.header);
        };
        let named = self.header.map(|name| state.resource(name));
        if named.is_some_and(|named| named.is_none_or(|named| !Arc::ptr_eq(named, here))) {
            return Err(Denial::Ambiguous);
        }
        Ok(Called {
            resource: address.identifier.clone(),
            address: Some(address),
        })
    }

    fn by(header: Option<&str>) -> Result<Called, Denial> {
        Ok(Called {
            resource: header.ok_or(Denial::MissingResource)?.to_owned(),
            address: None,
        })
    }
}

fn fresh(gateway: &Gateway) -> Result<(), Denial> {
    if gateway.deps.revocations.is_fresh() {
        Ok(())
    } else {
        Err(Denial::RevocationStale)
    }
}

fn lives_long_enough(peek: &Peek, now: Timestamp) -> Result<(), Denial> {
    match peek.exp {
        0 => Err(Denial::BearerMalformed),
        exp if exp.saturating_sub(now.unix_seconds()) < MIN_LIFE_SECONDS => Err(Denial::Expiring),
        _ => Ok(()),
    }
}

/// What claims must say to be good for a call to `resource` here and now. The two classes have audiences apart, so neither
/// passes for the other.
fn check_claims(
    gateway: &Gateway,
    zone: &ZoneId,
    resource: &str,
    now: Timestamp,
    claims: &MandateClaims,
    presenter: Presenter<'_>,
) -> Result<(), Denial> {
    let issuer = &*gateway.deps.issuer;
    let (audience, uses): (_, &[MandateUse]) = match claims.mandate_use {
        MandateUse::Access => (resource, &[MandateUse::Access]),
        MandateUse::Session | MandateUse::Gateway | MandateUse::Resource => (issuer, &[MandateUse::Gateway]),
    };
    let rules = ClaimRules {
        issuer,
        audience: Some(audience),
        zone,
        uses,
        presenter,
        now,
        leeway: LEEWAY,
    };
    rules.check(claims).map_err(Denial::Claims)
}

fn not_revoked(gateway: &Gateway, claims: &MandateClaims) -> Result<(), Denial> {
    if gateway.deps.revocations.covers(claims) {
        Err(Denial::Revoked)
    } else {
        Ok(())
    }
}

async fn asked(
    gateway: &Gateway,
    zone: &ZoneId,
    resource: &str,
    head: &Parts,
    path: String,
    body: &mut Body,
) -> Result<(RequestedOperation, Option<Arc<ResourceState>>), Denial> {
    // No other request is read for more than it says itself.
    let declared = if head.method == Method::POST || operation::opening::is_asked_for(head) {
        zone_of(gateway, zone).await?.resource(resource).cloned()
    } else {
        None
    };
    let timeout = gateway.deps.config.stream_idle_timeout;
    let asked = operation::read(declared.as_deref(), head, path, body, timeout).await;
    Ok((asked.map_err(Denial::Unreadable)?, declared))
}

/// Who sent a call that was refused before its signature was looked at, if it can be proved.
async fn identify(gateway: &Gateway, head: &Parts) -> Option<Arc<MandateClaims>> {
    let (_, token) = inbound::bearer(&head.headers).ok()?;
    let unverified = Unverified::parse(token).ok()?;
    let zone = unverified.peek().ok()?.zone_id?;
    let claims = prove(gateway, token, &unverified, &zone, PeerAddr::of(&head.extensions))
        .await
        .ok()?;
    // Of an access token the resource that it is for: whose it is, is asked, and not what for.
    let own = claims.aud.first().map_or("", AsRef::as_ref);
    let now = gateway.deps.world.now();
    check_claims(gateway, &zone, own, now, &claims, Presenter::Nobody).ok()?;
    Some(claims)
}
