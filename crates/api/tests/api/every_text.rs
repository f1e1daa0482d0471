//! Every text field of every body, and every filter of every listing, as the document of the role tells them: whatever a
//! caller puts there is refused, or harmless, and never an outage. On both stores.

use caracal_api::{ApiConfig, table};
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::{Map, Value, json};

use crate::stack::{ADMIN, Stack};

/// What no field takes: a NUL that PostgreSQL cannot store, an escape sequence, texts that show another, tags that only a
/// model reads, and names of nothing.
const BAD: [&str; 8] = [
    "a\u{0}b",
    "a\u{1b}[31mb",
    "a\u{202e}b",
    "a\u{200b}b",
    "a\u{61c}b",
    "a\u{e0041}b",
    "\u{3164}",
    "\u{2800}",
];
/// Shown to nobody or read by a parser of its own: they may look like anything, and are bounded all the same.
const OF_NO_READER: [&str; 12] = [
    "api_key",
    "client_secret",
    "code",
    "content",
    "device",
    "link",
    "password",
    "present",
    "private_key",
    "signing_secret",
    "state",
    "user_agent",
];
/// Depth to which bodies are made up.
const DEPTH: usize = 6;

/// A place in a body that is a text.
struct Place {
    pointer: String,
    /// The nearest member that holds it.
    name: String,
}

struct Document(Value);

impl Document {
    fn schema<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.schema(self.0.pointer(&reference[1..]).expect("a schema that is there")),
            None => schema,
        }
    }

    /// A body as the schema wants it, with all its members; its texts are added to `texts`.
    fn made_up(&self, schema: &Value, at: &Place, depth: usize, texts: &mut Vec<Place>) -> Value {
        let schema = self.schema(schema);
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let some = choices.iter().find(|one| one["type"] != "null");
                return self.made_up(some.expect("a choice"), at, depth, texts);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut all = Map::new();
            for part in parts {
                match self.made_up(part, at, depth, texts) {
                    Value::Object(members) => all.extend(members),
                    other => return other,
                }
            }
            return Value::Object(all);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
            kind => Some(kind.clone()),
        };
        match kind.as_ref().and_then(Value::as_str) {
            Some("object") => {
                let members = schema["properties"].as_object().into_iter().flatten();
                let members = members.filter(|_| depth < DEPTH).map(|(name, member)| {
                    let below = Place {
                        pointer: format!("{}/{name}", at.pointer),
                        name: name.clone(),
                    };
                    (name.clone(), self.made_up(member, &below, depth + 1, texts))
                });
                Value::Object(members.collect())
            }
            Some("array") if depth < DEPTH => {
                let below = Place {
                    pointer: format!("{}/0", at.pointer),
                    name: at.name.clone(),
                };
                json!([self.made_up(&schema["items"], &below, depth + 1, texts)])
            }
            Some("array") => json!([]),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            Some("string") => {
                texts.push(Place {
                    pointer: at.pointer.clone(),
                    name: at.name.clone(),
                });
                text(schema)
            }
            _ => json!("x"),
        }
    }

    /// Method, path and body of each route that reads one, with the places of its texts.
    fn bodies(&self) -> Vec<(Method, String, Value, Vec<Place>)> {
        let mut bodies = Vec::new();
        for (path, methods) in self.0["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if schema.is_null() {
                    continue;
                }
                let (mut texts, root) = (
                    Vec::new(),
                    Place {
                        pointer: String::new(),
                        name: String::new(),
                    },
                );
                let body = self.made_up(schema, &root, 0, &mut texts);
                let method = method.to_uppercase().parse().expect("a method");
                bodies.push((method, path.clone(), body, texts));
            }
        }
        bodies
    }
}

