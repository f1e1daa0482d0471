//! Tiers of operations: what is refused, which calls meet them, and that the native check and the published module say the
//! same.

mod calls;
mod rego;

use std::collections::BTreeSet;

use caracal_authz::{
    MalformedOperationRisk, PolicyIdentity, PolicySnapshot,
    document::{PolicyDocuments, PolicyVersionSource, evaluate},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree as _};
use serde_json::{Value, json};

use self::{
    calls::operation,
    rego::{Rego, cases},
};

const RESOURCE: &str = "resource://bank";

fn documents(operation_risk: Value, tiers: &[&str]) -> PolicyDocuments {
    let declared = tiers.iter().map(|tier| json!({ "tier": tier }));
    PolicyDocuments {
        operation_risk: Some(operation_risk),
        approval_tiers: Some(declared.collect()),
        ..PolicyDocuments::default()
    }
}

fn entry(method: &str, path: &str, tier: &str) -> Value {
    json!({ "resource": RESOURCE, "method": method, "path": path, "tier": tier })
}

/// The names of the tiers that a call falls under.
fn tiers(
    documents: &PolicyDocuments,
    method: &str,
    path: &str,
) -> Result<BTreeSet<String>, MalformedOperationRisk> {
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), documents);
    let gates = snapshot.operation_tiers(RESOURCE, &operation(method, path))?;
    Ok(gates.iter().map(|gate| gate.tier.to_string()).collect())
}

#[test]
fn a_gate_is_met_by_every_spelling_of_what_it_is_about() {
    for (method, declared, met, missed) in [
        (
            "MCP",
            "tools/call:refund",
            &["tools/call:refund", "tools/call:Refund", "TOOLS/call:refund"][..],
            &["tools/call:refunds", "tools/call", "prompts/get:refund"][..],
        ),
        (
            "MCP",
            "tools/call:{any}",
            &["tools/call:refund", "tools/call:a b", "tools/call:x:y"],
            &["tools/list", "tools/call", "prompts/get:x"],
        ),
        (
            "POST",
            "/orders/{id}/refund",
            &[
                "/orders/7/refund",
                "/orders/7/REFUND",
                "/Orders/7;x/refund",
                "/orders//refund",
                "/orders/%2F/refund",
            ],
            &["/orders/7", "/orders/7/refund/", "/orders/7/8/refund"],
        ),
        (
            "POST",
            "/admin/{rest+}",
            &["/admin/a", "/admin/", "/admin/a/b;c", "/ADMIN/%25"],
            &["/admin", "/a/admin/b"],
        ),
        ("POST", "/", &["/"], &["", "//", "/a"]),
        ("GRPC", "/p.S/M", &["/p.S/M", "/p.s/m"], &["/p.S/N"]),
        ("WEBSOCKET", "/live/{id}", &["/live/1"], &["/live"]),
    ] {
        let documents = documents(json!([entry(method, declared, "high")]), &["high"]);
        documents.check().unwrap();
        let high = BTreeSet::from([String::from("high")]);
        for path in met {
            assert_eq!(
                tiers(&documents, method, path),
                Ok(high.clone()),
                "{declared} {path}"
            );
        }
        for path in missed {
            assert_eq!(
                tiers(&documents, method, path),
                Ok(BTreeSet::new()),
                "{declared} {path}"
            );
        }
        for other in ["MCP", "POST", "GET", "GRPC", "WEBSOCKET"] {
            if other != method {
                assert_eq!(
                    tiers(&documents, other, met[0]),
                    Ok(BTreeSet::new()),
                    "{other} {declared}"
                );
            }
        }
        let snapshot = PolicySnapshot::build(PolicyIdentity::default(), &documents);
        assert!(snapshot.gates_operations(RESOURCE) && !snapshot.gates_operations("resource://other"));
        let elsewhere = snapshot.operation_tiers("resource://other", &operation(method, met[0]));
        assert!(elsewhere.unwrap().is_empty());
    }
}

