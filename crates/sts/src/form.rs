//! The token request (RFC 8693 §2.1) as strictly as a trust boundary should read it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use caracal_core::{
    ApplicationId, ApprovalId, AuthorityRecordId, CallContent, DelegationId, Operation, ScopeSet, Secret,
    SessionId, ZoneId,
};
use caracal_crypto::dpop::is_thumbprint;
use caracal_service::{Refusal, form::FormFields};

use crate::{basic::Login, case::Content, malformed::malformed};

/// `grant_type` of every request (RFC 8693 §2.1).
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Type of the tokens we issue and accept (RFC 8693 §3).
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Type of a federated identity token.
pub(crate) const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// Most distinct resources of one request.
const MAX_RESOURCES: usize = 64;
/// Longest scope parameter, in bytes.
const MAX_SCOPE_BYTES: usize = 8192;
/// Longest single scope, in characters: no resource declares a longer one.
const MAX_ONE_SCOPE: usize = 256;
/// Most bytes of scopes times resources. Each resource is decided, and recorded, with the scopes asked for; without
/// this bound a short request would make a long trail of evidence.
const MAX_ASKED_BYTES: usize = 16 * 1024;

/// What kind of token the subject presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectTokenType {
    /// One of ours.
    AccessToken,
    /// A federated identity.
    IdToken,
}

/// A token request, parsed.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest {
    pub(crate) zone_id: Option<ZoneId>,
    pub(crate) application_id: ApplicationId,
    pub(crate) client_secret: Secret,
    /// Distinct, sorted bytewise.
    pub(crate) resources: Vec<String>,
    pub(crate) scopes: ScopeSet,
    pub(crate) subject_token: Option<(Secret, SubjectTokenType)>,
    pub(crate) session_id: Option<AuthorityRecordId>,
    pub(crate) agent_session_id: Option<SessionId>,
    pub(crate) delegation_edge_id: Option<DelegationId>,
    pub(crate) approval_id: Option<ApprovalId>,
    /// Seconds; absent or 0 means the default.
    pub(crate) ttl_seconds: Option<u32>,
    /// What a Gateway says the call asks for.
    pub(crate) operation: Operation,
    /// What a Gateway says that a tool is called with, as JSON.
    pub(crate) arguments: Option<Secret>,
    /// What a Gateway says that a call carries.
    pub(crate) content: Content<CallContent>,
    /// Thumbprint of the key that a Gateway's caller proved to hold.
    pub(crate) key: Option<String>,
    pub(crate) gateway_request_id: String,
}

impl TokenRequest {
    /// Parses a form body.
    ///
    /// # Errors
    /// 400 `invalid_token` naming the field.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn parse(body: &[u8], login: Option<&Login>) -> Result<Self, Refusal> {
        Self::read(&FormFields::parse(body, &["resource"])?, login)
    }

    /// Reads a form. Unknown fields are ignored but may not repeat, so that two readers cannot disagree. Id and secret come
    /// from `login` where the client sent them in the header, and then not from the form as well.
    ///
    /// # Errors
    /// 400 `invalid_token` naming the field.
    pub(crate) fn read(fields: &FormFields<'_>, login: Option<&Login>) -> Result<Self, Refusal> {
        for refused in ["actor_token", "client_assertion", "client_assertion_type"] {
            if fields.get(refused).is_some() {
                return Err(malformed(refused, "is not supported"));
            }
        }
        let ttl_seconds = ttl(fields)?;
        let resources = resources(fields)?;
        if fields.get("grant_type") != Some(TOKEN_EXCHANGE) {
            return Err(malformed("grant_type", format!("must be {TOKEN_EXCHANGE}")));
        }
        let subject_token = subject_token(fields)?;
        let scope = fields.get("scope").unwrap_or("");
        if scope.len() > MAX_SCOPE_BYTES {
            return Err(malformed(
                "scope",
                format!("is longer than {MAX_SCOPE_BYTES} bytes"),
            ));
        }
        if scope
            .split_ascii_whitespace()
            .any(|one| one.chars().count() > MAX_ONE_SCOPE)
        {
            let rule = format!("each scope must have at most {MAX_ONE_SCOPE} characters");
            return Err(malformed("scope", rule));
        }
        if scope.len() * resources.len() > MAX_ASKED_BYTES {
            let most = MAX_ASKED_BYTES / resources.len();
            let count = resources.len();
            return Err(malformed(
                "scope",
                format!("is longer than {most} bytes, the most for a request of {count} resources"),
            ));
        }
        let named = fields.id("application_id", ApplicationId::parse)?;
        let (application_id, client_secret) = client(named, fields.get("client_secret"), login)?;
        Ok(Self {
            zone_id: fields.id("zone_id", ZoneId::parse)?,
            application_id,
            client_secret,
            resources,
            scopes: ScopeSet::parse(scope),
            subject_token,
            session_id: fields.id("session_id", AuthorityRecordId::parse)?,
            agent_session_id: fields.id("agent_session_id", SessionId::parse)?,
            delegation_edge_id: fields.id("delegation_edge_id", DelegationId::parse)?,
            approval_id: fields.id("approval_id", ApprovalId::parse)?,
            ttl_seconds,
            operation: operation(fields)?,
            arguments: arguments(fields)?,
            content: content(fields)?,
            key: key(fields)?,
            gateway_request_id: fields.trimmed("gateway_request_id").unwrap_or("").to_owned(),
        })
    }
}

