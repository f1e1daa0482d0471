//! People who sign in to the console: their accounts, their sessions, and the links that let them set a password.

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId, entity::AccountRole};

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
    /// Every account by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<Account>, Error>;
    /// Owners that have a password and are not locked.
    async fn count_owners(&mut self) -> Result<u64, Error>;
    /// Inserts an account.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`accounts_email`) when the address is taken.
    async fn create(&mut self, account: &Account) -> Result<(), Error>;
    /// Writes name, role, zones, password, lock, `updated_at` and the last sign-in. `false` when there is none.
    async fn update(&mut self, account: &Account) -> Result<bool, Error>;
    /// Deletes an account with its sessions and links. `false` when there is none.
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
    /// Deletes sessions and links that ended before `now`; returns how many.
    async fn forget_ended(&mut self, now: Timestamp) -> Result<u64, Error>;

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
