//! What an approval releases, as one digest.

use std::collections::BTreeSet;

use caracal_authz::{
    PolicyIdentity,
    contract::{DECISION_CONTRACT_SHA256, DECISION_CONTRACT_VERSION},
};
use caracal_core::{
    ApplicationId, AuthorityRecordId, CallContent, DelegationId, HeldCall, Operation, SessionId, Shown,
};
use caracal_crypto::{canonical_json, sha256_hex};

/// What a request asks for that a person has to approve.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// Who asks: an application, a person or a workload.
    pub principal_id: &'r str,
    /// The application; absent of a workload.
    pub application_id: Option<&'r ApplicationId>,
    /// The authority record that is named.
    pub record_id: Option<&'r AuthorityRecordId>,
    /// The session that is acted in.
    pub session_id: Option<&'r SessionId>,
    /// The delegation that is acted under.
    pub delegation_id: Option<&'r DelegationId>,
    /// Resources, as they are asked for.
    pub resources: &'r [&'r str],
    /// Scopes.
    pub scopes: &'r [&'r str],
    /// The policy it is decided by.
    pub policy: &'r PolicyIdentity,
    /// The one call that is asked for; absent where a mandate or a credential is.
    pub call: Option<AskedCall<'r>>,
}

/// A call, with all that it carries.
#[derive(Debug, Clone, Copy)]
pub struct AskedCall<'r> {
    /// What is asked of the upstream.
    pub operation: &'r Operation,
    /// What it carries.
    pub content: &'r CallContent,
}

impl AskedCall<'_> {
    /// Digest of all that it carries, of one spelling for each value (RFC 8785).
    fn digest(&self) -> String {
        let content = serde_json::to_value(self.content).unwrap_or_default();
        sha256_hex(&canonical_json(&content))
    }

    /// As it is kept and shown, no more of it than `shown`.
    pub(super) fn held(&self, shown: Shown) -> HeldCall {
        let Self { operation, content } = *self;
        let held = HeldCall {
            method: operation.http_method().to_owned(),
            path: operation.path().to_owned(),
            protocol: operation.protocol().map(str::to_owned),
            call: operation.call().map(str::to_owned),
            digest: self.digest(),
            shown: Shown::Nothing,
            query: None,
            media_type: None,
            arguments: None,
            text: None,
            bytes: None,
        };
        held.showing(content, shown)
    }

    /// Whether `held` is of the same operation.
    pub(super) fn is_of(&self, held: &HeldCall) -> bool {
        let operation = self.operation;
        held.method == operation.http_method()
            && held.path == operation.path()
            && held.protocol.as_deref() == operation.protocol()
            && held.call.as_deref() == operation.call()
    }

    /// Whether it carries what `held` does.
    pub(super) fn carries(&self, held: &HeldCall) -> bool {
        held.digest == self.digest()
    }
}

impl Request<'_> {
    /// The digest. Another resource, scope, session, delegation, caller or policy has another.
    pub fn binding(&self) -> [u8; 32] {
        let text = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let version = self.policy.policy_set_version_id.as_ref();
        let lower = self.resources.iter().map(|resource| resource.to_lowercase());
        let sections = [
            ("resources", listed(lower)),
            (
                "scopes",
                listed(self.scopes.iter().map(|scope| (*scope).to_owned())),
            ),
            ("principal", self.principal_id.to_owned()),
            ("authority_record", text(self.record_id.map(AsRef::as_ref))),
            ("session", text(self.session_id.map(AsRef::as_ref))),
            ("delegation", text(self.delegation_id.map(AsRef::as_ref))),
            ("application", text(self.application_id.map(AsRef::as_ref))),
            ("policy_set_version", text(version.map(AsRef::as_ref))),
            ("policy_manifest", self.policy.manifest_sha256.as_ref().to_owned()),
            ("decision_contract_version", DECISION_CONTRACT_VERSION.to_owned()),
            ("decision_contract_sha", DECISION_CONTRACT_SHA256.to_owned()),
        ];
        // No id, scope or resource holds a NUL, so no two requests read as the same.
        let sections = sections.map(|(label, value)| format!("{label}\0{value}"));
        let mut bound = sections.join("\0");
        if let Some(call) = &self.call {
            // Of fixed length each, whatever a path or a body holds; and of a call letters' case means something.
            let operation = call.operation;
            let (method, path) = (operation.http_method(), operation.path());
            let what = (
                self.resources,
                method,
                path,
                operation.protocol(),
                operation.call(),
            );
            let what = serde_json::to_vec(&what).unwrap_or_default();
            bound.extend(["\0call\0", &sha256_hex(&what), "\0carries\0", &call.digest()]);
        }
        caracal_crypto::sha256(bound.as_bytes())
    }
}

