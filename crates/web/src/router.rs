//! Which request goes where.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::Request, middleware, response::Response};
use caracal_core::World;
use caracal_service::{
    Refusal,
    egress::{Egress, EgressError},
    front::refuses_stranger,
    health::{self, Dependency, Operational},
    limits::{Limits, Rule},
    request::{Finish, RouteName, finish},
    server::{OPERATIONAL, PeerAddr, Standing},
};
use caracal_wire::{ErrorCode, health::NotReady};
use http::Method;
use tower::ServiceExt as _;

use crate::{
    assets,
    cookies::Cookies,
    guard::ConsoleOrigin,
    headers,
    proxy::{Upstream, below, sent_back},
    routes::{READINESS, RouteAction, own_route},
    session::{self, SignInMethod, SignInStart},
};

/// What the web role works with.
#[derive(Debug, Clone)]
pub struct WebDeps {
    /// Time and randomness.
    pub world: World,
    /// Reaches the other roles.
    pub egress: Arc<Egress>,
    /// Base URL of the Control API.
    pub api_url: String,
    /// Base URL of the Coordinator.
    pub coordinator_url: String,
    /// Base URL of the Audit role.
    pub audit_url: String,
    /// Base URL of the STS, where it is known: it is asked how it is, and nothing else.
    pub sts_url: Option<String>,
    /// Base URL of the Gateway, likewise.
    pub gateway_url: Option<String>,
    /// Where browsers find the console.
    pub place: ConsoleOrigin,
    /// Counts those who are not signed in. The Control API sees them all at this role's address.
    pub limits: Arc<Limits>,
}

/// How often those at one address who are not signed in may ask another role: no more than a part of what that role takes from
/// this one's address.
const STRANGERS: Rule = Rule::per_minute("web:strangers:", 600);

/// How many sign-ins and links from one address may be refused. Another role counts what it refused by this role's address, and
/// then lets nobody sign in for a while: one address is refused less often than that, so that it closes the console for itself.
const REFUSED: Rule = Rule {
    prefix: "web:sign_in:",
    limit: 20,
    window: Duration::from_mins(15),
    code: ErrorCode::RateLimited,
};

struct Web {
    world: World,
    place: ConsoleOrigin,
    limits: Arc<Limits>,
    cookies: Cookies,
    api: Upstream,
    coordinator: Upstream,
    audit: Upstream,
    sts: Option<Upstream>,
    gateway: Option<Upstream>,
}

/// The console has no use without the Control API.
#[derive(Debug)]
struct ApiThere(Upstream);

#[async_trait::async_trait]
impl Dependency for ApiThere {
    async fn check(&self) -> Result<(), NotReady> {
        if self.0.is_there().await {
            Ok(())
        } else {
            Err(NotReady::ApiUnreachable)
        }
    }
}

/// The complete router of the web role.
///
/// # Errors
/// When the URL of a role is not usable.
pub fn app(deps: WebDeps, mut operational: Operational, world: World) -> Result<Router, EgressError> {
    let named =
        |url: Option<String>, name| url.map(|url| Upstream::new(&deps.egress, &url, name)).transpose();
    let web = Arc::new(Web {
        sts: named(deps.sts_url, "STS")?,
        gateway: named(deps.gateway_url, "Gateway")?,
        cookies: Cookies {
            secure: deps.place.is_secure(),
        },
        api: Upstream::new(&deps.egress, &deps.api_url, "Control API")?,
        coordinator: Upstream::new(&deps.egress, &deps.coordinator_url, "Coordinator")?,
        audit: Upstream::new(&deps.egress, &deps.audit_url, "Audit service")?,
        world: deps.world,
        place: deps.place,
        limits: deps.limits,
    });
    Arc::make_mut(&mut operational.dependencies).push(Arc::new(ApiThere(web.api.clone())));
    let secure = web.place.is_secure();
    let operational = health::routes(operational);
    let handle = move |request: Request| {
        let web = web.clone();
        let own = operational_route(&request);
        let operational = own.map(|_| operational.clone());
        async move {
            let named = own.unwrap_or_else(|| route_of(request.uri().path()));
            let mut response = match operational {
                Some(routes) => routes
                    .oneshot(request)
                    .await
                    .unwrap_or_else(|never| match never {}),
                None => answer(&web, request)
                    .await
                    .unwrap_or_else(axum::response::IntoResponse::into_response),
            };
            response.extensions_mut().insert(RouteName(named));
            response
        }
    };
    Ok(Router::new()
        .fallback(handle)
        .layer(middleware::from_fn_with_state(
            Finish { role: "web", world },
            finish,
        ))
        .layer(middleware::map_response(move |response: Response| async move {
            headers::guard(response, secure)
        })))
}

/// The route, when it is one of the operational ones.
fn operational_route(request: &Request) -> Option<&'static str> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    OPERATIONAL.into_iter().find(|own| *own == request.uri().path())
}

/// What a path is called in metrics and logs.
fn route_of(path: &str) -> &'static str {
    if path.starts_with(SESSION) {
        SESSION
    } else if path.starts_with(CONTROL) {
        "/api/control/{path}"
    } else if path.starts_with(COORDINATOR) {
        "/api/coordinator/{path}"
    } else if path.starts_with(AUDIT) {
        "/api/audit/{path}"
    } else if path.starts_with(ROLES) {
        READINESS
    } else if path.starts_with("/assets/") {
        "/assets/{file}"
    } else {
        "{page}"
    }
}

