//! The web role's own routes, as declarations: what the console's pages are served with beside other roles' routes, which it
//! passes on. Like the Gateway's, its document is in the repository alone.

use caracal_service::{
    front::{AuthScheme, Declaration, OpenApiOperation, Surface},
    health,
};
use caracal_wire::{
    ErrorCode,
    control::accounts::{SignedOut, UseLink},
    health::Readiness,
    web::{
        EmailCodeRequest, EmailCodeSignIn, EmailCodeState, PasskeyChallenge, PasskeySignIn, PasswordSignIn,
        SignInRedirect, SignedInAccount, SingleSignOnReturn,
    },
};
use http::{Method, StatusCode};

use crate::session::{SignInMethod, SignInStart};

/// Where a role says how it is.
pub(crate) const READINESS: &str = "/api/roles/{role}/ready";

/// What a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The bearer of metrics, where there is one.
    Metrics,
    /// That a page of the console asks: no other site can.
    Page,
}

/// What one of the role's own routes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteAction {
    /// Signs in.
    SignIn(SignInMethod),
    /// Begins a sign-in.
    Begin(SignInStart),
    /// Ends the session.
    SignOut,
}

/// One of them.
struct Own {
    method: Method,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    action: RouteAction,
    describe: fn(&mut OpenApiOperation),
    refuses: &'static [ErrorCode],
}

