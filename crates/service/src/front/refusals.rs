//! The refusals that the document tells of a route, by status. Which ones follows from the declaration; anything else
//! that goes wrong has the same shape and stands under `default`.

use std::collections::BTreeMap;

use caracal_wire::{OAuthError, Problem};
use http::Method;
use utoipa::openapi::{
    Content, Header, Ref, RefOr, Response, ResponseBuilder, Responses,
    schema::{ObjectBuilder, Type},
};

use super::{
    declaration::Declaration,
    operation::{JSON, Operation},
};

/// A refusal that routes share: `name` in the document's components.
struct Told {
    status: &'static str,
    name: &'static str,
    sentence: &'static str,
    /// Whether it says when to try again.
    later: bool,
}

const fn told(status: &'static str, name: &'static str, sentence: &'static str) -> Told {
    let later = false;
    Told {
        status,
        name,
        sentence,
        later,
    }
}

const MALFORMED: Told = told("400", "Malformed", "Something sent is not what the route takes.");
const UNKNOWN_CALLER: Told = told("401", "UnknownCaller", "Who calls is not proved.");
const FORBIDDEN: Told = told("403", "Forbidden", "The caller may not do this, or not here.");
const NOT_FOUND: Told = told(
    "404",
    "NotFound",
    "There is no such thing, or not for this caller.",
);
const CONFLICT: Told = told("409", "Conflict", "The state of things does not allow it now.");
const CHANGED: Told = told("412", "Changed", "It is not what `If-Match` says any more.");
const TOO_LARGE: Told = told("413", "TooLarge", "The body is larger than the route reads.");
const NOT_JSON: Told = told("415", "NotJson", "The body is no JSON.");
const TOO_OFTEN: Told = Told {
    later: true,
    ..told("429", "TooOften", "The caller asks too often.")
};
const UNAVAILABLE: Told = Told {
    later: true,
    ..told(
        "503",
        "Unavailable",
        "Something that the answer needs is away, or there is too much to do.",
    )
};
const OTHERWISE: Told = told("default", "Otherwise", "Refused for another reason.");

/// Tells them in `responses`, and what they refer to in `shared`.
pub(super) fn tell<N>(
    route: &Declaration<N>,
    oauth: bool,
    operation: &mut Operation,
    responses: &mut Responses,
    shared: &mut BTreeMap<String, RefOr<Response>>,
) {
    let (reads, names) = (route.method == Method::GET, route.path.contains('{'));
    let takes = route.reads_body || route.idempotent || names || !operation.parameters.is_empty();
    let possible = [
        (true, UNKNOWN_CALLER),
        (true, FORBIDDEN),
        (true, TOO_OFTEN),
        (true, UNAVAILABLE),
        (true, OTHERWISE),
        (takes, MALFORMED),
        (names, NOT_FOUND),
        (!reads, CONFLICT),
        (operation.conditional, CHANGED),
        (route.reads_body, TOO_LARGE),
        (route.reads_body, NOT_JSON),
    ];
    let problem = if oauth {
        operation.schema::<OAuthError>()
    } else {
        operation.schema::<Problem>()
    };
    for (_, told) in possible.into_iter().filter(|(possible, _)| *possible) {
        let refusal = ResponseBuilder::new()
            .description(told.sentence)
            .content(JSON, Content::new(Some(problem.clone())));
        let refusal = if told.later {
            refusal.header("Retry-After", seconds())
        } else {
            refusal
        };
        shared.insert(told.name.to_owned(), refusal.build().into());
        let reference = Ref::from_response_name(told.name);
        responses
            .responses
            .insert(told.status.to_owned(), reference.into());
    }
}

fn seconds() -> Header {
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .description(Some("Seconds after which trying again makes sense."));
    Header::new(RefOr::from(seconds))
}