/// The members once each, in order, with line ends between them.
fn listed(members: impl Iterator<Item = String>) -> String {
    let members: BTreeSet<String> = members.map(|member| member.trim().to_owned()).collect();
    members.into_iter().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_what_is_asked_and_not_how_it_is_written() {
        let (policy, session) = (PolicyIdentity::default(), SessionId::parse("s-1").unwrap());
        let asked = Request {
            principal_id: "app",
            application_id: None,
            record_id: None,
            session_id: Some(&session),
            delegation_id: None,
            resources: &["resource://a", "resource://b"],
            scopes: &["read", "write"],
            policy: &policy,
            call: None,
        };
        let binding = asked.binding();
        let same = Request {
            resources: &["Resource://B", " resource://a", "resource://b"],
            scopes: &["write", "read", "write"],
            ..asked
        };
        assert_eq!(same.binding(), binding);
        let another = PolicyIdentity {
            manifest_sha256: "0".into(),
            ..PolicyIdentity::default()
        };
        let others = [
            Request {
                principal_id: "other",
                ..asked
            },
            Request {
                session_id: None,
                ..asked
            },
            Request {
                resources: &["resource://a"],
                ..asked
            },
            Request {
                scopes: &["read", "Write"],
                ..asked
            },
            Request {
                policy: &another,
                ..asked
            },
        ];
        for (place, other) in others.iter().enumerate() {
            assert_ne!(other.binding(), binding, "{place}");
        }
    }

    #[test]
    fn a_call_that_differs_in_anything_is_another() {
        use caracal_core::CallBody;
        use serde_json::json;
        let policy = PolicyIdentity::default();
        let binding = |operation: &Operation, content: &CallContent| {
            let request = Request {
                principal_id: "app",
                application_id: None,
                record_id: None,
                session_id: None,
                delegation_id: None,
                resources: &["resource://a"],
                scopes: &[],
                policy: &policy,
                call: Some(AskedCall { operation, content }),
            };
            request.binding()
        };
        let http = |method: &str, path: &str| Operation::Http {
            method: method.to_owned(),
            path: path.to_owned(),
        };
        let content = |query: Option<&str>, media_type: Option<&str>, body| CallContent {
            query: query.map(str::to_owned),
            media_type: media_type.map(str::to_owned),
            body,
        };
        let post = http("POST", "/a");
        let json = |value| content(None, None, CallBody::Json(value));
        // However it is written, what is the same is the same.
        let parsed = |text: &str| json(serde_json::from_str(text).unwrap());
        let same = binding(&post, &parsed(r#"{"b": 1.0, "a": "\u00e9"}"#));
        assert_eq!(binding(&post, &parsed(r#"{"a":"é","b":1e0}"#)), same);
        let calls = [
            (post.clone(), json(json!({"a": "é", "b": 1}))),
            (http("PUT", "/a"), json(json!({"a": "é", "b": 1}))),
            (http("POST", "/A"), json(json!({"a": "é", "b": 1}))),
            (
                Operation::Grpc { path: "/a".into() },
                json(json!({"a": "é", "b": 1})),
            ),
            (
                Operation::Mcp {
                    call: "tools/call:a".into(),
                },
                json(json!({})),
            ),
            (
                Operation::Mcp {
                    call: "tools/call:b".into(),
                },
                json(json!({})),
            ),
            (post.clone(), json(json!({"A": "é", "b": 1}))),
            (post.clone(), json(json!({"a": "é", "b": "1"}))),
            (post.clone(), json(json!({"a": "e\u{301}", "b": 1}))),
            (post.clone(), content(Some("x=1"), None, CallBody::Empty)),
            (post.clone(), content(Some("x=2"), None, CallBody::Empty)),
            (post.clone(), content(None, None, CallBody::Empty)),
            (post.clone(), content(None, Some("x=1"), CallBody::Empty)),
            (post.clone(), content(None, None, CallBody::Text(String::new()))),
            (
                post.clone(),
                content(None, None, CallBody::Text(String::from("{}"))),
            ),
            (post.clone(), json(json!({}))),
            (post, json(json!("{}"))),
        ];
        let bindings: BTreeSet<[u8; 32]> = calls
            .iter()
            .map(|(operation, content)| binding(operation, content))
            .collect();
        assert_eq!(bindings.len(), calls.len());
        assert!(bindings.contains(&same));
    }
}