#[test]
fn every_tier_that_a_call_falls_under_asks_once() {
    let documents = documents(
        json!([
            entry("POST", "/a/{id}", "high"),
            entry("POST", "/a/b", "critical"),
            entry("POST", "/{rest+}", "high"),
        ]),
        &["high", "critical"],
    );
    let both = BTreeSet::from(["critical", "high"].map(String::from));
    assert_eq!(tiers(&documents, "POST", "/a/b"), Ok(both));
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), &documents);
    assert_eq!(
        snapshot
            .operation_tiers(RESOURCE, &operation("POST", "/a/b"))
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_gate_that_could_ask_nobody_is_refused_and_denies_every_call() {
    for (wrong, code) in [
        (json!("x"), "data_document_malformed:operation_risk"),
        (
            json!({"a": entry("POST", "/a", "high")}),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("post", "/a", "high")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("POST", "a", "high")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("POST", "/a*", "high")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("MCP", "/a", "high")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("MCP", "tools/call", "high")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([entry("POST", "/a", "")]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([{"resource": RESOURCE, "method": "POST", "path": "/a"}]),
            "data_document_malformed:operation_risk",
        ),
        (
            json!([{"resource": RESOURCE, "method": "POST", "path": "/a", "tier": "high", "teir": 1}]),
            "data_document_malformed:operation_risk",
        ),
        // A name that classifies a scope asks nobody by itself.
        (
            json!([entry("POST", "/a", "medium")]),
            "data_document_unknown_tier:operation_risk",
        ),
    ] {
        let documents = documents(wrong.clone(), &["high"]);
        assert_eq!(documents.check().expect_err("refused").code, code, "{wrong}");
        assert_eq!(
            tiers(&documents, "GET", "/other"),
            Err(MalformedOperationRisk),
            "{wrong}"
        );
    }
    let nobody = PolicyDocuments {
        approval_tiers: None,
        ..documents(json!([entry("POST", "/a", "high")]), &[])
    };
    assert!(nobody.check().is_err());
    assert_eq!(tiers(&nobody, "GET", "/other"), Err(MalformedOperationRisk));
}

#[test]
fn a_document_states_gates_and_loses_none_of_them() {
    let evaluated = |body: &str| {
        let content = format!("# caracal:data-document\npackage caracal.authz\nimport rego.v1\n{body}");
        evaluate(&[PolicyVersionSource {
            version_id: "1",
            content: &content,
        }])
    };
    let tier = r#"approval_tiers := [{"tier": "high"}]"#;
    let good = format!(
        "{tier}\noperation_risk contains {{\"resource\": \"{RESOURCE}\", \"method\": m, \"path\": \"/a\", \"tier\": \"high\"}} if {{ some m in [\"POST\", \"PUT\"] }}"
    );
    let documents = evaluated(&good).expect("accepted");
    for (method, asks) in [("POST", 1), ("PUT", 1), ("GET", 0)] {
        assert_eq!(tiers(&documents, method, "/a").unwrap().len(), asks, "{method}");
    }
    let stored = PolicyDocuments::from_stored(&documents.to_stored()).expect("as it was");
    assert_eq!(stored, documents);
    let lost = format!(
        "{tier}\ngrants := {{}}\noperation_risk := [{{\"resource\": grants[\"gone\"].application, \"method\": \"POST\", \"path\": \"/a\", \"tier\": \"high\"}}]"
    );
    assert!(evaluated(&lost).is_err());
}

// --- The same by the published module. ---

fn element() -> impl Strategy<Value = Value> {
    let methods = select(vec!["MCP", "MCP", "POST", "POST", "GET", "GRPC", "WEBSOCKET"]);
    let stray = option::weighted(
        0.08,
        select(vec![
            ("tier", json!("")),
            ("tier", json!(1)),
            ("resource", json!(null)),
            ("more", json!(1)),
        ]),
    );
    let tier = select(vec!["high", "high", "critical", "undeclared"]);
    (
        methods,
        0..6_usize,
        select(vec![RESOURCE, RESOURCE, "resource://other"]),
        tier,
        stray,
    )
        .prop_map(|(method, path, resource, tier, stray)| {
            let path = if method == "MCP" {
                [
                    "tools/call:pay",
                    "tools/call:{any}",
                    "tools/list",
                    "response",
                    "prompts/get:{x}",
                    "tools/call:Pay",
                ][path]
            } else {
                ["/", "/a", "/a/{id}", "/{x}/b", "/a/{rest+}", "/{rest+}"][path]
            };
            let mut element = json!({"resource": resource, "method": method, "path": path, "tier": tier});
            if let Some((name, value)) = stray {
                element[name] = value;
            }
            element
        })
}

#[test]
fn the_native_check_equals_the_rego_contract() {
    let rego = Rego::load();
    let mut runner = cases(7);
    let call = select(vec![
        ("MCP", "tools/call:pay"),
        ("MCP", "tools/call:PAY"),
        ("MCP", "tools/call:other:x"),
        ("MCP", "tools/list"),
        ("POST", "/"),
        ("POST", "/a"),
        ("POST", "/A/b"),
        ("POST", "/a/"),
        ("POST", "/a/b/c"),
        ("GET", "/a/%2F"),
        ("GRPC", "/a/b"),
        ("WEBSOCKET", "/x"),
    ]);
    let strategy = (vec(element(), 0..4), call);
    let (mut malformed, mut gated, mut free) = (0, 0, 0);
    for _ in 0..3000 {
        let (elements, (method, path)) = strategy.new_tree(&mut runner).expect("a value").current();
        let documents = documents(Value::Array(elements), &["high", "critical"]);
        let native = tiers(&documents, method, path);
        let input = json!({"resource": {"identifier": RESOURCE}, "call": {"method": method, "path": path}});
        let broken = rego.evaluate(&documents, &input, "malformed_operation_risk") == true;
        assert_eq!(broken, native.is_err(), "{documents:#?}");
        assert_eq!(documents.check().is_err(), native.is_err(), "{documents:#?}");
        match native {
            Err(MalformedOperationRisk) => malformed += 1,
            Ok(tiers) => {
                let published = rego.evaluate(&documents, &input, "operation_tiers");
                let published: BTreeSet<String> = serde_json::from_value(published).expect("names");
                assert_eq!(published, tiers, "{documents:#?} {method} {path}");
                if tiers.is_empty() {
                    free += 1;
                } else {
                    gated += 1;
                }
            }
        }
    }
    assert!(
        malformed > 100 && gated > 100 && free > 100,
        "{malformed} {gated} {free}"
    );
}
