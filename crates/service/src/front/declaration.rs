//! What a route declares.

use caracal_wire::ErrorCode;
use http::Method;

use super::operation::Operation;
use crate::limits::LimitClass;

/// What a route is called, what it needs of its caller, and what its handler's types say.
#[derive(Debug, Clone)]
pub struct Declaration<N> {
    /// Method.
    pub method: Method,
    /// Path template, for example `/v1/zones/{zoneId}`.
    pub path: &'static str,
    /// Noun and verb, for example `zones.create`: its span and its operation in the document.
    pub name: &'static str,
    /// What it needs of its caller.
    pub needs: N,
    /// What its calls count towards.
    pub limit: LimitClass,
    /// One sentence for the document.
    pub summary: &'static str,
    /// Code of a body that is not what the route takes.
    pub invalid: ErrorCode,
    /// Whether it takes an `Idempotency-Key`: the role keeps a receipt with what the route makes.
    pub idempotent: bool,
    pub(super) reads_body: bool,
    /// Parameters that the handler demands of the path.
    pub(super) parameters: &'static [&'static str],
    pub(super) describe: fn(&mut Operation),
}
