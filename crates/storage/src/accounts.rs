//! People who sign in to the console: their accounts, their sessions, and the links that let them set a password.

use async_trait::async_trait;
use caracal_core::{
    Timestamp, ZoneId,
    entity::{AccountRole, SignInWay},
};

use crate::{Error, Page, PageRequest};

/// An account. The password itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: String,
    /// Address, lower case; unique.
    pub email: String,
    /// Display name.
    pub name: String,
    /// What it may do.
    pub role: AccountRole,
    /// Where; everywhere when absent.
    pub zones: Option<Vec<ZoneId>>,
    /// Stored form of the password; absent until one was set.
    pub password: Option<String>,
    /// The `OpenID` provider at which somebody signed in to it; absent until then.
    pub identity_issuer: Option<String>,
    /// Who that is there (`sub`), byte for byte. Of one provider nobody else has it.
    pub identity_subject: Option<String>,
    /// Since when it may not sign in.
    pub locked_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Last time somebody signed in.
    pub last_sign_in_at: Option<Timestamp>,
}

/// Somebody signed in. The token itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSession {
    /// Id.
    pub id: String,
    /// Whose.
    pub account_id: String,
    /// Digest of the token, 32 bytes.
    pub token_digest: [u8; 32],
    /// Sign-in.
    pub created_at: Timestamp,
    /// Last use, coarse.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_until: Timestamp,
    /// When it ends however much it is used.
    pub expires_at: Timestamp,
    /// What the browser says it is, cut.
    pub user_agent: String,
    /// How whoever signed in proved who they are.
    pub way: SignInWay,
}

/// A link that lets whoever has it set a password, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLink {
    /// Digest of the text in the link, 32 bytes.
    pub token_digest: [u8; 32],
    /// Of which account; absent where it makes an owner.
    pub account_id: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// A passkey of an account: its public part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPasskey {
    /// Id.
    pub id: String,
    /// Whose.
    pub account_id: String,
    /// What the authenticator calls it; unique.
    pub credential_id: Vec<u8>,
    /// Its public key.
    pub public_key: Vec<u8>,
    /// How it signs.
    pub algorithm: String,
    /// How often it said that it was used.
    pub counter: u32,
    /// Whether it may be copied to other devices of its holder.
    pub backup_eligible: bool,
    /// Whether it was at its last use.
    pub backed_up: bool,
    /// What its holder calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody signed in with it last.
    pub last_used_at: Option<Timestamp>,
}

/// Accounts of the deployment.
#[async_trait]
pub trait Accounts: Send {
    /// Serialises whoever changes accounts until the end of the transaction, so that the last owner cannot be taken away
    /// by two at once.
    async fn lock(&mut self) -> Result<(), Error>;
    /// One account.
    async fn get(&mut self, id: &str) -> Result<Option<Account>, Error>;
    /// The account of an address in lower case.
    async fn of_email(&mut self, email: &str) -> Result<Option<Account>, Error>;
    /// The account of a person at an `OpenID` provider.
    async fn of_identity(&mut self, issuer: &str, subject: &str) -> Result<Option<Account>, Error>;
    /// Every account by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<Account>, Error>;
    /// Owners that have a password or signed in at an `OpenID` provider, and are not locked.
    async fn count_owners(&mut self) -> Result<u64, Error>;
    /// Inserts an account.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`accounts_email`) when the address is taken, (`accounts_identity`) when the person is.
    async fn create(&mut self, account: &Account) -> Result<(), Error>;
    /// Writes name, role, zones, password, identity, lock, `updated_at` and the last sign-in. `false` when there is none.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`accounts_identity`) when another account has the identity.
    async fn update(&mut self, account: &Account) -> Result<bool, Error>;
    /// Deletes an account with its sessions, links and passkeys. `false` when there is none.
    async fn delete(&mut self, id: &str) -> Result<bool, Error>;

    /// Inserts a session.
    async fn start_session(&mut self, session: &AccountSession) -> Result<(), Error>;
    /// The session with this digest that has not ended at `now`, of an account that is not locked.
    async fn find_session(
        &mut self,
        token_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<(AccountSession, Account)>, Error>;
    /// Sessions of an account that have not ended at `now`, newest first, at most a hundred.
    async fn list_sessions(&mut self, account_id: &str, now: Timestamp)
    -> Result<Vec<AccountSession>, Error>;
    /// Digests of up to `most` sessions that have not ended at `now`, newest first.
    async fn session_digests(&mut self, most: u32, now: Timestamp) -> Result<Vec<[u8; 32]>, Error>;
    /// Notes use.
    async fn touch_session(&mut self, id: &str, at: Timestamp, idle_until: Timestamp) -> Result<(), Error>;
    /// Ends a session of the account. `false` when there is none.
    async fn end_session(&mut self, account_id: &str, id: &str) -> Result<bool, Error>;
    /// Ends every session of the account but `keep`; returns how many.
    async fn end_sessions(&mut self, account_id: &str, keep: Option<&str>) -> Result<u64, Error>;
    /// Deletes sessions, links and counts of attempts that ended before `now`; returns how many.
    async fn forget_ended(&mut self, now: Timestamp) -> Result<u64, Error>;

    /// Adds a passkey.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`account_passkeys_credential`) when it is known already.
    async fn add_passkey(&mut self, passkey: &AccountPasskey) -> Result<(), Error>;
    /// Passkeys of an account, newest first.
    async fn list_passkeys(&mut self, account_id: &str) -> Result<Vec<AccountPasskey>, Error>;
    /// The passkey with this credential id.
    async fn find_passkey(&mut self, credential_id: &[u8]) -> Result<Option<AccountPasskey>, Error>;
    /// Notes a use. `false` where the passkey is gone, or `counter` is not past that of its last use; one that does not
    /// count says 0 with every use.
    async fn use_passkey(
        &mut self,
        id: &str,
        counter: u32,
        backed_up: bool,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Removes a passkey of the account. `false` when there is none.
    async fn remove_passkey(&mut self, account_id: &str, id: &str) -> Result<bool, Error>;
    /// Removes every passkey of the account; returns how many.
    async fn remove_passkeys(&mut self, account_id: &str) -> Result<u64, Error>;

    /// Counts an attempt at a sign-in that somebody began, which `digest` stands for. Of any number of callers `most` get
    /// `true` until `expires_at`.
    async fn count_attempt(
        &mut self,
        digest: &[u8; 32],
        most: u32,
        expires_at: Timestamp,
    ) -> Result<bool, Error>;

    /// Keeps a link; it takes the place of the account's former one, or of the former one that makes an owner.
    async fn put_link(&mut self, link: &AccountLink) -> Result<(), Error>;
    /// The link with this digest that can be used at `now`.
    async fn find_link(
        &mut self,
        token_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<AccountLink>, Error>;
    /// Deletes a link. `false` when somebody else was first.
    async fn take_link(&mut self, token_digest: &[u8; 32]) -> Result<bool, Error>;
}
