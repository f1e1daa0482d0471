//! Bounds on arguments of tools: what is refused, and that the native check and the published module say the same.

mod rego;

use std::collections::BTreeSet;

use caracal_authz::{
    ArgumentDenial, PolicyIdentity, PolicySnapshot,
    document::{PolicyDocuments, PolicyVersionSource, evaluate},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree as _};
use serde_json::{Map, Value, json};

use self::rego::{Rego, cases};

const RESOURCE: &str = "https://gateway.test/r/z/tools";

fn documents(arguments: Value) -> PolicyDocuments {
    PolicyDocuments {
        arguments: Some(arguments),
        ..PolicyDocuments::default()
    }
}

fn bounded(mut bound: Value) -> PolicyDocuments {
    let members = bound.as_object_mut().expect("an object");
    members.entry("resource").or_insert(json!(RESOURCE));
    members.entry("tool").or_insert(json!("pay"));
    members.entry("argument").or_insert(json!("x"));
    documents(json!([bound]))
}

fn checked(documents: &PolicyDocuments, tool: &str, arguments: &Value) -> Result<(), ArgumentDenial> {
    PolicySnapshot::build(PolicyIdentity::default(), documents).check_arguments(RESOURCE, tool, arguments)
}

/// The bound that `x` is not within.
fn bound_of(bound: &Value, x: &Value) -> Option<&'static str> {
    let documents = bounded(bound.clone());
    assert!(documents.check().is_ok(), "{bound}");
    match checked(&documents, "pay", &json!({ "x": x })) {
        Ok(()) => None,
        Err(ArgumentDenial::OutOfBounds { bound, .. }) => Some(bound),
        Err(ArgumentDenial::Malformed) => panic!("malformed: {bound}"),
    }
}

#[test]
fn a_bound_that_could_bound_nothing_is_refused_and_denies_every_call() {
    for wrong in [
        json!({}),
        json!({ "type": "text" }),
        json!({ "type": "string", "maximun": 1 }),
        json!({ "type": "string", "minimum": 1 }),
        json!({ "type": "string", "prefix": "" }),
        json!({ "type": "string", "prefix": 1 }),
        json!({ "type": "string", "max_length": -1 }),
        json!({ "type": "string", "max_length": 1.5 }),
        json!({ "type": "string", "values": [] }),
        json!({ "type": "string", "values": ["a", 1] }),
        json!({ "type": "string", "optional": "yes" }),
        json!({ "type": "string", "each": null }),
        json!({ "type": "string", "tool": "" }),
        json!({ "type": "string", "resource": 7 }),
        json!({ "type": "string", "argument": [] }),
        json!({ "type": "string", "argument": ["a", "b", "c", "d", "e"] }),
        json!({ "type": "string", "argument": ["a", 1] }),
        json!({ "type": "number", "minimum": "1" }),
        json!({ "type": "number", "prefix": "1" }),
        json!({ "type": "number", "max_length": 1 }),
        json!({ "type": "number", "values": [1] }),
        json!({ "type": "integer", "values": [1.5] }),
        json!({ "type": "boolean", "values": [true] }),
    ] {
        let documents = bounded(wrong.clone());
        let problem = documents.check().expect_err("refused");
        assert_eq!(problem.code, "data_document_malformed:arguments", "{wrong}");
        for tool in ["pay", "other"] {
            assert_eq!(
                checked(&documents, tool, &json!({ "x": 1 })),
                Err(ArgumentDenial::Malformed),
                "{wrong}"
            );
        }
    }
    assert_eq!(
        checked(&documents(json!("x")), "pay", &json!({})),
        Err(ArgumentDenial::Malformed)
    );
}

