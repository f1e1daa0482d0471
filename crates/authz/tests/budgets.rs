//! Budgets: what is refused, which calls take from them and how much, and that the native check and the published module
//! say the same.

mod calls;
mod rego;

use std::collections::BTreeSet;

use caracal_authz::{
    ArgumentDenial, MalformedBudgets, PolicyIdentity, PolicySnapshot,
    document::{PolicyDocuments, PolicyVersionSource, evaluate},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree as _};
use serde_json::{Value, json};

use self::{
    calls::operation,
    rego::{Rego, cases},
};

const RESOURCE: &str = "resource://bank";

fn documents(budgets: Value) -> PolicyDocuments {
    PolicyDocuments {
        budgets: Some(budgets),
        ..PolicyDocuments::default()
    }
}

fn snapshot(budgets: Value) -> PolicySnapshot {
    PolicySnapshot::build(PolicyIdentity::default(), &documents(budgets))
}

fn payments(more: &Value) -> Value {
    let mut entry =
        json!({ "resource": RESOURCE, "method": "MCP", "path": "tools/call:pay", "per": "session" });
    entry
        .as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    entry
}

/// The identities of the budgets that a call takes from.
fn charged(
    documents: &PolicyDocuments,
    method: &str,
    path: &str,
) -> Result<BTreeSet<String>, MalformedBudgets> {
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), documents);
    let budgets = snapshot.budgets(RESOURCE, &operation(method, path))?;
    Ok(budgets.iter().map(|budget| budget.identity()).collect())
}

#[test]
fn a_budget_is_met_by_every_spelling_of_what_it_is_about() {
    let calls = json!({ "calls": 3 });
    let documents = documents(json!([
        payments(&calls),
        { "resource": RESOURCE, "method": "POST", "path": "/orders/{id}", "per": "delegation", "calls": 1 },
    ]));
    documents.check().unwrap();
    for (method, path, met) in [
        ("MCP", "tools/call:pay", 1),
        ("MCP", "tools/call:PAY", 1),
        ("MCP", "tools/call:payout", 0),
        ("POST", "/Orders/7;x", 1),
        ("POST", "/orders/", 1),
        ("POST", "/orders/7/8", 0),
        ("GET", "/orders/7", 0),
    ] {
        assert_eq!(
            charged(&documents, method, path).unwrap().len(),
            met,
            "{method} {path}"
        );
    }
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), &documents);
    assert!(snapshot.counts_calls(RESOURCE) && snapshot.counts_messages(RESOURCE));
    assert!(!snapshot.counts_calls("resource://other") && !snapshot.counts_messages("resource://other"));
}

#[test]
fn what_a_call_takes_is_a_number_that_is_there_and_gives_nothing_back() {
    let budgets = json!([payments(
        &json!({ "argument": ["payment", "amount"], "sum": 100 })
    )]);
    let snapshot = snapshot(budgets);
    let budgets = snapshot
        .budgets(RESOURCE, &operation("MCP", "tools/call:pay"))
        .unwrap();
    let amount = |arguments: Value| budgets[0].amount(&arguments);
    assert_eq!(amount(json!({ "payment": { "amount": 19.99 } })), Ok(19_990_000));
    assert_eq!(amount(json!({ "payment": { "amount": 0 } })), Ok(0));
    for (arguments, bound) in [
        (json!({}), "required"),
        (json!({ "amount": 5 }), "required"),
        (json!({ "payment": [5] }), "required"),
        (json!([]), "required"),
        (Value::Null, "required"),
        (json!({ "payment": { "amount": 5, "Amount": 500 } }), "letters"),
        (json!({ "payment": { "Amount": 5 } }), "letters"),
        (json!({ "payment": { "amount": 5 }, "PAYMENT": {} }), "letters"),
        (json!({ "payment": { "amount": "5" } }), "type"),
        (json!({ "payment": { "amount": [5] } }), "type"),
        (json!({ "payment": { "amount": null } }), "type"),
        (json!({ "payment": { "amount": -0.01 } }), "minimum"),
        (json!({ "payment": { "amount": 1e300 } }), "maximum"),
        (json!({ "payment": { "amount": 0.000_000_1 } }), "precision"),
    ] {
        match amount(arguments.clone()) {
            Err(ArgumentDenial::OutOfBounds {
                argument, bound: by, ..
            }) => {
                assert_eq!((argument.as_str(), by), ("payment.amount", bound), "{arguments}");
            }
            other => panic!("{arguments}: {other:?}"),
        }
    }
}

