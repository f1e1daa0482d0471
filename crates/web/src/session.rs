//! Signing in and out: the token goes into a cookie, and never to a script.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_core::{Timestamp, World};
use caracal_service::{
    Refusal,
    body::{is_of_type, read_bounded},
};
use caracal_wire::{
    ErrorCode,
    control::accounts::{BegunEmailCode, BegunPasskey, BegunSingleSignOn, NewSession, SignedOut},
    web::{EmailCodeState, PasskeyChallenge, SignInRedirect, SignedInAccount},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    cookies::Cookies,
    proxy::{Upstream, sent_back, sent_on},
};

/// Longest body that signs in, and longest answer to it.
const MAX_BODY: usize = 64 * 1024;

/// How somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInMethod {
    /// With a password.
    Password,
    /// With a link that sets one.
    Link,
    /// With what the `OpenID` provider sent along.
    SingleSignOn,
    /// With a passkey.
    Passkey,
    /// With a code by e-mail.
    EmailCode,
}

impl SignInMethod {
    /// Where the Control API takes it. Its answers have a token that no script may have: it is asked for here, and never on
    /// behalf of a page.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Password => "/v1/console/sign-in",
            Self::Link => "/v1/console/links/use",
            Self::SingleSignOn => "/v1/console/single-sign-on/finish",
            Self::Passkey => "/v1/console/passkey/finish",
            Self::EmailCode => "/v1/console/email-code/finish",
        }
    }

    /// What the browser is known by, which comes from where no script can put it: the member of the body, and its value.
    fn known_by(self, cookies: Cookies, headers: &HeaderMap) -> Option<(&'static str, Option<&str>)> {
        match self {
            Self::Password => Some(("device", cookies.device(headers))),
            Self::Link => None,
            Self::SingleSignOn | Self::Passkey | Self::EmailCode => Some(("browser", cookies.begun(headers))),
        }
    }

    /// Whether it is begun here first.
    const fn is_begun(self) -> bool {
        matches!(self, Self::SingleSignOn | Self::Passkey | Self::EmailCode)
    }
}

/// A sign-in that begins with something that the browser alone keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInStart {
    /// At the `OpenID` provider.
    SingleSignOn,
    /// With a passkey.
    Passkey,
    /// With a code by e-mail.
    EmailCode,
}

impl SignInStart {
    /// Where the Control API begins it. Its answers have what no script may have.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::SingleSignOn => "/v1/console/single-sign-on/begin",
            Self::Passkey => "/v1/console/passkey/begin",
            Self::EmailCode => "/v1/console/email-code/begin",
        }
    }
}

/// A sign-in that has begun.
struct StartedSignIn {
    /// What the browser alone keeps.
    browser: String,
    expires_at: Timestamp,
    /// The answer to the page.
    shown: Response,
}

impl StartedSignIn {
    /// Of what the Control API says.
    async fn read(beginning: SignInStart, answer: http::Response<Body>) -> Result<Self, Refusal> {
        let (browser, expires_at, shown) = match beginning {
            SignInStart::SingleSignOn => {
                let begun: BegunSingleSignOn = read(answer).await?;
                let authorization_url = begun.authorization_url;
                let shown = shown(StatusCode::OK, &SignInRedirect { authorization_url });
                (begun.browser, begun.expires_at, shown)
            }
            SignInStart::Passkey => {
                let begun: BegunPasskey = read(answer).await?;
                let asked = PasskeyChallenge {
                    challenge: begun.challenge,
                    relying_party: begun.relying_party,
                };
                (begun.browser, begun.expires_at, shown(StatusCode::OK, &asked))
            }
            SignInStart::EmailCode => {
                let begun: BegunEmailCode = read(answer).await?;
                let state = EmailCodeState { state: begun.state };
                (begun.browser, begun.expires_at, shown(StatusCode::OK, &state))
            }
        };
        Ok(Self {
            browser,
            expires_at,
            shown: shown?,
        })
    }
}

