//! Requests made up from an OpenAPI document.

use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    asked::{Asked, Carried},
    client::Answer,
};

/// Depth to which bodies are made up.
pub(crate) const DEPTH: usize = 6;

/// A document, and what it is filled with.
#[derive(Debug)]
pub(crate) struct Document<'w> {
    pub(crate) document: Value,
    pub(crate) given: &'w [(&'w str, &'w str)],
}

/// A place in a body that is a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) pointer: String,
    /// The nearest member that holds it.
    pub(crate) name: String,
}

/// A body that a route reads.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) method: Method,
    /// As the document writes it.
    pub(crate) template: String,
    pub(crate) path: String,
    pub(crate) is_form: bool,
    pub(crate) made_up: Value,
    pub(crate) texts: Vec<Place>,
}

impl Body {
    /// The request as it was made up.
    pub(crate) fn untouched(&self) -> Asked {
        Asked {
            method: self.method.clone(),
            path: self.path.clone(),
            header: None,
            body: carried(&self.made_up, self.is_form),
        }
    }
}

/// What an operation reads as its body, and whether that is a form; null for one that reads none.
pub(crate) fn read_by(operation: &Value) -> (&Value, bool) {
    let content = &operation["requestBody"]["content"];
    match &content["application/json"]["schema"] {
        Value::Null => (&content["application/x-www-form-urlencoded"]["schema"], true),
        schema => (schema, false),
    }
}

/// A body as a request carries it.
pub(crate) fn carried(body: &Value, is_form: bool) -> Carried {
    if is_form {
        Carried::Form(fields(body))
    } else {
        Carried::Json(body.clone())
    }
}

/// Its texts; a form has nothing else.
fn fields(body: &Value) -> Vec<(String, String)> {
    let members = body.as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name.clone(), text.clone())),
            Value::Number(number) => Some((name.clone(), number.to_string())),
            Value::Array(items) => {
                let item = items.first()?.as_str()?;
                Some((name.clone(), item.to_owned()))
            }
            _ => None,
        })
        .collect()
}

/// A route with parameters.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As the document writes it.
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    /// What it carries besides.
    pub(crate) body: Carried,
}

/// A parameter of a route.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// `query`, `path` or `header`.
    pub(crate) kind: String,
    pub(crate) name: String,
}

impl Document<'_> {
    /// Routes that read a body, with the places of its texts.
    pub(crate) fn bodies(&self) -> Vec<Body> {
        let made = self
            .operations()
            .into_iter()
            .filter_map(|(method, path, operation)| {
                let (schema, is_form) = read_by(operation);
                if schema.is_null() {
                    return None;
                }
                let mut texts = Vec::new();
                let made_up = self.made_up(schema, &Place::default(), 0, &mut texts);
                Some(Body {
                    method,
                    template: path.to_owned(),
                    path: self.filled(path, None),
                    is_form,
                    made_up,
                    texts,
                })
            });
        made.collect()
    }

    /// Routes with parameters.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let routes = self.operations().into_iter().map(|(method, path, operation)| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let parameters = parameters
                .filter(|parameter| parameter["in"] != "cookie")
                .map(|parameter| Parameter {
                    kind: text(&parameter["in"]),
                    name: text(&parameter["name"]),
                })
                .collect();
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = if schema.is_null() {
                Carried::Nothing
            } else {
                Carried::Json(self.made_up(schema, &Place::default(), 0, &mut Vec::new()))
            };
            Route {
                method,
                path: path.to_owned(),
                parameters,
                body,
            }
        });
        routes.filter(|route| !route.parameters.is_empty()).collect()
    }

    /// A path with its parameters; `one` of them with another value, escaped already.
    pub(crate) fn filled(&self, path: &str, one: Option<(&str, &str)>) -> String {
        let mut before = "";
        let part = |part| {
            let noun = std::mem::replace(&mut before, part);
            let Some(name) = parameter(part) else {
                return part.to_owned();
            };
            match one {
                Some((other, value)) if other == name => value.to_owned(),
                _ => {
                    let of_noun = self.given(&format!("{noun}/{name}"));
                    of_noun.or_else(|| self.given(name)).unwrap_or("x").to_owned()
                }
            }
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// Where what a body made or changed is read: the object, and the list that it is in.
    pub(crate) fn read_at(&self, body: &Body, answer: &Answer) -> Vec<String> {
        if !answer.status.is_success() {
            return Vec::new();
        }
        let reads = |path: &str| self.document["paths"][path]["get"].is_object();
        let (mut at, template) = (Vec::new(), body.template.as_str());
        if reads(template) {
            at.push(body.path.clone());
        }
        // Of a list it is the object that was made; of an object it is the list.
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let one = paths.filter_map(|(path, _)| Some((path, path.strip_prefix(template)?.strip_prefix('/')?)));
        let mut one = one.filter(|(path, rest)| parameter(rest).is_some() && reads(path));
        if let (Some(_), Some(id)) = (one.next(), answer.body["id"].as_str()) {
            at.push(format!("{}/{id}", body.path));
        }
        if let Some((list, last)) = template.rsplit_once('/')
            && parameter(last).is_some()
            && reads(list)
        {
            at.push(self.filled(list, None));
        }
        at
    }

    pub(crate) fn operations(&self) -> Vec<(Method, &str, &Value)> {
        let paths = self.document["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| {
                let method = method.to_uppercase().parse().expect("a method");
                (method, path.as_str(), operation)
            })
        });
        operations.collect()
    }

    fn given(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| *value)
    }

    pub(crate) fn schema<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.schema(
                self.document
                    .pointer(&reference[1..])
                    .expect("a schema that is there"),
            ),
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
                texts.push(at.clone());
                self.given(&at.name)
                    .map_or_else(|| text(schema), |given| json!(given))
            }
            _ => json!("x"),
        }
    }
}

/// The name of a parameter, if that is what a part of a path is.
fn parameter(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
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
