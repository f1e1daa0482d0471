//! From a bearer token to a principal.

use caracal_core::text::is_unprintable;
use caracal_crypto::{
    HmacKey,
    tokens::{ACCOUNT_HEADER, verify_account_assertion},
};
use caracal_service::{
    Refusal,
    bearers::bearer_of,
    signed_in::{SESSION_TOKEN_PREFIX, SignedIn, session_digest},
};
use caracal_storage::{Access, AdminToken, Error};
use caracal_wire::ErrorCode;
use http::HeaderMap;

use super::principal::{AdminPrincipal, Origin, Power, Scope};
use crate::deps::ApiDeps;

/// Longest bearer token looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// What a token is stored as.
pub(crate) fn digest(key: &HmacKey, token: &str) -> [u8; 32] {
    key.sign_parts(&[b"caracal.admin-token.v1\n", token.as_bytes()])
}

/// The name under which rows know the key of their digest.
pub fn token_key_name(key: &HmacKey) -> String {
    let tag = key.sign(b"caracal.admin-token.key-name");
    hex::encode(tag.get(..8).unwrap_or_default())
}

/// The token, if it is good, by the current key or, while keys change, by the previous one. What is used under the previous
/// one is stored under the current one.
async fn find(api: &ApiDeps, token: &str) -> Result<Option<AdminToken>, Error> {
    let keys = &api.token_keys;
    let current = digest(&keys.current, token);
    let now = api.world.now();
    let mut work = api.store.global(Access::Read).await?;
    let found = work.admin_tokens().find(&current, now).await?;
    let (None, Some(previous)) = (&found, &keys.previous) else {
        return Ok(found);
    };
    let seen = digest(previous, token);
    let Some(mut found) = work.admin_tokens().find(&seen, now).await? else {
        return Ok(None);
    };
    drop(work);
    let name = token_key_name(&keys.current);
    let moved = async {
        let mut work = api.store.global(Access::Write).await?;
        work.admin_tokens()
            .redigest(&found.id, &seen, &current, &name)
            .await?;
        work.commit().await
    };
    // The token is good either way; its next use tries again.
    match moved.await {
        Ok(()) => (found.token_digest, found.digest_key) = (current, name),
        Err(error) => {
            tracing::warn!(error = %caracal_service::error_chain(&error), "could not move an admin token to the current key");
        }
    }
    Ok(Some(found))
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers).filter(|token| token.len() <= MAX_TOKEN_BYTES)
}

/// Whether the token of a request was one of ours a moment ago.
pub(crate) async fn may_be_good(api: &ApiDeps, headers: &HeaderMap) -> bool {
    let Some(token) = token_of(headers) else {
        return false;
    };
    let keys = std::iter::once(&api.token_keys.current).chain(&api.token_keys.previous);
    let digests: Vec<_> = keys
        .map(|key| digest(key, token))
        .chain([session_digest(token)])
        .collect();
    let (store, now) = (api.store.as_ref(), api.world.now());
    api.known_tokens.have(store, &digests, now).await
}

/// The caller behind a request.
///
/// # Errors
/// 401 `invalid_admin_token` or `invalid_account_assertion`; 503 when storage does not answer, which is not counted as
/// a failed login.
pub(crate) async fn authenticate(api: &ApiDeps, headers: &HeaderMap) -> Result<AdminPrincipal, Refusal> {
    if let Some(token) = token_of(headers).filter(|token| token.starts_with(SESSION_TOKEN_PREFIX)) {
        return signed_in(api, token).await;
    }
    let row = match token_of(headers) {
        None => None,
        Some(token) => find(api, token).await?,
    };
    let Some(principal) = row.as_ref().and_then(principal_of) else {
        return Err(Refusal::of(ErrorCode::InvalidAdminToken)
            .describe("send a valid admin token as Authorization: Bearer")
            .authenticate("Bearer"));
    };
    let principal = bind_account(api, headers, principal)?;
    touch(api, &principal).await;
    Ok(principal)
}

/// Whoever is signed in with this token.
async fn signed_in(api: &ApiDeps, token: &str) -> Result<AdminPrincipal, Refusal> {
    let now = api.world.now();
    let Some(signed_in) = SignedIn::find(api.store.as_ref(), token, now).await? else {
        return Err(Refusal::of(ErrorCode::InvalidAdminToken)
            .describe("this session has ended; sign in again")
            .authenticate("Bearer"));
    };
    if now.since(signed_in.session.last_seen_at) >= api.config.last_used_debounce {
        let noted = async {
            let idle_until = now.plus(api.config.session_idle);
            let mut work = api.store.global(Access::Write).await?;
            work.accounts()
                .touch_session(&signed_in.session.id, now, idle_until)
                .await?;
            work.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(error = %caracal_service::error_chain(&error), "could not note the use of a session");
        }
    }
    Ok(AdminPrincipal::of_session(signed_in))
}

/// A row whose words contradict each other authenticates nobody.
fn principal_of(row: &AdminToken) -> Option<AdminPrincipal> {
    let scope = match (row.scope.as_str(), &row.zone_id) {
        ("global", None) => Scope::Global,
        ("zone", Some(zone)) => Scope::Zone(zone.clone()),
        _ => return None,
    };
    let origin = Origin::of(&row.created_by);
    Some(AdminPrincipal {
        id: row.id.clone(),
        name: row.name.clone(),
        scope,
        power: Power::parse(&row.capability)?,
        reveals: row.may_reveal(),
        origin,
        account: None,
        signed_in: None,
        control: None,
        expires_at: row.expires_at,
        stranger: None,
        last_used_at: row.last_used_at,
    })
}

/// A console token speaks for whichever account is signed in, and says so with a signed assertion. Without one
/// it speaks for nobody. For other tokens the header means nothing.
fn bind_account(
    api: &ApiDeps,
    headers: &HeaderMap,
    mut principal: AdminPrincipal,
) -> Result<AdminPrincipal, Refusal> {
    if principal.origin != Origin::Console {
        return Ok(principal);
    }
    let refused = || {
        Refusal::of(ErrorCode::InvalidAccountAssertion)
            .describe("a console token needs a current account assertion")
    };
    let mut values = headers.get_all(ACCOUNT_HEADER).iter();
    let assertion = values
        .next()
        .and_then(|value| value.to_str().ok())
        .ok_or_else(refused)?;
    let now = api.world.now();
    let account = [&api.admin_token, &api.admin_token_previous]
        .into_iter()
        .flatten()
        .find_map(|secret| verify_account_assertion(secret, assertion, now).ok())
        .ok_or_else(refused)?;
    // Accounts own what they created; an account that is named like a token would own what that token created.
    if values.next().is_some() || account.starts_with("admin:") || account.chars().any(is_unprintable) {
        return Err(refused());
    }
    principal.account = Some(account);
    Ok(principal)
}

/// Notes use, at most once per debounce. A failure costs a date, not the request.
async fn touch(api: &ApiDeps, principal: &AdminPrincipal) {
    let now = api.world.now();
    if principal
        .last_used_at
        .is_some_and(|at| now.since(at) < api.config.last_used_debounce)
    {
        return;
    }
    let noted = async {
        let mut work = api.store.global(Access::Write).await?;
        work.admin_tokens().touch(&principal.id, now).await?;
        work.commit().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(error = %caracal_service::error_chain(&error), "could not note the use of an admin token");
    }
}
