//! OpenAPI 3.1 out of the declarations.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::Value;
use utoipa::openapi::{
    Components, HttpMethod, Info, License, OpenApi, PathItem, Paths, Required, Responses, Server, Tag,
    path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use super::{inbound::HttpRole, operation::Operation, refusals, repeat, route::Route};

const BEARER: &str = "bearer";

/// The document of a role's routes, as indented JSON with an end of line.
pub fn document<R: HttpRole>(routes: &[Route<R>]) -> String {
    let mut paths = Paths::new();
    let mut schemas = BTreeMap::new();
    let mut shared = BTreeMap::new();
    let mut nouns = BTreeSet::new();
    for route in routes {
        let mut operation = Operation::default();
        (route.describe)(&mut operation);
        if route.idempotent {
            let sentence = "Repeats the first answer instead of making another.";
            operation.header(repeat::KEY, sentence);
        }
        let mut responses = Responses::new();
        refusals::tell(route, &mut operation, &mut responses, &mut shared);
        for (status, answer) in operation.answers {
            responses.responses.insert(status.to_string(), answer.into());
        }
        let noun = route.name.rsplit_once('.').map_or(route.name, |(noun, _)| noun);
        nouns.insert(noun);
        let built = OperationBuilder::new()
            .tag(noun)
            .operation_id(Some(route.name))
            .summary((!route.summary.is_empty()).then_some(route.summary))
            .parameters(Some(in_path(route.path).chain(operation.parameters)))
            .request_body(operation.body)
            .responses(responses);
        let item = PathItem::new(method(&route.method), built);
        let known = paths.paths.entry(route.path.to_owned()).or_default();
        known.merge_operations(item);
        schemas.extend(operation.schemas);
    }
    let mut components = Components::new();
    components.schemas = schemas;
    components.responses = shared;
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut info = Info::new(R::TITLE, "1");
    let mut license = License::new("Apache License 2.0");
    license.identifier = Some(String::from("Apache-2.0"));
    info.license = Some(license);
    let mut document = OpenApi::new(info, paths);
    // Where the document was read from.
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(nouns.into_iter().map(Tag::new).collect());
    document.components = Some(components);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new(BEARER, none)]);
    // Through a value, so that members have an order that no hash map decides.
    let mut value = serde_json::to_value(&document).unwrap_or_default();
    without_code(&mut value);
    format!("{value:#}\n")
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
        _ => HttpMethod::Get,
    }
}

/// Every parameter of a path is an id.
fn in_path(path: &str) -> impl Iterator<Item = Parameter> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(caracal_core::schema::id()))
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
