//! Who a person is, by the word of an issuer that the zone trusts.

use std::sync::Arc;

use caracal_core::{Secret, TextRule, World, entity::SubjectIssuer};
use caracal_crypto::identity_token::{IdentityRules, IdentityToken, IdentityTokenError, ProvenSubject};
use caracal_service::{
    egress::Egress,
    issuer_keys::{IssuerKeySets, KeysError},
};

use serde_json::{Map, Value};

use crate::metrics;

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

/// The keys of issuers that zones trust.
#[derive(Debug)]
pub struct SubjectKeys {
    keys: IssuerKeySets,
    world: World,
}

impl SubjectKeys {
    /// Fetches through `egress`. One for a process: what it remembers is what saves fetches.
    pub fn new(egress: Arc<Egress>, world: World) -> Self {
        Self {
            keys: IssuerKeySets::new(egress, world.clone(), metrics::keys_fetched),
            world,
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
        Ok(self.prove_with_claims(token, issuer).await?.0)
    }

    /// The same, with everything that the token says.
    ///
    /// # Errors
    /// [`NotProven`].
    pub(crate) async fn prove_with_claims(
        &self,
        token: &IdentityToken<'_>,
        issuer: &SubjectIssuer,
    ) -> Result<(ProvenSubject, Map<String, Value>), NotProven> {
        let keys = self.keys.with_key(&issuer.jwks_url, token.key_id()).await?;
        let key = keys.value.key(token.key_id()).ok_or(IdentityTokenError::Key)?;
        let rules = IdentityRules {
            issuer: &issuer.issuer,
            audience: &issuer.audience,
            now: self.world.now(),
            leeway: LEEWAY,
        };
        let (proven, claims) = token.verify_with_claims(key, rules)?;
        if is_a_name(&proven.subject) {
            Ok((proven, claims))
        } else {
            Err(NotProven::Subject)
        }
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
