//! What is sealed, or digested, under which key.

use std::collections::BTreeMap;

use caracal_core::Timestamp;
use caracal_crypto::{KeyRing, SecretHasher};
use caracal_storage::{Access, AdminTokenFilter, Error, PageRequest, Store, TokenStanding};

use super::{SealedValue, ZONES, sealed_values, zones};

/// A kind of value that depends on a key-encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealedKind {
    /// A private signing key.
    SigningKey,
    /// A row of the secret store: a provider's credential, the copy of a client's or a workload's secret.
    StoredSecret,
    /// An access or refresh token of a connection.
    ConnectionToken,
    /// The digest of a client secret.
    ClientSecret,
    /// The digest of a workload's secret.
    WorkloadSecret,
    /// The digest of an admin token.
    AdminToken,
}

impl SealedKind {
    /// Its name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SigningKey => "signing keys",
            Self::StoredSecret => "stored secrets",
            Self::ConnectionToken => "connection tokens",
            Self::ClientSecret => "client secrets",
            Self::WorkloadSecret => "workload secrets",
            Self::AdminToken => "admin tokens",
        }
    }
}

/// How many values of a kind are under which key, by its id; `unknown` where a digest names neither key.
#[derive(Debug, Default)]
pub struct KeyUsage(pub BTreeMap<(SealedKind, String), u64>);

impl KeyUsage {
    fn add(&mut self, kind: SealedKind, key: String) {
        *self.0.entry((kind, key)).or_default() += 1;
    }

    /// How many values are not under the key of this id.
    pub fn not_under(&self, key_id: &str) -> u64 {
        let others = self.0.iter().filter(|((_, key), _)| key != key_id);
        others.map(|(_, values)| values).sum()
    }
}

/// Counts every value of the deployment at `now`, archived zones included. `token_key` names the key that a digest of an admin
/// token was made with, as far as it is one of the two.
///
/// # Errors
/// As the storage. The login must be allowed to read private keys and admin tokens, as the schema's owner is.
pub async fn usage(
    store: &dyn Store,
    keys: &KeyRing,
    hasher: &SecretHasher,
    token_key: impl Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<KeyUsage, Error> {
    let mut usage = KeyUsage::default();
    let unknown = || String::from("unknown");
    for zone in zones(store).await? {
        let mut work = store.zone(&zone, Access::Read).await?;
        for (value, envelope) in sealed_values(work.as_mut()).await? {
            let kind = match value {
                SealedValue::Secret(_) => SealedKind::StoredSecret,
                SealedValue::SigningKey(_) => SealedKind::SigningKey,
                SealedValue::ConnectionToken(..) => SealedKind::ConnectionToken,
            };
            usage.add(kind, KeyRing::id_of(&envelope).unwrap_or_else(|_| unknown()));
        }
        let key_of = |hash: &str| {
            if !hasher.needs_rehash(hash) {
                keys.current_id()
            } else if hasher.is_under_previous(hash) {
                keys.previous_id().unwrap_or_else(unknown)
            } else {
                unknown()
            }
        };
        for application in work.applications().all_live(now).await? {
            if let Some(hash) = &application.client_secret_hash {
                usage.add(SealedKind::ClientSecret, key_of(hash));
            }
        }
        for workload in work.workloads().all().await? {
            usage.add(SealedKind::WorkloadSecret, key_of(&workload.secret_hash));
        }
    }
    let filter = AdminTokenFilter {
        stands: Some((TokenStanding::Active, now)),
        ..AdminTokenFilter::default()
    };
    let mut page = PageRequest::first(ZONES);
    loop {
        let mut work = store.global(Access::Read).await?;
        let read = work.admin_tokens().list(&filter, &page).await?;
        for token in &read.items {
            usage.add(
                SealedKind::AdminToken,
                token_key(&token.digest_key).unwrap_or_else(unknown),
            );
        }
        let Some(next) = read.next else { return Ok(usage) };
        page.after = Some(next);
    }
}
