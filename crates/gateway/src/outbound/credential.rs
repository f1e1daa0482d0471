//! The upstream's real credential, put where the directive says and nowhere else.

use caracal_core::{Secret, entity::provider_config::is_reserved_header};
use caracal_service::exchange::{AuthLocation, AuthMode, ExchangeGrant, UpstreamDirective};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{BuildFailed, is_hop_by_hop};

const IDENTITY: HeaderName = HeaderName::from_static("x-caracal-identity");

/// Whether the credential of `directive` may travel to `host`, or its certificate be shown there. Without a list it belongs to
/// the upstream's own host.
pub(crate) fn host_is_pinned(directive: &UpstreamDirective, host: &str) -> bool {
    (directive.provider_token.is_none() && directive.client_identity.is_none())
        || directive.allowed_token_hosts.is_empty()
        || directive
            .allowed_token_hosts
            .iter()
            .any(|allowed| allowed.trim().eq_ignore_ascii_case(host))
}

/// Where a credential goes, checked.
#[derive(Debug)]
pub(super) struct Credential<'g> {
    attachment: Attachment<'g>,
    identity: Option<&'g Secret>,
}

#[derive(Debug)]
enum Attachment<'g> {
    /// Nothing is attached; a named header is still cleared of what the caller put there.
    Nowhere(Option<HeaderName>),
    Header {
        name: HeaderName,
        scheme: &'g str,
        token: &'g Secret,
    },
    Query {
        name: &'g str,
        token: &'g Secret,
    },
}

impl<'g> Credential<'g> {
    /// Reads the directive of `grant`.
    ///
    /// # Errors
    /// [`BuildFailed`] when it names a reserved header, lacks what its mode needs, or contradicts itself.
    pub(super) fn of(grant: &'g ExchangeGrant) -> Result<Self, BuildFailed> {
        let directive = &grant.directive;
        let name = match directive.auth_header.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Some(allowed_header(name)?),
            None => None,
        };
        let scheme = directive.auth_scheme.as_deref().unwrap_or_default();
        if !scheme.is_empty() && !is_scheme(scheme) {
            return Err(BuildFailed);
        }
        let provider = || directive.provider_token.as_ref().ok_or(BuildFailed);
        let mandate = || grant.mandate.as_ref().ok_or(BuildFailed);
        let in_header = |name: Option<HeaderName>, token| Attachment::Header {
            name: name.unwrap_or(header::AUTHORIZATION),
            scheme,
            token,
        };
        let attachment = match (directive.auth_mode, directive.auth_location) {
            (AuthMode::None, _) => Attachment::Nowhere(name),
            (AuthMode::CaracalJwt, _) => Attachment::Header {
                name: name.unwrap_or(header::AUTHORIZATION),
                scheme: if scheme.is_empty() { "Bearer" } else { scheme },
                token: mandate()?,
            },
            (AuthMode::ProviderOauth, _) | (AuthMode::ProviderApikey, None | Some(AuthLocation::Header)) => {
                in_header(name, provider()?)
            }
            (AuthMode::ProviderApikey, Some(AuthLocation::Query)) => {
                let name = directive
                    .query_param_name
                    .as_deref()
                    .filter(|name| is_parameter(name));
                if !scheme.is_empty() {
                    return Err(BuildFailed);
                }
                Attachment::Query {
                    name: name.ok_or(BuildFailed)?,
                    token: provider()?,
                }
            }
        };
        let provider_mode = matches!(
            directive.auth_mode,
            AuthMode::ProviderOauth | AuthMode::ProviderApikey
        );
        let identity = if directive.forward_caracal_identity && provider_mode {
            Some(mandate()?)
        } else {
            None
        };
        Ok(Self { attachment, identity })
    }

    /// The header whose caller-sent values must go.
    pub(super) fn header_name(&self) -> Option<&HeaderName> {
        match &self.attachment {
            Attachment::Nowhere(name) => name.as_ref(),
            Attachment::Header { name, .. } => Some(name),
            Attachment::Query { .. } => None,
        }
    }

    /// The query parameter to set.
    pub(super) fn query(&self) -> Option<(&str, &str)> {
        match &self.attachment {
            Attachment::Query { name, token } => Some((name, token.expose())),
            Attachment::Nowhere(_) | Attachment::Header { .. } => None,
        }
    }

    /// Sets the headers.
    ///
    /// # Errors
    /// [`BuildFailed`] when a value cannot travel in a header.
    pub(super) fn inject(&self, headers: &mut HeaderMap) -> Result<(), BuildFailed> {
        if let Attachment::Header { name, scheme, token } = &self.attachment {
            headers.insert(name.clone(), sensitive(scheme, token)?);
        }
        if let Some(identity) = self.identity {
            headers.insert(IDENTITY, sensitive("", identity)?);
        }
        Ok(())
    }
}

