//! A route that is run by another one of its role, in this process: the same gates, the same handler, the same evidence.
//!
//! Who runs it names the caller that it is run for. Nothing of the outer request goes along but its id and where it came
//! from, so that no header of it means something in the inner one.

use bytes::Bytes;
use caracal_wire::ErrorCode;
use http::{HeaderMap, StatusCode};

use super::{
    concluded,
    inbound::{HttpRole, Inbound},
    params::Params,
    repeat::IdempotencyKey,
};
use crate::Refusal;

/// Most bytes of an answer that is read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A request to another route.
#[derive(Debug)]
pub struct Subrequest<C> {
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
pub struct Subresponse {
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
    pub async fn run(&self, name: &str, request: Subrequest<R::Caller>) -> Result<Subresponse, Refusal> {
        let (route, handler) = self.gated_routes.0.get(name).ok_or_else(|| {
            tracing::error!(name, "there is no such route to run");
            Refusal::of(ErrorCode::InternalError)
        })?;
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&request.query)
            .finish();
        let mut inbound = Self {
            role: self.role.clone(),
            route: route.clone(),
            caller: request.caller,
            request_id: self.request_id.clone(),
            path: filled(route.path, &request.params),
            query,
            peer: self.peer,
            standing: None,
            notes: R::Notes::default(),
            params: Params(request.params),
            admitted: false,
            headers: HeaderMap::new(),
            idempotency_key: request.idempotency_key.filter(|_| route.idempotent),
            body: if route.reads.is_some() {
                request.body
            } else {
                Bytes::new()
            },
            gated_routes: self.gated_routes.clone(),
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
        Ok(Subresponse { status, body })
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
