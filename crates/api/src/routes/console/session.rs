//! What begins with a sign-in: a session, and the mark of a browser that somebody signed in with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::entity::SignInWay;
use caracal_crypto::{HmacKey, constant_time_eq, new_secret, sha256};
use caracal_service::{
    Refusal,
    limits::Rule,
    signed_in::{SESSION_TOKEN_PREFIX, session_digest},
};
use caracal_storage::{Access, Account, AccountSession};
use caracal_wire::control::accounts::NewSession;

use crate::{
    call::Call,
    change::{Done, GlobalChange},
    routes::accounts::item,
};

/// Ends a sign-in that proved the account: notes when, and starts a session in the change, which is committed.
pub(super) async fn finish(
    call: &Call,
    mut change: GlobalChange<'_>,
    mut account: Account,
    way: SignInWay,
    user_agent: Option<&str>,
    done: Done<'_>,
) -> Result<NewSession, Refusal> {
    account.last_sign_in_at = Some(call.now());
    change.accounts().update(&account).await?;
    let (id, email) = (account.id.clone(), account.email.clone());
    let started = start(call, &mut change, account, way, user_agent).await?;
    change.commit(None, done.by(&id, &email)).await?;
    Ok(started)
}

/// Starts a session of the account in this change.
pub(super) async fn start(
    call: &Call,
    change: &mut GlobalChange<'_>,
    account: Account,
    way: SignInWay,
    user_agent: Option<&str>,
) -> Result<NewSession, Refusal> {
    let (api, now) = (&call.role, call.now());
    let token = new_secret(&api.world, SESSION_TOKEN_PREFIX);
    let session = AccountSession {
        id: api.world.uuid_v7().to_string(),
        account_id: account.id.clone(),
        token_digest: session_digest(token.expose()),
        created_at: now,
        last_seen_at: now,
        idle_until: now.plus(api.config.session_idle),
        expires_at: now.plus(api.config.session_max),
        user_agent: shown(user_agent.unwrap_or_default()),
        way,
    };
    change.accounts().forget_ended(now).await?;
    change.accounts().start_session(&session).await?;
    Ok(NewSession {
        token: token.expose().to_owned(),
        expires_at: session.expires_at,
        device: mark(
            &api.token_keys.current,
            &account.id,
            &api.world.random_bytes::<16>(),
        ),
        account: item(account),
    })
}

/// What a browser says it is, as far as it is printable: 256 characters tell every browser from the others.
fn shown(user_agent: &str) -> String {
    let printable = |c: &char| c.is_ascii_graphic() || *c == ' ';
    user_agent.chars().filter(printable).take(256).collect()
}

/// The mark of a browser: `nonce.tag`, which only we can make and which tells nothing about the account.
fn mark(key: &HmacKey, account: &str, nonce: &[u8]) -> String {
    let tag = key.sign_parts(&[b"caracal.console-device.v1\n", nonce, b"\n", account.as_bytes()]);
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(nonce),
        URL_SAFE_NO_PAD.encode(tag)
    )
}

/// What is asked of an account, counted.
pub(super) struct Counted<'r> {
    /// The account, if there is one.
    pub(super) account: Option<Account>,
    rule: &'r Rule,
    name: String,
}

impl Counted<'_> {
    /// Takes it back: it was none of those that the limit is to bound.
    pub(super) async fn give_back(&self, call: &Call) {
        call.role.limits.give_back(self.rule, &self.name).await;
    }
}

/// The account of an address, once what is asked of it is counted: by a browser that somebody signed in with there before, or
/// else by the address, so that strangers use up what strangers have.
///
/// # Errors
/// 429 past the limit.
pub(super) async fn counted_account<'r>(
    call: &Call,
    [of_device, of_strangers]: [&'r Rule; 2],
    email: &str,
    device: Option<&str>,
) -> Result<Counted<'r>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let account = work.accounts().of_email(email).await?;
    drop(work);
    let known = |device: &&str| {
        let account = account.as_ref();
        account.is_some_and(|account| knows(call, &account.id, device))
    };
    let (rule, name) = match device.filter(known) {
        Some(device) => (of_device, device),
        None => (of_strangers, email),
    };
    let name = hex::encode(sha256(name.as_bytes()));
    call.role.limits.count_towards(rule, "sign_in", &name).await?;
    Ok(Counted { account, rule, name })
}

/// Whether somebody signed in to the account with the browser that has this mark.
fn knows(call: &Call, account: &str, device: &str) -> bool {
    let nonce = device
        .split_once('.')
        .and_then(|(nonce, _)| URL_SAFE_NO_PAD.decode(nonce).ok());
    let Some(nonce) = nonce.filter(|nonce| nonce.len() == 16) else {
        return false;
    };
    let keys = &call.role.token_keys;
    std::iter::once(&keys.current)
        .chain(&keys.previous)
        .any(|key| constant_time_eq(mark(key, account, &nonce).as_bytes(), device.as_bytes()))
}
