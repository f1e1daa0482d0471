//! Accounts of the console, and signing in.

mod email_codes;
mod passkeys;

use caracal_core::{
    Timestamp, ZoneId, described,
    entity::{AccountRole, SignInWay},
    text::is_unprintable,
    words,
};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};

pub use self::{
    email_codes::{AskEmailCode, BegunEmailCode, FinishEmailCode},
    passkeys::{
        Base64Url, BegunPasskey, BegunPasskeyRegistration, FinishPasskey, PasskeyItem, PasskeyItems,
        RegisterPasskey,
    },
};
use super::{Line, Name};
use crate::bounded::{at_most, at_most_or_none};

/// Most zones that an account is bound to.
const MAX_ZONES: usize = 1000;

words!(
    /// Something that a role lets an account do.
    AccountPower {
        /// Read what zones are made of.
        Look = "look",
        /// Read evidence.
        ReadEvidence = "read_evidence",
        /// Decide approvals.
        Decide = "decide",
        /// End and pause what runs.
        Stop = "stop",
        /// Change zones and what is in them.
        Change = "change",
        /// See live credentials.
        Reveal = "reveal",
        /// Manage accounts, tokens and settings of the deployment.
        Govern = "govern",
    }
);

words!(
    /// What a link is for.
    LinkPurpose {
        /// Making an owner.
        Setup = "setup",
        /// Setting the first password of an account.
        Invitation = "invitation",
        /// Setting another one.
        Reset = "reset",
    }
);

/// An e-mail address in lower case, of at most 254 characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Email(pub String);

impl TryFrom<String> for Email {
    type Error = &'static str;

    /// One sign `@` with something on both sides, and nothing that is not seen: whether mail arrives, only mail can tell.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().to_lowercase();
        let plain = text.len() <= 254 && !text.chars().any(|one| one.is_whitespace() || is_unprintable(one));
        match text.split_once('@') {
            Some((local, domain))
                if plain && !local.is_empty() && !domain.is_empty() && !domain.contains('@') =>
            {
                Ok(Self(text))
            }
            _ => Err("must be an e-mail address of at most 254 characters"),
        }
    }
}

described!(
    Email,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(254))
        .pattern(Some("^[^@\\s]+@[^@\\s]+$"))
        .into()
);

/// A password that somebody chooses: 12 to 256 characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct NewPassword(pub String);

impl TryFrom<String> for NewPassword {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let length = text.chars().count();
        let mut different: Vec<char> = text.chars().collect();
        different.sort_unstable();
        different.dedup();
        match length {
            12..=256 if different.len() >= 4 => Ok(Self(text)),
            12..=256 => Err("must have at least 4 different characters"),
            _ => Err("must be 12 to 256 characters"),
        }
    }
}

described!(
    NewPassword,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(12))
        .max_length(Some(256))
        .into()
);

/// An account; never its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountItem {
    /// Id.
    pub id: String,
    /// Address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// What it may do.
    pub role: AccountRole,
    /// Where; null for every zone.
    pub zones: Option<Vec<ZoneId>>,
    /// Whether a password was set.
    pub has_password: bool,
    /// The `OpenID` provider whose word signs its holder in; null until it did once.
    pub identity_issuer: Option<String>,
    /// Since when it may not sign in.
    pub locked_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Last time somebody signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsoleSession {
    /// Id.
    pub id: String,
    /// Whether it is the session that asks.
    pub current: bool,
    /// Sign-in.
    pub created_at: Timestamp,
    /// Last use, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
    /// What the browser says it is.
    pub user_agent: String,
    /// How whoever signed in proved who they are.
    pub way: SignInWay,
}

/// Sessions of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsoleSessions {
    /// Newest first, at most a hundred.
    pub items: Vec<ConsoleSession>,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The account.
    pub account: AccountItem,
    /// The session that asks.
    pub session: ConsoleSession,
    /// What its role lets it do.
    pub may: Vec<AccountPower>,
}

