//! Rules of a whole resource, on creation and on the merged state of a patch.

use caracal_core::{ProviderId, entity::Resource, text::is_unprintable};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;
use url::Url;

use super::{CODE, RESERVED_IDENTIFIER, operations};
use crate::{
    auth::AdminPrincipal,
    fields::{is_reserved, plain_url, reserved_namespace},
};

/// Longest silence of an upstream, in seconds.
const MAX_TIMEOUT_SECONDS: u32 = 3_600;
/// Most bytes of an identifier: it stands in indexes, beside a name, and PostgreSQL takes 2,704 bytes of all together.
const MAX_IDENTIFIER_BYTES: usize = 800;
/// Most characters of an upstream's URL.
const MAX_UPSTREAM: usize = 2048;

/// Whether the resource stands for the Control API itself.
pub(in crate::routes) fn is_control(identifier: &str, audience: &str) -> bool {
    identifier == audience
}

/// Hides the control resource from tokens that do not reach the whole deployment.
pub(in crate::routes) fn is_visible(principal: &AdminPrincipal, resource: &Resource, audience: &str) -> bool {
    principal.is_global() || !is_control(&resource.identifier, audience)
}

/// The identifier that such tokens find nowhere.
pub(in crate::routes) fn hidden<'a>(principal: &AdminPrincipal, audience: &'a str) -> Option<&'a str> {
    (!principal.is_global()).then_some(audience)
}

/// 409 for the control resource.
pub(in crate::routes) fn protected() -> Refusal {
    Refusal::of(ErrorCode::ProtectedResource)
        .describe("this resource stands for the platform's own API and is managed with it")
}

/// Who may use the identifier.
pub(in crate::routes) fn check_ownership(
    principal: &AdminPrincipal,
    identifier: &str,
    audience: &str,
) -> Result<(), Refusal> {
    if !principal.is_bootstrap() && is_reserved(RESERVED_IDENTIFIER, identifier) {
        return Err(reserved_namespace(RESERVED_IDENTIFIER));
    }
    if is_control(identifier, audience) && !principal.is_global() {
        return Err(protected());
    }
    Ok(())
}

/// An identifier is an absolute URI (RFC 8707 §2) that is no provider's and carries no user.
pub(in crate::routes) fn check_identifier(identifier: &str, audience: &str) -> Result<(), Refusal> {
    if is_control(identifier, audience) {
        return Ok(());
    }
    let refused =
        |message: &str| Refusal::invalid_field(ErrorCode::InvalidResourceIdentifier, "identifier", message);
    if identifier.len() > MAX_IDENTIFIER_BYTES {
        return Err(refused(
            "must have at most 800 bytes in UTF-8; escape what is not ASCII",
        ));
    }
    if identifier.chars().any(|c| is_unprintable(c) || c.is_whitespace()) {
        return Err(refused("must not contain white space or control characters"));
    }
    let url = Url::parse(identifier).map_err(|_| refused("must be an absolute URI"))?;
    if url.scheme() == "provider" {
        return Err(refused("names a provider; resources have their own scheme"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not contain a user or a password"));
    }
    if url.fragment().is_some() {
        return Err(refused("must not contain a fragment"));
    }
    Ok(())
}

/// A silence that somebody may mean: at least a second, at most an hour.
pub(in crate::routes) fn check_timeout(seconds: u32) -> Result<(), Refusal> {
    if (1..=MAX_TIMEOUT_SECONDS).contains(&seconds) {
        return Ok(());
    }
    Err(Refusal::invalid_field(
        CODE,
        "upstream_timeout_seconds",
        format!("must be from 1 to {MAX_TIMEOUT_SECONDS} seconds"),
    ))
}

/// An upstream is an absolute `http` or `https` URL without credentials.
pub(in crate::routes) fn check_upstream(upstream: &str) -> Result<(), Refusal> {
    plain_url(CODE, "upstream_url", upstream, MAX_UPSTREAM, &["http", "https"])
}

/// The provider exists and is not archived.
pub(in crate::routes) async fn check_provider(
    work: &mut dyn ZoneWork,
    id: &ProviderId,
) -> Result<(), Refusal> {
    let provider = work.providers().get(id).await?;
    if provider.is_some_and(|provider| provider.archived_at.is_none()) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::ProviderNotFound).describe("no such provider"))
}

/// Ordinary resources are routed.
pub(in crate::routes) fn check_routing(has_provider: bool, has_upstream: bool) -> Result<(), Refusal> {
    if !has_provider {
        return Err(Refusal::invalid_field(
            ErrorCode::CredentialProviderRequired,
            "credential_provider_id",
            "is required",
        ));
    }
    if !has_upstream {
        return Err(Refusal::invalid_field(
            ErrorCode::UpstreamUrlRequired,
            "upstream_url",
            "is required",
        ));
    }
    Ok(())
}

/// Operations agree with the resource's scopes.
pub(in crate::routes) fn check_operations(resource: &Resource) -> Result<(), Refusal> {
    operations::check(&resource.operations, &resource.scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_absolute_uris_without_users() {
        for good in [
            "resource://crm",
            "https://api.example.com/v1",
            "urn:example:crm",
            "caracal-control",
        ] {
            assert!(check_identifier(good, "caracal-control").is_ok(), "{good}");
        }
        for bad in [
            "crm",
            "",
            "provider://x",
            "https://u:p@h/",
            "resource://a b",
            "resource://a#b",
            "/x",
        ] {
            assert!(check_identifier(bad, "caracal-control").is_err(), "{bad}");
        }
    }

    #[test]
    fn upstreams_are_plain_http_urls() {
        for good in [
            "http://127.0.0.1:9000/base",
            "HTTPS://API.example.com",
            "http://h:80/",
            "https://[::1]:8443/a%20b/",
            "http://h/a;v=1//b",
        ] {
            assert!(check_upstream(good).is_ok(), "{good}");
        }
        let long = format!("http://{}b/", "a.".repeat(127));
        for bad in [
            long.as_str(),
            "http:///h",
            "http:h",
            "http:\\\\h\\",
            "http://h\\b/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://[0:0::1]/",
            "http://h\u{e4}/",
            "http://%68/",
            "http://h:0/",
            "http://h:/",
            "http://h:+80/",
            "http://h/a/../b",
            "http://h/%2e%2E/b",
            "http://h/./b",
            "http://h/\u{e4}",
            "http://h/%zz",
            "http://h/%+1",
            "http://h/a%",
            "http://h/%00",
            "http://h/%0d%0a",
            "ftp://h/",
            "//h",
            "https://u@h/",
            "https://h/?q=1",
            "https://h/#f",
            "https:///x?",
        ] {
            assert!(check_upstream(bad).is_err(), "{bad}");
        }
    }
}
