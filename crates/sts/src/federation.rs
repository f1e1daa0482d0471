//! Who a person is, by the word of an issuer that the zone trusts.
//!
//! Keys are fetched from where the operator said, never from where a token says, and kept for ten minutes. A key id that
//! is not among them is looked for once more, at most every half minute: issuers rotate, and strangers invent ids.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{Secret, TextRule, World, entity::SubjectIssuer};
use caracal_crypto::identity_token::{
    IdentityRules, IdentityToken, IdentityTokenError, IssuerKeys, IssuerKeysError, MAX_DOCUMENT_BYTES,
    ProvenSubject,
};
use caracal_service::{
    egress::Egress,
    oauth::{DocumentClient, DocumentError},
    refreshed::{Kept, Refreshed},
};
use parking_lot::Mutex;

use crate::metrics;

/// Most issuers whose keys are kept.
const MAX_ISSUERS: usize = 4096;
/// When keys are fetched anew, and how long they serve where that fails.
const RENEW_AFTER: Duration = Duration::from_mins(8);
const USABLE_FOR: Duration = Duration::from_mins(10);
/// How often keys are fetched for a key id that is not among them.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// By how many seconds the issuer's clock may differ.
const LEEWAY: i64 = 60;
/// What no person is called: subjects of the platform itself.
const OWN_SUBJECTS: &str = "caracal:";

/// Why a token proves nobody.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum NotProven {
    #[error(transparent)]
    Token(#[from] IdentityTokenError),
    #[error("the issuer is not trusted in this zone")]
    Issuer,
    #[error("the subject is no name that is taken")]
    Subject,
    #[error("the issuer's keys cannot be had: {0}")]
    Keys(#[from] KeysError),
}

/// Why there are no keys.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum KeysError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Keys(#[from] IssuerKeysError),
}

type Held = Refreshed<IssuerKeys, KeysError>;

/// The keys of issuers that zones trust.
#[derive(Debug)]
pub struct SubjectKeys {
    client: DocumentClient,
    world: World,
    /// By where they are published.
    held: Mutex<HashMap<Box<str>, Arc<Held>>>,
}

impl SubjectKeys {
    /// Fetches through `egress`. One for a process: what it remembers is what saves fetches.
    pub fn new(egress: Arc<Egress>, world: World) -> Self {
        Self {
            client: DocumentClient::new(egress),
            world,
            held: Mutex::default(),
        }
    }

    /// Who `token` is about, if `issuer` signed it for us.
    ///
    /// # Errors
    /// [`NotProven`].
    pub(crate) async fn prove(
        &self,
        token: &IdentityToken<'_>,
        issuer: &SubjectIssuer,
    ) -> Result<ProvenSubject, NotProven> {
        let held = self.held(&issuer.jwks_url);
        let url = issuer.jwks_url.as_str();
        let mut keys = held.get(self.fetch(url)).await?;
        if keys.value.key(token.key_id()).is_none() {
            keys = held.after(keys, LOOK_AGAIN, self.fetch(url)).await?;
        }
        let key = keys.value.key(token.key_id()).ok_or(IdentityTokenError::Key)?;
        let rules = IdentityRules {
            issuer: &issuer.issuer,
            audience: &issuer.audience,
            now: self.world.now(),
            leeway: LEEWAY,
        };
        let proven = token.verify(key, rules)?;
        if is_a_name(&proven.subject) {
            Ok(proven)
        } else {
            Err(NotProven::Subject)
        }
    }

    async fn fetch(&self, url: &str) -> Result<Kept<IssuerKeys>, KeysError> {
        let fetched = async {
            let document = self.client.get(url, MAX_DOCUMENT_BYTES).await?;
            Ok::<_, KeysError>(IssuerKeys::parse(&document)?)
        };
        let fetched = fetched.await;
        metrics::keys_fetched(if fetched.is_ok() { "fetched" } else { "failed" });
        let now = self.world.now();
        Ok(Kept {
            value: fetched
                .inspect_err(|error| tracing::warn!(%error, "the keys of an issuer cannot be had"))?,
            got_at: now,
            renew_at: now.plus(RENEW_AFTER),
            usable_until: now.plus(USABLE_FOR),
        })
    }

    fn held(&self, url: &str) -> Arc<Held> {
        let mut held = self.held.lock();
        if let Some(found) = held.get(url) {
            return found.clone();
        }
        if held.len() >= MAX_ISSUERS {
            held.retain(|_, other| other.is_live());
            if held.len() >= MAX_ISSUERS
                && let Some(any) = held.keys().next().cloned()
            {
                held.remove(&any);
            }
        }
        let begun = Arc::new(Held::new(self.world.clone()));
        held.insert(url.into(), begun.clone());
        begun
    }
}

/// Names of people are shown to operators and compared byte for byte, so nothing in them may hide.
fn is_a_name(subject: &str) -> bool {
    TextRule::line(512).check(subject).is_ok()
        && subject.len() <= 512
        && subject.trim() == subject
        && !subject.starts_with(OWN_SUBJECTS)
}

/// The token of a request, read.
///
/// # Errors
/// [`NotProven::Token`].
pub(crate) fn read(token: &Secret) -> Result<IdentityToken<'_>, NotProven> {
    IdentityToken::parse(token.expose()).map_err(Into::into)
}
