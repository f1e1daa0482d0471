//! What the claims of a verified mandate must say to be good here and now.

use std::time::Duration;

use caracal_core::{
    Timestamp, ZoneId,
    claims::{MandateClaims, MandateUse},
};

use super::MAX_LIFETIME;

/// How far clocks may disagree, unless a rule says otherwise.
pub const LEEWAY: Duration = Duration::from_mins(1);

/// Which rule the claims break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ClaimError {
    /// `iss` is another issuer.
    #[error("wrong issuer")]
    WrongIssuer,
    /// `aud` does not name us.
    #[error("wrong audience")]
    WrongAudience,
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("not yet valid")]
    NotYetValid,
    /// `iat` lies ahead.
    #[error("issued in the future")]
    IssuedInFuture,
    /// `exp` lies further ahead than any mandate is issued for.
    #[error("lives too long")]
    LivesTooLong,
    /// `zone_id` is another zone.
    #[error("wrong zone")]
    WrongZone,
    /// `use` is a class that has no business here.
    #[error("wrong use")]
    WrongUse,
    /// `cnf` is another key than was proved to be held, or there is one and none was, or the other way round.
    #[error("wrong holder")]
    WrongHolder,
}

/// Who presents a token, as far as that was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter<'r> {
    /// Somebody who bears it: what is bound to a key is refused.
    Bearer,
    /// Somebody who proved for this request to hold the key of this thumbprint: what is bound to another, or to none, is
    /// refused.
    KeyHolder(&'r str),
    /// Nobody: the token is asked about, or whoever presented it is to be told apart from others, and nothing is allowed.
    Nobody,
}

impl Presenter<'_> {
    fn may_present(self, claims: &MandateClaims) -> bool {
        match self {
            Self::Bearer => claims.cnf.is_none(),
            Self::KeyHolder(proved) => claims.bound_to().is_some_and(|key| **key == *proved),
            Self::Nobody => true,
        }
    }
}

/// The expectations of one verifier.
#[derive(Debug, Clone)]
pub struct ClaimRules<'r> {
    /// `iss`, byte for byte.
    pub issuer: &'r str,
    /// A member of `aud`, byte for byte; `None` leaves the audience to somebody else.
    pub audience: Option<&'r str>,
    /// `zone_id`.
    pub zone: &'r ZoneId,
    /// Classes accepted. Empty accepts none.
    pub uses: &'r [MandateUse],
    /// Who presents the token.
    pub presenter: Presenter<'r>,
    /// The current instant.
    pub now: Timestamp,
    /// Allowance for clocks that disagree; applies to `exp`, `nbf` and `iat`.
    pub leeway: Duration,
}

impl ClaimRules<'_> {
    /// Checks `claims`, in the order of the variants of [`ClaimError`].
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self, claims: &MandateClaims) -> Result<(), ClaimError> {
        let latest_start = self.now.plus(self.leeway);
        if *claims.iss != *self.issuer {
            Err(ClaimError::WrongIssuer)
        } else if self
            .audience
            .is_some_and(|wanted| claims.aud.iter().all(|name| **name != *wanted))
        {
            Err(ClaimError::WrongAudience)
        } else if claims.expires_at().plus(self.leeway) <= self.now {
            Err(ClaimError::Expired)
        } else if claims
            .nbf
            .is_some_and(|start| Timestamp::from_unix_seconds(start) > latest_start)
        {
            Err(ClaimError::NotYetValid)
        } else if Timestamp::from_unix_seconds(claims.iat) > latest_start {
            Err(ClaimError::IssuedInFuture)
        } else if claims.expires_at() > latest_start.plus(MAX_LIFETIME) {
            Err(ClaimError::LivesTooLong)
        } else if claims.zone_id != *self.zone {
            Err(ClaimError::WrongZone)
        } else if !self.uses.contains(&claims.mandate_use) {
            Err(ClaimError::WrongUse)
        } else if !self.presenter.may_present(claims) {
            Err(ClaimError::WrongHolder)
        } else {
            Ok(())
        }
    }
}
