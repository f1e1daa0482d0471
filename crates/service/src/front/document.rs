//! OpenAPI 3.1 out of the declarations.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use caracal_wire::ErrorCode;
use http::Method;
use serde_json::Value;
use utoipa::PartialSchema as _;
use utoipa::openapi::{
    Components, HttpMethod, Info, License, OpenApi, PathItem, Paths, Required, Responses, Server, Tag,
    path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use super::{
    declaration::{AuthScheme, Declaration},
    inbound::HttpRole,
    operation::OpenApiOperation,
    refusals, repeat,
    route::Route,
};

const BEARER: &str = "bearer";
const CLIENT: &str = "client";

/// What the document of a role says of all its routes.
#[derive(Debug)]
pub struct Surface<N> {
    /// Its title.
    pub title: &'static str,
    /// Whether refusals have the OAuth envelope.
    pub oauth: bool,
    /// How routes with such needs learn who calls.
    pub credential: fn(&N) -> AuthScheme,
    /// What callers of routes with such needs are refused with before the handler.
    pub refuses: fn(&N) -> Vec<ErrorCode>,
    /// Whether a route changes what is stored.
    pub changes: fn(&Declaration<N>) -> bool,
}

/// The document of a role's routes, as indented JSON with an end of line.
pub fn document<R: HttpRole>(routes: &[Route<R>]) -> String {
    let surface = Surface {
        title: R::TITLE,
        oauth: R::OAUTH,
        credential: R::credential,
        refuses: R::refuses,
        changes: R::changes,
    };
    surface.document(routes.iter().map(|route| &route.declared))
}

/// The names of members of every schema in the document of `routes`.
pub fn member_names<R: HttpRole>(routes: &[Route<R>]) -> HashSet<String> {
    let document: Value = serde_json::from_str(&document(routes)).unwrap_or_default();
    let mut names = HashSet::new();
    gather(&document["components"]["schemas"], &mut names);
    names
}

fn gather(schema: &Value, names: &mut HashSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| gather(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        _ => {}
    }
}

impl<N> Surface<N> {
    /// The document of `routes`.
    pub fn document<'r>(&self, routes: impl IntoIterator<Item = &'r Declaration<N>>) -> String
    where
        N: 'r,
    {
        let mut paths = Paths::new();
        let mut components = Components::new();
        components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let mut schemas = BTreeMap::new();
        let mut shared = BTreeMap::new();
        let mut nouns = BTreeSet::new();
        for route in routes {
            let credential = (self.credential)(&route.needs);
            if credential == AuthScheme::Client {
                let basic = Http::new(HttpAuthScheme::Basic);
                components.add_security_scheme(CLIENT, SecurityScheme::Http(basic));
            }
            let mut operation = operation(route);
            let refused = refusals::all(
                route,
                (&(self.refuses)(&route.needs), (self.changes)(route)),
                &operation,
            );
            let refused =
                refusals::responses(&refused, route.envelope, self.oauth, &mut operation, &mut shared);
            let built = built(route, &mut operation, credential, refused);
            let noun = noun(route.name);
            nouns.insert(noun);
            let item = PathItem::new(method(&route.method), built);
            let known = paths.paths.entry(route.path.replace("{*", "{")).or_default();
            known.merge_operations(item);
            schemas.extend(operation.schemas);
        }
        components.schemas = schemas;
        components.responses = shared;
        let mut info = Info::new(self.title, "1");
        let mut license = License::new("Apache License 2.0");
        license.identifier = Some(String::from("Apache-2.0"));
        info.license = Some(license);
        let mut document = OpenApi::new(info, paths);
        // Where the document was read from.
        document.servers = Some(vec![Server::new("/")]);
        document.tags = Some(nouns.into_iter().map(Tag::new).collect());
        document.components = Some(components);
        document.security = Some(vec![requires(BEARER)]);
        // Through a value, so that members have an order that no hash map decides.
        let mut value = serde_json::to_value(&document).unwrap_or_default();
        without_code(&mut value);
        format!("{value:#}\n")
    }
}

fn noun(name: &'static str) -> &'static str {
    name.rsplit_once('.').map_or(name, |(noun, _)| noun)
}

pub(super) fn operation<N>(route: &Declaration<N>) -> OpenApiOperation {
    let mut operation = OpenApiOperation::default();
    (route.describe)(&mut operation);
    if route.idempotent {
        let sentence = "Repeats the first answer instead of making another.";
        operation.header(repeat::KEY, Required::False, sentence);
    }
    operation
}

fn built<N>(
    route: &Declaration<N>,
    operation: &mut OpenApiOperation,
    credential: AuthScheme,
    mut responses: Responses,
) -> utoipa::openapi::path::Operation {
    if let Some(default) = operation.default.take() {
        responses
            .responses
            .insert(String::from("default"), default.into());
    }
    for (status, answer) in std::mem::take(&mut operation.answers) {
        responses.responses.insert(status.to_string(), answer.into());
    }
    let built = OperationBuilder::new()
        .tag(noun(route.name))
        .operation_id(Some(route.name))
        .summary((!route.summary.is_empty()).then_some(route.summary))
        .parameters(Some(in_path(route.path).chain(operation.parameters.drain(..))))
        .request_body(operation.body.take())
        .responses(responses);
    match credential {
        AuthScheme::Bearer => built,
        AuthScheme::Client => built.securities(Some([SecurityRequirement::default(), requires(CLIENT)])),
        AuthScheme::None => built.securities(Some([SecurityRequirement::default()])),
    }
    .build()
}

fn requires(scheme: &str) -> SecurityRequirement {
    let scopes: [&str; 0] = [];
    SecurityRequirement::new(scheme, scopes)
}

/// Takes from the descriptions what is for readers of the Rust documentation only: the examples, which come last.
fn without_code(at: &mut Value) {
    match at {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        text.truncate(text.find("\n\n```").unwrap_or(text.len()));
                    }
                    _ => without_code(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_code),
        _ => {}
    }
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        Method::OPTIONS => HttpMethod::Options,
        _ => HttpMethod::Get,
    }
}

/// Every parameter of a path is an id, but for the rest of it.
fn in_path(path: &str) -> impl Iterator<Item = Parameter> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let (name, schema) = match name.strip_prefix('*') {
            Some(rest) => (rest, String::schema()),
            None => (name, caracal_core::schema::id()),
        };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schema))
            .build()
    })
}

/// Schemas that a document refers to and does not hold; there are none unless a type hides what is in it.
pub fn unresolved(document: &Value) -> Vec<String> {
    fn walk(at: &Value, document: &Value, missing: &mut Vec<String>) {
        match at {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(Value::as_str);
                let pointer = name.and_then(|name| name.strip_prefix('#'));
                if pointer.is_some_and(|pointer| document.pointer(pointer).is_none()) {
                    missing.extend(name.map(str::to_owned));
                }
                members
                    .values()
                    .for_each(|member| walk(member, document, missing));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    walk(document, document, &mut missing);
    missing
}
