//! `PATCH /v1/zones/{zoneId}`

use caracal_core::entity::{RegistrationMethod, Zone};
use caracal_lifecycle::{EndReason, Ended, end_application};
use caracal_service::{
    Refusal,
    front::{Body, IfMatch, Versioned},
};
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::zones::{DcrShutdown, LiveApplications, UpdateZone},
};

use super::{check_reserved, check_slug, slug_conflict, zone_not_found};
use crate::{call::ZoneCall, change::Done, fields::no_fields};

pub(crate) async fn handle(
    call: ZoneCall,
    wanted: IfMatch,
    Body(body): Body<UpdateZone>,
) -> Result<Versioned<Zone>, Refusal> {
    if let Some(slug) = &body.slug {
        check_slug(slug)?;
    }
    check_reserved(
        body.name.as_deref(),
        body.slug.as_deref(),
        call.caller.is_bootstrap(),
    )?;
    if body.dcr_shutdown.is_some() && body.dcr_enabled != Some(false) {
        return Err(Refusal::invalid_field(
            ErrorCode::DcrShutdownNotApplicable,
            "dcr_shutdown",
            "only applies together with dcr_enabled: false",
        ));
    }
    if let Some(Some(limit)) = body.mint_limit_per_minute {
        check_mint_limit(limit, call.role.config.mint_rate_limit_per_min)?;
    }
    if body.is_empty() {
        return Err(no_fields());
    }

    let mut change = call.global_change().await?;
    // Whoever registers one meanwhile waits, and is told that none may be.
    let live = match body.dcr_enabled {
        Some(false) => change.zones().hold_registrations(&call.zone, call.now()).await?,
        _ => 0,
    };
    let mut zone = change.zones().get(&call.zone).await?.ok_or_else(zone_not_found)?;
    wanted.allows(zone.attribution.version)?;
    if zone.dcr_enabled && live > 0 && body.dcr_shutdown.is_none() {
        return Err(Refusal::of(ErrorCode::DcrShutdownRequired)
            .describe("say with dcr_shutdown what becomes of the live short-lived applications")
            .with_details(&LiveApplications {
                live_dcr_applications: live,
            }));
    }
    zone.name = body.name.map_or(zone.name, |name| name.0);
    zone.slug = body.slug.unwrap_or(zone.slug);
    zone.dcr_enabled = body.dcr_enabled.unwrap_or(zone.dcr_enabled);
    zone.operator_coauthor_badge = body
        .operator_coauthor_badge
        .unwrap_or(zone.operator_coauthor_badge);
    zone.operator_governed = body.operator_governed.unwrap_or(zone.operator_governed);
    zone.mint_limit_per_minute = body.mint_limit_per_minute.unwrap_or(zone.mint_limit_per_minute);
    call.stamp(&mut zone.attribution);
    if !change.zones().update(&zone).await.map_err(slug_conflict)? {
        return Err(zone_not_found());
    }
    change.zone_changed(&zone.id);
    let done = match body.mint_limit_per_minute {
        Some(limit) => Done::ok().note("mint_limit_per_minute", limit),
        None => Done::ok(),
    };
    change.commit(Some(&zone.id), done).await?;

    // Registration is closed from here on, so the sweep meets every live application. Should it fail, the same
    // request again sweeps what is left.
    if body.dcr_shutdown == Some(DcrShutdown::RevokeLive) {
        revoke_live(&call).await?;
    }
    let version = zone.attribution.next();
    Ok(Versioned(zone, version))
}

/// A zone may allow less than the deployment, and never nothing: that is what freezing it is for.
fn check_mint_limit(limit: u32, most: u32) -> Result<(), Refusal> {
    if limit == 0 {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidZone,
            "mint_limit_per_minute",
            "must be at least 1; freeze the zone to allow nothing",
        ));
    }
    if limit > most {
        return Err(Refusal::of(ErrorCode::RateLimitAboveCeiling)
            .describe("STS_MINT_RATE_LIMIT_PER_MIN is the limit")
            .at("mint_limit_per_minute")
            .with("max_per_minute", most));
    }
    Ok(())
}

async fn revoke_live(call: &ZoneCall) -> Result<(), Refusal> {
    let now = call.now();
    let mut change = call.change().await?;
    let mut ended = Ended::default();
    let mut archived = 0_u64;
    for application in change.applications().all_live(now).await? {
        if application.registration_method != RegistrationMethod::Dcr {
            continue;
        }
        if change.applications().archive(&application.id, now).await? {
            archived += 1;
            change.directory_changed(DirectoryKind::Application, application.id.as_str());
        }
        let why = EndReason::word("dcr_shutdown");
        ended.absorb(end_application(change.ending(), &call.role.world, &application.id, why).await?);
    }
    let done = Done::ok()
        .note("dcr_shutdown_mode", "revoke_live")
        .note("revoked_applications", archived)
        .ended(&ended);
    change.commit(done).await?;
    Ok(())
}
