//! One authenticated, authorised request, as handlers see it.

use std::{ops::Deref, str::FromStr, sync::Arc};

use bytes::Bytes;
use caracal_core::{Timestamp, ZoneId, entity::Attribution, id::InvalidId};
use caracal_service::{Refusal, body::parse_json};
use caracal_storage::{Access, ZoneWork};
use serde::de::DeserializeOwned;

use crate::{
    auth::Principal,
    change::{GlobalChange, ZoneChange},
    deps::ApiDeps,
    query::Query,
    route::Route,
};

/// A request past authentication and every gate.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) api: Arc<ApiDeps>,
    pub(crate) principal: Principal,
    pub(crate) request_id: Arc<str>,
    pub(crate) route: &'static Route,
    /// Path without query, as sent.
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
}

/// Decoded path parameters, every one a well-formed id.
#[derive(Debug, Default, Clone)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl Params {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameter as a typed id.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(&self, name: &str) -> Result<T, Refusal> {
        self.get(name).and_then(|text| text.parse().ok()).ok_or_else(|| {
            Refusal::invalid_field(
                "invalid_params",
                name,
                "must be 1 to 128 characters of A-Z a-z 0-9 _ . : -",
            )
        })
    }
}

impl Call {
    pub(crate) fn now(&self) -> Timestamp {
        self.api.world.now()
    }

    /// The body as JSON; `code` names the failure.
    pub(crate) fn body<T: DeserializeOwned>(&self, code: &'static str) -> Result<T, Refusal> {
        parse_json(&self.body, code)
    }

    pub(crate) fn id<T: FromStr<Err = InvalidId>>(&self, name: &str) -> Result<T, Refusal> {
        self.params.id(name)
    }

    /// Attribution of an object made now. Applications carry no `updated_at` until first changed.
    pub(crate) fn made(&self) -> Attribution {
        let now = self.now();
        Attribution {
            created_by: Some(self.principal.attributed_to()),
            created_via_operator: false,
            updated_by: None,
            updated_via_operator: false,
            created_at: now,
            updated_at: Some(now),
        }
    }

    /// Stamps a change made now.
    pub(crate) fn stamp(&self, attribution: &mut Attribution) {
        attribution.updated_by = Some(self.principal.attributed_to());
        attribution.updated_via_operator = false;
        attribution.updated_at = Some(self.now());
    }

    /// Begins a change over the deployment.
    pub(crate) async fn global_change(&self) -> Result<GlobalChange<'_>, Refusal> {
        Ok(GlobalChange::new(
            self,
            self.api.store.global(Access::Write).await?,
        ))
    }
}

/// A [`Call`] in the zone its path names.
#[derive(Debug, Clone)]
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
        Ok(self.api.store.zone(&self.zone, Access::Read).await?)
    }

    /// Begins a change in the zone.
    pub(crate) async fn change(&self) -> Result<ZoneChange<'_>, Refusal> {
        Ok(ZoneChange::new(
            self,
            self.api.store.zone(&self.zone, Access::Write).await?,
        ))
    }
}

/// 404 unless the zone exists. Creations ask first, so that nothing is made in an archived zone.
pub(crate) async fn require_zone(work: &mut dyn ZoneWork) -> Result<caracal_core::entity::Zone, Refusal> {
    work.zone()
        .await?
        .ok_or_else(|| Refusal::not_found("zone_not_found").describe("no such zone"))
}
