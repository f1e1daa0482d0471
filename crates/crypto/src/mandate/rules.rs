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
        } else {
            Ok(())
        }
    }
}
