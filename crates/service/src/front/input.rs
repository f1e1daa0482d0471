//! What a handler reads of a request. Its types are its declaration: they are parsed, refused by field and told in the
//! document.

use caracal_core::text::TextRule;
use caracal_storage::{Order, PageKey, PageRequest};
use caracal_wire::{ErrorCode, PageQuery};
use serde::{
    Deserialize,
    de::{self, DeserializeOwned, value::MapDeserializer},
};
use utoipa::{ToSchema, openapi::Required};

use super::{
    declaration::BodyKind,
    inbound::{HttpRole, Inbound},
    operation::OpenApiOperation,
    repeat::IfMatch,
};
use crate::{
    Refusal,
    body::{parse_json, parse_with_path},
    form::FormFields,
};

/// Something that a handler reads.
pub trait Input<R: HttpRole>: Sized + Send {
    /// What the body is, where it is read from that.
    const BODY: Option<BodyKind> = None;
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
        let sent: PageQuery = query(&inbound.query)?;
        page(sent.limit, sent.cursor.as_deref(), DEFAULT, MAX).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.page(DEFAULT, MAX);
    }
}

/// The page that is asked for, newest first.
fn page(limit: Option<u32>, cursor: Option<&str>, default: u32, max: u32) -> Result<PageRequest, Refusal> {
    let limit = limit.unwrap_or(default);
    if !(1..=max).contains(&limit) {
        let rule = format!("must be a whole number from 1 to {max}");
        return Err(Refusal::invalid_field(ErrorCode::InvalidQuery, "limit", rule));
    }
    let after = cursor.map(PageKey::from_cursor).transpose();
    let after = after.map_err(|_| no_cursor())?;
    Ok(PageRequest {
        after,
        ..PageRequest::first(limit)
    })
}

fn no_cursor() -> Refusal {
    let rule = "is not a cursor of this listing";
    Refusal::invalid_field(ErrorCode::InvalidCursor, "cursor", rule)
}

/// As [`Paging`], of a listing that is sorted and counted: `sort` is `created_at` or `-created_at` (newest first, which it is
/// unless it says otherwise) and, of what is `NAMED`, `name` or `-name`; `include_total` counts what is on all pages; and of
/// what is `SEARCHED`, `search` is a part of what identifies an object to people.
#[derive(Debug, Clone)]
pub struct Listed<const DEFAULT: u32, const MAX: u32, const NAMED: bool, const SEARCHED: bool>(
    pub PageRequest,
);

/// A listing by time.
pub type Sorted<const DEFAULT: u32, const MAX: u32> = Listed<DEFAULT, MAX, false, false>;
/// A listing by time that is searched.
pub type SearchedByTime<const DEFAULT: u32, const MAX: u32> = Listed<DEFAULT, MAX, false, true>;
/// A listing by time or name that is searched.
pub type Searched<const DEFAULT: u32, const MAX: u32> = Listed<DEFAULT, MAX, true, true>;

/// What is asked of a [`Listed`].
#[derive(Deserialize)]
struct ListQuery {
    limit: Option<u32>,
    cursor: Option<String>,
    sort: Option<String>,
    include_total: Option<bool>,
    search: Option<String>,
}

impl<R: HttpRole, const DEFAULT: u32, const MAX: u32, const NAMED: bool, const SEARCHED: bool> Input<R>
    for Listed<DEFAULT, MAX, NAMED, SEARCHED>
{
    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        let asked: ListQuery = query(&inbound.query)?;
        let invalid = |field, rule: &str| Refusal::invalid_field(ErrorCode::InvalidQuery, field, rule);
        let order = match asked.sort.as_deref() {
            None | Some("-created_at") => Order::Newest,
            Some("created_at") => Order::Oldest,
            Some("name") if NAMED => Order::Name,
            Some("-name") if NAMED => Order::NameBackwards,
            Some(_) if NAMED => {
                return Err(invalid("sort", "must be created_at, -created_at, name or -name"));
            }
            Some(_) => return Err(invalid("sort", "must be created_at or -created_at")),
        };
        let page = page(asked.limit, asked.cursor.as_deref(), DEFAULT, MAX)?;
        // A cursor goes on in the order that it was given out in.
        if page
            .after
            .as_ref()
            .is_some_and(|after| after.name.is_some() != order.by_name())
        {
            return Err(no_cursor());
        }
        let search = asked.search.filter(|_| SEARCHED);
        if let Some(text) = &search {
            let checked = TextRule::line(MAX_SEARCH).check(text);
            checked.map_err(|problem| invalid("search", &problem.to_string()))?;
        }
        Ok(Self(PageRequest {
            order,
            count: asked.include_total.unwrap_or(false),
            search,
            ..page
        }))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.page(DEFAULT, MAX);
        operation.listed(NAMED, SEARCHED.then_some(MAX_SEARCH));
    }
}

/// Most characters that are searched for.
const MAX_SEARCH: usize = 512;

/// A JSON body. The route says which code a wrong one is refused with.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for Body<T> {
    const BODY: Option<BodyKind> = Some(BodyKind::Json);

    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        parse_json(&inbound.body, inbound.route.invalid).map(Self)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.body::<T>();
    }
}

/// A form in the body, each field at most once; see [`FormFields`]. The route says which code a wrong one is refused with.
#[derive(Debug, Clone, Copy)]
pub struct Form<T>(pub T);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for Form<T> {
    const BODY: Option<BodyKind> = Some(BodyKind::Form);

    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        let fields = FormFields::parse(&inbound.body, &[]);
        let read = fields.and_then(|fields| fields.read());
        read.map(Self)
            .map_err(|problem| problem.refusal(inbound.route.invalid))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.form::<T>();
    }
}

/// A JSON body that may be absent, empty or `null`.
#[derive(Debug, Clone, Copy)]
pub struct OptionalBody<T>(pub Option<T>);

impl<R: HttpRole, T: DeserializeOwned + ToSchema + Send> Input<R> for OptionalBody<T> {
    const BODY: Option<BodyKind> = Some(BodyKind::Json);

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

impl<R: HttpRole> Input<R> for IfMatch {
    const VERSION: bool = true;

    fn read(inbound: &Inbound<R>) -> Result<Self, Refusal> {
        Ok(Self::of(&inbound.headers))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.refuses.push(ErrorCode::PreconditionFailed);
        operation.header(
            "If-Match",
            Required::False,
            "Changes only what still has one of these tags.",
        );
    }
}
