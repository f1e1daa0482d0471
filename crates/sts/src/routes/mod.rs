//! The routes of the STS, one file each.

mod approvals;
mod introspect;
mod jwks;
mod metadata;
mod posted;
mod presented;
mod revoke;
mod rotate;
mod run;
mod sign_in;
mod token;

use caracal_core::World;
use caracal_service::{
    Refusal,
    front::{self, AuthScheme, Declaration, HttpRole, Inbound, Params, Required, Served},
    limits::Limits,
    scheme::presented,
};
use caracal_wire::{
    ErrorCode,
    approvals::DECISION_REFUSALS,
    introspection::{INTROSPECTION_REFUSALS, REVOCATION_REFUSALS},
    run::{CREDENTIAL_REFUSALS, RUN_REFUSALS},
    sign_in::{AuthorizationQuery, ConsentForm, ProviderAnswer, REDEMPTION_REFUSALS, REGISTRATION_REFUSALS},
    sts::{EXCHANGE_REFUSALS, TokenForm, TokenResponse},
};
use http::{Method, StatusCode, request::Parts};

use self::posted::MAX_BODY;
use crate::{StsDeps, subject::invalid};

type Route = front::Route<StsDeps>;

/// Why the token endpoint takes requests as they come.
const HOT: &str =
    "every mint goes through it, and each allocation of the gates and of a typed form would count";
/// Why those that people see do.
const OF_PEOPLE: &str = "browsers go there: whatever is wrong is told as a page";
/// Largest registration of a client, in bytes.
const MAX_REGISTRATION: usize = 16 * 1024;

/// What a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// An application's secret or a Gateway's signature. Every decision is in the audit spool before the answer.
    Client,
    /// A session mandate: of the person who decides, or of whoever asked.
    Person,
    /// The operator's token.
    Operator,
}

impl HttpRole for StsDeps {
    const NAME: &'static str = "sts";
    const TITLE: &'static str = "Caracal STS";
    const OAUTH: bool = true;
    type Needs = Needs;
    type Caller = ();
    type Notes = ();

    fn refuses(needs: &Needs) -> Vec<ErrorCode> {
        match needs {
            Needs::Nothing => vec![ErrorCode::ProviderRateLimited],
            Needs::Client => Vec::new(),
            // The rest is the handler's to prove, who knows the zone.
            Needs::Person => vec![ErrorCode::InvalidToken, ErrorCode::ProviderRateLimited],
            Needs::Operator => vec![ErrorCode::Unauthorized, ErrorCode::ProviderRateLimited],
        }
    }

    fn credential(needs: &Needs) -> AuthScheme {
        match needs {
            Needs::Nothing => AuthScheme::None,
            Needs::Client => AuthScheme::Client,
            Needs::Person | Needs::Operator => AuthScheme::Bearer,
        }
    }

    fn proves_caller(needs: &Needs) -> bool {
        *needs == Needs::Operator
    }

    fn world(&self) -> &World {
        &self.world
    }

    async fn authenticate(&self, needs: Needs, _: &Params, head: &Parts) -> Result<(), Refusal> {
        match needs {
            // A client is proved by its body, which its handler reads.
            Needs::Nothing | Needs::Client => Ok(()),
            Needs::Person if presented(&head.headers).is_some() => Ok(()),
            Needs::Person => Err(invalid().authenticate("Bearer realm=\"caracal-sts\"")),
            Needs::Operator => {
                let proved = self.admin_tokens.admit(&head.headers);
                let refusal = || Refusal::of(ErrorCode::Unauthorized).authenticate("Bearer");
                proved.then_some(()).ok_or_else(refusal)
            }
        }
    }

    /// Strangers, by address; the one operator is not limited, and the token endpoint limits applications.
    fn limits(&self) -> Option<&Limits> {
        Some(&self.limits)
    }