#[test]
fn what_was_used_counts_on_when_a_limit_changes_and_only_then() {
    let identity = |entry: Value| {
        let found = charged(&documents(json!([entry])), "MCP", "tools/call:pay").unwrap();
        found.into_iter().next().expect("one")
    };
    let budget = identity(payments(&json!({ "calls": 3 })));
    assert_eq!(identity(payments(&json!({ "calls": 30 }))), budget);
    let any = |name: &str| {
        identity(payments(
            &json!({ "calls": 3, "path": format!("tools/call:{{{name}}}") }),
        ))
    };
    assert_eq!(any("tool"), any("Other"), "the name of a variable means nothing");
    for other in [
        json!({ "calls": 3, "per": "delegation" }),
        json!({ "calls": 3, "path": "tools/call:{any}" }),
        json!({ "calls": 3, "argument": "amount", "sum": 1 }),
    ] {
        assert_ne!(identity(payments(&other)), budget, "{other}");
    }
}

#[test]
fn a_budget_that_would_limit_nothing_is_refused_and_denies_every_call() {
    const MALFORMED: &str = "data_document_malformed:budgets";
    for (wrong, code) in [
        (json!("x"), MALFORMED),
        (json!({ "a": payments(&json!({ "calls": 1 })) }), MALFORMED),
        (json!([payments(&json!({}))]), MALFORMED),
        (json!([payments(&json!({ "calls": 0 }))]), MALFORMED),
        (json!([payments(&json!({ "calls": 1.5 }))]), MALFORMED),
        (json!([payments(&json!({ "calls": "3" }))]), MALFORMED),
        (json!([payments(&json!({ "calls": 3, "cals": 1 }))]), MALFORMED),
        (
            json!([payments(&json!({ "calls": 3, "per": "zone" }))]),
            MALFORMED,
        ),
        (json!([payments(&json!({ "sum": 3 }))]), MALFORMED),
        (
            json!([payments(&json!({ "argument": "amount", "calls": 3 }))]),
            MALFORMED,
        ),
        (
            json!([payments(&json!({ "argument": "amount", "sum": 0 }))]),
            MALFORMED,
        ),
        (
            json!([payments(&json!({ "argument": "amount", "sum": 0.5 }))]),
            MALFORMED,
        ),
        (
            json!([payments(
                &json!({ "argument": "amount", "sum": 9_000_000_000_001_i64 })
            )]),
            MALFORMED,
        ),
        (json!([payments(&json!({ "argument": [], "sum": 3 }))]), MALFORMED),
        (
            json!([payments(
                &json!({ "argument": "a", "sum": 3, "path": "prompts/get:x" })
            )]),
            MALFORMED,
        ),
        (
            json!([payments(
                &json!({ "argument": "a", "sum": 3, "method": "POST", "path": "/a" })
            )]),
            MALFORMED,
        ),
        (
            json!([payments(&json!({ "calls": 3, "method": "post", "path": "/a" }))]),
            MALFORMED,
        ),
        (
            json!([
                payments(&json!({ "calls": 3 })),
                payments(&json!({ "calls": 4, "path": "tools/call:PAY" }))
            ]),
            "data_document_conflict:budgets",
        ),
        (
            json!([
                { "resource": RESOURCE, "method": "POST", "path": "/a/{b}/{c+}", "per": "session", "calls": 1 },
                { "resource": RESOURCE, "method": "POST", "path": "/A/{d}/{e+}", "per": "session", "calls": 2 },
            ]),
            "data_document_conflict:budgets",
        ),
        (
            json!([
                payments(&json!({ "argument": "a", "sum": 3 })),
                payments(&json!({ "argument": ["a"], "sum": 3, "calls": 1 })),
            ]),
            "data_document_conflict:budgets",
        ),
    ] {
        let documents = documents(wrong.clone());
        assert_eq!(documents.check().expect_err("refused").code, code, "{wrong}");
        assert_eq!(
            charged(&documents, "GET", "/other"),
            Err(MalformedBudgets),
            "{wrong}"
        );
    }
}

