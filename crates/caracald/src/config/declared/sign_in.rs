use std::path::PathBuf;

use caracal_api::{RoleMapping, SingleSignOnConfig};
use caracal_core::{Secret, entity::AccountRole};
use caracal_service::config::{
    Declared, FilePath, Optional, Process, Role, SecretText, Setting, SettingKind, Settings, Text, not,
};
use url::Url;

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &OIDC_ISSUER,
    &OIDC_CLIENT_ID,
    &OIDC_CLIENT_SECRET,
    &OIDC_NAME,
    &OIDC_SCOPES,
    &OIDC_ROLE_CLAIM,
    &OIDC_ROLES,
    &SMTP_URL,
    &MAIL_DIR,
    &MAIL_FROM,
];

const API: &[Role] = &[Role::Api];

/// What an `OpenID` provider calls itself.
#[derive(Debug)]
struct IssuerUrl;

impl SettingKind for IssuerUrl {
    type Value = String;

    const FORM: &'static str = "an https URL without a query or fragment, exactly as the provider writes it";

    fn parse(text: &str) -> Result<String, String> {
        let text = text.trim();
        let fits = Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        if fits {
            Ok(text.to_owned())
        } else {
            Err(not(Self::FORM, text))
        }
    }

    fn render(value: &String) -> String {
        value.clone()
    }
}

/// Names with blanks between them.
#[derive(Debug)]
struct Scopes;

impl SettingKind for Scopes {
    type Value = Vec<String>;

    const FORM: &'static str = "scopes with blanks between them, openid among them";

    fn parse(text: &str) -> Result<Vec<String>, String> {
        let scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if scopes.iter().any(|scope| scope == "openid") {
            Ok(scopes)
        } else {
            Err(not(Self::FORM, text))
        }
    }

    fn render(value: &Vec<String>) -> String {
        value.join(" ")
    }
}

/// Values of a claim and the roles that they give.
#[derive(Debug)]
struct Roles;

impl SettingKind for Roles {
    type Value = Vec<(String, AccountRole)>;

    const FORM: &'static str =
        "VALUE=ROLE with commas between them, where ROLE is admin, operator, approver, auditor or viewer";

    fn parse(text: &str) -> Result<Self::Value, String> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read: Option<Vec<_>> = pairs
            .map(|pair| {
                // Groups of some directories are named like `cn=admins`.
                let (value, role) = pair.rsplit_once('=')?;
                let role = AccountRole::parse(role.trim()).filter(|role| *role != AccountRole::Owner)?;
                (!value.trim().is_empty()).then(|| (value.trim().to_owned(), role))
            })
            .collect();
        read.filter(|read| !read.is_empty())
            .ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &Self::Value) -> String {
        let pairs = value.iter().map(|(value, role)| format!("{value}={role}"));
        pairs.collect::<Vec<_>>().join(",")
    }
}

static OIDC_ISSUER: Optional<IssuerUrl> = Optional::new(
    "CONSOLE_OIDC_ISSUER",
    API,
    "nobody signs in to the console at an OpenID provider",
    "The OpenID provider at which people sign in to the console: its issuer. It must be reachable from the Control API; one that is \
     not public is named in CARACAL_PRIVATE_EGRESS_HOSTS.",
);
static OIDC_CLIENT_ID: Optional<Text> = Optional::new(
    "CONSOLE_OIDC_CLIENT_ID",
    API,
    "needed with CONSOLE_OIDC_ISSUER",
    "What the console is called at the provider, where CONSOLE_URL/sign-in/callback is registered as its redirect URI.",
);
static OIDC_CLIENT_SECRET: Optional<SecretText> = Optional::new(
    "CONSOLE_OIDC_CLIENT_SECRET",
    API,
    "the console is a public client",
    "Its secret at the provider.",
);
static OIDC_NAME: Optional<Text> = Optional::new(
    "CONSOLE_OIDC_NAME",
    API,
    "the host of the issuer",
    "What people call the provider: the sign-in page says so.",
);
static OIDC_SCOPES: Setting<Scopes> = Setting::new(
    "CONSOLE_OIDC_SCOPES",
    API,
    || ["openid", "email", "profile"].map(str::to_owned).to_vec(),
    "What the provider is asked for.",
);
static OIDC_ROLE_CLAIM: Optional<Text> = Optional::new(
    "CONSOLE_OIDC_ROLE_CLAIM",
    API,
    "claims give no role",
    "The claim of identity tokens that gives roles: its name, or a path such as realm_access.roles.",
);
static OIDC_ROLES: Optional<Roles> = Optional::new(
    "CONSOLE_OIDC_ROLES",
    API,
    "only people with an account are let in",
    "Values of that claim that let people in without an invitation, in every zone, and the role that each gives; of several the greatest. \
     Such an account follows the claim with every sign-in. Owners are made by owners.",
);