fn operation(fields: &FormFields<'_>) -> Result<Operation, Refusal> {
    let given = |name| fields.get(name).unwrap_or("");
    Operation::of_parts(
        fields.get("request_protocol"),
        given("request_method"),
        given("request_path"),
        fields.get("request_call"),
    )
    .ok_or_else(|| {
        malformed(
            "request_protocol",
            "does not go with what else is said of the call",
        )
    })
}

fn arguments(fields: &FormFields<'_>) -> Result<Option<Secret>, Refusal> {
    let encoded = fields.get("request_arguments");
    let text = encoded.map(|encoded| decoded("request_arguments", encoded));
    Ok(text.transpose()?.map(Secret::new))
}

/// What [`content`] is as long as the STS did not ask for it.
const UNREAD: &str = "unread";

fn content(fields: &FormFields<'_>) -> Result<Content<CallContent>, Refusal> {
    let name = "request_content";
    match fields.get(name) {
        None => Ok(Content::Unsaid),
        Some(UNREAD) => Ok(Content::Unread),
        Some(encoded) => {
            let content = serde_json::from_str(&decoded(name, encoded)?);
            let content = content.map_err(|_| malformed(name, "is not what a call carries"))?;
            Ok(Content::Read(content))
        }
    }
}

fn key(fields: &FormFields<'_>) -> Result<Option<String>, Refusal> {
    let name = "request_key";
    match fields.get(name) {
        Some(key) if !is_thumbprint(key) => Err(malformed(name, "is no thumbprint of a key")),
        key => Ok(key.map(str::to_owned)),
    }
}

/// Text in base64url: a form has no place for the control characters that may stand between the members of JSON.
fn decoded(name: &'static str, encoded: &str) -> Result<String, Refusal> {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| malformed(name, "is not text in base64url"))
}

/// Who asks, and the proof. RFC 6749 §2.3: by one method and no more.
pub(crate) fn client(
    named: Option<ApplicationId>,
    secret: Option<&str>,
    login: Option<&Login>,
) -> Result<(ApplicationId, Secret), Refusal> {
    let Some(login) = login else {
        let named = named.ok_or_else(|| malformed("application_id", "is required"))?;
        return Ok((named, Secret::new(secret.unwrap_or(""))));
    };
    if secret.is_some() {
        return Err(malformed(
            "client_secret",
            "is given in the Authorization header as well",
        ));
    }
    let proved = ApplicationId::parse(login.id.trim()).map_err(|error| malformed("Authorization", error))?;
    if named.is_some_and(|named| named != proved) {
        return Err(malformed(
            "application_id",
            "is another one in the Authorization header",
        ));
    }
    Ok((proved, login.secret.clone()))
}

fn ttl(fields: &FormFields<'_>) -> Result<Option<u32>, Refusal> {
    let Some(text) = fields.get("ttl_seconds") else {
        return Ok(None);
    };
    let seconds: i64 = text
        .trim()
        .parse()
        .map_err(|_| malformed("ttl_seconds", "must be a whole number"))?;
    match u32::try_from(seconds) {
        Ok(0) => Ok(None),
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) if seconds < 0 => Err(malformed("ttl_seconds", "must not be negative")),
        Err(_) => Err(malformed("ttl_seconds", "ttl_seconds exceeds token TTL cap")),
    }
}

fn resources(fields: &FormFields<'_>) -> Result<Vec<String>, Refusal> {
    let mut resources = Vec::new();
    for (_, value) in fields.iter().filter(|(name, _)| *name == "resource") {
        let value = value.trim();
        if value.is_empty() {
            return Err(malformed("resource", "must not be empty"));
        }
        if value.len() > 512 {
            return Err(malformed("resource", "is longer than 512 bytes"));
        }
        resources.push(value.to_owned());
    }
    resources.sort_unstable();
    resources.dedup();
    if resources.len() > MAX_RESOURCES {
        return Err(malformed(
            "resource",
            format!("more than {MAX_RESOURCES} resources"),
        ));
    }
    Ok(resources)
}

