//! The refusals of a route: which there are follows from its declaration, and the document lists them by status.

use std::collections::{BTreeMap, BTreeSet};

use caracal_wire::{CommandProblem, ErrorCode, OAuthError, Problem};
use http::{Method, StatusCode};
use utoipa::openapi::{
    Content, Header, Ref, RefOr, Response, ResponseBuilder, Responses,
    schema::{AllOfBuilder, ObjectBuilder, Schema, Type},
};

use super::{
    declaration::{BodyKind, Declaration, StatusAndCode},
    operation::{JSON, OpenApiOperation},
};
use crate::refusal::Envelope;

/// What a request with an idempotency key may be refused with.
const IDEMPOTENT: [ErrorCode; 5] = [
    ErrorCode::IdempotencyKeyInvalid,
    ErrorCode::IdempotencyKeyMultiple,
    ErrorCode::IdempotencyKeyConflict,
    ErrorCode::IdempotencyResponseTooLarge,
    ErrorCode::IdempotencyReceiptLimitExceeded,
];

/// Most codes that name a response which routes share.
const MOST_SHARED: usize = 5;

/// Every refusal of a route: of its handler and, where it has them, of the gates and of the `role` in them; and of storage,
/// where it `changes` something there.
pub(super) fn all<N>(
    route: &Declaration<N>,
    (role, changes): (&[ErrorCode], bool),
    operation: &OpenApiOperation,
) -> Vec<StatusAndCode> {
    let mut refused = route.refuses.clone();
    let mut add = |codes: &[ErrorCode]| refused.extend(codes.iter().map(|code| (code.status(), *code)));
    if route.gated {
        add(role);
        add(&operation.refuses);
        add(&[ErrorCode::StorageUnavailable, ErrorCode::PayloadTooLarge]);
        if route.path.contains('{') {
            add(&[ErrorCode::InvalidParams]);
        }
        if changes {
            add(&[ErrorCode::Conflict, ErrorCode::ReferenceNotFound]);
        }
        if route.method != Method::GET {
            add(&[ErrorCode::PreconditionFailed]);
        }
        if route.strict_query {
            add(&[ErrorCode::InvalidQuery]);
        }
        if route.idempotent {
            add(&IDEMPOTENT);
        }
        if route.shows_secret {
            add(&[ErrorCode::SecretBackendUnavailable]);
        }
        match route.reads {
            None => {}
            Some(BodyKind::Json) => {
                add(&[ErrorCode::UnsupportedMediaType]);
                refused.push((400, route.invalid));
            }
            Some(BodyKind::Form) => refused.extend([400, 415].map(|status| (status, route.invalid))),
        }
    }
    refused
}

/// The responses that document `refused`, and any other refusal; what several routes refer to is in `shared`.
pub(super) fn responses(
    refused: &[StatusAndCode],
    envelope: Envelope,
    oauth: bool,
    operation: &mut OpenApiOperation,
    shared: &mut BTreeMap<String, RefOr<Response>>,
) -> Responses {
    let problem = if oauth {
        operation.schema::<OAuthError>()
    } else {
        operation.schema::<Problem>()
    };
    let told = match envelope {
        Envelope::Problem => problem.clone(),
        Envelope::Command => operation.schema::<CommandProblem>(),
    };
    let mut by_status: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
    for (status, code) in refused {
        by_status.entry(*status).or_default().insert(code.as_str());
    }
    let mut responses = Responses::new();
    for (status, codes) in by_status {
        let name = codes
            .iter()
            .map(|code| pascal(code))
            .collect::<Vec<_>>()
            .join("Or");
        let few = codes.len() <= MOST_SHARED;
        let response = response(status, codes, envelope, told.clone());
        let documented = if few {
            // The same codes at another status are another response, and so are those told otherwise.
            let name = match envelope {
                Envelope::Problem => format!("{name}{status}"),
                Envelope::Command => format!("{name}{status}OfCommand"),
            };
            let reference = Ref::from_response_name(&name);
            shared.insert(name, response.into());
            reference.into()
        } else {
            response.into()
        };
        responses.responses.insert(status.to_string(), documented);
    }
    let otherwise = ResponseBuilder::new()
        .description("Refused for a reason that has nothing to do with the route.")
        .content(JSON, Content::new(Some(problem)));
    shared.insert(String::from("Otherwise"), otherwise.build().into());
    let reference = Ref::from_response_name("Otherwise");
    responses
        .responses
        .insert(String::from("default"), reference.into());
    responses
}

/// A refusal that is `problem` with one of `codes`.
fn response(
    status: u16,
    codes: BTreeSet<&'static str>,
    envelope: Envelope,
    problem: RefOr<Schema>,
) -> Response {
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let with_code = match envelope {
        Envelope::Problem => ObjectBuilder::new().property("error", code),
        Envelope::Command => {
            ObjectBuilder::new().property("error", ObjectBuilder::new().property("code", code))
        }
    };
    let schema = AllOfBuilder::new().item(problem).item(with_code);
    let builder = ResponseBuilder::new()
        .description(sentence(status))
        .content(JSON, Content::new(Some(Schema::from(schema))));
    match status {
        429 | 503 => builder.header("Retry-After", seconds()).build(),
        _ => builder.build(),
    }
}

fn sentence(status: u16) -> &'static str {
    match status {
        400 => "Something sent is not what the route takes.",
        401 => "Who calls is not proved.",
        403 => "The caller may not do this, or not here.",
        404 => "There is no such thing, or not for this caller.",
        409 => "The state of things does not allow it now.",
        412 => "It is not what `If-Match` says any more, or has no version that it could name.",
        413 => "The body is larger than the route reads.",
        415 => "The body is of another media type than the route reads.",
        429 => "The caller asks too often, or has as much as it may have.",
        503 => "Something that the answer needs is away, or there is too much to do.",
        _ => StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default(),
    }
}

/// `zone_not_found` as `ZoneNotFound`.
fn pascal(code: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    code.split('_').map(capital).collect()
}

fn seconds() -> Header {
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .description(Some("Seconds after which trying again makes sense."));
    Header::new(RefOr::from(seconds))
}