fn text(schema: &Value) -> Value {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    if let Some(word) = schema["enum"].get(0) {
        word.clone()
    } else if schema["format"] == "date-time" {
        json!("2030-01-01T00:00:00Z")
    } else if pattern.contains('@') {
        json!("ada@example.com")
    } else if pattern.ends_with("]*$") {
        json!("AAAA")
    } else if schema["minLength"].as_u64() > Some(8) {
        json!("a text that is long enough")
    } else {
        json!("x")
    }
}

async fn start(backends: Backends) -> (Stack, String, Document) {
    let config = ApiConfig {
        rate_limit_per_min: 0,
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    };
    let stack = Stack::over(backends, config).await;
    let zone = stack.zone("acme").await;
    let document = caracal_service::front::document(&table());
    (
        stack,
        zone,
        Document(serde_json::from_str(&document).expect("JSON")),
    )
}

fn filled(path: &str, zone: &str) -> String {
    let path = path.replace("/v1/zones/{zoneId}", zone);
    path.split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

async fn no_field_of_any_route_takes_what_is_not_seen_or_endless(backends: Backends) {
    let (stack, zone, document) = start(backends).await;
    let endless = "x".repeat(300_000);
    let (mut tried, mut wrong) = (0, Vec::new());
    for (method, path, body, texts) in document.bodies() {
        let path = filled(&path, &zone);
        for place in texts {
            let read = !OF_NO_READER.iter().any(|name| place.name.ends_with(name));
            for bad in BAD.into_iter().chain([endless.as_str()]) {
                let mut body = body.clone();
                *body.pointer_mut(&place.pointer).expect("a place") = json!(bad);
                let reply = stack
                    .call(Some(ADMIN), &[], method.clone(), &path, Some(&body))
                    .await;
                tried += 1;
                // Prose may be blank.
                let prose = place.name == "description" && bad == "\u{2800}";
                let taken = read && !prose && reply.status.is_success();
                if taken || reply.status.is_server_error() || reply.text.len() > 4_000 {
                    let bad: String = bad.escape_unicode().take(24).collect();
                    let said: String = reply.text.chars().take(120).collect();
                    wrong.push(format!(
                        "{method} {path} {} {bad}: {} {said}",
                        place.pointer, reply.status
                    ));
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried} fields tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn no_filter_of_any_listing_is_an_outage(backends: Backends) {
    let (stack, zone, document) = start(backends).await;
    let endless = "x".repeat(6_000);
    let (mut tried, mut wrong) = (0, Vec::new());
    for (path, methods) in document.0["paths"].as_object().expect("paths") {
        let Some(operation) = methods.get("get") else {
            continue;
        };
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            for bad in ["a%00b", "a%E2%80%AEb", "%F3%A0%81%81", "%FF", "", &endless] {
                let path = format!("{}?{name}={bad}", filled(path, &zone));
                let reply = stack.call(Some(ADMIN), &[], Method::GET, &path, None).await;
                tried += 1;
                if reply.status.is_server_error() || reply.text.len() > 4_000 {
                    let said: String = reply.text.chars().take(120).collect();
                    let path: String = path.chars().take(120).collect();
                    wrong.push(format!("{path}: {} {said}", reply.status));
                }
            }
        }
    }
    assert!(tried > 200, "{tried} filters tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_field_of_any_route_takes_what_is_not_seen_or_endless_on_sqlite() {
    no_field_of_any_route_takes_what_is_not_seen_or_endless(Backends::Embedded).await;
}

#[tokio::test]
async fn no_field_of_any_route_takes_what_is_not_seen_or_endless_on_postgres() {
    no_field_of_any_route_takes_what_is_not_seen_or_endless(Backends::Postgres).await;
}

#[tokio::test]
async fn no_filter_of_any_listing_is_an_outage_on_sqlite() {
    no_filter_of_any_listing_is_an_outage(Backends::Embedded).await;
}

#[tokio::test]
async fn no_filter_of_any_listing_is_an_outage_on_postgres() {
    no_filter_of_any_listing_is_an_outage(Backends::Postgres).await;
}
