//! Routes, and the functions that can be their handlers.

use std::{fmt, ops::Deref, sync::Arc};

use axum::{
    extract::Request,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use caracal_wire::ErrorCode;
use http::Method;

use super::{
    answer::Answers,
    declaration::{BodyKind, Declaration, Evidence},
    inbound::{GatedHandler, HandlerFuture, HttpRole, Inbound},
    input::Input,
    operation::OpenApiOperation,
};
use crate::{Refusal, limits::LimitClass, refusal::Envelope};

/// A route: its declaration and what it does.
pub struct Route<R: HttpRole> {
    pub(super) declared: Declaration<R::Needs>,
    pub(super) work: Work<R>,
}

/// What a route does.
pub(super) enum Work<R: HttpRole> {
    /// With a request that went through the gates.
    Gated(GatedHandler<R>),
    /// With the request as it came.
    Raw(Box<Mount<R>>),
}

/// Puts a handler of requests as they come behind a route.
type Mount<R> = dyn Fn(Arc<R>, Arc<Declaration<<R as HttpRole>::Needs>>, MethodFilter) -> MethodRouter + Send;

impl<R: HttpRole> Deref for Route<R> {
    type Target = Declaration<R::Needs>;

    fn deref(&self) -> &Self::Target {
        &self.declared
    }
}

macro_rules! methods {
    ($($name:ident $method:ident;)+) => { $(
        /// Declares a route of this method.
        pub fn $name<M>(
            path: &'static str,
            name: &'static str,
            needs: R::Needs,
            handler: impl Handler<R, M>,
        ) -> Self {
            Self::new(Method::$method, path, name, needs, handler)
        }
    )+ };
}

impl<R: HttpRole> Route<R> {
    methods! {
        get GET;
        post POST;
        put PUT;
        patch PATCH;
        delete DELETE;
    }

    fn new<M, H: Handler<R, M>>(
        method: Method,
        path: &'static str,
        name: &'static str,
        needs: R::Needs,
        handler: H,
    ) -> Self {
        Self {
            declared: Declaration {
                gated: true,
                reads: H::BODY,
                minds_version: H::VERSION,
                strict_query: R::STRICT_QUERY,
                parameters: H::PARAMETERS,
                ..Declaration::new(method, path, name, needs, H::describe).refuses(H::REFUSES)
            },
            work: Work::Gated(Arc::new(move |inbound| handler.run(inbound))),
        }
    }

    /// Serves a declaration with a handler of the request as it came: who calls, how often, and how much is read is its
    /// own to say. For routes on which each allocation counts, and for what is no API, `because` of what it says; routing,
    /// the label of metrics, the document and the rendering of refusals are the front's, and cost the handler nothing.
    pub fn raw<Fut>(
        declared: Declaration<R::Needs>,
        because: &'static str,
        handler: impl Fn(Arc<R>, Request) -> Fut + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<Response, Refusal>> + Send + 'static,
    {
        let mount = move |role: Arc<R>, declared: Arc<Declaration<R::Needs>>, filter| {
            let handler = handler.clone();
            on(filter, move |request: Request| {
                let (handled, declared) = (handler(role.clone(), request), declared.clone());
                async move {
                    handled
                        .await
                        .inspect_err(|refusal| declared.assert_declared(refusal))
                }
            })
        };
        Self {
            declared: Declaration {
                raw_because: Some(because),
                ..declared
            },
            work: Work::Raw(Box::new(mount)),
        }
    }

    /// What its calls leave.
    pub fn evidence(&self) -> Evidence {
        R::evidence(&self.needs, &self.method)
    }

    /// One sentence for the document.
    #[must_use]
    pub fn summary(mut self, sentence: &'static str) -> Self {
        self.declared.summary = sentence;
        self
    }

    /// Refuses a wrong body with `code` instead of `invalid_body`.
    #[must_use]
    pub fn invalid(mut self, code: ErrorCode) -> Self {
        self.declared.invalid = code;
        self
    }

    /// Counts its calls towards `class` as well.
    #[must_use]
    pub fn limited(mut self, class: LimitClass) -> Self {
        self.declared.limit = class;
        self
    }

    /// Lets pages of any origin call it, without credentials of their browser.
    #[must_use]
    pub fn open_to_pages(mut self) -> Self {
        self.declared = self.declared.open_to_pages();
        self
    }

    /// Adds codes that its handler refuses with, at the status that each usually has.
    #[must_use]
    pub fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        self.declared = self.declared.refuses(codes);
        self
    }

    /// Adds codes that its handler refuses with at another status.
    #[must_use]
    pub fn refuses_with(mut self, status: u16, codes: &[ErrorCode]) -> Self {
        self.declared = self.declared.refuses_with(status, codes);
        self
    }

    /// Takes an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.declared.idempotent = true;
        self
    }

    /// Takes an `Idempotency-Key`, and shows a secret in its answer.
    #[must_use]
    pub fn secret(self) -> Self {
        let mut this = self.idempotent();
        this.declared.shows_secret = true;
        this
    }

    /// Takes bodies of up to `bytes`.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.declared.body_limit = Some(bytes);
        self
    }

    /// Ignores names in the query string that it does not read: whoever sends them is not the client.
    #[must_use]
    pub fn any_query(mut self) -> Self {
        self.declared.strict_query = false;
        self
    }

    /// Tells its refusals as those of commands.
    #[must_use]
    pub fn commands(mut self) -> Self {
        self.declared.envelope = Envelope::Command;
        self
    }

    /// Leaves to its handler whom it reads the store for, and whom it counts as a stranger. Nobody waits before it, and
    /// nothing of what it refuses is counted by the front: for callers who prove who they are by what they send, and for
    /// what anybody may ask that is in memory.
    #[must_use]
    pub fn minds_strangers(mut self) -> Self {
        self.declared.minds_strangers = true;
        self
    }

    /// Answers on another path as well, which the document does not tell.
    #[must_use]
    pub fn also(mut self, path: &'static str) -> Self {
        self.declared.also = Some(path);
        self
    }
}

