//! What the Gateway answers, as declarations. Everything but three paths belongs to upstreams, so nothing of its own is
//! added beside them: not even this document, which is in the repository alone.

use caracal_service::{
    front::{Credential, Declaration, Operation, Required, Surface},
    health,
};
use http::{Method, StatusCode};

/// What a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The bearer of metrics, where there is one.
    Metrics,
    /// A mandate for the resource, unused. Every decision is in the audit spool before the answer.
    Mandate,
}

/// What every governed call is called in metrics and logs: paths are an upstream's, and are no labels.
pub(crate) const GOVERNED: &str = "{upstream}";

const SURFACE: Surface<Needs> = Surface {
    title: "Caracal Gateway",
    oauth: true,
    credential: |needs| match needs {
        Needs::Nothing => Credential::None,
        Needs::Metrics | Needs::Mandate => Credential::Bearer,
    },
};

/// Statuses of refusals and of exchanges that failed. An upstream may answer with the same.
const REFUSED: [StatusCode; 12] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

fn governed(operation: &mut Operation) {
    operation.header(
        "X-Caracal-Resource",
        Required::True,
        "Identifier of the resource called.",
    );
    operation.passes_on(&REFUSED);
}

/// Every route of this role.
pub fn table() -> Vec<Declaration<Needs>> {
    let methods = [
        (Method::GET, "governed.get"),
        (Method::POST, "governed.post"),
        (Method::PUT, "governed.put"),
        (Method::PATCH, "governed.patch"),
        (Method::DELETE, "governed.delete"),
        (Method::OPTIONS, "governed.options"),
    ];
    let governed = methods.map(|(method, name)| {
        Declaration::new(method, "/{*path}", name, Needs::Mandate, governed)
            .summary("Call an upstream with its credential instead of a mandate.")
    });
    let own = health::declarations(Needs::Nothing, Needs::Metrics);
    own.into_iter().chain(governed).collect()
}

/// The OpenAPI document of these routes.
pub fn document() -> String {
    SURFACE.document(&table())
}