#[test]
fn a_value_past_its_bound_is_refused_by_that_bound() {
    let big = 9_007_199_254_740_993_i64;
    for (bound, value, refused_by) in [
        (json!({ "type": "string" }), json!(1), Some("type")),
        (json!({ "type": "string" }), json!(null), Some("type")),
        (json!({ "type": "string" }), json!("a"), None),
        (json!({ "type": "number" }), json!("1"), Some("type")),
        (json!({ "type": "integer" }), json!(1.5), Some("type")),
        (json!({ "type": "integer" }), json!(2.0), None),
        (json!({ "type": "boolean" }), json!(0), Some("type")),
        (json!({ "type": "boolean" }), json!(false), None),
        (
            json!({ "type": "number", "minimum": 0 }),
            json!(-0.5),
            Some("minimum"),
        ),
        (json!({ "type": "number", "minimum": 0 }), json!(-0.0), None),
        (
            json!({ "type": "number", "maximum": 10 }),
            json!(10.1),
            Some("maximum"),
        ),
        (json!({ "type": "number", "maximum": 10 }), json!(10), None),
        (
            json!({ "type": "integer", "maximum": big - 1 }),
            json!(big),
            Some("maximum"),
        ),
        (
            json!({ "type": "integer", "values": [1, 5] }),
            json!(2),
            Some("values"),
        ),
        (json!({ "type": "integer", "values": [1, 5] }), json!(5), None),
        (
            json!({ "type": "string", "values": ["a"] }),
            json!("A"),
            Some("values"),
        ),
        (
            json!({ "type": "string", "max_length": 2 }),
            json!("ééé"),
            Some("max_length"),
        ),
        (json!({ "type": "string", "max_length": 2 }), json!("éé"), None),
        (
            json!({ "type": "string", "prefix": "/data/" }),
            json!("/etc/passwd"),
            Some("prefix"),
        ),
        (
            json!({ "type": "string", "prefix": "/data/" }),
            json!("/data/../etc"),
            Some("prefix"),
        ),
        (
            json!({ "type": "string", "prefix": "/data/" }),
            json!("/data/a\\..\\b"),
            Some("prefix"),
        ),
        (
            json!({ "type": "string", "prefix": "/data/" }),
            json!("/data/%2E%2e/b"),
            Some("prefix"),
        ),
        (
            json!({ "type": "string", "prefix": "/data/" }),
            json!("/data/a..b"),
            None,
        ),
        (
            json!({ "type": "string", "each": true }),
            json!("a"),
            Some("each"),
        ),
        (
            json!({ "type": "string", "each": true }),
            json!(["a", 1]),
            Some("type"),
        ),
        (json!({ "type": "string", "each": true }), json!([]), None),
    ] {
        assert_eq!(bound_of(&bound, &value), refused_by, "{bound} {value}");
    }
}

#[test]
fn an_argument_that_is_not_there_is_refused_unless_it_may_be_missing() {
    let required = bounded(json!({ "type": "number", "argument": ["order", "amount"] }));
    let optional = bounded(json!({ "type": "number", "argument": ["order", "amount"], "optional": true }));
    for arguments in [
        json!({}),
        json!({ "order": 1 }),
        json!({ "order": [{ "amount": 1 }] }),
        json!({ "order.amount": 1 }),
    ] {
        assert!(checked(&required, "pay", &arguments).is_err(), "{arguments}");
        assert!(checked(&optional, "pay", &arguments).is_ok(), "{arguments}");
    }
    for arguments in [json!(null), json!([]), json!("x")] {
        assert!(checked(&optional, "pay", &arguments).is_err(), "{arguments}");
    }
    let nested = json!({ "order": { "amount": null } });
    assert!(checked(&optional, "pay", &nested).is_err(), "null is there");
    assert!(checked(&required, "pay", &json!({ "order": { "amount": 1 } })).is_ok());
}

