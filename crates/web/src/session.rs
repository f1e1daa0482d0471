//! Signing in and out: the token goes into a cookie, and never to a script.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_core::World;
use caracal_service::{
    Refusal,
    body::{is_of_type, read_bounded},
};
use caracal_wire::{ErrorCode, control::accounts::NewSession};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use crate::{
    cookies::Cookies,
    proxy::{Upstream, sent_back, sent_on},
};

/// Longest body that signs in, and longest answer to it.
const MAX_BODY: usize = 64 * 1024;

/// Signs in at `path` of the Control API with the body of the request.
pub(crate) async fn sign_in(
    api: &Upstream,
    cookies: Cookies,
    world: &World,
    path: &str,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    if !is_of_type(&head.headers, "application/json") {
        return Err(
            Refusal::of(ErrorCode::UnsupportedMediaType).describe("send Content-Type: application/json")
        );
    }
    let body = read_bounded(body, MAX_BODY).await?;
    let Ok(Value::Object(mut asked)) = serde_json::from_slice(&body) else {
        return Err(Refusal::of(ErrorCode::InvalidBody).describe("the body is not a JSON object"));
    };
    // What the browser is known by comes from where no script can put it.
    asked.remove("device");
    if path.ends_with("sign-in")
        && let Some(device) = cookies.device(&head.headers)
    {
        asked.insert(String::from("device"), Value::from(device));
    }
    let agent = head
        .headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    asked.insert(String::from("user_agent"), agent.into());
    let former = cookies.session(&head.headers).map(str::to_owned);
    let asked = Value::Object(asked).to_string();
    let answer = api
        .ask(Method::POST, path, sent_on(&head), None, asked.into())
        .await?;
    if !answer.status().is_success() {
        return Ok(sent_back(answer));
    }
    let status = answer.status();
    let text = read_bounded(answer.into_body(), MAX_BODY).await?;
    let session: NewSession =
        serde_json::from_slice(&text).map_err(|_| Refusal::of(ErrorCode::InternalError))?;
    // Whoever signs in leaves no session behind that the browser forgets.
    if let Some(former) = former {
        let out = api.ask(
            Method::POST,
            "/v1/console/sign-out",
            json(),
            Some(&former),
            "{}".into(),
        );
        let _ = out.await;
    }
    let shown = serde_json::json!({"account": session.account, "expires_at": session.expires_at});
    let mut response = Response::new(Body::from(shown.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.extend(json());
    let kept = [
        cookies.keep_session(&session.token, session.expires_at, world.now()),
        cookies.keep_device(&session.device),
    ];
    for cookie in kept.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session, and forgets it whatever the Control API says.
pub(crate) async fn sign_out(api: &Upstream, cookies: Cookies, headers: &HeaderMap) -> Response {
    if let Some(token) = cookies.session(headers) {
        let out = api.ask(
            Method::POST,
            "/v1/console/sign-out",
            json(),
            Some(token),
            "{}".into(),
        );
        if let Err(refusal) = out.await {
            tracing::warn!(code = %refusal.code, "a session could not be ended; it ends by disuse");
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookies.forget_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn json() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}
