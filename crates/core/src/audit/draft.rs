//! Audit events as they are made: borrowed, and written once.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{AuditEvent, DecisionRecord, EventType, micros};
use crate::{PolicySetId, PolicySetVersionId, Timestamp, World, ZoneId, json};

/// What a spool records. The bytes that it is written as are kept, signed and hashed as they are.
pub trait SpoolEvent: Serialize {
    /// The id of the event.
    fn id(&self) -> &str;
}

impl SpoolEvent for AuditEvent {
    fn id(&self) -> &str {
        &self.id
    }
}

/// An [`AuditEvent`] in the making; its members are those of the event.
#[derive(Debug, Serialize)]
pub struct Draft<'e, M> {
    id: String,
    zone_id: &'e ZoneId,
    event_type: EventType,
    request_id: &'e str,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_set_id: Option<&'e PolicySetId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_set_version_id: Option<&'e PolicySetVersionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_sha: Option<&'e str>,
    /// `complete`, or the reason a request ended before policy.
    pub evaluation_status: &'e str,
    /// The rule that allowed; null where no policy was ever to be asked.
    pub determining_policies_json: Option<Determining<'e>>,
    /// The reasons that stood against it; null where no policy was ever to be asked.
    pub diagnostics_json: Value,
    metadata_json: M,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<DecisionRecord<'e>>,
    #[serde(with = "micros")]
    occurred_at: Timestamp,
}

/// `[{"policy": "…"}]`, or `[]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Determining<'e>(pub Option<&'e str>);

impl Serialize for Determining<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Policy<'e> {
            policy: &'e str,
        }
        serializer.collect_seq(self.0.map(|policy| Policy { policy }))
    }
}

/// Why it was refused, as one of the diagnostics.
#[derive(Serialize)]
struct Reason<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// Which policy decided, as events name it.
#[derive(Debug, Clone)]
pub struct Decided<'e> {
    /// The policy set in force.
    pub policy_set_id: Option<&'e PolicySetId>,
    /// Its version.
    pub policy_set_version_id: Option<&'e PolicySetVersionId>,
    /// Manifest digest of that version; empty where there is none.
    pub manifest_sha: &'e str,
    /// What was asked, and the answer.
    pub record: DecisionRecord<'e>,
}

impl<'e, M: Serialize> Draft<'e, M> {
    /// An event happening now about what `metadata` says. No policy was to be asked.
    pub fn new(
        world: &World,
        zone_id: &'e ZoneId,
        event_type: EventType,
        request_id: &'e str,
        decision: &'static str,
        metadata: M,
    ) -> Self {
        Self {
            id: world.uuid_v7().to_string(),
            zone_id,
            event_type,
            request_id,
            decision,
            policy_set_id: None,
            policy_set_version_id: None,
            manifest_sha: None,
            evaluation_status: "complete",
            determining_policies_json: None,
            diagnostics_json: Value::Null,
            metadata_json: metadata,
            record: None,
            occurred_at: world.now(),
        }
    }

    /// When it happened.
    pub const fn occurred_at(&self) -> Timestamp {
        self.occurred_at
    }

    /// As one that policy could have decided and did not.
    #[must_use]
    pub fn undecided(mut self) -> Self {
        self.determining_policies_json = Some(Determining::default());
        self.diagnostics_json = Value::Array(Vec::new());
        self
    }

    /// As one that was refused for `reason` alone.
    pub fn refused_for(&mut self, reason: &str) {
        self.because(reason, None);
    }

    /// As one that was refused for `reason`, with the sentence of what that was about.
    pub fn refused_because(&mut self, reason: &str, cause: &str) {
        self.because(reason, Some(cause));
    }

    fn because(&mut self, reason: &str, cause: Option<&str>) {
        self.diagnostics_json = json::tree(&[Reason { reason, cause }]);
    }

    /// As one that policy decided, with the diagnostics of that.
    #[must_use]
    pub fn decided(mut self, decided: Decided<'e>, rule: Option<&'e str>, diagnostics: Value) -> Self {
        self.policy_set_id = decided.policy_set_id;
        self.policy_set_version_id = decided.policy_set_version_id;
        self.manifest_sha = Some(decided.manifest_sha).filter(|digest| !digest.is_empty());
        self.determining_policies_json = Some(Determining(rule));
        self.diagnostics_json = diagnostics;
        self.record = Some(decided.record);
        self
    }
}

