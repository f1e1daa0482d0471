//! What the front asks this role: who calls, how often, with which capability, in which zone, and what is recorded of
//! a refusal.

use std::time::Duration;

use caracal_core::{World, ZoneId, audit::EventType};
use caracal_service::{
    Refusal,
    front::{AuthScheme, Declaration, Evidence, HttpRole, Inbound, Params, Record},
    limits::Limits,
    server::PeerAddr,
};
use caracal_storage::{Access, IdempotencyReceipt};
use caracal_wire::ErrorCode;
use http::{Method, StatusCode, request::Parts};
use serde_json::{Map, Value};

use crate::{
    access::{Needs, Reach},
    auth::{self, AdminPrincipal},
    call::home_zone,
    control,
    deps::ApiDeps,
    receipts::{KeyedRequest, keyed, opened, places},
    record::{claimed, record},
};

/// The span in which what a caller is forbidden, or looks for in vain, is counted together.
const FORBIDDEN_WINDOW: Duration = Duration::from_mins(1);

impl HttpRole for ApiDeps {
    const NAME: &'static str = "api";
    const TITLE: &'static str = "Caracal Control API";
    const STRICT_QUERY: bool = true;
    type Needs = Needs;
    type Caller = AdminPrincipal;
    type Notes = KeyedRequest;

    fn credential(needs: &Needs) -> AuthScheme {
        match needs.reach {
            Reach::Open => AuthScheme::None,
            _ => AuthScheme::Bearer,
        }
    }

    fn refuses(needs: &Needs) -> Vec<ErrorCode> {
        auth::refuses(*needs)
    }

    fn changes(route: &Declaration<Needs>) -> bool {
        // What strangers and people begin for themselves may be counted.
        let of_people = matches!(route.needs.reach, Reach::Open | Reach::Own) && route.method != Method::GET;
        route.needs.changes || of_people
    }

    fn world(&self) -> &World {
        &self.world
    }

    fn limits(&self) -> Option<&Limits> {
        Some(&self.limits)
    }

    fn counted_as(&self, caller: &AdminPrincipal) -> String {
        caller.limit_key()
    }

    async fn may_be_good(&self, head: &Parts) -> bool {
        control::may_be_good(self, &head.headers) || auth::may_be_good(self, &head.headers).await
    }

    async fn authenticate(&self, needs: Needs, _: &Params, head: &Parts) -> Result<AdminPrincipal, Refusal> {
        match needs.reach {
            Reach::Open => Ok(AdminPrincipal::nobody(PeerAddr::of(&head.extensions))),
            Reach::Control => control::authenticate(self, head)
                .await
                .map(AdminPrincipal::of_control_key),
            _ => auth::authenticate(self, &head.headers).await,
        }
    }

    fn permit(&self, caller: &AdminPrincipal, needs: Needs) -> Result<(), Refusal> {
        auth::check_capability(caller, needs)
    }

    async fn admit(&self, inbound: &Inbound<Self>) -> Result<(), Refusal> {
        auth::confine(&inbound.caller, inbound.route.name, inbound.route.needs)?;
        let zone = match inbound.route.needs.reach {
            Reach::Zone => inbound.params.id("zoneId")?,
            Reach::Home => home_zone(inbound)?,
            _ => return Ok(()),
        };
        auth::admit_to_zone(self, &inbound.caller, inbound.route.needs, &zone).await
    }

    async fn answered(&self, inbound: &Inbound<Self>) -> Result<Option<IdempotencyReceipt>, Refusal> {
        let Some(keyed) = keyed(inbound) else {
            return Ok(None);
        };
        let now = self.world.now();
        for place in places(inbound, keyed)? {
            // Nobody is waited for here: the change claims the key where it is made.
            let found = if let Some(zone) = &place {
                let mut work = self.store.zone(zone, Access::Read).await?;
                keyed.find(work.receipts(), now).await?
            } else {
                let mut work = self.store.global(Access::Read).await?;
                keyed.find(work.receipts(), now).await?
            };
            if let Some(receipt) = found {
                return opened(inbound, place.as_ref(), receipt).map(Some);
            }
        }
        Ok(None)
    }

    /// Whoever is somebody and refused is recorded; what is allowed is where it changes or reveals something.
    fn evidence(needs: &Needs, _: &Method) -> Evidence {
        if needs.reach == Reach::Control {
            let recorded = Record::Ledger(EventType::ControlInvoke);
            return Evidence {
                allowed: recorded,
                refused: recorded,
            };
        }
        let allowed = if needs.changes {
            Record::Administration
        } else {
            Record::Nowhere
        };
        // What nobody is refused leaves nothing: anybody could write it.
        let refused = match needs.reach {
            Reach::Open => Record::Nowhere,
            _ => Record::Administration,
        };
        Evidence { allowed, refused }
    }

    /// Best effort: the caller is refused either way. Refusals for load are not recorded, since writing them
    /// would add to it.
    async fn refused(&self, inbound: &Inbound<Self>, refusal: &Refusal) {
        if matches!(
            refusal.status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            return;
        }
        if let (Reach::Control, Some(invocation)) = (inbound.route.needs.reach, &inbound.caller.control) {
            invocation
                .record_refused(self, &inbound.request_id, refusal.code)
                .await;
            return;
        }
        let chain = chain_of(inbound);
        let mut payload = Map::new();
        let reads = inbound.route.method == Method::GET;
        if reads || refusal.status == StatusCode::FORBIDDEN {
            // What somebody may not do, or looks for in vain, can be asked for as often as a limit allows: the bound stands
            // before the write.
            let key = (inbound.caller.id.clone(), inbound.route.name, refusal.code);
            let now = self.world.now();
            match self
                .forbidden
                .note(chain.clone(), key, now.plus(FORBIDDEN_WINDOW), now)
            {
                None => return,
                Some(1) => {}
                Some(times) => drop(payload.insert(String::from("times"), Value::from(times))),
            }
        }
        let recorded = async {
            let mut work = self.store.global(Access::Write).await?;
            let zone = match chain {
                Some(zone) if work.zones().get(&zone).await?.is_some() => Some(zone),
                _ => None,
            };
            let row = claimed(
                inbound.route.path,
                record(inbound, refusal.status, zone.as_ref(), None, payload),
            );
            work.admin_audit().append(&row).await?;
            work.commit().await
        };
        if let Err(error) = recorded.await {
            tracing::warn!(error = %caracal_service::error_chain(&error), "could not record a refusal");
        }
    }
}

/// The zone whose chain records a refusal: the caller's own until the path's zone admitted the caller, so that
/// nobody writes into a chain they have no business with.
fn chain_of(inbound: &Inbound<ApiDeps>) -> Option<ZoneId> {
    let named = inbound.admitted && inbound.route.needs.reach == Reach::Zone;
    let named = named.then(|| inbound.params.id("zoneId").ok()).flatten();
    named.or_else(|| inbound.caller.home_zone().cloned())
}