const fn own(
    path: &'static str,
    (name, action): (&'static str, RouteAction),
    summary: &'static str,
    refuses: &'static [ErrorCode],
    describe: fn(&mut OpenApiOperation),
) -> Own {
    Own {
        method: Method::POST,
        path,
        name,
        summary,
        action,
        describe,
        refuses,
    }
}

static OWN: [Own; 9] = [
    own(
        "/api/session",
        ("session.sign_in", RouteAction::SignIn(SignInMethod::Password)),
        "Sign in with a password.",
        &[
            ErrorCode::InvalidAccount,
            ErrorCode::SignInRefused,
            ErrorCode::Overloaded,
        ],
        |it| {
            it.body::<PasswordSignIn>();
            it.answer::<SignedInAccount>(StatusCode::OK);
        },
    ),
    own(
        "/api/session/link",
        ("session.use_link", RouteAction::SignIn(SignInMethod::Link)),
        "Set a password with a link, and sign in.",
        &[
            ErrorCode::InvalidAccount,
            ErrorCode::LinkNotFound,
            ErrorCode::AccountEmailTaken,
            ErrorCode::Overloaded,
        ],
        |it| {
            it.body::<UseLink>();
            it.answer::<SignedInAccount>(StatusCode::CREATED);
        },
    ),
    own(
        "/api/session/single-sign-on/begin",
        (
            "session.begin_single_sign_on",
            RouteAction::Begin(SignInStart::SingleSignOn),
        ),
        "Tell where somebody signs in at the OpenID provider.",
        &[
            ErrorCode::SignInWayNotConfigured,
            ErrorCode::IdentityProviderFailed,
            ErrorCode::IdentityProviderUnavailable,
        ],
        |it| it.answer::<SignInRedirect>(StatusCode::OK),
    ),
    own(
        "/api/session/single-sign-on",
        (
            "session.finish_single_sign_on",
            RouteAction::SignIn(SignInMethod::SingleSignOn),
        ),
        "Sign in whoever came back from the OpenID provider.",
        &[
            ErrorCode::InvalidAccount,
            ErrorCode::SignInWayNotConfigured,
            ErrorCode::SignInExpired,
            ErrorCode::SignInRefused,
            ErrorCode::NotInvited,
            ErrorCode::OauthIssuerMismatch,
            ErrorCode::ProviderOauthDenied,
            ErrorCode::AuthorizationCodeRequired,
            ErrorCode::IdentityProviderFailed,
            ErrorCode::IdentityProviderUnavailable,
        ],
        |it| {
            it.body::<SingleSignOnReturn>();
            it.answer::<SignedInAccount>(StatusCode::OK);
        },
    ),
    own(
        "/api/session/passkey/begin",
        ("session.begin_passkey", RouteAction::Begin(SignInStart::Passkey)),
        "Tell what an authenticator is asked to sign somebody in.",
        &[ErrorCode::SignInWayNotConfigured],
        |it| it.answer::<PasskeyChallenge>(StatusCode::OK),
    ),
    own(
        "/api/session/passkey",
        (
            "session.finish_passkey",
            RouteAction::SignIn(SignInMethod::Passkey),
        ),
        "Sign in with a passkey.",
        &[
            ErrorCode::InvalidAccount,
            ErrorCode::SignInWayNotConfigured,
            ErrorCode::SignInExpired,
            ErrorCode::SignInRefused,
        ],
        |it| {
            it.body::<PasskeySignIn>();
            it.answer::<SignedInAccount>(StatusCode::OK);
        },
    ),
    own(
        "/api/session/email-code/begin",
        (
            "session.begin_email_code",
            RouteAction::Begin(SignInStart::EmailCode),
        ),
        "Send a code to an address, if it has an account.",
        &[ErrorCode::InvalidAccount, ErrorCode::SignInWayNotConfigured],
        |it| {
            it.body::<EmailCodeRequest>();
            it.answer::<EmailCodeState>(StatusCode::OK);
        },
    ),
    own(
        "/api/session/email-code",
        (
            "session.finish_email_code",
            RouteAction::SignIn(SignInMethod::EmailCode),
        ),
        "Sign in with a code by e-mail.",
        &[
            ErrorCode::InvalidAccount,
            ErrorCode::SignInWayNotConfigured,
            ErrorCode::SignInExpired,
            ErrorCode::SignInRefused,
        ],
        |it| {
            it.body::<EmailCodeSignIn>();
            it.answer::<SignedInAccount>(StatusCode::OK);
        },
    ),
    Own {
        method: Method::DELETE,
        path: "/api/session",
        name: "session.sign_out",
        summary: "End the session, and forget it.",
        action: RouteAction::SignOut,
        describe: |it| it.answer::<SignedOut>(StatusCode::OK),
        refuses: &[],
    },
];

/// What a request asks of this role itself.
pub(crate) fn own_route(method: &Method, path: &str) -> Option<RouteAction> {
    OWN.iter()
        .find(|own| own.method == *method && own.path == path)
        .map(|own| own.action)
}

const SURFACE: Surface<Needs> = Surface {
    title: "Caracal web console",
    oauth: false,
    credential: |needs| match needs {
        Needs::Nothing | Needs::Page => AuthScheme::None,
        Needs::Metrics => AuthScheme::Bearer,
    },
    refuses: |needs| match needs {
        Needs::Nothing | Needs::Metrics => Vec::new(),
        Needs::Page => vec![
            ErrorCode::CrossSiteRequest,
            ErrorCode::UnsupportedMediaType,
            ErrorCode::InvalidBody,
            ErrorCode::PayloadTooLarge,
            ErrorCode::RateLimited,
            ErrorCode::StorageUnavailable,
        ],
    },
    changes: |_| false,
};

/// How another role is, as that says it itself, for whoever is signed in.
fn readiness() -> Declaration<Needs> {
    Declaration::new(Method::GET, READINESS, "roles.ready", Needs::Page, |it| {
        it.answer::<Readiness>(StatusCode::OK);
        it.answer::<Readiness>(StatusCode::SERVICE_UNAVAILABLE);
    })
    .summary("Tell whether a role is ready, and how soon it hears of ended authority.")
    .refuses(&[ErrorCode::Unauthorized, ErrorCode::RouteNotFound])
    .refuses_with(
        StatusCode::MISDIRECTED_REQUEST.as_u16(),
        &[ErrorCode::MalformedRequest],
    )
}

/// Every route of this role that is its own.
pub fn table() -> Vec<Declaration<Needs>> {
    let declared = OWN.iter().map(|own| {
        Declaration::new(own.method.clone(), own.path, own.name, Needs::Page, own.describe)
            .summary(own.summary)
            .refuses(own.refuses)
            .refuses_with(
                StatusCode::MISDIRECTED_REQUEST.as_u16(),
                &[ErrorCode::MalformedRequest],
            )
    });
    health::declarations(Needs::Nothing, Needs::Metrics)
        .into_iter()
        .chain(declared)
        .chain([readiness()])
        .collect()
}

/// The OpenAPI document of these routes.
pub fn document() -> String {
    SURFACE.document(&table())
}
