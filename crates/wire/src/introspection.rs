//! What the STS tells of itself (RFC 8414) and of mandates (RFC 7662).

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, SessionId, ZoneId,
    claims::{Confirmation, MandateClaims, MandateUse, SubjectType},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ErrorCode,
    form::{trimmed, trimmed_if_any},
};

/// What introspection refuses with, by status.
pub const INTROSPECTION_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (400, &[ErrorCode::InvalidToken]),
    (401, &[ErrorCode::AccessDenied]),
    (403, &[ErrorCode::ZoneInvalid]),
    (413, &[ErrorCode::PayloadTooLarge]),
    (415, &[ErrorCode::InvalidToken]),
    (429, &[ErrorCode::ProviderRateLimited]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// A question about a token (RFC 7662 §2.1). Id and secret of the application may come as HTTP Basic instead.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct IntrospectionForm {
    /// The token.
    #[serde(deserialize_with = "trimmed")]
    pub token: String,
    /// Zone of the application; only its mandates are known to it, and without one nobody is.
    #[serde(default, deserialize_with = "trimmed_if_any")]
    pub zone_id: Option<ZoneId>,
    /// Who asks.
    #[serde(default, deserialize_with = "trimmed_if_any")]
    pub application_id: Option<ApplicationId>,
    /// The proof.
    pub client_secret: Option<String>,
}

/// What giving a token back is refused with, by status.
pub const REVOCATION_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (400, &[ErrorCode::InvalidToken, ErrorCode::UnsupportedTokenType]),
    (401, &[ErrorCode::AccessDenied]),
    (403, &[ErrorCode::AccessDenied, ErrorCode::ZoneInvalid]),
    (413, &[ErrorCode::PayloadTooLarge]),
    (415, &[ErrorCode::InvalidToken]),
    (429, &[ErrorCode::ProviderRateLimited]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// A token that is given back (RFC 7009 §2.1): by an application, whose id and secret may come as HTTP Basic instead, or by a
/// client that a person signed in with, which says its id and has no secret.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RevocationForm {
    /// The token.
    #[serde(deserialize_with = "trimmed")]
    pub token: String,
    /// What kind of token it may be; it is found out anyway.
    pub token_type_hint: Option<String>,
    /// Zone of the application; without one nobody is known.
    #[serde(default, deserialize_with = "trimmed_if_any")]
    pub zone_id: Option<ZoneId>,
    /// Whose token it is.
    #[serde(default, deserialize_with = "trimmed_if_any")]
    pub application_id: Option<ApplicationId>,
    /// The proof.
    pub client_secret: Option<String>,
    /// The client, of a refresh token.
    pub client_id: Option<String>,
}

/// What a token is good for now (RFC 7662 §2.2). Of one that is good for nothing there is nothing but that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Introspection {
    /// Whether it is good for anything.
    pub active: bool,
    /// What it says: [`IntrospectedClaims`], all of them or none, which a schema of members beside `active` cannot tell.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub claims: Option<IntrospectedClaims>,
}

/// What a mandate that is good says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntrospectedClaims {
    /// Issuer.
    #[schema(value_type = String)]
    pub iss: Arc<str>,
    /// Subject.
    #[schema(value_type = String)]
    pub sub: Arc<str>,
    /// Audience.
    #[schema(value_type = Vec<String>)]
    pub aud: Vec<Arc<str>>,
    /// Expiry, seconds since the epoch.
    pub exp: i64,
    /// Issue time, seconds since the epoch.
    pub iat: i64,
    /// Id of the mandate.
    #[schema(value_type = String)]
    pub jti: Arc<str>,
    /// Application it was issued to.
    pub client_id: ApplicationId,
    /// `Bearer`, or `DPoP` of one that is bound to a key.
    pub token_type: String,
    /// Scopes with blanks between them; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Zone.
    pub zone_id: ZoneId,
    /// Authority record.
    pub sid: AuthorityRecordId,
    /// Class: `session`, `gateway` or `resource`.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub mandate_use: MandateUse,
    /// Kind of subject.
    pub sub_type: SubjectType,
    /// Session it acts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<SessionId>,
    /// Delegation it acts under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_edge_id: Option<DelegationId>,
    /// The key that it is bound to (RFC 9449 §6.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl Introspection {
    /// Of a token that is good for nothing, or not known here: the two look alike.
    pub const INACTIVE: Self = Self {
        active: false,
        claims: None,
    };
}

/// How a mandate is presented (RFC 6750 §6.1.1, RFC 9449 §5).
pub const fn token_type(claims: &MandateClaims) -> &'static str {
    if claims.cnf.is_some() { "DPoP" } else { "Bearer" }
}

impl From<&MandateClaims> for Introspection {
    fn from(claims: &MandateClaims) -> Self {
        let claims = claims.clone();
        let token_type = String::from(token_type(&claims));
        Self {
            active: true,
            claims: Some(IntrospectedClaims {
                iss: claims.iss,
                sub: claims.sub,
                aud: claims.aud,
                exp: claims.exp,
                iat: claims.iat,
                jti: claims.jti,
                client_id: claims.client_id,
                token_type,
                scope: claims.scope,
                zone_id: claims.zone_id,
                sid: claims.sid,
                mandate_use: claims.mandate_use,
                sub_type: claims.sub_type,
                agent_session_id: claims.agent_session_id,
                delegation_edge_id: claims.delegation_edge_id,
                cnf: claims.cnf,
            }),
        }
    }
}

/// What an authorization server says of itself (RFC 8414 §2). Keys are those of a zone, so no one place has them all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerMetadata {
    /// Issuer, as in mandates.
    pub issuer: String,
    /// Where clients have their people sent to sign in.
    pub authorization_endpoint: String,
    /// Where tokens are exchanged, and codes redeemed.
    pub token_endpoint: String,
    /// Where clients register that have no description of their own.
    pub registration_endpoint: String,
    /// Where tokens are asked about.
    pub introspection_endpoint: String,
    /// Where tokens are given back.
    pub revocation_endpoint: String,
    /// `code`.
    pub response_types_supported: Vec<String>,
    /// `query`.
    pub response_modes_supported: Vec<String>,
    /// Token exchange (RFC 8693), codes and refresh tokens.
    pub grant_types_supported: Vec<String>,
    /// `S256`.
    pub code_challenge_methods_supported: Vec<String>,
    /// Whoever is sent back brings `iss` (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
    /// The id of a client may be the address of its description.
    pub client_id_metadata_document_supported: bool,
    /// How applications prove themselves where tokens are exchanged; clients that people sign in with have no secret.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How they prove themselves where tokens are asked about.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// How they prove themselves where tokens are given back.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// What the proofs are signed with that bind tokens to keys (RFC 9449 §5.1).
    pub dpop_signing_alg_values_supported: Vec<String>,
}