fn sensitive(scheme: &str, token: &Secret) -> Result<HeaderValue, BuildFailed> {
    let mut value = if scheme.is_empty() {
        HeaderValue::from_str(token.expose())
    } else {
        HeaderValue::from_str(&[scheme, " ", token.expose()].concat())
    }
    .map_err(|_| BuildFailed)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Headers that may never carry a credential: those that route, frame, trace, or that are ours.
fn allowed_header(name: &str) -> Result<HeaderName, BuildFailed> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BuildFailed)?;
    let text = name.as_str();
    let reserved = is_hop_by_hop(text) || is_reserved_header(text);
    if reserved { Err(BuildFailed) } else { Ok(name) }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_parameter(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(change: impl FnOnce(&mut UpstreamDirective)) -> ExchangeGrant {
        let mut directive = UpstreamDirective {
            url: String::from("http://u.test"),
            auth_mode: AuthMode::ProviderOauth,
            auth_location: None,
            auth_header: None,
            query_param_name: None,
            auth_scheme: None,
            allowed_token_hosts: Vec::new(),
            provider_token: Some(Secret::new("t0ken")),
            client_identity: None,
            provider_id: None,
            connection_id: None,
            forward_caracal_identity: false,
            expires_at: None,
            timeout_seconds: None,
            cookies: false,
        };
        change(&mut directive);
        ExchangeGrant {
            directive,
            mandate: Some(Secret::new("mandate")),
        }
    }

    fn injected(change: impl FnOnce(&mut UpstreamDirective)) -> Result<Vec<(String, String)>, BuildFailed> {
        let grant = grant(change);
        let credential = Credential::of(&grant)?;
        let mut headers = HeaderMap::new();
        credential.inject(&mut headers)?;
        assert!(headers.values().all(HeaderValue::is_sensitive));
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let mut pairs: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        pairs.extend(
            credential
                .query()
                .map(|(name, value)| (format!("?{name}"), value.to_owned())),
        );
        Ok(pairs)
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with results")]
    fn one(name: &str, value: &str) -> Result<Vec<(String, String)>, BuildFailed> {
        Ok(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn each_mode_puts_its_credential_in_its_place() {
        assert_eq!(injected(|_| {}), one("authorization", "t0ken"));
        assert_eq!(
            injected(|d| d.auth_scheme = Some("Bearer".into())),
            one("authorization", "Bearer t0ken")
        );
        assert_eq!(injected(|d| d.auth_mode = AuthMode::None), Ok(vec![]));
        assert_eq!(
            injected(|d| d.auth_mode = AuthMode::CaracalJwt),
            one("authorization", "Bearer mandate")
        );
        let key = |d: &mut UpstreamDirective| {
            d.auth_mode = AuthMode::ProviderApikey;
            d.auth_header = Some("X-Api-Key".into());
        };
        assert_eq!(injected(key), one("x-api-key", "t0ken"));
        let query = |d: &mut UpstreamDirective| {
            d.auth_mode = AuthMode::ProviderApikey;
            d.auth_location = Some(AuthLocation::Query);
            d.query_param_name = Some("key".into());
        };
        assert_eq!(injected(query), one("?key", "t0ken"));
    }

    #[test]
    fn identity_travels_only_where_it_was_asked_for() {
        let pairs = injected(|d| d.forward_caracal_identity = true).unwrap();
        assert!(pairs.contains(&("x-caracal-identity".into(), "mandate".into())));
        let mode = |mode| {
            move |d: &mut UpstreamDirective| {
                d.forward_caracal_identity = true;
                d.auth_mode = mode;
            }
        };
        assert_eq!(injected(mode(AuthMode::None)), Ok(vec![]));
        assert_eq!(injected(mode(AuthMode::CaracalJwt)).unwrap().len(), 1);
    }

    #[test]
    fn reserved_headers_never_carry_a_credential() {
        for name in [
            "X-Caracal-Identity",
            "x-forwarded-for",
            "Proxy-Authorization",
            "baggage",
            "Connection",
            "content-length",
            "content-type",
            "content-encoding",
            "expect",
            "forwarded",
            "HOST",
            "keep-alive",
            "te",
            "traceparent",
            "tracestate",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "via",
            "x-real-ip",
            "x-request-id",
            "a b",
            "a\r\nb",
        ] {
            for mode in [
                AuthMode::None,
                AuthMode::CaracalJwt,
                AuthMode::ProviderOauth,
                AuthMode::ProviderApikey,
            ] {
                let refused = injected(|d| {
                    d.auth_header = Some(name.into());
                    d.auth_mode = mode;
                });
                assert_eq!(refused, Err(BuildFailed), "{name} {mode:?}");
            }
        }
    }

    #[test]
    fn incomplete_and_contradictory_directives_are_refused() {
        assert_eq!(injected(|d| d.provider_token = None), Err(BuildFailed));
        assert_eq!(
            injected(|d| d.provider_token = Some(Secret::new("a\r\nX: y"))),
            Err(BuildFailed)
        );
        assert_eq!(
            injected(|d| d.auth_scheme = Some("Be arer".into())),
            Err(BuildFailed)
        );
        assert_eq!(injected(|d| d.auth_scheme = Some("1x".into())), Err(BuildFailed));
        let query = |name: Option<&'static str>, scheme: Option<&'static str>| {
            injected(move |d| {
                d.auth_mode = AuthMode::ProviderApikey;
                d.auth_location = Some(AuthLocation::Query);
                d.query_param_name = name.map(Into::into);
                d.auth_scheme = scheme.map(Into::into);
            })
        };
        assert_eq!(query(None, None), Err(BuildFailed));
        assert_eq!(query(Some("a&b"), None), Err(BuildFailed));
        assert_eq!(query(Some("key"), Some("Bearer")), Err(BuildFailed));
    }

    #[test]
    fn a_credential_stays_with_its_hosts() {
        let pinned = |hosts: &[&str], host: &str| {
            let grant =
                grant(|d| d.allowed_token_hosts = hosts.iter().map(|host| (*host).to_owned()).collect());
            host_is_pinned(&grant.directive, host)
        };
        assert!(pinned(&[], "anything.test"));
        assert!(pinned(&["a.test", " API.b.test "], "api.b.test"));
        assert!(!pinned(&["a.test"], "b.test"));
        assert!(!pinned(&["a.test"], "x.a.test"));
        assert!(!pinned(&["a.test"], "a.test.evil.test"));
        let shown = grant(|d| {
            d.provider_token = None;
            d.client_identity = Some(Secret::new("pem"));
            d.allowed_token_hosts = vec![String::from("a.test")];
        });
        assert!(host_is_pinned(&shown.directive, "a.test"));
        assert!(!host_is_pinned(&shown.directive, "b.test"));
    }
}