/// Signs in at the Control API with the body of the request.
pub(crate) async fn sign_in(
    api: &Upstream,
    cookies: Cookies,
    world: &World,
    way: SignInMethod,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, mut asked) = object(request).await?;
    if let Some((member, known)) = way.known_by(cookies, &head.headers) {
        asked.remove(member);
        asked.extend(known.map(|known| (member.to_owned(), Value::from(known))));
        if known.is_none() && way.is_begun() {
            return Err(Refusal::of(ErrorCode::SignInExpired).describe(
                "this sign-in was not begun in this browser, was finished, or has run out; begin again",
            ));
        }
    }
    let agent = head
        .headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    asked.insert(String::from("user_agent"), agent.into());
    let former = cookies.session(&head.headers).map(str::to_owned);
    let asked = Value::Object(asked).to_string();
    let answer = api
        .ask(Method::POST, way.path(), sent_on(&head), None, asked.into())
        .await?;
    // A secret of a browser is good for one answer, whatever comes of it; a code that was mistyped may be typed again.
    let over =
        way.is_begun() && (way != SignInMethod::EmailCode || answer.status() != StatusCode::UNAUTHORIZED);
    let forgotten = over.then(|| cookies.forget_begun()).flatten();
    if !answer.status().is_success() {
        let mut response = sent_back(answer);
        response
            .headers_mut()
            .extend(forgotten.map(|cookie| (header::SET_COOKIE, cookie)));
        return Ok(response);
    }
    let status = answer.status();
    let session: NewSession = read(answer).await?;
    // Whoever signs in leaves no session behind that the browser forgets.
    if let Some(former) = former {
        let _ = end(api, &former).await;
    }
    let mut response = shown(
        status,
        &SignedInAccount {
            account: session.account,
            expires_at: session.expires_at,
        },
    )?;
    let kept = [
        cookies.keep_session(&session.token, session.expires_at, world.now()),
        cookies.keep_device(&session.device),
        forgotten,
    ];
    for cookie in kept.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Begins a sign-in: the page learns what it needs to go on, and the browser alone keeps the secret.
pub(crate) async fn begin(
    api: &Upstream,
    cookies: Cookies,
    world: &World,
    beginning: SignInStart,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, asked) = match beginning {
        SignInStart::SingleSignOn | SignInStart::Passkey => (request.into_parts().0, Map::new()),
        SignInStart::EmailCode => {
            let (head, mut asked) = object(request).await?;
            asked.remove("device");
            let device = cookies.device(&head.headers).map(Value::from);
            asked.extend(device.map(|device| (String::from("device"), device)));
            (head, asked)
        }
    };
    let asked = Value::Object(asked).to_string();
    let path = beginning.path();
    let answer = api
        .ask(Method::POST, path, sent_on(&head), None, asked.into())
        .await?;
    if !answer.status().is_success() {
        return Ok(sent_back(answer));
    }
    let begun = StartedSignIn::read(beginning, answer).await?;
    let mut response = begun.shown;
    if let Some(cookie) = cookies.keep_begun(&begun.browser, begun.expires_at, world.now()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session, and forgets it whatever the Control API says.
pub(crate) async fn sign_out(
    api: &Upstream,
    cookies: Cookies,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let mut out = SignedOut { continue_at: None };
    if let Some(token) = cookies.session(headers) {
        match end(api, token).await {
            Ok(ended) => out = ended,
            Err(refusal) => {
                tracing::warn!(code = %refusal.code, "a session could not be ended; it ends by disuse");
            }
        }
    }
    let mut response = shown(StatusCode::OK, &out)?;
    if let Some(cookie) = cookies.forget_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session of a token.
async fn end(api: &Upstream, token: &str) -> Result<SignedOut, Refusal> {
    let path = "/v1/console/sign-out";
    let answer = api
        .ask(Method::POST, path, json(), Some(token), "{}".into())
        .await?;
    if !answer.status().is_success() {
        // It has ended already.
        return Ok(SignedOut { continue_at: None });
    }
    read(answer).await
}

/// The body of a request, which is a JSON object.
async fn object(request: Request) -> Result<(Parts, Map<String, Value>), Refusal> {
    let (head, body) = request.into_parts();
    if !is_of_type(&head.headers, "application/json") {
        return Err(
            Refusal::of(ErrorCode::UnsupportedMediaType).describe("send Content-Type: application/json")
        );
    }
    let body = read_bounded(body, MAX_BODY).await?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(asked)) => Ok((head, asked)),
        _ => Err(Refusal::of(ErrorCode::InvalidBody).describe("the body is not a JSON object")),
    }
}

async fn read<T: DeserializeOwned>(answer: http::Response<Body>) -> Result<T, Refusal> {
    let text = read_bounded(answer.into_body(), MAX_BODY).await?;
    serde_json::from_slice(&text).map_err(|_| Refusal::of(ErrorCode::InternalError))
}

fn shown(status: StatusCode, answer: &impl Serialize) -> Result<Response, Refusal> {
    let text = serde_json::to_string(answer).map_err(|_| Refusal::of(ErrorCode::InternalError))?;
    Ok((status, json(), text).into_response())
}

fn json() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}
