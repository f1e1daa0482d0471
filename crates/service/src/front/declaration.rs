//! What a route declares.

use caracal_core::audit::EventType;
use caracal_wire::ErrorCode;
use http::Method;

use super::operation::OpenApiOperation;
use crate::{Refusal, limits::LimitClass, refusal::Envelope};

/// How a route learns who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// A bearer token.
    Bearer,
    /// Id and secret of an application, in the form or as HTTP Basic.
    Client,
    /// Not at all.
    None,
}

/// What a route reads its body as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Where something of a call stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Nowhere.
    Nowhere,
    /// In the administrative audit, as one row.
    Administration,
    /// In the zone's ledger, as one event of this type.
    Ledger(EventType),
}

/// The evidence of calls past authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Of one that was allowed.
    pub allowed: Record,
    /// Of one that was refused, unless for load.
    pub refused: Record,
}

impl Evidence {
    /// None.
    pub const NONE: Self = Self {
        allowed: Record::Nowhere,
        refused: Record::Nowhere,
    };
}

/// Status and code of a refusal.
pub(super) type StatusAndCode = (u16, ErrorCode);

/// What any request may be refused with, whatever its route: the document's `default`.
const ANYWHERE: [StatusAndCode; 3] = [
    // The body broke off, so the one who sent it is hardly there.
    (400, ErrorCode::InvalidBody),
    (408, ErrorCode::RequestTimeout),
    (500, ErrorCode::InternalError),
];

/// What a route is called, what it needs of its caller, and what its handler's types say.
#[derive(Debug, Clone)]
pub struct Declaration<N> {
    /// Method.
    pub method: Method,
    /// Path template, for example `/v1/zones/{zoneId}`.
    pub path: &'static str,
    /// Another path that reaches it, which no document tells.
    pub also: Option<&'static str>,
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
    /// How its refusals are told.
    pub envelope: Envelope,
    /// Whether it takes an `Idempotency-Key`: the role keeps a receipt with what the route makes.
    pub idempotent: bool,
    /// Whether its answer shows a secret: what the role keeps of it for repeats is sealed.
    pub shows_secret: bool,
    /// Most bytes of its body, where that is not what routes of its role take.
    pub body_limit: Option<usize>,
    /// Whether pages of any origin may call it and read its answers, refusals included.
    pub open_to_pages: bool,
    /// Whether it refuses names in the query string that it does not read.
    pub(super) strict_query: bool,
    /// The names that it reads there, once it is served.
    pub(super) query_names: Vec<String>,
    /// What its handler refuses with, beyond what follows from the rest.
    pub(super) refuses: Vec<StatusAndCode>,
    /// Whether its requests go through the gates.
    pub(super) gated: bool,
    /// Why they do not, where they come as they are.
    pub raw_because: Option<&'static str>,
    /// Whether its handler minds strangers: see [`super::Route::minds_strangers`].
    pub(super) minds_strangers: bool,
    pub(super) reads: Option<BodyKind>,
    /// Whether it changes only the version that `If-Match` names, where it names one. On other routes that change something
    /// the header is refused.
    pub minds_version: bool,
    /// Parameters that the handler demands of the path.
    pub(super) parameters: &'static [&'static str],
    pub(super) describe: fn(&mut OpenApiOperation),
}

impl<N> Declaration<N> {
    /// A route; `describe` tells what it reads and answers.
    pub const fn new(
        method: Method,
        path: &'static str,
        name: &'static str,
        needs: N,
        describe: fn(&mut OpenApiOperation),
    ) -> Self {
        Self {
            method,
            path,
            also: None,
            name,
            needs,
            limit: LimitClass::Ordinary,
            summary: "",
            invalid: ErrorCode::InvalidBody,
            envelope: Envelope::Problem,
            idempotent: false,
            shows_secret: false,
            body_limit: None,
            open_to_pages: false,
            strict_query: false,
            query_names: Vec::new(),
            refuses: Vec::new(),
            gated: false,
            raw_because: None,
            minds_strangers: false,
            reads: None,
            minds_version: false,
            parameters: &[],
            describe,
        }
    }

    /// One sentence for the document.
    #[must_use]
    pub const fn summary(mut self, sentence: &'static str) -> Self {
        self.summary = sentence;
        self
    }

    /// Lets pages of any origin call it, without credentials of their browser.
    #[must_use]
    pub const fn open_to_pages(mut self) -> Self {
        self.open_to_pages = true;
        self
    }

    /// Adds codes that its handler refuses with, at the status that each usually has.
    #[must_use]
    pub fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        self.refuses
            .extend(codes.iter().map(|code| (code.status(), *code)));
        self
    }

    /// Adds codes that its handler refuses with at another status.
    #[must_use]
    pub fn refuses_with(mut self, status: u16, codes: &[ErrorCode]) -> Self {
        self.refuses.extend(codes.iter().map(|code| (status, *code)));
        self
    }

    /// Stops a build under test that answers what its document does not tell.
    pub fn assert_declared(&self, refusal: &Refusal) {
        let refused = (refusal.status.as_u16(), refusal.code);
        debug_assert!(
            self.refuses.contains(&refused) || ANYWHERE.contains(&refused),
            "{} answered {} {}, which it does not declare",
            self.name,
            refused.0,
            refused.1
        );
    }
}
