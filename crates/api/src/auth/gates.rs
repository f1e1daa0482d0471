//! What an authenticated caller is refused. The first failing gate answers.

use caracal_core::{ZoneId, entity::Zone};
use caracal_service::{
    Refusal,
    signed_in::{Power as AccountPower, SignedIn},
};
use caracal_storage::Access;
use caracal_wire::ErrorCode;

use super::principal::{AdminPrincipal, Power, Scope};
use crate::{
    access::{Capability, Needs, Reach},
    control,
    deps::ApiDeps,
    fields::is_reserved_zone,
};

fn forbidden(code: ErrorCode, description: &'static str) -> Refusal {
    Refusal::of(code).describe(description)
}

/// What the gates of a route with these needs, and proving who calls, refuse with.
pub(crate) fn refuses(needs: Needs) -> Vec<ErrorCode> {
    match needs.reach {
        Reach::Open => return Vec::new(),
        Reach::Control => return control::REFUSES.to_vec(),
        _ => {}
    }
    let mut codes = vec![
        ErrorCode::InvalidAdminToken,
        ErrorCode::InvalidAccountAssertion,
        ErrorCode::RateLimited,
    ];
    if needs.reach == Reach::Own {
        codes.push(ErrorCode::AccountSessionRequired);
        return codes;
    }
    match needs.capability {
        Capability::Read | Capability::ReadEvidence => {}
        Capability::Decide => {
            codes.extend([
                ErrorCode::AdminTokenReadOnly,
                ErrorCode::ApproveCapabilityRequired,
            ]);
        }
        Capability::Write | Capability::Stop => {
            codes.extend([ErrorCode::AdminTokenReadOnly, ErrorCode::AdminTokenApproveOnly]);
        }
        Capability::Reveal => {
            codes.extend([
                ErrorCode::AdminTokenReadOnly,
                ErrorCode::AdminTokenApproveOnly,
                ErrorCode::RevealCapabilityRequired,
            ]);
        }
        Capability::Release => {
            codes.extend([
                ErrorCode::AdminTokenReadOnly,
                ErrorCode::AdminTokenApproveOnly,
                ErrorCode::AdminTokenZoneMismatch,
                ErrorCode::AccountScopeRequired,
            ]);
        }
    }
    if needs.capability != Capability::Read {
        codes.push(ErrorCode::AccountRoleForbidden);
    }
    match needs.reach {
        Reach::Stateless | Reach::Own | Reach::Open | Reach::Control => {}
        Reach::Deployment { accounts: true } => codes.push(ErrorCode::AdminTokenZoneMismatch),
        Reach::Deployment { accounts: false } => {
            codes.extend([
                ErrorCode::AdminTokenZoneMismatch,
                ErrorCode::AccountScopeRequired,
                ErrorCode::AccountRoleForbidden,
            ]);
        }
        Reach::Home => {
            codes.extend([
                ErrorCode::AdminTokenZoneMismatch,
                ErrorCode::ZoneForbidden,
                ErrorCode::ZoneIdRequired,
                ErrorCode::ZoneNotFound,
                ErrorCode::InvalidParams,
            ]);
        }
        Reach::Zone => {
            codes.extend([ErrorCode::AdminTokenZoneMismatch, ErrorCode::ZoneForbidden]);
            codes.extend((!needs.outlives_zone).then_some(ErrorCode::ZoneNotFound));
            codes.extend(needs.capability.acts().then_some(ErrorCode::SystemZoneReadOnly));
        }
    }
    codes
}

/// The gates that need no zone: capability, and reach beyond zones.
pub(crate) fn check_capability(principal: &AdminPrincipal, needs: Needs) -> Result<(), Refusal> {
    if matches!(needs.reach, Reach::Open | Reach::Control) {
        return Ok(());
    }
    if let Some(signed_in) = &principal.signed_in {
        return check_account(signed_in, needs);
    }
    if needs.reach == Reach::Own {
        return Err(forbidden(
            ErrorCode::AccountSessionRequired,
            "this is about whoever is signed in, and a token is not",
        ));
    }
    match (needs.capability, principal.power) {
        (Capability::Read | Capability::ReadEvidence, _)
        | (Capability::Write | Capability::Stop | Capability::Release, Power::Write)
        | (Capability::Decide, Power::Approve) => {}
        (Capability::Reveal, _) if principal.reveals => {}
        (Capability::Reveal, Power::Write) => {
            return Err(forbidden(
                ErrorCode::RevealCapabilityRequired,
                "this token may not see live credentials",
            ));
        }
        (Capability::Decide, Power::Write) if principal.is_bootstrap() => {}
        (Capability::Decide, Power::Write) => {
            return Err(forbidden(
                ErrorCode::ApproveCapabilityRequired,
                "approvals are decided by tokens that can approve",
            ));
        }
        (_, Power::Read) => {
            return Err(forbidden(
                ErrorCode::AdminTokenReadOnly,
                "this token can only read",
            ));
        }
        (Capability::Write | Capability::Stop | Capability::Release | Capability::Reveal, Power::Approve) => {
            return Err(forbidden(
                ErrorCode::AdminTokenApproveOnly,
                "this token can only read and decide approvals",
            ));
        }
    }
    match needs.reach {
        Reach::Deployment { .. } if !principal.is_global() => Err(forbidden(
            ErrorCode::AdminTokenZoneMismatch,
            "a zone token reaches its own zone only",
        )),
        Reach::Deployment { accounts: false } if principal.account.is_some() => Err(forbidden(
            ErrorCode::AccountScopeRequired,
            "console accounts cannot call this",
        )),
        _ => Ok(()),
    }
}

