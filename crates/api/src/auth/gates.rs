//! What an authenticated caller is refused. The first failing gate answers.

use caracal_core::{ZoneId, entity::Zone};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::ErrorCode;

use super::principal::{Power, Principal, Scope};
use crate::{
    access::{Capability, Needs, Reach},
    deps::ApiDeps,
    fields::is_reserved_zone,
};

fn forbidden(code: ErrorCode, description: &'static str) -> Refusal {
    Refusal::of(code).describe(description)
}

/// What the gates of a route with these needs, and proving who calls, refuse with.
pub(crate) fn refuses(needs: Needs) -> Vec<ErrorCode> {
    let mut codes = vec![
        ErrorCode::InvalidAdminToken,
        ErrorCode::InvalidAccountAssertion,
        ErrorCode::RateLimited,
    ];
    let writes = needs.capability != Capability::Read;
    match needs.capability {
        Capability::Read => {}
        Capability::Decide => {
            codes.extend([
                ErrorCode::AdminTokenReadOnly,
                ErrorCode::ApproveCapabilityRequired,
            ]);
        }
        Capability::Write | Capability::Reveal => {
            codes.extend([ErrorCode::AdminTokenReadOnly, ErrorCode::AdminTokenApproveOnly]);
        }
    }
    match needs.reach {
        Reach::Stateless => {}
        Reach::Deployment { accounts: true } => codes.push(ErrorCode::AdminTokenZoneMismatch),
        Reach::Deployment { accounts: false } => {
            codes.extend([ErrorCode::AdminTokenZoneMismatch, ErrorCode::AccountScopeRequired]);
        }
        Reach::Zone => {
            codes.extend([ErrorCode::AdminTokenZoneMismatch, ErrorCode::ZoneForbidden]);
            codes.extend(writes.then_some(ErrorCode::SystemZoneReadOnly));
        }
    }
    codes
}

/// The gates that need no zone: capability, and reach beyond zones.
pub(crate) fn check_capability(principal: &Principal, needs: Needs) -> Result<(), Refusal> {
    match (needs.capability, principal.power) {
        (Capability::Read, _)
        | (Capability::Write | Capability::Reveal, Power::Write)
        | (Capability::Decide, Power::Approve) => {}
        (Capability::Decide, Power::Write) if principal.is_bootstrap() => {}
        (Capability::Decide, Power::Write) => {
            return Err(forbidden(
                ErrorCode::ApproveCapabilityRequired,
                "approvals are decided by tokens that can approve",
            ));
        }
        (Capability::Write | Capability::Reveal | Capability::Decide, Power::Read) => {
            return Err(forbidden(
                ErrorCode::AdminTokenReadOnly,
                "this token can only read",
            ));
        }
        (Capability::Write | Capability::Reveal, Power::Approve) => {
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
        Reach::Stateless | Reach::Zone | Reach::Deployment { .. } => Ok(()),
    }
}

/// The gates of a zone route.
pub(crate) async fn admit_to_zone(
    api: &ApiDeps,
    principal: &Principal,
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
    let writes = needs.capability != Capability::Read && !principal.is_bootstrap();
    if !writes && principal.account.is_none() {
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
        _ => Ok(()),
    }
}

/// Whether the console account made the zone.
pub(crate) fn owns(account: &str, zone: &Zone) -> bool {
    zone.attribution.created_by.as_deref() == Some(account)
}
