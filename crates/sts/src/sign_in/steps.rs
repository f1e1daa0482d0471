//! What is carried from step to step while somebody signs in, and afterwards by the client.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, GrantId, ProviderId, ScopeSet, SessionId, Timestamp,
    ZoneId,
};
use serde::{Deserialize, Serialize};

use super::sealed::Step;

/// What a client asked for, once it was checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AuthorizationRequest {
    pub(super) zone: ZoneId,
    pub(super) application: ApplicationId,
    /// Identifier: the address.
    pub(super) resource: String,
    /// What the resource declares of what was asked for.
    pub(super) scopes: ScopeSet,
    /// Digest of the id of the client.
    pub(super) client: String,
    /// As it calls itself.
    pub(super) client_name: String,
    /// Whose document describes it; absent of one that registered.
    pub(super) client_host: Option<String>,
    /// The address of that document, which the id is.
    #[serde(default)]
    pub(super) client_document: Option<String>,
    /// Exactly as the client said, for the person to be sent to and for the code to be redeemed with.
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    /// Of PKCE.
    pub(super) challenge: String,
    /// Which key its tokens are bound to.
    #[serde(default)]
    pub(super) key: KeyBinding,
}

/// What a client said of the key that its tokens are bound to, before it had any (RFC 9449 §5.2, §10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeyBinding {
    /// Nothing: they are bound to one where it proves one.
    #[default]
    Unsaid,
    /// That it will prove one, or get nothing.
    Any,
    /// That it is the one of this thumbprint.
    This(String),
}

impl KeyBinding {
    /// Whether a code may be redeemed by whoever proved to hold the key of this thumbprint, or none.
    pub(super) fn allows(&self, proved: Option<&str>) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Any => proved.is_some(),
            Self::This(key) => proved == Some(key),
        }
    }
}

/// A person who is at the identity provider. In the browser's cookie.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AuthenticationRequest {
    pub(super) asked: AuthorizationRequest,
    pub(super) provider: ProviderId,
    /// What the provider must bring back, and what goes to it alone.
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) expires_at: Timestamp,
}

impl Step for AuthenticationRequest {
    const NAME: &'static str = "away";
}

/// A person who has come back and is asked. In the browser's cookie.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConsentRequest {
    pub(super) asked: AuthorizationRequest,
    pub(super) subject: String,
    pub(super) issuer: String,
    /// What the page has, and no other page can.
    pub(super) token: String,
    pub(super) expires_at: Timestamp,
}

impl Step for ConsentRequest {
    const NAME: &'static str = "present";
}

/// What a person agreed to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Consent {
    pub(super) zone: ZoneId,
    pub(super) application: ApplicationId,
    pub(super) resource: String,
    pub(super) scopes: ScopeSet,
    pub(super) client: String,
    pub(super) client_name: String,
    pub(super) client_host: Option<String>,
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Where that is written down.
    pub(super) grant: GrantId,
    /// The authority record of the sign-in: made with the code, and for as long as that is good until it is redeemed. So what
    /// ends records ends a code that waits as well.
    pub(super) record: AuthorityRecordId,
    /// When the sign-in ends, whatever is renewed until then.
    pub(super) ends_at: Timestamp,
}

/// An authorization code (RFC 6749 §4.1.2).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) agreed: Consent,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    /// Which key its tokens are bound to.
    #[serde(default)]
    pub(super) key: KeyBinding,
    /// What is claimed: a code is redeemed once.
    pub(super) jti: String,
    pub(super) expires_at: Timestamp,
}

impl Step for Code {
    const NAME: &'static str = "code";
}

/// A refresh token (RFC 6749 §1.5). It is good once; with what it gets comes the next.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Renewal {
    pub(super) agreed: Consent,
    pub(super) session: SessionId,
    pub(super) delegation: DelegationId,
    /// Thumbprint of the key that it is bound to, where it is.
    #[serde(default)]
    pub(super) bound_to: Option<Arc<str>>,
    /// Id of the access token that came with it; absent where that was before it was kept.
    #[serde(default)]
    pub(super) access: Option<Arc<str>>,
    /// Where the person was sent back to; absent where that was before it was kept.
    #[serde(default)]
    pub(super) redirect_uri: Option<String>,
    pub(super) jti: String,
}

impl Step for Renewal {
    const NAME: &'static str = "renewal";
}
