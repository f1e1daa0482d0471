//! Routes, and the functions that can be their handlers.

use std::{fmt, ops::Deref, pin::Pin, sync::Arc};

use axum::response::Response;
use caracal_wire::ErrorCode;
use http::Method;

use super::{
    answer::Answers,
    declaration::Declaration,
    inbound::{HttpRole, Inbound},
    input::Input,
    operation::Operation,
};
use crate::{Refusal, limits::LimitClass};

type Running = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// A route: its declaration and what it does.
pub struct Route<R: HttpRole> {
    pub(super) declared: Declaration<R::Needs>,
    handler: Box<dyn Fn(Arc<Inbound<R>>) -> Running + Send + Sync>,
}

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
                method,
                path,
                name,
                needs,
                limit: LimitClass::Ordinary,
                summary: "",
                invalid: ErrorCode::InvalidBody,
                idempotent: false,
                reads_body: H::BODY,
                parameters: H::PARAMETERS,
                describe: H::describe,
            },
            handler: Box::new(move |inbound| handler.run(inbound)),
        }
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

    /// Takes an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.declared.idempotent = true;
        self
    }

    pub(super) fn run(&self, inbound: Arc<Inbound<R>>) -> Running {
        (self.handler)(inbound)
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
    /// The answer.
    fn refusal(self) -> Refusal;
}

impl RouteError for Refusal {
    fn refusal(self) -> Refusal {
        self
    }
}

/// An asynchronous function of a view and up to three inputs.
pub trait Handler<R: HttpRole, M>: Send + Sync + 'static {
    /// Whether it reads a body.
    const BODY: bool;
    /// Parameters that the path must have.
    const PARAMETERS: &'static [&'static str];

    /// Tells inputs and answer in the document.
    fn describe(operation: &mut Operation);

    /// Reads everything, then handles.
    fn run(&self, inbound: Arc<Inbound<R>>) -> Running;
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
            const BODY: bool = false $(|| $input::BODY)*;
            const PARAMETERS: &'static [&'static str] = C::PARAMETERS;

            fn describe(operation: &mut Operation) {
                $($input::describe(operation);)*
                A::describe(operation);
            }

            fn run(&self, inbound: Arc<Inbound<R>>) -> Running {
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
