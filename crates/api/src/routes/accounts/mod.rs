//! `/v1/accounts`: people who sign in to the console, managed by owners.

pub(super) mod change;
pub(super) mod create;
pub(super) mod links;

use caracal_core::ZoneId;
use caracal_crypto::sha256_hex;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Listed, Path, Searched, Tagged},
};
use caracal_storage::{Access, Account};
use caracal_wire::{ErrorCode, Listing, control::accounts::AccountItem};

use crate::{answer::listed, call::Call};

/// An account as clients see it.
pub(crate) fn item(account: Account) -> AccountItem {
    AccountItem {
        id: account.id,
        email: account.email,
        name: account.name,
        role: account.role,
        zones: account.zones,
        has_password: account.password.is_some(),
        identity_issuer: account.identity_issuer,
        locked_at: account.locked_at,
        created_by: account.created_by,
        created_at: account.created_at,
        last_sign_in_at: account.last_sign_in_at,
    }
}

/// Tells an account that was changed apart from what it was: everything that administrators change of it.
fn tag(item: &AccountItem) -> String {
    let changed = AccountItem {
        last_sign_in_at: None,
        ..item.clone()
    };
    // Plain data always serialises.
    sha256_hex(&serde_json::to_vec(&changed).unwrap_or_default())
}

/// `GET /v1/accounts/{id}`
pub(crate) async fn get(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
) -> Result<Tagged<AccountItem>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let account = work.accounts().get(&id).await?.ok_or_else(not_found)?;
    let item = item(account);
    let tag = tag(&item);
    Ok(Tagged(item, tag))
}

pub(crate) fn email_taken() -> Refusal {
    Refusal::of(ErrorCode::AccountEmailTaken).describe("another account has this address")
}

/// Refuses a reach to zones that there are not, or not any more.
///
/// # Errors
/// 400 that names the first of them by its place in `field`.
async fn check_zones(call: &Call, field: &str, zones: Option<&[ZoneId]>) -> Result<(), Refusal> {
    let Some(zones) = zones else { return Ok(()) };
    let mut work = call.role.store.global(Access::Read).await?;
    for (position, zone) in zones.iter().enumerate() {
        if work.zones().get(zone).await?.is_none() {
            return Err(Refusal::invalid_field(
                ErrorCode::InvalidAccount,
                &format!("{field}.{position}"),
                "names no zone",
            ));
        }
    }
    Ok(())
}

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::AccountNotFound).describe("no such account")
}

/// `GET /v1/accounts`
pub(crate) async fn list(
    call: Call,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<AccountItem>>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    Ok(listed(work.accounts().list(&page).await?, item))
}
