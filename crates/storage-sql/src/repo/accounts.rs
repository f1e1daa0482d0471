//! Accounts of the console, their sessions and links.

use async_trait::async_trait;
use caracal_core::Timestamp;
use caracal_storage::{
    Account, AccountLink, AccountPasskey, AccountSession, Accounts, Error, Page, PageRequest,
};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::params,
    row::to_json,
    work::GlobalUnit,
};

mapped!(Account in "accounts" {
    id, email, name, role, zones as json, password, identity_issuer, identity_subject, locked_at, created_by, created_at, updated_at, last_sign_in_at
});
mapped!(AccountSession in "account_sessions" {
    id, account_id, token_digest, created_at, last_seen_at, idle_until, expires_at, user_agent, way
});
mapped!(AccountPasskey in "account_passkeys" {
    id, account_id, credential_id, public_key, algorithm, counter, backup_eligible, backed_up, name, created_at, last_used_at
});
mapped!(AccountLink in "account_links" { token_digest, account_id, created_by, created_at, expires_at });

/// Most sessions of one account that are listed.
const MAX_LISTED: u32 = 100;

impl GlobalUnit {
    async fn account(&mut self, column: &str, value: &str) -> Result<Option<Account>, Error> {
        let sql = format!("SELECT {} FROM accounts WHERE {column} = $1", Account::COLUMNS);
        self.tx.one_as(sql, params![value], Account::read).await
    }
}

#[async_trait]
impl Accounts for GlobalUnit {
    async fn lock(&mut self) -> Result<(), Error> {
        self.lock_name("accounts").await
    }

    async fn get(&mut self, id: &str) -> Result<Option<Account>, Error> {
        self.account("id", id).await
    }

    async fn of_email(&mut self, email: &str) -> Result<Option<Account>, Error> {
        self.account("email", email).await
    }

    async fn of_identity(&mut self, issuer: &str, subject: &str) -> Result<Option<Account>, Error> {
        let sql = format!(
            "SELECT {} FROM accounts WHERE identity_issuer = $1 AND identity_subject = $2",
            Account::COLUMNS
        );
        self.tx.one_as(sql, params![issuer, subject], Account::read).await
    }

    async fn list(&mut self, page: &PageRequest) -> Result<Page<Account>, Error> {
        let sql = format!("SELECT {} FROM accounts WHERE TRUE", Account::COLUMNS);
        Listing::new(sql, Vec::new(), "created_at", "id")
            .by_name("email", &["email", "name"])
            .read(&self.tx, page, Account::read)
            .await
    }

