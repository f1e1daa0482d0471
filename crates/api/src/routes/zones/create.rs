//! `POST /v1/zones`

use caracal_core::{ZoneId, entity::Zone};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};

use caracal_storage::Error;
use caracal_wire::{ErrorCode, control::zones::CreateZone};
use http::StatusCode;

use super::{check_reserved, check_slug, slug_conflict};

use crate::{
    call::Call,
    change::{Done, GlobalChange},
    identifiers::{candidates, slug},
    receipts::{keyed, made_zones, same_request_was_first, zone_was_made},
};

pub(crate) async fn handle(call: Call, Body(body): Body<CreateZone>) -> Result<Created<Zone>, Refusal> {
    let name = body.name.0;
    if let Some(slug) = &body.slug {
        check_slug(slug)?;
    }
    check_reserved(Some(&name), body.slug.as_deref(), call.caller.is_bootstrap())?;

    let keyed = keyed(&call);
    let mut change = call.global_change().await?;
    let slug = match body.slug {
        Some(slug) => slug,
        None => free_slug(&mut change, &call, &name).await?,
    };
    check_reserved(None, Some(&slug), call.caller.is_bootstrap())?;
    let zone = Zone {
        id: keyed
            .and_then(|keyed| made_zones(keyed).next())
            .unwrap_or_else(|| ZoneId::generate(&call.role.world)),
        name,
        slug,
        dcr_enabled: body.dcr_enabled,
        operator_coauthor_badge: true,
        operator_governed: false,
        frozen_at: None,
        mint_limit_per_minute: None,
        attribution: call.made(),
        archived_at: None,
    };
    if keyed.is_some()
        && let Some(made) = change.zones().get_with_archived(&zone.id).await?
    {
        return Err(zone_was_made(&made, call.now()));
    }
    let created = change.zones().create(&zone).await;
    created.map_err(|error| match error {
        Error::Conflict { constraint } if constraint == "zones_pkey" => same_request_was_first(),
        other => slug_conflict(other),
    })?;
    change.zone_changed(&zone.id);
    if let Some(keyed) = keyed {
        let answer = serde_json::to_string(&zone).map_err(|_| Refusal::of(ErrorCode::InternalError))?;
        let status = StatusCode::CREATED.as_u16();
        let receipt = keyed.receipt(zone.id.as_str(), status, answer, call.now())?;
        change.zones().keep_receipt(&zone.id, &receipt).await?;
    }
    change
        .commit(Some(&zone.id), Done::created(zone.id.as_str()))
        .await?;
    Ok(Created(zone))
}

async fn free_slug(change: &mut GlobalChange<'_>, call: &Call, name: &str) -> Result<String, Refusal> {
    let mut base = slug(name, "zone");
    base.truncate(80);
    let mut chosen = base.clone();
    for candidate in candidates(&call.role.world, base) {
        chosen = candidate;
        if !change.zones().slug_taken(&chosen).await? {
            break;
        }
    }
    Ok(chosen)
}
