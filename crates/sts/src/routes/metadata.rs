//! `GET /.well-known/oauth-authorization-server` (RFC 8414).

use std::sync::Arc;

use caracal_crypto::dpop;
use caracal_service::{
    Refusal,
    front::{Answer, Inbound},
};
use caracal_wire::introspection::ServerMetadata;

use crate::{StsDeps, form::TOKEN_EXCHANGE};

/// RFC 6749 §2.3.1. Published clients of ours send `application_id` in the form, which is no method of OAuth.
const METHOD: &str = "client_secret_basic";

pub(super) async fn get(call: Arc<Inbound<StsDeps>>) -> Result<Answer<ServerMetadata>, Refusal> {
    let issuer = &call.role.config.issuer;
    let below = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    Ok(Answer(ServerMetadata {
        issuer: issuer.to_string(),
        authorization_endpoint: below("/oauth/2/authorize"),
        token_endpoint: below("/oauth/2/token"),
        registration_endpoint: below("/oauth/2/register"),
        introspection_endpoint: below("/oauth/2/introspect"),
        revocation_endpoint: below("/oauth/2/revoke"),
        response_types_supported: vec!["code".into()],
        response_modes_supported: vec!["query".into()],
        grant_types_supported: vec![
            "authorization_code".into(),
            "refresh_token".into(),
            TOKEN_EXCHANGE.into(),
        ],
        code_challenge_methods_supported: vec!["S256".into()],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        token_endpoint_auth_methods_supported: vec![METHOD.into(), "none".into()],
        introspection_endpoint_auth_methods_supported: vec![METHOD.into()],
        revocation_endpoint_auth_methods_supported: vec![METHOD.into(), "none".into()],
        dpop_signing_alg_values_supported: dpop::ALGORITHMS.map(String::from).into(),
    }))
}