const SESSION: &str = "/api/session";
const CONTROL: &str = "/api/control";
const COORDINATOR: &str = "/api/coordinator";
/// Below it each role says how it is.
const ROLES: &str = "/api/roles/";
/// What tells a link that there is from one that there is not.
const READ_LINK: &str = "/api/control/v1/console/links/read";
/// The Audit role's own paths begin with it as well.
const AUDIT: &str = "/api/audit";
/// Whose answers have what no script may have.
const ONLY_HERE: [&str; 8] = [
    SignInMethod::Password.path(),
    SignInMethod::Link.path(),
    SignInMethod::SingleSignOn.path(),
    SignInMethod::Passkey.path(),
    SignInStart::SingleSignOn.path(),
    SignInStart::Passkey.path(),
    SignInMethod::EmailCode.path(),
    SignInStart::EmailCode.path(),
];

async fn answer(web: &Web, request: Request) -> Result<Response, Refusal> {
    web.place.check_host(request.uri(), request.headers())?;
    let path = request.uri().path().to_owned();
    if !path.starts_with("/api/") {
        return page(&request, &path);
    }
    web.place.check_site(request.method(), request.headers())?;
    let peer = PeerAddr::of(request.extensions());
    let signs_out = *request.method() == Method::DELETE;
    if !signs_out && (path.starts_with(SESSION) || web.cookies.session(request.headers()).is_none()) {
        web.limits.count_address(&STRANGERS, "strangers", peer).await?;
    }
    let proves = *request.method() == Method::POST && (path.starts_with(SESSION) || path == READ_LINK);
    if !proves {
        return sent_on(web, request, &path).await;
    }
    web.limits.count_address(&REFUSED, "sign_in", peer).await?;
    let answered = sent_on(web, request, &path).await;
    if !answered
        .as_ref()
        .is_ok_and(|answer| refuses_stranger(answer.status()))
    {
        web.limits.give_back_address(&REFUSED, peer).await;
    }
    answered
}

async fn sent_on(web: &Web, request: Request, path: &str) -> Result<Response, Refusal> {
    match own_route(request.method(), path) {
        Some(RouteAction::SignIn(way)) => {
            session::sign_in(&web.api, web.cookies, &web.world, way, request).await
        }
        Some(RouteAction::Begin(beginning)) => {
            session::begin(&web.api, web.cookies, &web.world, beginning, request).await
        }
        Some(RouteAction::SignOut) => session::sign_out(&web.api, web.cookies, request.headers()).await,
        None => {
            let token = web.cookies.session(request.headers()).map(str::to_owned);
            let standing = request.extensions().get::<Standing>().cloned();
            let answered =
                if let Some(rest) = below(path, CONTROL, "/v1/").filter(|rest| !ONLY_HERE.contains(rest)) {
                    web.api.pass(request, rest, token.as_deref()).await
                } else if let Some(rest) = below(path, COORDINATOR, "/zones/") {
                    web.coordinator.pass(request, rest, token.as_deref()).await
                } else if below(path, AUDIT, "/").is_some() {
                    web.audit.pass(request, path, token.as_deref()).await
                } else if let Some(role) = path.strip_prefix(ROLES)
                    && *request.method() == Method::GET
                {
                    ready(web, role, token.as_deref()).await
                } else {
                    Err(Refusal::of(ErrorCode::RouteNotFound).describe("no such route"))
                };
            // Only another role can tell whose session it is.
            if let (Some(standing), Some(_), Ok(answer)) = (standing, &token, &answered)
                && answer.status().is_success()
            {
                standing.proved();
            }
            answered
        }
    }
}

/// How a role is, as it says itself, for whoever is signed in: the Control API tells whether anybody is.
async fn ready(web: &Web, path: &str, token: Option<&str>) -> Result<Response, Refusal> {
    let role = match path.strip_suffix("/ready") {
        Some("api") => Some(&web.api),
        Some("coordinator") => Some(&web.coordinator),
        Some("audit") => Some(&web.audit),
        Some("sts") => web.sts.as_ref(),
        Some("gateway") => web.gateway.as_ref(),
        _ => return Err(Refusal::of(ErrorCode::RouteNotFound).describe("no such role")),
    };
    let who = web.api.read("/v1/console/me", token).await?;
    if !who.status().is_success() {
        return Ok(sent_back(who));
    }
    let role = role.ok_or_else(|| {
        Refusal::of(ErrorCode::RouteNotFound).describe("the role web is not told where this role is")
    })?;
    role.read("/ready", None).await.map(sent_back)
}

fn page(request: &Request, path: &str) -> Result<Response, Refusal> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::of(ErrorCode::MethodNotAllowed));
    }
    let mut response = assets::serve(path, request.headers())
        .ok_or_else(|| Refusal::of(ErrorCode::RouteNotFound).describe("no such file"))?;
    if request.method() == Method::HEAD {
        *response.body_mut() = axum::body::Body::empty();
    }
    Ok(response)
}
