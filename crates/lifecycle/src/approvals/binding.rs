//! What an approval releases, as one digest.

use std::collections::BTreeSet;

use caracal_authz::{
    PolicyIdentity,
    contract::{DECISION_CONTRACT_SHA256, DECISION_CONTRACT_VERSION},
};
use caracal_core::{ApplicationId, AuthorityRecordId, DelegationId, SessionId};

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
        caracal_crypto::sha256(sections.join("\0").as_bytes())
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
}