impl<R: HttpRole> fmt::Debug for Route<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({}, {:?})",
            self.method, self.path, self.name, self.needs
        )
    }
}

/// What a handler is called with first: the role's own view of an inbound request.
pub trait FromInbound<R: HttpRole>: Sized + Send {
    /// Parameters that the path must have.
    const PARAMETERS: &'static [&'static str] = &[];

    /// Makes it.
    ///
    /// # Errors
    /// 400 when a parameter is not what it takes.
    fn from_inbound(inbound: Arc<Inbound<R>>) -> Result<Self, Refusal>;
}

/// What goes wrong in a handler. An error of its own says by an exhaustive match how each is answered.
pub trait RouteError: Send {
    /// The codes of all its answers. What is refused with no error of its own says so in the route's declaration.
    const REFUSES: &'static [ErrorCode] = &[];

    /// The answer.
    fn refusal(self) -> Refusal;
}

/// A role whose handlers need nothing more than the inbound request.
impl<R: HttpRole> FromInbound<R> for Arc<Inbound<R>> {
    fn from_inbound(inbound: Self) -> Result<Self, Refusal> {
        Ok(inbound)
    }
}

impl RouteError for Refusal {
    fn refusal(self) -> Refusal {
        self
    }
}

/// An asynchronous function of a view and up to three inputs.
pub trait Handler<R: HttpRole, M>: Send + Sync + 'static {
    /// What it reads a body as, where it reads one.
    const BODY: Option<BodyKind>;
    /// Whether it changes only the version that the caller names.
    const VERSION: bool;
    /// Parameters that the path must have.
    const PARAMETERS: &'static [&'static str];
    /// What its error is answered with.
    const REFUSES: &'static [ErrorCode];

    /// Tells inputs and answer in the document.
    fn describe(operation: &mut OpenApiOperation);

    /// Reads everything, then handles.
    fn run(&self, inbound: Arc<Inbound<R>>) -> HandlerFuture;
}

/// The body that one of the inputs reads.
const fn first<const N: usize>(inputs: [Option<BodyKind>; N]) -> Option<BodyKind> {
    let mut at = 0;
    while at < N {
        if inputs[at].is_some() {
            return inputs[at];
        }
        at += 1;
    }
    None
}

macro_rules! handlers {
    ($($input:ident $value:ident)*) => {
        impl<R, F, Fut, C, A, E, $($input,)*> Handler<R, (C, $($input,)*)> for F
        where
            R: HttpRole,
            F: Fn(C, $($input,)*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Result<A, E>> + Send,
            C: FromInbound<R> + 'static,
            A: Answers,
            E: RouteError,
            $($input: Input<R> + 'static,)*
        {
            const BODY: Option<BodyKind> = first([$($input::BODY),*]);
            const VERSION: bool = false $(|| $input::VERSION)*;
            const PARAMETERS: &'static [&'static str] = C::PARAMETERS;
            const REFUSES: &'static [ErrorCode] = E::REFUSES;

            fn describe(operation: &mut OpenApiOperation) {
                $($input::describe(operation);)*
                A::describe(operation);
            }

            fn run(&self, inbound: Arc<Inbound<R>>) -> HandlerFuture {
                let handler = self.clone();
                Box::pin(async move {
                    $(let $value = $input::read(&inbound)?;)*
                    let call = C::from_inbound(inbound)?;
                    handler(call, $($value,)*).await.map_err(RouteError::refusal)?.respond()
                })
            }
        }
    };
}

handlers!();
handlers!(I1 first);
handlers!(I1 first I2 second);
handlers!(I1 first I2 second I3 third);