/// Whether a token that writes may let held evidence go.
fn check_release(principal: &AdminPrincipal) -> Result<(), Refusal> {
    if !principal.is_global() {
        return Err(forbidden(
            ErrorCode::AdminTokenZoneMismatch,
            "what is held is let go by whoever reaches the whole deployment",
        ));
    }
    if principal.account.is_some() {
        return Err(forbidden(
            ErrorCode::AccountScopeRequired,
            "console accounts cannot call this",
        ));
    }
    Ok(())
}

/// What the role of somebody who is signed in lets them do.
fn check_account(signed_in: &SignedIn, needs: Needs) -> Result<(), Refusal> {
    let role = signed_in.account.role;
    let refused = || {
        let sentence = format!("the role {role} does not let you do this");
        Err(Refusal::of(ErrorCode::AccountRoleForbidden).describe(sentence))
    };
    let power = match (needs.reach, needs.capability) {
        (Reach::Own, _) => return Ok(()),
        (Reach::Deployment { accounts: false }, _) | (_, Capability::Release) => AccountPower::Govern,
        (_, Capability::Read) => AccountPower::Look,
        (_, Capability::ReadEvidence) => AccountPower::ReadEvidence,
        (_, Capability::Stop) => AccountPower::Stop,
        (_, Capability::Decide) => AccountPower::Decide,
        (_, Capability::Write) => AccountPower::Change,
        (_, Capability::Reveal) => AccountPower::Reveal,
    };
    if !signed_in.may(power) {
        return refused();
    }
    let beyond_zones =
        matches!(needs.reach, Reach::Deployment { .. }) && needs.capability != Capability::Read;
    if beyond_zones && signed_in.account.zones.is_some() {
        return Err(forbidden(
            ErrorCode::AdminTokenZoneMismatch,
            "this account reaches some zones only",
        ));
    }
    Ok(())
}

/// What a control key runs is what a command of its scopes is. Whatever is run for it was looked up in the catalogue, so that
/// this gate refuses nothing but what should never have been run.
pub(crate) fn confine(principal: &AdminPrincipal, route: &'static str, needs: Needs) -> Result<(), Refusal> {
    let Some(invocation) = &principal.control else {
        return Ok(());
    };
    let commanded = matches!(needs.reach, Reach::Zone | Reach::Stateless)
        && !matches!(
            needs.capability,
            Capability::Decide | Capability::Release | Capability::Reveal
        )
        && control::allows(route, &invocation.scopes);
    if commanded || needs.reach == Reach::Control {
        return Ok(());
    }
    tracing::error!(route, application.id = %invocation.application_id, "a command ran what it may not");
    Err(Refusal::of(ErrorCode::InternalError))
}

/// The gates of a zone route.
pub(crate) async fn admit_to_zone(
    api: &ApiDeps,
    principal: &AdminPrincipal,
    needs: Needs,
    zone: &ZoneId,
) -> Result<(), Refusal> {
    if let Scope::Zone(own) = &principal.scope
        && own != zone
    {
        return Err(forbidden(
            ErrorCode::AdminTokenZoneMismatch,
            "a zone token reaches its own zone only",
        ));
    }
    if let Some(signed_in) = &principal.signed_in
        && !signed_in.reaches(zone)
    {
        return Err(forbidden(
            ErrorCode::ZoneForbidden,
            "this account does not reach the zone",
        ));
    }
    if needs.capability == Capability::Release && principal.signed_in.is_none() {
        check_release(principal)?;
    }
    let writes = needs.capability.acts() && !principal.is_bootstrap();
    if !writes && principal.account.is_none() && needs.outlives_zone {
        return Ok(());
    }
    let row = api.store.zone(zone, Access::Read).await?.zone().await?;
    if writes
        && row
            .as_ref()
            .is_some_and(|row| is_reserved_zone(&row.name, &row.slug))
    {
        return Err(forbidden(
            ErrorCode::SystemZoneReadOnly,
            "this zone belongs to the platform",
        ));
    }
    match &principal.account {
        // A stranger must not learn whether the zone exists.
        Some(account) if !row.as_ref().is_some_and(|row| owns(account, row)) => Err(forbidden(
            ErrorCode::ZoneForbidden,
            "this account does not own the zone",
        )),
        // Whoever it is: nothing is read, changed or revealed of a zone that is no more, but its evidence.
        _ if row.is_none() && !needs.outlives_zone => Err(forbidden(ErrorCode::ZoneNotFound, "no such zone")),
        _ => Ok(()),
    }
}

/// Whether the console account made the zone.
fn owns(account: &str, zone: &Zone) -> bool {
    zone.attribution.created_by.as_deref() == Some(account)
}
