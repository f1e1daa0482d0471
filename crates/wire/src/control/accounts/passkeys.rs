//! Passkeys of accounts, and signing in with one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Timestamp, described};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};

use crate::control::{Line, Name};

/// Bytes in base64url without padding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64Url(pub Vec<u8>);

/// Longest text of [`Base64Url`], in characters.
const MAX_BASE64: usize = 8192;

impl TryFrom<String> for Base64Url {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const RULE: &str = "must be at most 8192 characters of base64url without padding";
        if text.len() > MAX_BASE64 {
            return Err(RULE);
        }
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_| RULE)
    }
}

impl From<Base64Url> for String {
    fn from(bytes: Base64Url) -> Self {
        URL_SAFE_NO_PAD.encode(bytes.0)
    }
}

described!(
    Base64Url,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(MAX_BASE64))
        .pattern(Some("^[A-Za-z0-9_-]*$"))
        .into()
);

/// A passkey; never its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasskeyItem {
    /// Id.
    pub id: String,
    /// What its holder calls it.
    pub name: String,
    /// Whether it is copied to other devices of its holder.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody signed in with it last.
    pub last_used_at: Option<Timestamp>,
}

/// Passkeys of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasskeyItems {
    /// Newest first.
    pub items: Vec<PasskeyItem>,
}

/// What an authenticator is asked for a new passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunPasskeyRegistration {
    /// The challenge, in base64url.
    pub challenge: String,
    /// The domain that it is for.
    pub relying_party: String,
    /// What the authenticator knows the account by.
    pub user_handle: Base64Url,
    /// The account's address, for the authenticator to show.
    pub name: String,
    /// Its holder's name.
    pub display_name: String,
    /// Passkeys that there are already: an authenticator that has one of them makes no other.
    pub known: Vec<Base64Url>,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}

/// Body that adds a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPasskey {
    /// What its holder calls it.
    pub name: Name<120>,
    /// The challenge that was given out.
    pub challenge: Line<256>,
    /// `clientDataJSON`.
    pub client_data: Base64Url,
    /// Authenticator data.
    pub authenticator_data: Base64Url,
    /// The public key: `SubjectPublicKeyInfo`, DER.
    pub public_key: Base64Url,
    /// Its COSE algorithm: -7, -8 or -257.
    pub algorithm: i64,
}

/// What an authenticator is asked to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunPasskey {
    /// The challenge, in base64url.
    pub challenge: String,
    /// The domain whose passkeys are asked for.
    pub relying_party: String,
    /// What the browser alone keeps, in a cookie that no script reads: whoever has it can finish.
    pub browser: String,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}

/// Body that signs in with a passkey.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishPasskey {
    /// What the browser kept.
    pub browser: Line<128>,
    /// The challenge that was given out.
    pub challenge: Line<256>,
    /// The passkey.
    pub credential_id: Base64Url,
    /// `clientDataJSON`.
    pub client_data: Base64Url,
    /// Authenticator data.
    pub authenticator_data: Base64Url,
    /// The signature over both.
    pub signature: Base64Url,
    /// What the authenticator knows the account by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<Base64Url>,
    /// What the browser says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}