/// Reads the `OpenID` provider of the console.
pub(crate) fn single_sign_on(
    settings: &mut Settings,
    console_url: Option<&str>,
    process: &Process,
) -> Option<Box<SingleSignOnConfig>> {
    let issuer = settings.find(&OIDC_ISSUER);
    let client_id = settings.find(&OIDC_CLIENT_ID);
    let client_secret = settings.find(&OIDC_CLIENT_SECRET);
    let name = settings.find(&OIDC_NAME);
    let scopes = settings.get(&OIDC_SCOPES);
    let claim = settings.find(&OIDC_ROLE_CLAIM);
    let roles = settings.find(&OIDC_ROLES);
    if !process.serves(API) {
        return None;
    }
    if claim.is_some() != roles.is_some() {
        settings.problem("CONSOLE_OIDC_ROLE_CLAIM and CONSOLE_OIDC_ROLES need each other");
    }
    let Some(issuer) = issuer else {
        if client_id.is_some() || client_secret.is_some() || roles.is_some() {
            settings.problem(
                "CONSOLE_OIDC_ISSUER is missing, without which the other CONSOLE_OIDC_ settings do nothing",
            );
        }
        return None;
    };
    if client_id.is_none() {
        settings.problem("CONSOLE_OIDC_CLIENT_ID is required with CONSOLE_OIDC_ISSUER");
    }
    let console = console_url.and_then(|url| Url::parse(url).ok());
    if console.is_none() {
        settings.problem(
            "CONSOLE_URL is required with CONSOLE_OIDC_ISSUER: it is where the provider sends people back to",
        );
    }
    let host = Url::parse(&issuer)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    Some(Box::new(SingleSignOnConfig {
        client_id: client_id?,
        client_secret,
        name: name.or(host)?,
        scopes,
        roles: claim
            .zip(roles)
            .map(|(claim, roles)| RoleMapping { claim, roles }),
        console: console?,
        issuer,
    }))
}

static SMTP_URL: Optional<SecretText> = Optional::new(
    "CONSOLE_SMTP_URL",
    API,
    "nobody signs in to the console with codes by e-mail",
    "The server that sends codes to sign in with: smtps://user:password@host, or smtp://user:password@host where TLS begins with \
     STARTTLS. Never without TLS.",
);
static MAIL_DIR: Optional<FilePath> = Optional::new(
    "CONSOLE_MAIL_DIR",
    API,
    "mail goes to CONSOLE_SMTP_URL",
    "Directory that mail is written into instead of being sent. In the mode dev alone.",
);
static MAIL_FROM: Optional<Text> = Optional::new(
    "CONSOLE_MAIL_FROM",
    API,
    "needed with CONSOLE_SMTP_URL",
    "Sender of that mail, such as Caracal <caracal@example.com>.",
);

/// Where mail goes, before its authorities are read.
#[derive(Debug, Clone)]
pub(crate) enum MailPlace {
    /// To the server at this URL.
    Server(Secret),
    /// Into this directory.
    Directory(PathBuf),
}

/// Reads where mail goes, and who sends it.
pub(crate) fn mail(settings: &mut Settings, process: &Process) -> Option<(MailPlace, String)> {
    let server = settings.find(&SMTP_URL);
    let directory = settings.find(&MAIL_DIR);
    let sender = settings.find(&MAIL_FROM);
    if !process.serves(API) {
        return None;
    }
    if directory.is_some() && process.mode.is_published() {
        settings.problem("CONSOLE_MAIL_DIR is for the mode dev: codes would lie in files");
    }
    match (server, directory) {
        (Some(_), Some(_)) => {
            settings.problem("CONSOLE_SMTP_URL and CONSOLE_MAIL_DIR contradict each other");
            None
        }
        (Some(server), None) => {
            let scheme = Url::parse(server.expose())
                .ok()
                .map(|url| url.scheme().to_owned());
            if !matches!(scheme.as_deref(), Some("smtps" | "smtp")) {
                settings.problem("CONSOLE_SMTP_URL must begin with smtps:// or smtp://");
            }
            if sender.is_none() {
                settings.problem("CONSOLE_MAIL_FROM is required with CONSOLE_SMTP_URL");
            }
            Some((MailPlace::Server(server), sender?))
        }
        (None, Some(directory)) => {
            let sender = sender.unwrap_or_else(|| String::from("Caracal <caracal@localhost>"));
            Some((MailPlace::Directory(directory), sender))
        }
        (None, None) => None,
    }
}
