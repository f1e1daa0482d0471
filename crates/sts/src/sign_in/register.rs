//! A client registers (RFC 7591). Its id is what it said, sealed: nothing is stored, so nobody fills a table, and any replica
//! knows it.

use std::net::IpAddr;

use caracal_core::TextRule;
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    sign_in::{ClientRegistration, RegisteredClient},
};

use super::{
    REGISTRATIONS,
    client::{MAX_ID_BYTES, REGISTERED, Registered},
    metadata_document::MAX_NAME,
    redirect_uri::{MAX_REDIRECTS, check_redirect},
    sealed::seal,
};
use crate::StsDeps;

/// Gives a client an id.
///
/// # Errors
/// 400 with the codes of RFC 7591 §3.2.2; 429; 503.
pub(crate) async fn register(
    deps: &StsDeps,
    asked: ClientRegistration,
    peer: Option<IpAddr>,
) -> Result<RegisteredClient, Refusal> {
    deps.limits
        .count_address(&REGISTRATIONS, "client_registrations", peer)
        .await?;
    let invalid = |why: &'static str| Refusal::of(ErrorCode::InvalidClientMetadata).describe(why);
    if !(1..=MAX_REDIRECTS).contains(&asked.redirect_uris.len()) {
        return Err(
            Refusal::of(ErrorCode::InvalidRedirectUri).describe("redirect_uris: 1 to 8 are registered")
        );
    }
    for uri in &asked.redirect_uris {
        check_redirect(uri).map_err(|why| {
            Refusal::of(ErrorCode::InvalidRedirectUri).describe(format!("redirect_uris: {why}"))
        })?;
    }
    // A secret that anybody gets who asks is none.
    let method = asked.token_endpoint_auth_method.as_deref();
    if method.is_some_and(|method| method != "none") {
        return Err(invalid("token_endpoint_auth_method: must be none"));
    }
    let code_alone = |types: &Option<Vec<String>>, known: &[&str]| {
        types
            .as_ref()
            .is_none_or(|types| types.iter().all(|name| known.contains(&name.as_str())))
    };
    if !code_alone(&asked.grant_types, &["authorization_code", "refresh_token"]) {
        return Err(invalid("grant_types: authorization_code and refresh_token alone"));
    }
    if !code_alone(&asked.response_types, &["code"]) {
        return Err(invalid("response_types: code alone"));
    }
    let name = asked.client_name.unwrap_or_default();
    let name = name.trim();
    if TextRule::line(MAX_NAME).check(name).is_err() && !name.is_empty() {
        return Err(invalid("client_name: must be one line of at most 64 characters"));
    }
    let name = if name.is_empty() {
        "a client without a name"
    } else {
        name
    };
    let registered = Registered {
        name: name.to_owned(),
        redirect_uris: asked.redirect_uris,
        proves_key: asked.dpop_bound_access_tokens.unwrap_or_default(),
        id: deps.world.uuid_v7().to_string(),
    };
    let client_id = [REGISTERED, &seal(deps, &registered)?].concat();
    if client_id.len() > MAX_ID_BYTES {
        return Err(invalid("redirect_uris: too long together"));
    }
    Ok(RegisteredClient {
        client_id,
        client_id_issued_at: deps.world.now().unix_seconds(),
        client_name: registered.name,
        redirect_uris: registered.redirect_uris,
        grant_types: vec![String::from("authorization_code"), String::from("refresh_token")],
        response_types: vec![String::from("code")],
        token_endpoint_auth_method: String::from("none"),
        dpop_bound_access_tokens: registered.proves_key,
    })
}
