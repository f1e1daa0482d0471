//! A route that is run by another one of its role, in this process: the same gates, the same handler, the same evidence.
//!
//! Who runs it names the caller that it is run for. Nothing of the outer request goes along but its id and where it came
//! from, so that no header of it means something in the inner one.

use std::{collections::HashMap, fmt, sync::Arc};

use bytes::Bytes;
use caracal_wire::ErrorCode;
use http::{HeaderMap, StatusCode};

use super::{
    concluded,
    declaration::Declaration,
    inbound::{HttpRole, Inbound, Params},
    repeat::IdempotencyKey,
    route::{Gated, Work},
};
use crate::Refusal;

/// Most bytes of an answer that is read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

type Declared<R> = Arc<Declaration<<R as HttpRole>::Needs>>;

/// The routes of a role that go through its gates, by name.
pub(super) struct Beside<R: HttpRole>(HashMap<&'static str, (Declared<R>, Gated<R>)>);

impl<R: HttpRole> Beside<R> {
    pub(super) fn of(routes: &[(Declared<R>, Work<R>)]) -> Self {
        let gated = routes.iter().filter_map(|(declared, work)| match work {
            Work::Gated(handler) => Some((declared.name, (declared.clone(), handler.clone()))),
            Work::Raw(_) => None,
        });
        Self(gated.collect())
    }
}

impl<R: HttpRole> fmt::Debug for Beside<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is asked of another route.
#[derive(Debug)]
pub struct Asked<C> {
    /// For whom.
    pub caller: C,
    /// Parameters of its path.
    pub params: Vec<(String, String)>,
    /// Parameters of its query string.
    pub query: Vec<(String, String)>,
    /// Its body, as JSON; empty where it reads none.
    pub body: Bytes,
    /// The idempotency key. It means something where the route takes one.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What another route answered.
#[derive(Debug)]
pub struct Ran {
    /// Status of a success.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

impl<R: HttpRole> Inbound<R> {
    /// Runs the route called `name`. It costs the caller nothing towards the limit of calls, which counts requests; limits
    /// of the route's own count.
    ///
    /// # Errors
    /// As the route refuses; the refusal was recorded as it always is.
    pub async fn run(&self, name: &str, asked: Asked<R::Caller>) -> Result<Ran, Refusal> {
        let (route, handler) = self.beside.0.get(name).ok_or_else(|| {
            tracing::error!(name, "there is no such route to run");
            Refusal::of(ErrorCode::InternalError)
        })?;
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&asked.query)
            .finish();
        let mut inbound = Self {
            role: self.role.clone(),
            route: route.clone(),
            caller: asked.caller,
            request_id: self.request_id.clone(),
            path: filled(route.path, &asked.params),
            query,
            peer: self.peer,
            notes: R::Notes::default(),
            params: Params(asked.params),
            admitted: false,
            headers: HeaderMap::new(),
            idempotency_key: asked.idempotency_key.filter(|_| route.idempotent),
            body: if route.reads_body {
                asked.body
            } else {
                Bytes::new()
            },
            beside: self.beside.clone(),
            turn: parking_lot::Mutex::default(),
        };
        let entered = inbound.pass_gates().await;
        let response = concluded(handler, inbound, entered).await?;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), MAX_ANSWER).await;
        let body = body.map_err(|error| {
            tracing::error!(name, %error, "an answer could not be read");
            Refusal::of(ErrorCode::InternalError)
        })?;
        Ok(Ran { status, body })
    }
}

/// The path of the template, with its parameters as they would be sent.
fn filled(template: &str, params: &[(String, String)]) -> String {
    let segments = template.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let given = name.and_then(|name| params.iter().find(|(known, _)| known == name));
        match given {
            Some((_, value)) => form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            None => segment.to_owned(),
        }
    });
    segments.collect::<Vec<String>>().join("/")
}
