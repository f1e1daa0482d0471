//! Every field of every body, out of the OpenAPI document: a value of another type is refused by the field's name, and no
//! value at all makes a route fail.

use caracal_api::{Reach, table};
use http::Method;
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack};

/// Values that each field gets.
const VALUES: usize = 12;

/// A field of a body.
struct Field {
    method: Method,
    path: String,
    name: String,
    /// What it may be, where the document says so in a word.
    types: Vec<String>,
}

/// The schema behind a reference, or the one beside `null`.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return resolved(document, &document["components"]["schemas"][name]);
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let mut real = choices.filter(|choice| choice["type"] != "null");
    match (real.next(), real.next()) {
        (Some(only), None) => resolved(document, only),
        _ => schema,
    }
}

fn types(document: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if schema["oneOf"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["type"] == "null"))
    {
        found.push(String::from("null"));
    }
    match &resolved(document, schema)["type"] {
        Value::String(one) => found.push(one.clone()),
        Value::Array(several) => found.extend(several.iter().map(|one| one.as_str().unwrap().to_owned())),
        // Anything, or one of several shapes: no value is wrong by its type.
        _ => found.clear(),
    }
    found
}

async fn fields(stack: &Stack, zone: &str) -> Vec<Field> {
    let document = stack.get("/openapi.json").await.expect(200).body;
    let mut fields = Vec::new();
    // Questions of `AuthZEN` name their zone in a header, and commands are closed here; both have cases of their own.
    let routes = table().into_iter();
    for route in routes.filter(|route| !matches!(route.needs.reach, Reach::Home | Reach::Control)) {
        let method = route.method.as_str().to_lowercase();
        let body = &document["paths"][route.path][method.as_str()]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        let path = route
            .path
            .replace("/v1/zones/{zoneId}", zone)
            .replace("{id}", "x")
            .replace("{versionId}", "x")
            .replace("{deliveryId}", "x");
        let properties = resolved(&document, schema)["properties"].as_object();
        for (name, schema) in properties.into_iter().flatten() {
            fields.push(Field {
                method: route.method.clone(),
                path: path.clone(),
                name: name.clone(),
                types: types(&document, schema),
            });
        }
    }
    fields
}

/// Values of every type, with what is left of them without those that the field may have.
fn wrong(types: &[String]) -> Vec<Value> {
    let of = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    // What may be absent is mostly taken as absent where it is null.
    let all = [json!(true), json!(7), json!([true]), json!({"a": 1})];
    let taken = |value: &Value| {
        let word = of(value);
        types
            .iter()
            .any(|one| one == word || (one == "number" && word == "integer"))
    };
    all.into_iter()
        .filter(|value| !types.is_empty() && !taken(value))
        .collect()
}

#[tokio::test]
async fn a_field_of_another_type_is_refused_by_its_name() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let mut refused = 0;
    for field in fields(&stack, &zone).await {
        for value in wrong(&field.types) {
            let body = json!({ field.name.as_str(): value });
            let what = format!("{} {} {body}", field.method, field.path);
            let answer = stack
                .call(Some(ADMIN), &[], field.method.clone(), &field.path, Some(&body))
                .await;
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
            // Routes of signed-in people and of control keys ask who calls first.
            if answer.status != 400 {
                assert!(
                    [401, 403, 404].contains(&answer.status.as_u16()),
                    "{what}: {}",
                    answer.text
                );
                continue;
            }
            let issues = answer.body["details"]["issues"].as_array();
            let issues = issues.unwrap_or_else(|| panic!("{what}: {}", answer.text));
            let named = issues.iter().any(|issue| issue["path"][0] == field.name.as_str());
            assert!(named, "{what}: {}", answer.text);
            refused += 1;
        }
    }
    assert!(refused > 200, "only {refused} values were refused");
}

/// Any JSON, small and odd.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = proptest::prop_oneof![
        proptest::strategy::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z:/._${}-]{0,40}".prop_map(Value::from),
        proptest::strategy::Just(Value::from("9".repeat(5000))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        proptest::prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{0,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn no_value_of_any_field_makes_a_route_fail() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let mut runner = TestRunner::deterministic();
    for field in fields(&stack, &zone).await {
        for _ in 0..VALUES {
            let value = anything().new_tree(&mut runner).unwrap().current();
            let body = json!({ field.name.as_str(): value });
            let answer = stack
                .call(Some(ADMIN), &[], field.method.clone(), &field.path, Some(&body))
                .await;
            let what = format!("{} {} {body}", field.method, field.path);
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
            assert!(
                answer.status.is_success() || answer.body["error"].is_string(),
                "{what}: {}",
                answer.text
            );
        }
    }
}