#[test]
fn every_bound_that_is_about_the_tool_must_hold_and_no_other() {
    let bound = |tool: &str, maximum: u32| json!({ "resource": RESOURCE, "tool": tool, "argument": "x", "type": "number", "maximum": maximum });
    let both = documents(json!([bound("*", 10), bound("pay", 5)]));
    for (tool, x, within) in [
        ("pay", 5, true),
        ("pay", 6, false),
        ("other", 10, true),
        ("other", 11, false),
    ] {
        assert_eq!(
            checked(&both, tool, &json!({ "x": x })).is_ok(),
            within,
            "{tool} {x}"
        );
    }
    let snapshot = PolicySnapshot::build(PolicyIdentity::default(), &both);
    assert!(snapshot.bounds_arguments(RESOURCE));
    assert!(!snapshot.bounds_arguments("resource://other"));
    assert!(
        snapshot
            .check_arguments("resource://other", "pay", &json!({}))
            .is_ok()
    );
}

#[test]
fn a_refusal_names_the_argument_and_the_bound_and_never_the_value() {
    let long = "p".repeat(200);
    let bound = bounded(json!({ "type": "string", "prefix": long, "argument": ["to", "address"] }));
    let secret = "a secret value";
    let arguments = json!({ "to": { "address": secret } });
    let denial = checked(&bound, "pay", &arguments).expect_err("refused");
    let text = format!("{denial:?}");
    assert!(!text.contains(secret), "{text}");
    let ArgumentDenial::OutOfBounds {
        argument,
        bound,
        limit,
    } = denial
    else {
        panic!("{text}");
    };
    assert_eq!((argument.as_str(), bound), ("to.address", "prefix"));
    assert!(limit.chars().count() <= 65, "{limit}");
}

#[test]
fn a_document_states_bounds_and_loses_none_of_them() {
    let source = |body: &str| format!("# caracal:data-document\npackage caracal.authz\n{body}");
    let evaluated = |body: &str| {
        let content = source(body);
        evaluate(&[PolicyVersionSource {
            version_id: "1",
            content: &content,
        }])
    };
    let good = format!(
        r#"arguments := [{{"resource": "{RESOURCE}", "tool": "pay", "argument": "x", "type": "integer", "values": {{1, 2}}}}]"#
    );
    let documents = evaluated(&good).expect("accepted");
    assert!(checked(&documents, "pay", &json!({ "x": 2 })).is_ok());
    assert!(checked(&documents, "pay", &json!({ "x": 3 })).is_err());
    let stored = PolicyDocuments::from_stored(&documents.to_stored()).expect("as it was");
    assert_eq!(stored, documents);
    let lost = r#"grants := {}
arguments := [{"resource": grants["gone"].application, "tool": "pay", "argument": "x", "type": "string"}]"#;
    assert!(evaluated(lost).is_err());
}

// --- The same by the published module. ---

fn published(rego: &Rego, documents: &PolicyDocuments, tool: &str, arguments: &Value) -> bool {
    let input =
        json!({ "resource": { "identifier": RESOURCE }, "call": { "tool": tool, "arguments": arguments } });
    rego.evaluate(documents, &input, "arguments_allowed") == true
}

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(2.0),
        json!(2.5),
        json!(-3),
        json!("a"),
        json!("/data/x"),
        json!("/data/../x"),
        json!("/data/%2e%2e"),
        json!("étage"),
        json!({}),
        json!([]),
    ])
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => scalar(),
        2 => vec(scalar(), 0..3).prop_map(Value::Array),
        2 => scalar().prop_map(|value| json!({ "y": value })),
    ]
}

