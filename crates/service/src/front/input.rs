//! What a handler reads of a request. Its types are its declaration: they are parsed, refused by field and told in the
//! document.

use caracal_storage::{PageKey, PageRequest};
use caracal_wire::{ErrorCode, PageQuery};
use serde::{
    Deserialize,
    de::{self, DeserializeOwned, value::MapDeserializer},
};
use utoipa::ToSchema;

use super::{
    inbound::{HttpRole, Inbound},
    operation::OpenApiOperation,
};
use crate::{
    Refusal,
    body::{parse_json, parse_with_path},
};

/// Something that a handler reads.
pub trait Input<R: HttpRole>: Sized + Send {
    /// Whether it is read from the body.
    const BODY: bool = false;
    /// Whether it is the version that is to be changed.
    const VERSION: bool = false;

    /// Reads it.
    ///
    /// # Errors
    /// 400 that names the field.
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal>;

    /// Tells it in the document.
    fn describe(operation: &mut OpenApiOperation);
}

/// Parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The parameter `id`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ById<T> {
    /// Which one.
    pub id: T,
}

impl<R: HttpRole, T: DeserializeOwned + Send> Input<R> for Path<T> {
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        let params = MapDeserializer::<_, de::value::Error>::new(inbound.params.iter());
        parse_with_path(params, ErrorCode::InvalidParams).map(Self)
    }

    /// The path itself names them.
    fn describe(_: &mut OpenApiOperation) {}
}

/// Parameters of the query string. Of a repeated parameter the first counts; unknown ones are ignored.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for Query<T> {
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        query(&inbound.query).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.query::<T>();
    }
}

/// Parameters of the query string, each at most once, so that no two readers disagree. Unknown ones are ignored.
#[derive(Debug, Clone, Copy)]
pub struct QueryOnce<T>(pub T);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for QueryOnce<T> {
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        parameters(inbound.query.as_bytes()).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.query::<T>();
    }
}

fn parameters<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refusal> {
    let pairs = form_urlencoded::parse(text);
    parse_with_path(
        serde_urlencoded::Deserializer::new(pairs),
        ErrorCode::InvalidQuery,
    )
}

fn query<T: DeserializeOwned>(sent: &str) -> Result<T, Refusal> {
    let mut first: Vec<(_, _)> = Vec::new();
    for (name, value) in form_urlencoded::parse(sent.as_bytes()) {
        if !first.iter().any(|(known, _)| *known == name) {
            first.push((name, value));
        }
    }
    let first = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(first)
        .finish();
    parameters(first.as_bytes())
}

/// Which page of a listing: `limit`, `DEFAULT` unless named and at most `MAX`, and `cursor`.
#[derive(Debug, Clone)]
pub struct Paging<const DEFAULT: u32, const MAX: u32>(pub PageRequest);

impl<R: HttpRole, const DEFAULT: u32, const MAX: u32> Input<R> for Paging<DEFAULT, MAX> {
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        let asked: PageQuery = query(&inbound.query)?;
        let limit = asked.limit.unwrap_or(DEFAULT);
        if !(1..=MAX).contains(&limit) {
            let rule = format!("must be a whole number from 1 to {MAX}");
            return Err(Refusal::invalid_field(ErrorCode::InvalidQuery, "limit", rule));
        }
        let after = asked.cursor.as_deref().map(PageKey::from_cursor).transpose();
        let after = after.map_err(|_| {
            Refusal::invalid_field(
                ErrorCode::InvalidCursor,
                "cursor",
                "is not a cursor of this listing",
            )
        })?;
        Ok(Self(PageRequest { limit, after }))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.page(DEFAULT, MAX);
    }
}

/// A JSON body. The route says which code a wrong one is refused with.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for Body<T> {
    const BODY: bool = true;

    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        parse_json(&inbound.body, inbound.route.invalid).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.body::<T>();
    }
}

/// A JSON body that may be absent, empty or `null`.
#[derive(Debug, Clone, Copy)]
pub struct OptionalBody<T>(pub Option<T>);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for OptionalBody<T> {
    const BODY: bool = true;

    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        if inbound.body.is_empty() {
            return Ok(Self(None));
        }
        parse_json(&inbound.body, inbound.route.invalid).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.optional_body::<T>();
    }
}
