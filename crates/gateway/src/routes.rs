//! What the Gateway answers, as declarations. Everything but three paths and the metadata of resources belongs to
//! upstreams, so nothing of its own is added beside them: not even this document, which is in the repository alone.

use caracal_service::{
    Refusal,
    front::{AuthScheme, Declaration, OpenApiOperation, Required, Surface},
    health,
};
use caracal_wire::{ErrorCode, gateway::ProtectedResource, sts::EXCHANGE_REFUSALS};
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

/// What a governed call may be, for who tries another method. Methods of an upstream's own go through as well.
pub(crate) const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// What every governed call is called in metrics and logs: paths are an upstream's, and are no labels.
pub(crate) const GOVERNED: &str = "{upstream}";

/// Where the resource at an address is described.
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource/r/{zone_id}/{name}";

/// Asks for the place of the call's receipts, and tells it. Like every header of ours, no upstream sees or says it.
pub(crate) const RECEIPT: &str = "x-caracal-receipt";

const SURFACE: Surface<Needs> = Surface {
    title: "Caracal Gateway",
    oauth: true,
    credential: |needs| match needs {
        Needs::Nothing => AuthScheme::None,
        Needs::Metrics | Needs::Mandate => AuthScheme::Bearer,
    },
    refuses: |_| Vec::new(),
    changes: |_| false,
};

/// What the Gateway refuses with and says of exchanges that failed, by status, beyond what the STS refuses with. An
/// upstream may answer with the same.
const REFUSED: [(u16, &[ErrorCode]); 10] = [
    (
        400,
        &[
            ErrorCode::InvalidRequest,
            ErrorCode::InvalidToken,
            ErrorCode::InternalError,
        ],
    ),
    (
        401,
        &[
            ErrorCode::InvalidToken,
            ErrorCode::InvalidDpopProof,
            ErrorCode::CredentialExpiredNotRenewable,
        ],
    ),
    (403, &[ErrorCode::AccessDenied]),
    (405, &[ErrorCode::MethodNotAllowed]),
    (408, &[ErrorCode::InternalError]),
    (413, &[ErrorCode::PayloadTooLarge]),
    (431, &[ErrorCode::RequestHeaderFieldsTooLarge]),
    (502, &[ErrorCode::InternalError, ErrorCode::StsUnavailable]),
    (503, &[ErrorCode::InternalError, ErrorCode::StsUnavailable]),
    (504, &[ErrorCode::InternalError]),
];

/// Stops a build under test that refuses with what the document does not tell.
pub(crate) fn hold(refusal: &Refusal) {
    let documented = |(status, codes): &(u16, &[ErrorCode])| {
        *status == refusal.status.as_u16() && codes.contains(&refusal.code)
    };
    debug_assert!(
        REFUSED.iter().chain(EXCHANGE_REFUSALS).any(documented),
        "a governed call was answered {} {}, which is not declared",
        refusal.status,
        refusal.code
    );
}

fn governed(operation: &mut OpenApiOperation) {
    operation.header(
        "X-Caracal-Resource",
        Required::False,
        "Identifier of the resource called, unless the path is at or below the address of one.",
    );
    operation.header(
        "X-Caracal-Receipt",
        Required::False,
        "With any value, an answer of the upstream comes with the path of the call's receipts at the Audit service.",
    );
    operation.header(
        "DPoP",
        Required::False,
        "With a mandate that is bound to a key, which comes as Authorization: DPoP, the proof that the key is held (RFC 9449).",
    );
    operation.passes_on();
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
        let declared = Declaration::new(method, "/{*path}", name, Needs::Mandate, governed)
            .summary("Call an upstream with its credential instead of a mandate.");
        let refused = REFUSED.iter().chain(EXCHANGE_REFUSALS);
        refused.fold(declared, |declared, (status, codes)| {
            declared.refuses_with(*status, codes)
        })
    });
    let metadata = Declaration::new(Method::GET, METADATA, "resource.describe", Needs::Nothing, |it| {
        it.answer::<ProtectedResource>(StatusCode::OK);
    })
    .summary("Tell what a client needs to know before it calls the resource at an address (RFC 9728).")
    .refuses(&[ErrorCode::ResourceNotFound, ErrorCode::StsUnavailable]);
    let own = health::declarations(Needs::Nothing, Needs::Metrics);
    own.into_iter().chain([metadata]).chain(governed).collect()
}

/// The OpenAPI document of these routes.
pub fn document() -> String {
    SURFACE.document(&table())
}
