//! What the console's pages and the web role say to each other. What the browser alone keeps goes by cookie, which no page
//! reads: it is in none of these.

use caracal_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::control::{
    Line,
    accounts::{AccountItem, Base64Url, Email},
};

/// Body that signs in with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasswordSignIn {
    /// Address of the account.
    pub email: Email,
    /// Its password.
    pub password: Line<256>,
}

/// Somebody is signed in, and their session is in a cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedInAccount {
    /// Who.
    pub account: AccountItem,
    /// When the session ends however much it is used.
    pub expires_at: Timestamp,
}

/// Where somebody signs in at the `OpenID` provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInRedirect {
    /// Where the browser goes.
    pub authorization_url: String,
}

/// What somebody came back with from the `OpenID` provider. Not printable: it holds a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SingleSignOnReturn {
    /// The state that the provider was given.
    pub state: Line<256>,
    /// The code, where the provider says yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Line<4096>>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Line<256>>,
    /// Who says so (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<Line<2048>>,
}

/// What an authenticator is asked to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasskeyChallenge {
    /// The challenge, in base64url.
    pub challenge: String,
    /// The domain whose passkeys are asked for.
    pub relying_party: String,
}

/// Body that signs in with a passkey.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasskeySignIn {
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
}

/// Body that asks for a code by e-mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmailCodeRequest {
    /// Address of the account.
    pub email: Email,
}

/// What is answered whether or not there is an account: if there is, a code is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmailCodeState {
    /// The state to hand in with the code.
    pub state: String,
}

/// Body that signs in with a code by e-mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmailCodeSignIn {
    /// The state that was given out.
    pub state: Line<256>,
    /// The address that the code was sent to.
    pub email: Email,
    /// The code. Blanks in it do not count.
    pub code: Line<32>,
}