fn arguments() -> impl Strategy<Value = Value> {
    prop_oneof![
        9 => (option::weighted(0.85, value()), option::weighted(0.3, value())).prop_map(|(x, z)| {
            let members = [("x", x), ("z", z)].into_iter();
            Value::Object(members.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
        }),
        1 => scalar(),
    ]
}

/// A bound whose limits mostly go with its type.
fn bound() -> impl Strategy<Value = Value> {
    let kind = select(vec!["string", "number", "integer", "boolean"]);
    let place = (
        select(vec![RESOURCE, RESOURCE, "resource://other"]),
        select(vec!["pay", "*", "other"]),
        select(vec![json!("x"), json!(["x"]), json!(["x", "y"]), json!("z")]),
    );
    let flags = (
        option::weighted(0.3, any::<bool>()),
        option::weighted(0.3, any::<bool>()),
    );
    let stray = option::weighted(
        0.08,
        select(vec![
            ("maximun", json!(1)),
            ("minimum", json!("1")),
            ("prefix", json!("")),
            ("values", json!([])),
            ("max_length", json!(1.5)),
            ("optional", json!(1)),
            ("type", json!("text")),
            ("tool", json!("")),
            ("argument", json!([])),
        ]),
    );
    (kind, place, flags, vec(0..6_u8, 0..3), stray).prop_map(|(kind, place, flags, limits, stray)| {
        let (resource, tool, argument) = place;
        let mut bound = Map::new();
        let mut put = |name: &str, value: Value| bound.insert(name.to_owned(), value);
        put("resource", json!(resource));
        put("tool", json!(tool));
        put("argument", argument);
        put("type", json!(kind));
        for limit in limits {
            match (kind, limit) {
                ("string", 0) => put("prefix", json!("/data/")),
                ("string", 1) => put("max_length", json!(4)),
                ("string", 2) => put("values", json!(["a", "/data/x"])),
                ("string", 3) => put("max_length", json!(7.0)),
                ("number" | "integer", 0) => put("minimum", json!(1)),
                ("number" | "integer", 1) => put("maximum", json!(2)),
                ("number" | "integer", 2) => put("maximum", json!(2.2)),
                ("integer", 3) => put("values", json!([0, 2])),
                _ => None,
            };
        }
        for (name, flag) in [("optional", flags.0), ("each", flags.1)] {
            if let Some(flag) = flag {
                put(name, json!(flag));
            }
        }
        if let Some((name, value)) = stray {
            put(name, value);
        }
        Value::Object(bound)
    })
}

fn document() -> impl Strategy<Value = PolicyDocuments> {
    prop_oneof![
        14 => vec(bound(), 0..3).prop_map(Value::Array),
        2 => vec(bound(), 0..2).prop_map(|bounds| {
            Value::Object(["a", "b"].into_iter().map(String::from).zip(bounds).collect())
        }),
        1 => scalar(),
    ]
    .prop_map(documents)
}

#[test]
fn the_native_check_equals_the_rego_contract_and_every_bound_refuses() {
    let rego = Rego::load();
    let mut runner = cases(5);
    let strategy = (document(), select(vec!["pay", "other"]), arguments());
    let mut refused = BTreeSet::new();
    let mut allowed = 0;
    for _ in 0..4000 {
        let (documents, tool, arguments) = strategy.new_tree(&mut runner).expect("a value").current();
        let native = checked(&documents, tool, &arguments);
        assert_eq!(
            published(&rego, &documents, tool, &arguments),
            native.is_ok(),
            "{documents:#?}\n{tool} {arguments:#}\n{native:?}"
        );
        // What is refused when it is saved is what nothing can be decided on.
        assert_eq!(
            documents.check().is_err(),
            native == Err(ArgumentDenial::Malformed),
            "{documents:#?}"
        );
        match native {
            Ok(()) => allowed += 1,
            Err(ArgumentDenial::Malformed) => _ = refused.insert("malformed"),
            Err(ArgumentDenial::OutOfBounds { bound, .. }) => _ = refused.insert(bound),
        }
    }
    let expected = [
        "each",
        "malformed",
        "max_length",
        "maximum",
        "minimum",
        "prefix",
        "required",
        "type",
        "values",
    ];
    assert_eq!(refused, BTreeSet::from(expected));
    assert!(allowed > 400, "{allowed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_bound_never_allows_more(document in vec(bound(), 0..3), more in bound(), arguments in arguments()) {
        let fewer = documents(Value::Array(document.clone()));
        let all = documents(document.into_iter().chain([more]).collect());
        if checked(&all, "pay", &arguments).is_ok() {
            prop_assert!(checked(&fewer, "pay", &arguments).is_ok());
        }
    }
}
