//! One route's part of the OpenAPI document, filled in by the types of its inputs and answer.

use std::collections::BTreeMap;

use caracal_wire::ErrorCode;
use http::StatusCode;
use utoipa::{
    PartialSchema as _, ToSchema,
    openapi::{
        Content, Header, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
        path::{Parameter, ParameterBuilder, ParameterIn},
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type},
    },
};

pub(super) const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// One route's part of the document.
#[derive(Default)]
pub struct OpenApiOperation {
    pub(super) parameters: Vec<Parameter>,
    /// What reading the inputs refuses with.
    pub(super) refuses: Vec<ErrorCode>,
    pub(super) body: Option<RequestBody>,
    pub(super) default: Option<Response>,
    pub(super) answers: BTreeMap<u16, Response>,
    pub(super) schemas: BTreeMap<String, RefOr<Schema>>,
}

impl OpenApiOperation {
    /// Says that it reads the members of `T` from the query string.
    pub fn query<T: ToSchema>(&mut self) {
        self.refuses.push(ErrorCode::InvalidQuery);
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
            .min_length(Some(1))
            .description(Some("`next_cursor` of the page before."));
        self.refuses
            .extend([ErrorCode::InvalidQuery, ErrorCode::InvalidCursor]);
        self.parameters.push(in_query("limit", false, limit.into()));
        self.parameters.push(in_query("cursor", false, cursor.into()));
    }

    /// Says that it reads `sort` (of what is `named`, by name too) and `include_total` from the query string and, of what is
    /// searched, `search` of up to `max_search` characters.
    pub(super) fn listed(&mut self, named: bool, max_search: Option<usize>) {
        let orders: &[&str] = if named {
            &["-created_at", "created_at", "name", "-name"]
        } else {
            &["-created_at", "created_at"]
        };
        let sort = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(orders.iter().copied()))
            .description(Some("The order; newest first unless it says otherwise."))
            .default(Some("-created_at".into()));
        let total = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Whether to count what is on all pages."))
            .default(Some(false.into()));
        self.parameters.push(in_query("sort", false, sort.into()));
        self.parameters
            .push(in_query("include_total", false, total.into()));
        if let Some(max_search) = max_search {
            let search = ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(max_search))
                .description(Some(
                    "Only those with this text in what identifies them to people, whatever the case of ASCII letters.",
                ));
            self.parameters.push(in_query("search", false, search.into()));
        }
    }

    /// The names that it reads from the query string.
    pub(super) fn query_names(&self) -> Vec<String> {
        let of_query = self.parameters.iter();
        let of_query = of_query.filter(|parameter| parameter.parameter_in == ParameterIn::Query);
        of_query.map(|parameter| parameter.name.clone()).collect()
    }

    /// Says that it minds a header.
    pub fn header(&mut self, name: &str, required: Required, sentence: &str) {
        self.parameters.push(header(name, required, sentence));
    }

    /// Says that it takes `T` as a form.
    pub fn form<T: ToSchema>(&mut self) {
        let content = Content::new(Some(self.schema::<T>()));
        let body = RequestBodyBuilder::new().content(FORM, content);
        self.body = Some(body.required(Some(Required::True)).build());
    }

    /// Says that it takes text.
    pub fn takes_text(&mut self, sentence: &str) {
        let content = Content::new(Some(String::schema()));
        let body = RequestBodyBuilder::new().content("text/plain", content);
        let body = body.description(Some(sentence)).required(Some(Required::True));
        self.body = Some(body.build());
    }

    /// Says that it passes on whatever body it gets, and whatever answer.
    pub fn passes_on(&mut self) {
        let body = RequestBodyBuilder::new().content("*/*", Content::default());
        self.body = Some(body.build());
        let anything = ResponseBuilder::new().description("What the upstream answered");
        self.default = Some(anything.content("*/*", Content::default()).build());
    }

    /// Says that it takes `T` as JSON.
    pub fn body<T: ToSchema>(&mut self) {
        let schema = self.schema::<T>();
        self.takes(schema, Required::True);
    }

    /// Says that it takes `T` as JSON, or `null`, or nothing.
    pub fn optional_body<T: ToSchema>(&mut self) {
        let null = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
        let either = OneOfBuilder::new().item(null).item(self.schema::<T>());
        self.takes(either, Required::False);
    }

    fn takes(&mut self, schema: impl Into<RefOr<Schema>>, required: Required) {
        let body = RequestBodyBuilder::new().content(JSON, Content::new(Some(schema)));
        self.body = Some(body.required(Some(required)).build());
    }

    /// Says that it answers with `T` as JSON.
    pub fn answer<T: ToSchema>(&mut self, status: StatusCode) {
        let content = Content::new(Some(self.schema::<T>()));
        self.add(status, JSON, content);
    }

    /// Says that it answers with text.
    pub fn text(&mut self, status: StatusCode, content_type: &str) {
        let content = Content::new(Some(String::schema()));
        self.add(status, content_type, content);
    }

    /// Says that it answers without a body.
    pub fn empty(&mut self, status: StatusCode) {
        self.answers.insert(status.as_u16(), named(status));
    }

    /// Says that the answer has a header.
    pub(super) fn answers_with(&mut self, status: StatusCode, name: &str, sentence: &str) {
        if let Some(answer) = self.answers.get_mut(&status.as_u16()) {
            let mut header = Header::new(String::schema());
            header.description = Some(sentence.to_owned());
            answer.headers.insert(name.to_owned(), RefOr::T(header));
        }
    }

    fn add(&mut self, status: StatusCode, content_type: &str, content: Content) {
        let answer = self
            .answers
            .entry(status.as_u16())
            .or_insert_with(|| named(status));
        answer.content.insert(content_type.to_owned(), content.into());
    }

    /// A reference to the schema, which the document then holds once; of a list the schema itself.
    pub(super) fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
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

fn in_query(name: &str, required: bool, schema: RefOr<Schema>) -> Parameter {
    let required = if required { Required::True } else { Required::False };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query);
    parameter.required(required).schema(Some(schema)).build()
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

fn header(name: &str, required: Required, sentence: &str) -> Parameter {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header);
    let parameter = parameter.required(required).description(Some(sentence));
    parameter.schema(Some(String::schema())).build()
}
