//! OpenAPI 3.1 out of the declarations.

use std::collections::BTreeMap;

use caracal_wire::Problem;
use http::{Method, StatusCode};
use utoipa::{
    PartialSchema as _, ToSchema,
    openapi::{
        Components, Content, HttpMethod, Info, OpenApi, PathItem, Paths, Ref, RefOr, Required, Response,
        ResponseBuilder, Responses, Schema,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{ObjectBuilder, SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{exchange::HttpRole, repeat, route::Route};

const JSON: &str = "application/json";
const BEARER: &str = "bearer";

/// One route's part of the document.
#[derive(Default)]
pub struct Operation {
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: BTreeMap<u16, Response>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Operation {
    /// Says that it reads the members of `T` from the query string.
    pub(super) fn query<T: ToSchema>(&mut self) {
        let mut nested = Vec::new();
        T::schemas(&mut nested);
        self.schemas.extend(nested);
        let RefOr::T(Schema::Object(members)) = T::schema() else {
            return;
        };
        for (name, schema) in members.properties {
            let required = members.required.contains(&name);
            self.parameters.push(in_query(&name, required, not_null(schema)));
        }
    }

    /// Says that it reads `limit` and `cursor` from the query string.
    pub(super) fn page(&mut self, default: u32, max: u32) {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some("Most items of the page."))
            .minimum(Some(1))
            .maximum(Some(max))
            .default(Some(default.into()));
        let cursor = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("`next_cursor` of the page before."));
        self.parameters.push(in_query("limit", false, limit.into()));
        self.parameters.push(in_query("cursor", false, cursor.into()));
    }

    /// Says that it takes `T` as JSON.
    pub(super) fn body<T: ToSchema>(&mut self, required: Required) {
        let content = Content::new(Some(self.schema::<T>()));
        let body = RequestBodyBuilder::new().content(JSON, content);
        self.body = Some(body.required(Some(required)).build());
    }

    /// Says that it answers with `T` as JSON.
    pub(super) fn answer<T: ToSchema>(&mut self, status: StatusCode) {
        let content = Content::new(Some(self.schema::<T>()));
        self.add(status, JSON, content);
    }

    /// Says that it answers with text.
    pub(super) fn text(&mut self, status: StatusCode, content_type: &str) {
        let content = Content::new(Some(String::schema()));
        self.add(status, content_type, content);
    }

    /// Says that it answers without a body.
    pub(super) fn empty(&mut self, status: StatusCode) {
        self.answers.insert(status.as_u16(), named(status));
    }

    fn add(&mut self, status: StatusCode, content_type: &str, content: Content) {
        let answer = self
            .answers
            .entry(status.as_u16())
            .or_insert_with(|| named(status));
        answer.content.insert(content_type.to_owned(), content.into());
    }

    /// A reference to the schema, which the document then holds once; of a list the schema itself.
    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut nested = Vec::new();
        T::schemas(&mut nested);
        self.schemas.extend(nested);
        if matches!(T::schema(), RefOr::T(Schema::Array(_))) {
            return T::schema();
        }
        let name = T::name().into_owned();
        self.schemas.insert(name.clone(), T::schema());
        Ref::from_schema_name(name).into()
    }
}

fn named(status: StatusCode) -> Response {
    Response::new(status.canonical_reason().unwrap_or_default())
}

/// The document of a role's routes, as indented JSON with an end of line.
pub fn document<R: HttpRole>(routes: &[Route<R>]) -> String {
    let mut paths = Paths::new();
    let mut schemas = BTreeMap::new();
    for route in routes {
        let mut operation = Operation::default();
        (route.describe)(&mut operation);
        if route.idempotent {
            let sentence = "Repeats the first answer instead of making another.";
            operation.parameters.push(header(repeat::KEY, sentence));
        }
        if route.versioned && route.method == Method::PATCH {
            let sentence = "Changes only what still has one of these tags.";
            operation.parameters.push(header("If-Match", sentence));
        }
        let problem = operation.schema::<Problem>();
        let refusal = ResponseBuilder::new()
            .description("Refused")
            .content(JSON, Content::new(Some(problem)));
        let mut responses = Responses::new();
        for (status, answer) in operation.answers {
            responses.responses.insert(status.to_string(), answer.into());
        }
        responses
            .responses
            .insert(String::from("default"), refusal.build().into());
        let noun = route.name.rsplit_once('.').map_or(route.name, |(noun, _)| noun);
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
    components.schemas = schemas.into_iter().collect();
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut document = OpenApi::new(Info::new(R::TITLE, "1"), paths);
    document.components = Some(components);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new(BEARER, none)]);
    // Through a value, so that members have an order that no hash map decides.
    let value = serde_json::to_value(&document).unwrap_or_default();
    format!("{value:#}\n")
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

fn in_query(name: &str, required: bool, schema: RefOr<Schema>) -> Parameter {
    let required = if required { Required::True } else { Required::False };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query);
    parameter.required(required).schema(Some(schema)).build()
}

fn header(name: &str, sentence: &str) -> Parameter {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header);
    let parameter = parameter.required(Required::False).description(Some(sentence));
    parameter.schema(Some(String::schema())).build()
}

/// What an optional member holds where it is present: a query string has no null.
fn not_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    let is_null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    match schema {
        RefOr::T(Schema::OneOf(mut of)) => {
            of.items.retain(|item| !is_null(item));
            match of.items.pop() {
                Some(only) if of.items.is_empty() => only,
                last => {
                    of.items.extend(last);
                    RefOr::T(Schema::OneOf(of))
                }
            }
        }
        RefOr::T(Schema::Object(mut object)) => {
            if let SchemaType::Array(types) = &object.schema_type
                && let Some(only) = types.iter().find(|only| **only != Type::Null)
            {
                object.schema_type = SchemaType::Type(only.clone());
            }
            RefOr::T(Schema::Object(object))
        }
        other => other,
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
pub fn unresolved(document: &serde_json::Value) -> Vec<String> {
    fn walk(at: &serde_json::Value, document: &serde_json::Value, missing: &mut Vec<String>) {
        match at {
            serde_json::Value::Object(members) => {
                let name = members.get("$ref").and_then(serde_json::Value::as_str);
                let pointer = name.and_then(|name| name.strip_prefix('#'));
                if pointer.is_some_and(|pointer| document.pointer(pointer).is_none()) {
                    missing.extend(name.map(str::to_owned));
                }
                members
                    .values()
                    .for_each(|member| walk(member, document, missing));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, document, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    walk(document, document, &mut missing);
    missing
}