    async fn count_owners(&mut self) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) AS n FROM accounts \
             WHERE role = 'owner' AND locked_at IS NULL AND (password IS NOT NULL OR identity_subject IS NOT NULL)";
        self.tx.count(sql, Vec::new()).await
    }

    async fn create(&mut self, account: &Account) -> Result<(), Error> {
        self.tx.insert(account, &[]).await
    }

    async fn update(&mut self, account: &Account) -> Result<bool, Error> {
        let sql = "UPDATE accounts SET name = $2, role = $3, zones = $4, password = $5, locked_at = $6, \
             updated_at = $7, last_sign_in_at = $8, identity_issuer = $9, identity_subject = $10 WHERE id = $1";
        let params = params![
            account.id,
            account.name,
            account.role,
            to_json(&account.zones)?,
            account.password,
            account.locked_at,
            account.updated_at,
            account.last_sign_in_at,
            account.identity_issuer,
            account.identity_subject,
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn delete(&mut self, id: &str) -> Result<bool, Error> {
        for table in ["account_sessions", "account_links", "account_passkeys"] {
            let sql = format!("DELETE FROM {table} WHERE account_id = $1");
            self.tx.run(sql, params![id]).await?;
        }
        let sql = "DELETE FROM accounts WHERE id = $1";
        self.tx.changes_one(sql, params![id]).await
    }

    async fn start_session(&mut self, session: &AccountSession) -> Result<(), Error> {
        self.tx.insert(session, &[]).await
    }

    async fn find_session(
        &mut self,
        token_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<(AccountSession, Account)>, Error> {
        let sql = format!(
            "SELECT {} FROM account_sessions WHERE token_digest = $1 AND idle_until > $2 AND expires_at > $2",
            AccountSession::COLUMNS
        );
        let params = params![token_digest, now];
        let Some(session) = self.tx.one_as(sql, params, AccountSession::read).await? else {
            return Ok(None);
        };
        let account = self.account("id", &session.account_id).await?;
        let live = account.filter(|account| account.locked_at.is_none());
        Ok(live.map(|account| (session, account)))
    }

    async fn list_sessions(
        &mut self,
        account_id: &str,
        now: Timestamp,
    ) -> Result<Vec<AccountSession>, Error> {
        let sql = format!(
            "SELECT {} FROM account_sessions WHERE account_id = $1 AND idle_until > $2 AND expires_at > $2 \
             ORDER BY created_at DESC, id DESC LIMIT $3",
            AccountSession::COLUMNS
        );
        self.tx
            .all_as(sql, params![account_id, now, MAX_LISTED], AccountSession::read)
            .await
    }

    async fn session_digests(&mut self, most: u32, now: Timestamp) -> Result<Vec<[u8; 32]>, Error> {
        let sql = "SELECT token_digest FROM account_sessions WHERE idle_until > $2 AND expires_at > $2 \
             ORDER BY created_at DESC LIMIT $1";
        self.tx
            .all_as(sql, params![most, now], |row| row.digest("token_digest"))
            .await
    }

    async fn touch_session(&mut self, id: &str, at: Timestamp, idle_until: Timestamp) -> Result<(), Error> {
        // Two requests may arrive out of order; the later use wins.
        let sql = "UPDATE account_sessions SET last_seen_at = $2, idle_until = $3 \
             WHERE id = $1 AND last_seen_at < $2";
        self.tx.run(sql, params![id, at, idle_until]).await.map(|_| ())
    }

    async fn end_session(&mut self, account_id: &str, id: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM account_sessions WHERE account_id = $1 AND id = $2";
        self.tx.changes_one(sql, params![account_id, id]).await
    }

    async fn end_sessions(&mut self, account_id: &str, keep: Option<&str>) -> Result<u64, Error> {
        let sql = "DELETE FROM account_sessions WHERE account_id = $1 AND id <> $2";
        self.tx
            .run(sql, params![account_id, keep.unwrap_or_default()])
            .await
    }

    async fn forget_ended(&mut self, now: Timestamp) -> Result<u64, Error> {
        let sessions = "DELETE FROM account_sessions WHERE idle_until <= $1 OR expires_at <= $1";
        let links = "DELETE FROM account_links WHERE expires_at <= $1";
        let attempts = "DELETE FROM sign_in_attempts WHERE expires_at <= $1";
        let mut forgotten = 0_u64;
        for sql in [sessions, links, attempts] {
            forgotten = forgotten.saturating_add(self.tx.run(sql, params![now]).await?);
        }
        Ok(forgotten)
    }

    async fn add_passkey(&mut self, passkey: &AccountPasskey) -> Result<(), Error> {
        self.tx.insert(passkey, &[]).await
    }

    async fn list_passkeys(&mut self, account_id: &str) -> Result<Vec<AccountPasskey>, Error> {
        let sql = format!(
            "SELECT {} FROM account_passkeys WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            AccountPasskey::COLUMNS
        );
        self.tx
            .all_as(sql, params![account_id, MAX_LISTED], AccountPasskey::read)
            .await
    }

    async fn find_passkey(&mut self, credential_id: &[u8]) -> Result<Option<AccountPasskey>, Error> {
        let sql = format!(
            "SELECT {} FROM account_passkeys WHERE credential_id = $1",
            AccountPasskey::COLUMNS
        );
        self.tx
            .one_as(sql, params![credential_id], AccountPasskey::read)
            .await
    }

    async fn use_passkey(
        &mut self,
        id: &str,
        counter: u32,
        backed_up: bool,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE account_passkeys SET counter = $2, backed_up = $3, last_used_at = $4 \
             WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))";
        self.tx
            .changes_one(sql, params![id, counter, backed_up, at])
            .await
    }

    async fn remove_passkey(&mut self, account_id: &str, id: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM account_passkeys WHERE account_id = $1 AND id = $2";
        self.tx.changes_one(sql, params![account_id, id]).await
    }

    async fn remove_passkeys(&mut self, account_id: &str) -> Result<u64, Error> {
        let sql = "DELETE FROM account_passkeys WHERE account_id = $1";
        self.tx.run(sql, params![account_id]).await
    }

    async fn count_attempt(
        &mut self,
        digest: &[u8; 32],
        most: u32,
        expires_at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "INSERT INTO sign_in_attempts (digest, tries, expires_at) VALUES ($1, 1, $3) \
             ON CONFLICT (digest) DO UPDATE SET tries = sign_in_attempts.tries + 1 \
             WHERE sign_in_attempts.tries < $2";
        self.tx.changes_one(sql, params![digest, most, expires_at]).await
    }

    async fn put_link(&mut self, link: &AccountLink) -> Result<(), Error> {
        let sql = "DELETE FROM account_links WHERE COALESCE(account_id, '') = $1";
        let of = link.account_id.as_deref().unwrap_or_default();
        self.tx.run(sql, params![of]).await?;
        self.tx.insert(link, &[]).await
    }

    async fn find_link(
        &mut self,
        token_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<AccountLink>, Error> {
        let sql = format!(
            "SELECT {} FROM account_links WHERE token_digest = $1 AND expires_at > $2",
            AccountLink::COLUMNS
        );
        self.tx
            .one_as(sql, params![token_digest, now], AccountLink::read)
            .await
    }

    async fn take_link(&mut self, token_digest: &[u8; 32]) -> Result<bool, Error> {
        let sql = "DELETE FROM account_links WHERE token_digest = $1";
        self.tx.changes_one(sql, params![token_digest]).await
    }
}