impl<M: Serialize> SpoolEvent for Draft<'_, M> {
    fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc};

    use super::*;
    use crate::{
        ScopeSet,
        audit::{
            Action, Effect, PrincipalKind, RecordedDecision, RecordedDelegation, RecordedInput,
            RecordedMandate, RecordedPrincipal,
        },
    };

    #[derive(Serialize)]
    struct About<'a> {
        application_id: &'a str,
        n: f64,
    }

    fn record(targets: &[Arc<str>]) -> DecisionRecord<'_> {
        DecisionRecord {
            v: super::super::RECORD_VERSION,
            input: RecordedInput {
                principal: RecordedPrincipal {
                    kind: PrincipalKind::Application,
                    id: "app-1".into(),
                    agent_session_id: Some("ses-1".into()),
                    labels: Cow::Borrowed(targets),
                },
                resource: "resource://\"a\"\n".into(),
                action: Action::TokenExchange,
                requested_scopes: ScopeSet::default(),
                delegation: Some(RecordedDelegation {
                    id: "del-1".into(),
                    scopes: ScopeSet::parse("a b"),
                }),
                presented: Some(RecordedMandate {
                    delegation_id: None,
                    scopes: ScopeSet::parse("a"),
                    targets: Cow::Borrowed(targets),
                }),
            },
            decision: RecordedDecision {
                effect: Effect::Deny,
                reason: Some("no_rule_matched".into()),
                rule: None,
                policies: Cow::default(),
                gates: Vec::new(),
                risk: Vec::new(),
            },
        }
    }

    #[test]
    fn a_draft_is_written_as_the_event_that_is_read_back() {
        let world = World::for_tests();
        let zone = ZoneId::parse("zone-1").unwrap();
        let targets: [Arc<str>; 2] = ["resource://a".into(), "resource://b".into()];
        let about = || About {
            application_id: "app-1",
            n: 1.50,
        };
        let draft = |event_type, decision| Draft::new(&world, &zone, event_type, "req-1", decision, about());
        let decided = Decided {
            policy_set_id: None,
            policy_set_version_id: None,
            manifest_sha: "00ff",
            record: record(&targets),
        };
        let drafts = [
            draft(EventType::SessionStart, "allow"),
            draft(EventType::GatewayResourceRequest, "allow").undecided(),
            draft(EventType::TokenExchange, "deny").decided(
                decided,
                Some("rule"),
                Value::Array(vec!["x".into()]),
            ),
        ];
        for draft in &drafts {
            let written = serde_json::to_string(draft).unwrap();
            let read: AuditEvent = serde_json::from_str(&written).unwrap();
            assert_eq!(read.id, draft.id());
            assert_eq!(serde_json::to_string(&read).unwrap(), written);
        }
        let written = serde_json::to_string(&drafts[2]).unwrap();
        let read: AuditEvent = serde_json::from_str(&written).unwrap();
        assert_eq!(read.record().unwrap(), Ok(record(&targets)));
        assert_eq!(
            read.determining_policies_json.unwrap().get(),
            r#"[{"policy":"rule"}]"#
        );
    }

    #[test]
    fn a_record_of_a_newer_build_is_told_from_a_broken_one() {
        use crate::audit::UnreadableRecord;
        let with = |record: &str| -> AuditEvent {
            let text = format!(
                r#"{{"id":"1","zone_id":"z","occurred_at":"2026-01-01T00:00:00Z","record":{record}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let read = |record: &str| with(record).record().unwrap();
        assert_eq!(
            read(r#"{"v":2,"input":"whatever"}"#),
            Err(UnreadableRecord::Newer(2))
        );
        assert!(matches!(read(r#"{"v":1}"#), Err(UnreadableRecord::Form(_))));
        assert!(matches!(read(r#"{"v":0}"#), Err(UnreadableRecord::Form(_))));
        assert!(matches!(read("[]"), Err(UnreadableRecord::Form(_))));
        assert!(with("null").record().is_none());
    }
}
