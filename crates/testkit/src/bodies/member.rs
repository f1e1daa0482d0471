//! Members of bodies, out of an OpenAPI document.

use http::Method;
use serde_json::{Value, json};

use crate::{
    asked::Asked,
    made_up::{DEPTH, Document, carried, read_by},
};

/// Names of members that lead to one; a list has one item, which has no name.
type Chain = Vec<Option<String>>;

/// A member of a body, at whatever depth.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) is_form: bool,
    pub(crate) chain: Chain,
    /// What it may be, where the document says so in a word.
    pub(crate) types: Vec<String>,
}

impl Member {
    /// A request with nothing in its body but `value` here.
    pub(crate) fn alone(&self, value: Value) -> Asked {
        let hold = |value, name: &Option<String>| match name {
            Some(name) => json!({ name: value }),
            None => json!([value]),
        };
        let body = self.chain.iter().rev().fold(value, hold);
        Asked {
            method: self.method.clone(),
            path: self.path.clone(),
            header: None,
            body: carried(&body, self.is_form),
        }
    }
}

impl Document<'_> {
    /// Every member of every body.
    pub(crate) fn members(&self) -> Vec<Member> {
        let mut members = Vec::new();
        for (method, path, operation) in self.operations() {
            let (schema, is_form) = read_by(operation);
            let mut found = Vec::new();
            self.members_of(schema, &mut Vec::new(), &mut found);
            let path = self.filled(path, None);
            members.extend(found.into_iter().map(|(chain, types)| Member {
                method: method.clone(),
                path: path.clone(),
                is_form,
                chain,
                types,
            }));
        }
        members
    }

    fn members_of(&self, schema: &Value, at: &mut Chain, found: &mut Vec<(Chain, Vec<String>)>) {
        if at.len() >= DEPTH {
            return;
        }
        let schema = self.real(schema);
        let properties = schema["properties"].as_object().into_iter().flatten();
        let named = properties.map(|(name, schema)| (Some(name.clone()), schema));
        let item = schema.get("items").map(|schema| (None, schema));
        for (name, schema) in named.chain(item) {
            at.push(name);
            found.push((at.clone(), self.types(schema)));
            self.members_of(schema, at, found);
            at.pop();
        }
    }

    /// The schema behind a reference, or the one beside `null`.
    fn real<'d>(&'d self, schema: &'d Value) -> &'d Value {
        let schema = self.schema(schema);
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        let mut real = choices.filter(|choice| choice["type"] != "null");
        match (real.next(), real.next()) {
            (Some(only), None) => self.real(only),
            _ => schema,
        }
    }

    fn types(&self, schema: &Value) -> Vec<String> {
        let mut choices = schema["oneOf"].as_array().into_iter().flatten();
        let null = choices.any(|choice| choice["type"] == "null");
        let types: Vec<String> = match &self.real(schema)["type"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(several) => several
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            // Anything, or one of several shapes: no value is wrong by its type.
            _ => return Vec::new(),
        };
        types
            .into_iter()
            .chain(null.then(|| String::from("null")))
            .collect()
    }
}
