//! Who reads at the Audit role: the operator, who reads all there is, and people who are signed in at the console, who read
//! the receipts and evidence packs of the zones that they reach.

use std::{sync::Arc, time::Duration};

use caracal_core::{World, ZoneId};
use caracal_events::RateLimiter;
use caracal_service::{
    Refusal,
    bearers::bearer_of,
    front::{HttpRole, Inbound, Params},
    limits::{Limits, Rule},
    signed_in::{Power, SESSION_TOKEN_PREFIX, SignedIn, session_digest},
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, request::Parts};

use crate::AuditDeps;

/// Bytes of a bearer that may be a session's.
const MAX_TOKEN_BYTES: usize = 256;
/// Requests of an account in a minute. Each may prove a thousand events.
const OF_ACCOUNT: Rule = Rule::per_minute("audit:account:", 300);
/// The operator is one, and may mirror whole logs.
const NO_LIMIT: Rule = Rule {
    prefix: "audit:calls:",
    limit: 0,
    window: Duration::from_mins(1),
    code: ErrorCode::RateLimited,
};

/// How often readers may ask, counted by `limiter`; `refused` bearers of an address in a minute may be nobody's, any number
/// where it is 0.
pub fn limits(limiter: Arc<dyn RateLimiter>, world: World, refused: u32) -> Limits {
    Limits::new(
        limiter,
        world,
        NO_LIMIT,
        Rule::per_minute("audit:refused:", refused),
    )
}

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Whoever holds the operator's token.
    Operator,
    /// They, and accounts whose role reads evidence, in the zones that they reach.
    Evidence,
}

/// Who reads.
#[derive(Debug, Clone)]
pub enum Reader {
    /// Whoever holds the operator's token, in every zone.
    Operator,
    /// Somebody at the console.
    Person(Arc<SignedIn>),
}

fn unauthorized() -> Refusal {
    Refusal::of(ErrorCode::Unauthorized).authenticate("Bearer realm=\"caracal-audit\"")
}

/// Refuses everybody but the operator.
pub(crate) fn require_operator(deps: &AuditDeps, headers: &HeaderMap) -> Result<(), Refusal> {
    if deps.admin_tokens.admit(headers) {
        return Ok(());
    }
    Err(unauthorized())
}

/// The token of a session, if that is what a request comes with.
fn session_token(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers)
        .filter(|token| token.starts_with(SESSION_TOKEN_PREFIX) && token.len() <= MAX_TOKEN_BYTES)
}

impl HttpRole for AuditDeps {
    const NAME: &'static str = "audit";
    const TITLE: &'static str = "Caracal Audit";
    type Needs = Needs;
    type Caller = Reader;
    type Notes = ();

    fn refuses(needs: &Needs) -> Vec<ErrorCode> {
        match needs {
            Needs::Operator => vec![ErrorCode::Unauthorized, ErrorCode::RateLimited],
            Needs::Evidence => vec![
                ErrorCode::Unauthorized,
                ErrorCode::AccountRoleForbidden,
                ErrorCode::ZoneForbidden,
                ErrorCode::RateLimited,
                ErrorCode::StorageUnavailable,
            ],
        }
    }

    fn world(&self) -> &World {
        &self.world
    }

    /// Sessions are looked up for those routes alone that they are good for.
    async fn authenticate(&self, needs: Needs, _: &Params, head: &Parts) -> Result<Reader, Refusal> {
        if self.admin_tokens.admit(&head.headers) {
            return Ok(Reader::Operator);
        }
        let token = session_token(&head.headers).filter(|_| needs == Needs::Evidence);
        let token = token.ok_or_else(unauthorized)?;
        let found = SignedIn::find(self.store.as_ref(), token, self.world.now()).await?;
        let person = found.ok_or_else(|| unauthorized().describe("this session has ended; sign in again"))?;
        Ok(Reader::Person(Arc::new(person)))
    }

    fn limits(&self) -> Option<&Limits> {
        Some(&self.limits)
    }

    fn counted_as(&self, _: &Reader) -> String {
        String::from("reader")
    }

    /// Comparing the operator's token costs nothing. Whoever is signed in goes on while somebody guesses at sessions from
    /// the same address: all browsers come from that of the console.
    async fn may_be_good(&self, head: &Parts) -> bool {
        if self.admin_tokens.admit(&head.headers) {
            return true;
        }
        let Some(token) = session_token(&head.headers) else {
            return false;
        };
        let (store, now) = (self.store.as_ref(), self.world.now());
        self.known_tokens.have(store, &[session_digest(token)], now).await
    }

    fn permit(&self, reader: &Reader, _: Needs) -> Result<(), Refusal> {
        match reader {
            Reader::Person(person) if !person.may(Power::ReadEvidence) => {
                let sentence = format!("the role {} does not let you do this", person.account.role);
                Err(Refusal::of(ErrorCode::AccountRoleForbidden).describe(sentence))
            }
            Reader::Person(_) | Reader::Operator => Ok(()),
        }
    }

    async fn admit(&self, inbound: &Inbound<Self>) -> Result<(), Refusal> {
        let Reader::Person(person) = &inbound.caller else {
            return Ok(());
        };
        self.limits
            .count_towards(&OF_ACCOUNT, "calls", &person.account.id)
            .await?;
        // The public keys are of no zone.
        let Some(zone) = inbound.params.get("zone_id") else {
            return Ok(());
        };
        let zone = ZoneId::parse(zone).map_err(|error| {
            Refusal::invalid_field(ErrorCode::InvalidParams, "zone_id", error.to_string())
        })?;
        if person.reaches(&zone) {
            return Ok(());
        }
        Err(Refusal::of(ErrorCode::ZoneForbidden).describe("this account does not reach the zone"))
    }
}
