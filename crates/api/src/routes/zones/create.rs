//! `POST /v1/zones`

use caracal_core::{ZoneId, entity::Zone};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};

use super::{check_reserved, check_slug, slug_conflict};
use caracal_wire::control::zones::CreateZone;

use crate::{
    call::Call,
    change::{Done, GlobalChange},
    identifiers::{candidates, slug},
};

pub(crate) async fn handle(call: Call, Body(body): Body<CreateZone>) -> Result<Created<Zone>, Refusal> {
    let name = body.name.0;
    if let Some(slug) = &body.slug {
        check_slug(slug)?;
    }
    check_reserved(Some(&name), body.slug.as_deref(), call.caller.is_bootstrap())?;

    let mut change = call.global_change().await?;
    let slug = match body.slug {
        Some(slug) => slug,
        None => free_slug(&mut change, &call, &name).await?,
    };
    check_reserved(None, Some(&slug), call.caller.is_bootstrap())?;
    let zone = Zone {
        id: ZoneId::generate(&call.role.world),
        name,
        slug,
        dcr_enabled: body.dcr_enabled,
        operator_coauthor_badge: true,
        operator_governed: false,
        attribution: call.made(),
        archived_at: None,
    };
    change.zones().create(&zone).await.map_err(slug_conflict)?;
    change.zone_changed(&zone.id);
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