fn subject_token(fields: &FormFields<'_>) -> Result<Option<(Secret, SubjectTokenType)>, Refusal> {
    let kind = match fields.trimmed("subject_token_type") {
        None => None,
        Some(ACCESS_TOKEN) => Some(SubjectTokenType::AccessToken),
        Some(ID_TOKEN) => Some(SubjectTokenType::IdToken),
        Some(_) => {
            return Err(malformed(
                "subject_token_type",
                format!("must be {ACCESS_TOKEN} or {ID_TOKEN}"),
            ));
        }
    };
    match (fields.trimmed("subject_token"), kind) {
        (None, None) => Ok(None),
        (Some(token), Some(kind)) => Ok(Some((Secret::new(token), kind))),
        (Some(_), None) => Err(malformed("subject_token_type", "is required with subject_token")),
        (None, Some(_)) => Err(malformed("subject_token", "is required with subject_token_type")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
        let base = [
            ("grant_type", TOKEN_EXCHANGE),
            ("zone_id", "z"),
            ("application_id", "a"),
        ];
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        serializer.extend_pairs(
            base.iter()
                .filter(|(name, _)| pairs.iter().all(|(other, _)| other != name)),
        );
        serializer.extend_pairs(pairs);
        serializer.finish().into_bytes()
    }

    fn refused(pairs: &[(&str, &str)]) -> String {
        let refusal = TokenRequest::parse(&form(pairs), None).expect_err("refused");
        assert_eq!(
            (refusal.status.as_u16(), refusal.code.as_str()),
            (400, "invalid_token")
        );
        refusal.description.unwrap_or_default().into_owned()
    }

    #[test]
    fn malformed_requests_are_refused_with_the_field_named() {
        assert!(refused(&[("scope", "a"), ("scope", "b")]).contains("duplicate form field: scope"));
        assert!(refused(&[("nonsense", "a"), ("nonsense", "b")]).contains("nonsense"));
        for forbidden in ["actor_token", "client_assertion", "client_assertion_type"] {
            assert!(refused(&[(forbidden, "")]).contains(forbidden));
        }
        assert!(refused(&[("grant_type", "client_credentials")]).contains("grant_type"));
        assert!(refused(&[("ttl_seconds", "soon")]).contains("ttl_seconds"));
        assert!(refused(&[("ttl_seconds", "-1")]).contains("ttl_seconds"));
        assert!(refused(&[("ttl_seconds", "99999999999")]).contains("ttl_seconds"));
        assert!(refused(&[("resource", " ")]).contains("resource"));
        assert!(refused(&[("application_id", "a/b")]).contains("application_id"));
        assert!(refused(&[("subject_token", "t")]).contains("subject_token_type"));
        assert!(refused(&[("subject_token_type", ACCESS_TOKEN)]).contains("subject_token"));
        assert!(
            refused(&[("subject_token", "t"), ("subject_token_type", "urn:x")])
                .contains("subject_token_type")
        );
        for arguments in ["{}", "e30=", "_w"] {
            assert!(refused(&[("request_arguments", arguments)]).contains("request_arguments"));
        }
        for content in ["{}", "e30", "bnVsbA", ""] {
            assert!(refused(&[("request_content", content)]).contains("request_content"));
        }
        for key in ["", "x", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4"] {
            assert!(refused(&[("request_key", key)]).contains("request_key"));
        }
        assert!(refused(&[("agent_session_id", "x\ny")]).contains("agent_session_id"));
    }

    #[test]
    fn many_resources_leave_room_for_fewer_scopes() {
        let names: Vec<_> = (0..50).map(|n| format!("r://{n}")).collect();
        let with = |bytes: usize| {
            let scope = format!("{} {}", "s".repeat(163), "t".repeat(bytes - 164));
            let mut pairs: Vec<_> = names.iter().map(|name| ("resource", name.as_str())).collect();
            pairs.push(("scope", &scope));
            TokenRequest::parse(&form(&pairs), None)
                .map_err(|refusal| refusal.description.unwrap_or_default())
        };
        assert!(with(327).is_ok());
        assert!(with(328).unwrap_err().contains("scope: is longer than 327 bytes"));
    }

    #[test]
    fn one_scope_is_short_and_is_not_quoted() {
        let with = |scope: &str| {
            let pairs = [("resource", "r://a"), ("scope", scope)];
            TokenRequest::parse(&form(&pairs), None)
                .map_err(|refusal| refusal.description.unwrap_or_default())
        };
        assert!(with(&"s".repeat(256)).is_ok());
        let said = with(&format!("a {}", "s".repeat(257))).unwrap_err();
        assert_eq!(said, "scope: each scope must have at most 256 characters");
    }

    #[test]
    fn resources_are_distinct_and_sorted() {
        let request = TokenRequest::parse(
            &form(&[
                ("resource", "r://b"),
                ("resource", "r://a"),
                ("resource", "r://b "),
            ]),
            None,
        )
        .unwrap();
        assert_eq!(request.resources, ["r://a", "r://b"]);
        assert_eq!(request.ttl_seconds, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = TokenRequest::parse(&body, None);
        }
    }
}