#[test]
fn a_document_states_budgets_and_loses_none_of_them() {
    let evaluated = |body: &str| {
        let content = format!("# caracal:data-document\npackage caracal.authz\nimport rego.v1\n{body}");
        evaluate(&[PolicyVersionSource {
            version_id: "1",
            content: &content,
        }])
    };
    let good = format!(
        "budgets contains {{\"resource\": \"{RESOURCE}\", \"method\": \"POST\", \"path\": \"/a\", \"per\": per, \"calls\": 2}} \
         if {{ some per in [\"session\", \"delegation\"] }}"
    );
    let documents = evaluated(&good).expect("accepted");
    assert_eq!(charged(&documents, "POST", "/a").unwrap().len(), 2);
    let stored = PolicyDocuments::from_stored(&documents.to_stored()).expect("as it was");
    assert_eq!(stored, documents);
    let lost = format!(
        "grants := {{}}\nbudgets := [{{\"resource\": \"{RESOURCE}\", \"method\": \"POST\", \"path\": \"/a\", \
         \"per\": \"session\", \"calls\": grants[\"gone\"].calls}}]"
    );
    assert!(evaluated(&lost).is_err());
}

// --- The same by the published module. ---

fn element() -> impl Strategy<Value = Value> {
    let stray = option::weighted(
        0.15,
        select(vec![
            ("calls", json!(0)),
            ("calls", json!("1")),
            ("per", json!("zone")),
            ("resource", json!(null)),
            ("more", json!(1)),
            ("argument", json!([""])),
            ("argument", json!("amount")),
            ("sum", json!(1.5)),
            ("sum", json!(9_000_000_000_001_i64)),
        ]),
    );
    (
        select(vec!["MCP", "MCP", "POST", "GET", "GRPC"]),
        0..4_usize,
        select(vec![RESOURCE, RESOURCE, "resource://other"]),
        select(vec!["session", "delegation"]),
        select(vec![
            json!({ "calls": 1 }),
            json!({ "calls": 2.0 }),
            json!({ "argument": "amount", "sum": 5 }),
            json!({ "argument": ["a", "b"], "sum": 9_000_000_000_000_i64, "calls": 4 }),
        ]),
        stray,
    )
        .prop_map(|(method, path, resource, per, limits, stray)| {
            let path = if method == "MCP" {
                [
                    "tools/call:pay",
                    "tools/call:{any}",
                    "tools/call:PAY",
                    "tools/list",
                ][path]
            } else {
                ["/", "/a/{id}", "/a/{rest+}", "/a/{other}"][path]
            };
            let mut element = json!({ "resource": resource, "method": method, "path": path, "per": per });
            // Where nothing has arguments, only calls can be counted.
            let limits = if path.starts_with("tools/call:") {
                limits
            } else {
                json!({ "calls": 3 })
            };
            let members = element.as_object_mut().expect("an object");
            members.extend(limits.as_object().expect("an object").clone());
            if let Some((name, value)) = stray {
                element[name] = value;
            }
            element
        })
}

#[test]
fn the_native_check_equals_the_rego_contract() {
    let rego = Rego::load();
    let mut runner = cases(9);
    let call = select(vec![
        ("MCP", "tools/call:pay"),
        ("MCP", "tools/call:Other"),
        ("MCP", "tools/list"),
        ("POST", "/"),
        ("POST", "/A/b"),
        ("GET", "/a"),
        ("GRPC", "/a/b"),
    ]);
    let strategy = (vec(element(), 0..4), call);
    let (mut malformed, mut counted, mut free) = (0, 0, 0);
    for _ in 0..3000 {
        let (elements, (method, path)) = strategy.new_tree(&mut runner).expect("a value").current();
        let documents = documents(Value::Array(elements));
        let native = charged(&documents, method, path);
        let input =
            json!({ "resource": { "identifier": RESOURCE }, "call": { "method": method, "path": path } });
        let broken = rego.evaluate(&documents, &input, "malformed_budgets") == true;
        assert_eq!(broken, native.is_err(), "{documents:#?}");
        assert_eq!(documents.check().is_err(), native.is_err(), "{documents:#?}");
        match native {
            Err(MalformedBudgets) => malformed += 1,
            Ok(native) => {
                let published = rego.evaluate(&documents, &input, "budgets_charged");
                let published = published.as_array().expect("entries").iter().map(|entry| {
                    // What one entry alone is told as.
                    let alone = charged(&self::documents(json!([entry])), method, path);
                    alone.expect("well-formed").into_iter().next().expect("met")
                });
                let published: BTreeSet<String> = published.collect();
                assert_eq!(published, native, "{documents:#?} {method} {path}");
                if native.is_empty() {
                    free += 1;
                } else {
                    counted += 1;
                }
            }
        }
    }
    assert!(
        malformed > 100 && counted > 100 && free > 100,
        "{malformed} {counted} {free}"
    );
}