    /// The operator is. Of anybody else nothing is known before the store is asked.
    async fn may_be_good(&self, head: &Parts) -> bool {
        self.admin_tokens.admit(&head.headers)
    }

    fn counted_as(&self, (): &()) -> String {
        String::new()
    }

    /// Whoever is proved for a route may use it.
    fn permit(&self, (): &(), _: Needs) -> Result<(), Refusal> {
        Ok(())
    }

    /// In every zone.
    async fn admit(&self, _: &Inbound<Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Every route of this role.
pub fn table() -> Vec<Route> {
    let mut table = exchanges();
    table.extend(sign_ins());
    table
}

/// Those that clients and people use who sign in.
fn sign_ins() -> Vec<Route> {
    let seen_by_people = |declaration: Declaration<Needs>| {
        declaration.refuses(&[ErrorCode::ProviderRateLimited, ErrorCode::StsUnavailable])
    };
    let authorization = Declaration::new(
        Method::GET,
        "/oauth/2/authorize",
        "sign_in.begin",
        Needs::Nothing,
        |it| {
            it.query::<AuthorizationQuery>();
            it.text(StatusCode::BAD_REQUEST, "text/html");
            it.empty(StatusCode::SEE_OTHER);
        },
    );
    let callback = Declaration::new(
        Method::GET,
        "/oauth/2/callback",
        "sign_in.back",
        Needs::Nothing,
        |it| {
            it.query::<ProviderAnswer>();
            it.text(StatusCode::OK, "text/html");
            it.text(StatusCode::BAD_REQUEST, "text/html");
            it.empty(StatusCode::SEE_OTHER);
        },
    );
    let consent = Declaration::new(
        Method::POST,
        "/oauth/2/consent",
        "sign_in.consent",
        Needs::Nothing,
        |it| {
            it.form::<ConsentForm>();
            it.text(StatusCode::BAD_REQUEST, "text/html");
            it.empty(StatusCode::SEE_OTHER);
        },
    )
    .refuses_with(400, &[ErrorCode::InvalidToken])
    .refuses_with(413, &[ErrorCode::PayloadTooLarge])
    .refuses_with(415, &[ErrorCode::InvalidToken]);
    let registration = Route::post(
        "/oauth/2/register",
        "client.register",
        Needs::Nothing,
        sign_in::register,
    );
    vec![
        Route::raw(seen_by_people(authorization), OF_PEOPLE, sign_in::authorize).summary(
            "Send a person on to their identity provider, for a client that they sign in with (RFC 6749).",
        ),
        Route::raw(seen_by_people(callback), OF_PEOPLE, sign_in::callback)
            .summary("Ask a person who comes back what the client may do."),
        Route::raw(seen_by_people(consent), OF_PEOPLE, sign_in::consent)
            .summary("Take what the person says, and send them back to the client."),
        refused(registration, REGISTRATION_REFUSALS)
            .body_limit(MAX_REGISTRATION)
            .invalid(ErrorCode::InvalidClientMetadata)
            .open_to_pages()
            .minds_strangers()
            .summary("Give a client an id (RFC 7591)."),
    ]
}

fn exchanges() -> Vec<Route> {
    let token = Declaration::new(
        Method::POST,
        "/oauth/2/token",
        "token.exchange",
        Needs::Client,
        |it| {
            it.form::<TokenForm>();
            it.header(
                "DPoP",
                Required::False,
                "A proof that a key is held, which a mandate for the Gateway is then bound to (RFC 9449).",
            );
            it.answer::<TokenResponse>(StatusCode::OK);
        },
    );
    let token = Route::raw(token, HOT, token::post);
    let token = refused(refused(token, EXCHANGE_REFUSALS), REDEMPTION_REFUSALS);
    let introspection = Route::post(
        "/oauth/2/introspect",
        "token.introspect",
        Needs::Client,
        introspect::post,
    );
    let revocation = Route::post("/oauth/2/revoke", "token.revoke", Needs::Client, revoke::post);
    let manifest = Route::post("/v1/run/manifest", "run.manifest", Needs::Client, run::manifest);
    let credential = Route::post(
        "/v1/run/credential",
        "run.credential",
        Needs::Client,
        run::credential,
    );
    let credential = refused(credential, CREDENTIAL_REFUSALS);
    let decision = Route::post(
        "/approvals/{id}/decision",
        "approvals.decide",
        Needs::Person,
        approvals::post,
    );
    let withdrawal = Route::post(
        "/approvals/{id}/withdraw",
        "approvals.withdraw",
        Needs::Person,
        approvals::withdraw,
    );
    let [decision, withdrawal] = [decision, withdrawal].map(|route| refused(route, DECISION_REFUSALS));
    let keys = Route::get("/.well-known/jwks.json", "keys.list", Needs::Nothing, jwks::get);
    let keys = keys.refuses(&[
        ErrorCode::ResourceNotFound,
        ErrorCode::ProviderRateLimited,
        ErrorCode::StsUnavailable,
    ]);
    vec![
        // One published client keeps a trailing slash of its configured base URL.
        token
            .also("//oauth/2/token")
            .open_to_pages()
            .summary("Exchange what proves the caller for a mandate (RFC 8693)."),
        of_clients(introspection, INTROSPECTION_REFUSALS)
            .summary("Tell whether a mandate is good for anything now (RFC 7662)."),
        of_clients(revocation, REVOCATION_REFUSALS)
            .open_to_pages()
            .summary("Give a session mandate or a client's refresh token back, and end what hangs on it (RFC 7009)."),
        Route::get(
            "/.well-known/oauth-authorization-server",
            "metadata.get",
            Needs::Nothing,
            metadata::get,
        )
        .open_to_pages()
        .summary("Tell where and how tokens are exchanged (RFC 8414)."),
        keys.open_to_pages()
            .minds_strangers()
            .summary("Read the public keys of a zone."),
        of_clients(manifest, RUN_REFUSALS).summary("Read the variables that a workload is started with."),
        of_clients(credential, RUN_REFUSALS).summary("Get the credential of a variable of a workload."),
        Route::get("/approvals/{id}", "approvals.get", Needs::Nothing, approvals::get)
            .summary("Tell how an approval stands, once it is decided if asked to wait.")
            .refuses_with(400, &[ErrorCode::InvalidToken])
            .refuses(&[
                ErrorCode::ResourceNotFound,
                ErrorCode::ProviderRateLimited,
                ErrorCode::StsUnavailable,
            ]),
        decision
            .invalid(ErrorCode::InvalidToken)
            .summary("Decide as the person the request is made for."),
        withdrawal.summary("Give up a request that waits for a person, as whoever asked."),
        Route::post(
            "/internal/zones/{zone_id}/signing-key/rotate",
            "keys.rotate",
            Needs::Operator,
            rotate::post,
        )
        .summary("Make another signing key for a zone.")
        .refuses(&[ErrorCode::ZoneNotFound, ErrorCode::StsUnavailable]),
    ]
}

/// A route whose callers prove themselves by the form that they send, to its handler.
fn of_clients(route: Route, refusals: &[(u16, &[ErrorCode])]) -> Route {
    refused(route, refusals)
        .body_limit(MAX_BODY)
        .invalid(ErrorCode::InvalidToken)
        .minds_strangers()
}

fn refused(route: Route, refusals: &[(u16, &[ErrorCode])]) -> Route {
    let add = |it: Route, (status, codes): &(u16, &[ErrorCode])| it.refuses_with(*status, codes);
    refusals.iter().fold(route, add)
}

/// The STS's own routes; `service::assemble` adds what every role has. Without an operator token the operator has none.
pub fn router(deps: StsDeps) -> Served {
    let operated = !deps.admin_tokens.is_empty();
    let mut routes = table();
    routes.retain(|route| operated || route.needs != Needs::Operator);
    front::router(deps, routes)
}
