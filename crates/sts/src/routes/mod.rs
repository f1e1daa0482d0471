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
    bearers::bearer_of,
    front::{self, AuthScheme, Declaration, HttpRole, Inbound, Params, Required, Served},
    limits::Limits,
};
use caracal_wire::{
    ErrorCode,
    approvals::DECISION_REFUSALS,
    introspection::{
        INTROSPECTION_REFUSALS, Introspection, IntrospectionForm, REVOCATION_REFUSALS, RevocationForm,
    },
    run::{CREDENTIAL_REFUSALS, Credential, CredentialForm, Manifest, ManifestForm, RUN_REFUSALS},
    sign_in::{
        AuthorizationQuery, ClientRegistration, ConsentForm, ProviderAnswer, REDEMPTION_REFUSALS,
        REGISTRATION_REFUSALS, RegisteredClient,
    },
    sts::{EXCHANGE_REFUSALS, KeySet, KeysOf, TokenForm, TokenResponse},
};
use http::{Method, StatusCode, request::Parts};

use crate::{StsDeps, authenticate::invalid_client, subject::invalid};

type Route = front::Route<StsDeps>;

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
            Needs::Nothing => Ok(()),
            // A client is proved by its body, which the token endpoint reads itself.
            Needs::Client => Err(invalid_client()),
            Needs::Person if bearer_of(&head.headers).is_some() => Ok(()),
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
    let registration = Declaration::new(
        Method::POST,
        "/oauth/2/register",
        "client.register",
        Needs::Nothing,
        |it| {
            it.body::<ClientRegistration>();
            it.answer::<RegisteredClient>(StatusCode::CREATED);
        },
    );
    vec![
        Route::raw(seen_by_people(authorization), sign_in::authorize).summary(
            "Send a person on to their identity provider, for a client that they sign in with (RFC 6749).",
        ),
        Route::raw(seen_by_people(callback), sign_in::callback)
            .summary("Ask a person who comes back what the client may do."),
        Route::raw(seen_by_people(consent), sign_in::consent)
            .summary("Take what the person says, and send them back to the client."),
        Route::raw(declined(registration, REGISTRATION_REFUSALS), sign_in::register)
            .open_to_pages()
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
    let token = declined(declined(token, EXCHANGE_REFUSALS), REDEMPTION_REFUSALS);
    let introspection = Declaration::new(
        Method::POST,
        "/oauth/2/introspect",
        "token.introspect",
        Needs::Client,
        |it| {
            it.form::<IntrospectionForm>();
            it.answer::<Introspection>(StatusCode::OK);
        },
    );
    let introspection = declined(introspection, INTROSPECTION_REFUSALS);
    let revocation = Declaration::new(
        Method::POST,
        "/oauth/2/revoke",
        "token.revoke",
        Needs::Client,
        |it| {
            it.form::<RevocationForm>();
            it.empty(StatusCode::OK);
        },
    );
    let revocation = declined(revocation, REVOCATION_REFUSALS);
    let manifest = Declaration::new(
        Method::POST,
        "/v1/run/manifest",
        "run.manifest",
        Needs::Client,
        |it| {
            it.form::<ManifestForm>();
            it.answer::<Manifest>(StatusCode::OK);
        },
    );
    let credential = Declaration::new(
        Method::POST,
        "/v1/run/credential",
        "run.credential",
        Needs::Client,
        |it| {
            it.form::<CredentialForm>();
            it.answer::<Credential>(StatusCode::OK);
        },
    );
    let credential = declined(declined(credential, RUN_REFUSALS), CREDENTIAL_REFUSALS);
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
    let [decision, withdrawal] = [decision, withdrawal].map(|route| {
        let refusals = DECISION_REFUSALS.iter();
        refusals.fold(route, |route, (status, codes)| route.refuses_with(*status, codes))
    });
    let keys = Declaration::new(
        Method::GET,
        "/.well-known/jwks.json",
        "keys.list",
        Needs::Nothing,
        |it| {
            it.query::<KeysOf>();
            it.answer::<KeySet>(StatusCode::OK);
        },
    )
    .refuses_with(400, &[ErrorCode::InvalidToken])
    .refuses(&[
        ErrorCode::ResourceNotFound,
        ErrorCode::ProviderRateLimited,
        ErrorCode::StsUnavailable,
    ]);
    vec![
        // One published client keeps a trailing slash of its configured base URL.
        Route::raw(token, token::post)
            .also("//oauth/2/token")
            .open_to_pages()
            .summary("Exchange what proves the caller for a mandate (RFC 8693)."),
        Route::raw(introspection, introspect::post)
            .summary("Tell whether a mandate is good for anything now (RFC 7662)."),
        Route::raw(revocation, revoke::post)
            .summary("Give a session mandate back, and end what hangs on it (RFC 7009)."),
        Route::get(
            "/.well-known/oauth-authorization-server",
            "metadata.get",
            Needs::Nothing,
            metadata::get,
        )
        .open_to_pages()
        .summary("Tell where and how tokens are exchanged (RFC 8414)."),
        Route::raw(keys, jwks::get)
            .open_to_pages()
            .summary("Read the public keys of a zone."),
        Route::raw(declined(manifest, RUN_REFUSALS), run::manifest)
            .summary("Read the variables that a workload is started with."),
        Route::raw(credential, run::credentials).summary("Get the credential of a variable of a workload."),
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
        .refuses(&[ErrorCode::ZoneNotFound]),
    ]
}

fn declined(declaration: Declaration<Needs>, refusals: &[(u16, &[ErrorCode])]) -> Declaration<Needs> {
    let add = |it: Declaration<Needs>, (status, codes): &(u16, &[ErrorCode])| it.refuses_with(*status, codes);
    refusals.iter().fold(declaration, add)
}

/// The STS's own routes; `service::assemble` adds what every role has. Without an operator token the operator has none.
pub fn router(deps: StsDeps) -> Served {
    let operated = !deps.admin_tokens.is_empty();
    let mut routes = table();
    routes.retain(|route| operated || route.needs != Needs::Operator);
    front::router(deps, routes)
}
