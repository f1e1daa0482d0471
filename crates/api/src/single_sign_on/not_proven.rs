//! Why nobody is signed in, and what is told of it.

use caracal_crypto::identity_token::{IdentityTokenError, NotOfRequest};
use caracal_service::{
    Refusal,
    issuer_keys::KeysError,
    oauth::{DocumentError, TokenError},
};
use caracal_wire::ErrorCode;

use super::discovery::Unusable;

/// Why the provider's document is not there.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum DiscoveryError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

/// Why nobody is signed in. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotProven {
    #[error("the provider's document cannot be had: {0}")]
    Discovery(#[from] DiscoveryError),
    #[error("the provider's keys cannot be had: {0}")]
    Keys(#[from] KeysError),
    #[error("the code was not redeemed: {0}")]
    Code(#[from] TokenError),
    #[error("too many codes are being redeemed")]
    Busy,
    #[error("the answer has no identity token")]
    NoToken,
    #[error("the identity token is refused: {0}")]
    Token(#[from] IdentityTokenError),
    #[error("the identity token {0}")]
    OfAnother(#[from] NotOfRequest),
    #[error("the provider does not tell who the subject is: {0}")]
    UserInfo(#[source] DocumentError),
    #[error("what the provider tells is of another subject")]
    UserInfoSubject,
    #[error("the subject is no name that is taken")]
    Subject,
    #[error("the answer does not name the provider")]
    Issuer,
}

/// The answer: an outage of the provider is told from what is wrong with what it said.
pub(super) fn refusal(why: &NotProven) -> Refusal {
    let unavailable = || {
        Refusal::of(ErrorCode::IdentityProviderUnavailable)
            .describe("the identity provider does not answer; try again")
            .retry_after(5)
    };
    let failed = || {
        Refusal::of(ErrorCode::IdentityProviderFailed)
            .describe("the identity provider's answer cannot be used; the log of the Control API says why")
    };
    let document = |error: &DocumentError| match error {
        DocumentError::Unreachable | DocumentError::TimedOut => unavailable(),
        DocumentError::Status(status) if *status >= 500 => unavailable(),
        DocumentError::Status(_) | DocumentError::Refused | DocumentError::TooLarge => failed(),
    };
    match why {
        NotProven::Discovery(DiscoveryError::Document(error))
        | NotProven::Keys(KeysError::Document(error))
        | NotProven::UserInfo(error) => document(error),
        NotProven::Busy => unavailable(),
        NotProven::Code(error) if error.is_outage() => unavailable(),
        // A code that is spent, made up or of another browser: whoever has it begins again.
        NotProven::Code(TokenError::Denied { error, .. })
            if error.as_deref() == Some(ErrorCode::InvalidGrant.as_str()) =>
        {
            Refusal::of(ErrorCode::SignInExpired)
                .describe("the identity provider does not know this code any more; begin again")
                .at("code")
        }
        NotProven::Discovery(DiscoveryError::Unusable(_))
        | NotProven::Keys(KeysError::Keys(_))
        | NotProven::Code(_)
        | NotProven::UserInfoSubject
        | NotProven::NoToken => failed(),
        NotProven::Token(_) | NotProven::OfAnother(_) | NotProven::Subject => {
            Refusal::of(ErrorCode::SignInRefused)
                .describe("the identity provider's token does not prove who you are")
                .authenticate("Bearer")
        }
        NotProven::Issuer => Refusal::of(ErrorCode::OauthIssuerMismatch)
            .describe("the answer does not name the provider that you were sent to")
            .at("iss"),
    }
}
