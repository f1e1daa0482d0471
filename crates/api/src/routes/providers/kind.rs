//! Kinds of providers that this build serves.

use caracal_core::entity::ProviderKind;
use caracal_service::Refusal;

use super::CODE;

/// Whether this build serves providers of the kind.
fn is_served(kind: ProviderKind) -> bool {
    !matches!(
        kind,
        ProviderKind::Oauth2AuthorizationCode | ProviderKind::Oauth2ClientCredentials
    )
}

/// The kinds a provider may have, for an error.
pub(super) fn offered() -> String {
    let kinds = ProviderKind::ALL.iter().filter(|kind| is_served(**kind));
    kinds.map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

/// Reads a kind; an error offers those alone that are not refused afterwards.
pub(super) fn parse(word: &str) -> Result<ProviderKind, Refusal> {
    ProviderKind::parse(word)
        .ok_or_else(|| Refusal::invalid_field(CODE, "kind", format!("must be one of {}", offered())))
}
