use std::fmt::Debug;

use caracal_core::{DelegationId, SessionId, ZoneId, entity::ApprovalState};

use super::*;

fn zone() -> ZoneId {
    ZoneId::parse("zone-1").unwrap()
}

fn session(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn travels<P: Payload + PartialEq + Debug>(payload: &P, fields: &[(&str, &str)]) {
    let expected: Fields = fields.iter().copied().collect();
    assert_eq!(payload.to_fields().unwrap(), expected);
    assert_eq!(P::from_fields(&expected).as_ref(), Ok(payload));
    let with_extras = expected
        .with("outbox_id", "o-1")
        .with("dedupe_key", "d")
        .with("_sig", "00");
    assert_eq!(
        P::from_fields(&with_extras).as_ref(),
        Ok(payload),
        "what is unknown is ignored"
    );
}

#[test]
fn every_payload_travels_under_its_wire_names() {
    let mut revoked = SessionRevoked::new(zone(), "delegation_revoked".into());
    revoked.session_id = Some("ar-1".parse().unwrap());
    revoked.agent_session_id = Some(session("s-1"));
    revoked.delegation_edge_id = Some("d-1".parse().unwrap());
    travels(
        &revoked,
        &[
            ("zone_id", "zone-1"),
            ("session_id", "ar-1"),
            ("agent_session_id", "s-1"),
            ("delegation_edge_id", "d-1"),
            ("reason", "delegation_revoked"),
        ],
    );
    let mut disconnected = SessionRevoked::new(zone(), "connection_revoked".into());
    disconnected.connection_id = Some("con-1".parse().unwrap());
    travels(
        &disconnected,
        &[
            ("zone_id", "zone-1"),
            ("connection_id", "con-1"),
            ("reason", "connection_revoked"),
        ],
    );
    travels(
        &AuditFrame {
            id: Some("evt-1".into()),
            data: "{\n}".into(),
            sig: Some("ab".into()),
            kid: Some("0123456789abcdef".into()),
        },
        &[
            ("id", "evt-1"),
            ("data", "{\n}"),
            ("sig", "ab"),
            ("kid", "0123456789abcdef"),
        ],
    );
    travels(
        &PolicyInvalidated {
            zone_id: zone(),
            policy_set_id: Some("ps-1".parse().unwrap()),
            policy_set_version_id: None,
        },
        &[("zone_id", "zone-1"), ("policy_set_id", "ps-1")],
    );
    travels(&KeysInvalidated { zone_id: zone() }, &[("zone_id", "zone-1")]);
    travels(
        &DirectoryInvalidated {
            zone_id: zone(),
            kind: DirectoryKind::Provider,
            id: "p-1".into(),
        },
        &[("zone_id", "zone-1"), ("kind", "provider"), ("id", "p-1")],
    );
    travels(
        &ApprovalDecided {
            zone_id: zone(),
            approval_id: "apr-1".parse().unwrap(),
            state: ApprovalState::Rejected,
        },
        &[
            ("zone_id", "zone-1"),
            ("approval_id", "apr-1"),
            ("state", "rejected"),
        ],
    );
    travels(
        &AgentLifecycle {
            event: AgentEvent::Spawn,
            zone_id: zone(),
            agent_session_id: session("s-1"),
            parent_id: None,
            application_id: Some("app-1".parse().unwrap()),
            reason: None,
        },
        &[
            ("event", "spawn"),
            ("zone_id", "zone-1"),
            ("agent_session_id", "s-1"),
            ("application_id", "app-1"),
        ],
    );
    travels(
        &InvocationLifecycle {
            event: InvocationEvent::TimedOut,
            zone_id: zone(),
            service_id: "svc-1".into(),
            invocation_id: "inv-1".into(),
        },
        &[
            ("event", "invocation.timed_out"),
            ("zone_id", "zone-1"),
            ("service_id", "svc-1"),
            ("invocation_id", "inv-1"),
        ],
    );
    travels(
        &DelegationsInvalidated {
            event: DelegationEvent::Expire,
            zone_id: zone(),
            edge_id: None,
            source_session_id: None,
            target_session_id: None,
            affected_edges: Some(2),
            edge_ids: ["d-1", "d-2"].map(|id| DelegationId::parse(id).unwrap()).into(),
            reason: None,
            epoch: 7,
        },
        &[
            ("event", "edge_expire"),
            ("zone_id", "zone-1"),
            ("affected_edges", "2"),
            ("edge_ids", r#"["d-1","d-2"]"#),
            ("epoch", "7"),
        ],
    );
}

#[test]
fn a_revocation_is_read_by_any_anchor_and_names_each_once() {
    let read = |fields: &[(&str, &str)]| {
        SessionRevoked::from_fields(&fields.iter().copied().collect()).map(|revoked| {
            revoked
                .anchors()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(read(&[("zone_id", "z"), ("edge_id", "d-1")]).unwrap(), ["d-1"]);
    assert_eq!(
        read(&[
            ("zone_id", "z"),
            ("delegation_edge_id", "d-1"),
            ("edge_id", "d-2")
        ])
        .unwrap(),
        ["d-1"]
    );
    assert_eq!(
        read(&[
            ("zone_id", "z"),
            ("session_id", "ar-1"),
            ("sid", "ar-1"),
            ("root_sid", "ar-0"),
            ("agent_session_id", "s-1"),
            ("connection_id", "con-1"),
        ])
        .unwrap(),
        ["ar-1", "ar-0", "s-1", "con-1"]
    );
    assert_eq!(
        read(&[("zone_id", "z")]),
        Err(PayloadError::Missing("session_id"))
    );
    assert_eq!(
        read(&[("zone_id", "z"), ("session_id", "")]),
        Err(PayloadError::Missing("session_id"))
    );
    assert_eq!(
        read(&[("session_id", "ar-1")]),
        Err(PayloadError::Missing("zone_id"))
    );
    assert_eq!(
        read(&[("zone_id", "z"), ("sid", "a/b")]),
        Err(PayloadError::Invalid("sid"))
    );
}

#[test]
fn producers_refuse_what_would_break_the_signed_form() {
    let mut revoked = SessionRevoked::new(zone(), "a\nb".into());
    assert_eq!(revoked.to_fields(), Err(MalformedFields::Missing("session_id")));
    revoked.session_id = Some("ar-1".parse().unwrap());
    assert_eq!(
        revoked.to_fields(),
        Err(MalformedFields::LineBreak("reason".into()))
    );
}

#[test]
fn a_parent_written_as_null_is_no_parent_and_unknown_words_are_refused() {
    let fields = Fields::new()
        .with("event", "terminate")
        .with("zone_id", "z")
        .with("agent_session_id", "s-1")
        .with("parent_id", "null");
    assert_eq!(AgentLifecycle::from_fields(&fields).unwrap().parent_id, None);
    let fields = fields.with("event", "explode");
    assert_eq!(
        AgentLifecycle::from_fields(&fields),
        Err(PayloadError::Invalid("event"))
    );
}

#[test]
fn an_epoch_that_is_no_number_is_refused() {
    let fields = Fields::new().with("event", "edge_revoke").with("zone_id", "z");
    assert_eq!(
        DelegationsInvalidated::from_fields(&fields),
        Err(PayloadError::Missing("epoch"))
    );
    for bad in ["-1", "1.5", "x", "99999999999999999999"] {
        let fields = fields.clone().with("epoch", bad);
        assert_eq!(
            DelegationsInvalidated::from_fields(&fields),
            Err(PayloadError::Invalid("epoch"))
        );
    }
}
