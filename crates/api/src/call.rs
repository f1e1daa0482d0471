//! One authenticated, authorised request, as handlers see it.

use std::{ops::Deref, sync::Arc};

use caracal_core::{Timestamp, ZoneId, entity::Attribution};
use caracal_lifecycle::approvals::EvidenceWriter;
use caracal_service::{
    Refusal,
    front::{FromInbound, Inbound, Input, OpenApiOperation, Required},
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::ErrorCode;

use crate::{deps::ApiDeps, policy_work::WorkOwner};

/// A request past authentication and every gate.
#[derive(Debug)]
pub(crate) struct Call(Arc<Inbound<ApiDeps>>);

impl Deref for Call {
    type Target = Inbound<ApiDeps>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromInbound<ApiDeps> for Call {
    fn from_inbound(inbound: Arc<Inbound<ApiDeps>>) -> Result<Self, Refusal> {
        Ok(Self(inbound))
    }
}

impl FromInbound<ApiDeps> for ZoneCall {
    const PARAMETERS: &'static [&'static str] = &["zoneId"];

    fn from_inbound(inbound: Arc<Inbound<ApiDeps>>) -> Result<Self, Refusal> {
        let zone = inbound.params.id("zoneId")?;
        let call = Call::from_inbound(inbound)?;
        Ok(Self { call, zone })
    }
}

/// A [`Call`] in the zone that the caller's token is of, or that [`ZONE_SCOPE`] names.
pub(crate) struct InHomeZone(pub(crate) ZoneCall);

impl FromInbound<ApiDeps> for InHomeZone {
    fn from_inbound(inbound: Arc<Inbound<ApiDeps>>) -> Result<Self, Refusal> {
        let zone = home_zone(&inbound)?;
        let call = Call::from_inbound(inbound)?;
        Ok(Self(ZoneCall { call, zone }))
    }
}

/// Says that a route minds [`ZONE_SCOPE`].
pub(crate) struct NamesZone;

impl Input<ApiDeps> for NamesZone {
    fn read(_: &Inbound<ApiDeps>) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        let sentence = "The zone, for callers who reach several.";
        operation.header("X-Caracal-Zone-Scope", Required::False, sentence);
    }
}

/// Names the zone that a request is about, where its path names none.
pub(crate) const ZONE_SCOPE: &str = "x-caracal-zone-scope";

/// The zone of a request whose path names none.
///
/// # Errors
/// 400 when the header is no id, or there is none and the caller reaches many.
pub(crate) fn home_zone(inbound: &Inbound<ApiDeps>) -> Result<ZoneId, Refusal> {
    let Some(named) = inbound.headers.get(ZONE_SCOPE) else {
        return inbound.caller.home_zone().cloned().ok_or_else(|| {
            let rule = "name the zone: this token is not of one alone";
            Refusal::invalid_field(ErrorCode::ZoneIdRequired, ZONE_SCOPE, rule)
        });
    };
    let named = named.to_str().ok().and_then(|text| text.parse().ok());
    named.ok_or_else(|| {
        Refusal::invalid_field(ErrorCode::InvalidParams, ZONE_SCOPE, "must be the id of a zone")
    })
}

impl Call {
    /// Whose part it takes of what all share: that of the zone that it is about; its own where the caller reaches beyond zones, so
    /// that no zone keeps its operators out.
    pub(crate) fn share(&self) -> String {
        let named = self.params.get("zoneId").map(str::to_owned);
        let zone = named.or_else(|| home_zone(self).ok().map(|zone| zone.to_string()));
        zone.filter(|_| !self.caller.is_global())
            .unwrap_or_else(|| self.caller.limit_key())
    }

    /// Whose policies are read.
    pub(crate) fn work_owner(&self) -> WorkOwner {
        WorkOwner {
            principal: self.caller.limit_key(),
            share: self.share(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.role.world.now()
    }

    /// Writes down what becomes of approvals by this request.
    pub(crate) fn witness(&self) -> EvidenceWriter<'_> {
        EvidenceWriter {
            world: &self.role.world,
            keys: self.role.audit_keys.as_ref(),
            request_id: &self.request_id,
        }
    }

    /// Attribution of an object made now. Applications carry no `updated_at` until first changed.
    pub(crate) fn made(&self) -> Attribution {
        let now = self.now();
        Attribution {
            updated_at: Some(now),
            ..Attribution::made(Some(self.caller.attributed_to()), now)
        }
    }

    /// Stamps a change made now.
    pub(crate) fn stamp(&self, attribution: &mut Attribution) {
        attribution.updated_by = Some(self.caller.attributed_to());
        attribution.updated_via_operator = false;
        attribution.updated_at = Some(self.now());
    }
}

/// A [`Call`] in the zone its path names.
#[derive(Debug)]
pub(crate) struct ZoneCall {
    pub(crate) call: Call,
    pub(crate) zone: ZoneId,
}

impl Deref for ZoneCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl ZoneCall {
    /// A consistent picture of the zone.
    pub(crate) async fn read(&self) -> Result<Box<dyn ZoneWork>, Refusal> {
        Ok(self.role.store.zone(&self.zone, Access::Read).await?)
    }
}

/// 404 unless the zone exists. Creations ask first, so that nothing is made in an archived zone.
pub(crate) async fn require_zone(work: &mut dyn ZoneWork) -> Result<caracal_core::entity::Zone, Refusal> {
    work.zone()
        .await?
        .ok_or_else(|| Refusal::of(ErrorCode::ZoneNotFound).describe("no such zone"))
}
