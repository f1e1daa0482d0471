//! One request of a caller who is somebody, and what a role says about it.

use std::{collections::HashMap, fmt, net::IpAddr, pin::Pin, sync::Arc};

use axum::response::Response;
use bytes::Bytes;
use caracal_core::World;
use caracal_storage::IdempotencyReceipt;
use caracal_wire::ErrorCode;
use http::{HeaderMap, Method, StatusCode, request::Parts};
use parking_lot::Mutex;

use super::{
    declaration::{AuthScheme, BodyKind, Declaration, Evidence},
    params::Params,
    repeat::{IdempotencyKey, without_version},
};
use crate::{
    Refusal,
    body::{JSON_LIMIT, is_of_type, read_bounded},
    form::FORM,
    limits::Limits,
    request::RequestContext,
    server::{PeerAddr, Standing},
    turns::Turn,
};

/// What a role gives the front.
pub trait HttpRole: Sized + Send + Sync + 'static {
    /// Its name in spans.
    const NAME: &'static str;
    /// Title of its document.
    const TITLE: &'static str;
    /// Whether refusals are told in the OAuth envelope.
    const OAUTH: bool = false;
    /// Whether its routes refuse names in the query string that they do not read: a filter that nobody minds answers with what
    /// was not asked for.
    const STRICT_QUERY: bool = false;
    /// What a route needs of its caller: capability, reach, kind of evidence, as the role knows them.
    type Needs: Copy + std::fmt::Debug + Send + Sync + 'static;
    /// Who calls.
    type Caller: Send + Sync + 'static;
    /// What is noted of a request while it is served: for the evidence, or for whoever asks again.
    type Notes: Default + Send + Sync + 'static;

    /// How routes with these needs learn who calls, for the document.
    fn credential(_: &Self::Needs) -> AuthScheme {
        AuthScheme::Bearer
    }

    /// Whether [`HttpRole::authenticate`] proves who calls routes with these needs. Where it does not, the handler is
    /// reached by strangers, and what it refuses them is counted by address as refused credentials are.
    fn proves_caller(needs: &Self::Needs) -> bool {
        Self::credential(needs) != AuthScheme::None
    }

    /// What callers of routes with these needs are refused with before the handler, beyond what the front refuses with.
    fn refuses(needs: &Self::Needs) -> Vec<ErrorCode>;

    /// Whether a route changes what is stored: storage may refuse that for what else is there, or in its way.
    fn changes(route: &Declaration<Self::Needs>) -> bool {
        route.method != Method::GET
    }

    /// Time and randomness.
    fn world(&self) -> &World;

    /// Who calls. Nothing is recorded of those who are refused here.
    fn authenticate(
        &self,
        needs: Self::Needs,
        params: &Params,
        head: &Parts,
    ) -> impl Future<Output = Result<Self::Caller, Refusal>> + Send;

    /// How often callers may ask. They are counted before anything that may be written down about a refusal, and before
    /// anything that reads storage for the request. `None` where telling who calls costs nothing and the one operator
    /// is not limited.
    fn limits(&self) -> Option<&Limits>;

    /// Whose calls those of the caller are counted with.
    fn counted_as(&self, caller: &Self::Caller) -> String;

    /// Whether storage should be asked about credentials from an address whose credentials were refused too often. It
    /// should about those that may well be good, so that nobody is locked out; telling must cost no storage by itself.
    fn may_be_good(&self, _head: &Parts) -> impl Future<Output = bool> + Send {
        async { true }
    }

    /// Whether the caller may do what the route does at all.
    fn permit(&self, caller: &Self::Caller, needs: Self::Needs) -> Result<(), Refusal>;

    /// Whether the caller may do it here: on the decoded parameters of the path.
    fn admit(&self, inbound: &Inbound<Self>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// The receipt of a request with an idempotency key that happened already. A role with idempotent routes keeps
    /// receipts.
    fn answered(
        &self,
        _inbound: &Inbound<Self>,
    ) -> impl Future<Output = Result<Option<IdempotencyReceipt>, Refusal>> + Send {
        async { Ok(None) }
    }

    /// Most bytes of a body.
    fn body_limit(&self) -> usize {
        JSON_LIMIT
    }

    /// A refusal as it is told and recorded.
    fn rephrase(&self, refusal: Refusal) -> Refusal {
        refusal
    }

    /// What calls of a route leave. It is written by the handler of what is allowed, and by [`HttpRole::refused`].
    fn evidence(_needs: &Self::Needs, _method: &Method) -> Evidence {
        Evidence::NONE
    }

    /// Records a refusal of a route whose evidence says that refusals are recorded.
    fn refused(&self, _inbound: &Inbound<Self>, _refusal: &Refusal) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A request past authentication.
#[derive(Debug)]
pub struct Inbound<R: HttpRole> {
    /// The role with all it works with.
    pub role: Arc<R>,
    /// What is asked for.
    pub route: Arc<Declaration<R::Needs>>,
    /// Who asks.
    pub caller: R::Caller,
    /// Names the request in answers, logs and evidence.
    pub request_id: Arc<str>,
    /// Path without query, as sent.
    pub path: String,
    /// Query string, as sent.
    pub query: String,
    /// Where the request came from.
    pub peer: Option<IpAddr>,
    /// Of its connection.
    pub(super) standing: Option<Standing>,
    /// What was noted while it was served.
    pub notes: R::Notes,
    /// Decoded parameters of the path, well-formed ids once the caller is admitted.
    pub params: Params,
    /// Whether the caller was admitted to what the parameters name.
    pub admitted: bool,
    /// Headers.
    pub headers: HeaderMap,
    /// The idempotency key, where the route takes one and the caller sent it.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The body, where the route reads one.
    pub body: Bytes,
    /// The routes of the role, for those that run others.
    pub(super) gated_routes: Arc<GatedRoutes<R>>,
    /// Among strangers, where the caller is one.
    pub(super) turn: Mutex<Option<Turn>>,
}

/// What a handler ends with.
pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// A handler behind the gates.
pub(super) type GatedHandler<R> = Arc<dyn Fn(Arc<Inbound<R>>) -> HandlerFuture + Send + Sync>;

pub(super) type Declared<R> = Arc<Declaration<<R as HttpRole>::Needs>>;

/// The routes of a role that go through its gates, by name.
pub(super) struct GatedRoutes<R: HttpRole>(pub(super) HashMap<&'static str, (Declared<R>, GatedHandler<R>)>);

impl<R: HttpRole> fmt::Debug for GatedRoutes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<R: HttpRole> Inbound<R> {
    pub(super) fn new(
        role: Arc<R>,
        route: Arc<Declaration<R::Needs>>,
        gated_routes: Arc<GatedRoutes<R>>,
        caller: R::Caller,
        params: Params,
        head: &mut Parts,
    ) -> Self {
        let context = head.extensions.get::<RequestContext>().cloned();
        let context = context.unwrap_or_else(|| RequestContext::of(&head.headers, role.world()));
        Self {
            role,
            route,
            caller,
            request_id: context.request_id,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            peer: PeerAddr::of(&head.extensions),
            standing: head.extensions.get::<Standing>().cloned(),
            notes: R::Notes::default(),
            params,
            admitted: false,
            headers: std::mem::take(&mut head.headers),
            idempotency_key: None,
            body: Bytes::new(),
            gated_routes,
            turn: Mutex::default(),
        }
    }

    /// Whether the caller may still do it, for answers that go on: the credentials are proved anew, and where the caller is
    /// admitted is looked at again.
    ///
    /// # Errors
    /// As they would be refused now.
    pub async fn check_again(&self) -> Result<(), Refusal> {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.headers.clone_from(&self.headers);
        let caller = self
            .role
            .authenticate(self.route.needs, &self.params, &head)
            .await?;
        self.role.permit(&caller, self.route.needs)?;
        self.role.admit(self).await
    }

    /// Waits among all whom nobody has proved, where the handler is reached by them: those who are proved find the store with
    /// connections for them, however many strangers come. The body is read by now, since a slow one would keep the others.
    ///
    /// # Errors
    /// 429 when too many wait.
    pub(super) async fn take_turn(&self) -> Result<(), Refusal> {
        if let Some(limits) = self.role.limits()
            && self.is_of_strangers()
        {
            let turn = limits.stranger_turn(self.peer).await?;
            *self.turn.lock() = Some(turn);
        }
        Ok(())
    }

    /// Whether nobody proves who calls before the handler, and the front minds that.
    pub(super) fn is_of_strangers(&self) -> bool {
        !R::proves_caller(&self.route.needs) && !self.route.minds_strangers
    }

    /// Says that the handler proved who calls, so that their connection gives way to nobody.
    pub fn caller_is_proved(&self) {
        if let Some(standing) = &self.standing {
            standing.proved();
        }
    }

    /// Lets the next stranger have a turn, before a handler waits for something that is bounded by itself: a derivation,
    /// somebody else's server, what a person decides.
    pub fn release_turn(&self) {
        drop(self.turn.lock().take());
    }

    /// Everything up to the handler.
    pub(super) async fn enter(&mut self, body: axum::body::Body) -> Result<(), Refusal> {
        if let Some(limits) = self.role.limits() {
            let counted = self.role.counted_as(&self.caller);
            limits.count_call(&counted, &self.headers).await?;
        }
        self.pass_gates().await?;
        self.check_query()?;
        if self.route.method != Method::GET && !self.route.minds_version {
            without_version(&self.headers)?;
        }
        if self.route.idempotent {
            self.idempotency_key = IdempotencyKey::of(&self.headers)?;
        }
        // A body where none is read is drained within the bound and ignored.
        let most = self.route.body_limit.unwrap_or_else(|| self.role.body_limit());
        let body = read_bounded(body, most).await?;
        match self.route.reads {
            None => return Ok(()),
            Some(BodyKind::Json) => require_json(&self.headers, &body)?,
            Some(BodyKind::Form) => self.require_form()?,
        }
        self.body = body;
        Ok(())
    }

    /// Forms are forms, and nothing of them stands in the query, which gets into logs.
    fn require_form(&self) -> Result<(), Refusal> {
        let code = self.route.invalid;
        if !self.query.is_empty() {
            let rule = "parameters belong in the body, not in the query";
            return Err(Refusal::invalid_field(code, "", rule).without_details());
        }
        if is_of_type(&self.headers, FORM) {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code)
            .describe("send Content-Type: application/x-www-form-urlencoded"))
    }

    /// Whether every name in the query string means something here.
    fn check_query(&self) -> Result<(), Refusal> {
        if !self.route.strict_query {
            return Ok(());
        }
        let known = &self.route.query_names;
        let mut sent = form_urlencoded::parse(self.query.as_bytes());
        match sent.find(|(name, _)| !known.iter().any(|known| known == name)) {
            Some((name, _)) => {
                let rule = "is no parameter of this route";
                // A field is named by its path, and this one may have dots.
                let name = name.replace('.', "_");
                Err(Refusal::invalid_field(ErrorCode::InvalidQuery, &name, rule))
            }
            None => Ok(()),
        }
    }

    /// Whether the caller may do it at all, as often, and here.
    pub(super) async fn pass_gates(&mut self) -> Result<(), Refusal> {
        self.role.permit(&self.caller, self.route.needs)?;
        self.params.check()?;
        if let Some(limits) = self.role.limits() {
            let counted = self.role.counted_as(&self.caller);
            let place: Vec<_> = self.params.iter().map(|(_, value)| value).collect();
            limits
                .count_class(self.route.limit, &place.join("/"), &counted)
                .await?;
        }
        self.role.admit(self).await?;
        self.admitted = true;
        Ok(())
    }
}

/// Bodies are JSON.
fn require_json(headers: &HeaderMap, body: &Bytes) -> Result<(), Refusal> {
    if body.is_empty() || is_of_type(headers, "application/json") {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::UnsupportedMediaType).describe("send Content-Type: application/json"))
}