/// Whether somebody has set the deployment up, and how people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// Whether there is no owner yet who could sign in.
    pub needed: bool,
    /// What people call the `OpenID` provider at which they sign in; null where there is none.
    pub single_sign_on: Option<String>,
    /// Whether people may sign in with codes by e-mail.
    pub email_codes: bool,
    /// Whether people may sign in with passkeys.
    pub passkeys: bool,
}

/// Body that signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Address of the account.
    pub email: Email,
    /// Its password.
    pub password: Line<256>,
    /// What the browser was given when the account signed in there before. Guesses from elsewhere do not lock it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Line<256>>,
    /// What the browser says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// A new session, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewSession {
    /// What to send as `Authorization: Bearer`.
    pub token: String,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
    /// What to send as `device` with the next sign-in from here.
    pub device: String,
    /// Whose it is.
    pub account: AccountItem,
}

/// Where somebody signs in at the `OpenID` provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunSingleSignOn {
    /// Where the browser goes.
    pub authorization_url: String,
    /// What the browser alone keeps, in a cookie that no script reads: whoever has it can finish.
    pub browser: String,
    /// Until when it can be finished.
    pub expires_at: Timestamp,
}

/// What somebody came back with from the `OpenID` provider. Not printable: it holds a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishSingleSignOn {
    /// What the browser kept.
    pub browser: Line<128>,
    /// The state that the provider was given.
    pub state: Line<256>,
    /// The code, where the provider says yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Line<4096>>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Line<256>>,
    /// Who says so (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<Line<2048>>,
    /// What the browser says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// A session has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedOut {
    /// Where the browser goes on to be signed out at the `OpenID` provider too; null where there is no such place.
    pub continue_at: Option<String>,
}

/// Body that asks what a link is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLink {
    /// The text in the link.
    pub link: Line<128>,
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkItem {
    /// What using it does.
    pub purpose: LinkPurpose,
    /// The account it is of; null where it makes one.
    pub email: Option<String>,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// Body that uses a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseLink {
    /// The text in the link.
    pub link: Line<128>,
    /// The password from now on.
    pub password: NewPassword,
    /// Address of the owner to make; only with a link that makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Their display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name<120>>,
    /// What the browser says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Body that changes one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one so far.
    pub current: Line<256>,
    /// The one from now on.
    pub password: NewPassword,
}

/// Body that makes an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// Address.
    pub email: Email,
    /// Display name.
    pub name: Name<120>,
    /// What it may do.
    pub role: AccountRole,
    /// Where, at most 1000; every zone when absent or null. Owners are not bound to zones.
    #[serde(default, deserialize_with = "at_most_or_none::<_, _, MAX_ZONES>")]
    #[schema(max_items = 1000)]
    pub zones: Option<Vec<ZoneId>>,
}

changes! {
    /// Body that changes an account.
    ChangeAccount {
        /// Display name.
        name: Name<120>,
        /// What it may do.
        role: AccountRole,
        /// Where, with `{"all": true}` for every zone.
        reach: AccountReach,
        /// Whether it may not sign in. Locking ends its sessions.
        locked: bool,
    }
}

/// How far an account reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountReach {
    /// Every zone, those to come included.
    #[serde(default)]
    pub all: bool,
    /// These zones, at most 1000, unless it is all of them.
    #[serde(default, deserialize_with = "at_most::<_, _, MAX_ZONES>")]
    #[schema(max_items = 1000)]
    pub zones: Vec<ZoneId>,
}

/// A link, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewLink {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The text that the console's page `/link#` takes.
    pub link: String,
    /// Until when it can be used, once.
    pub expires_at: Timestamp,
}

/// A new account and the link by which its holder sets a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAccount {
    /// The account.
    pub account: AccountItem,
    /// To be handed to whom it is for.
    pub link: NewLink,
}
