//! The one size of a mandate that whoever issues and whoever reads agree on.

use caracal_core::claims::MandateClaims;
use caracal_crypto::mandate::MAX_TOKEN_BYTES;
use caracal_service::Refusal;
use caracal_wire::sts::DenialReason;

use crate::malformed::malformed;

/// A mandate that its readers would refuse is not issued.
pub(crate) fn fits(bytes: usize) -> Result<(), Refusal> {
    if bytes <= MAX_TOKEN_BYTES {
        return Ok(());
    }
    Err(malformed(
        "scope",
        format!(
            "the mandate would have {bytes} bytes and a mandate has at most {MAX_TOKEN_BYTES}: ask for fewer or shorter \
             scopes or resources, or a shorter chain of delegations"
        ),
    )
    .reason(DenialReason::MandateTooLarge)
    .with("limit_bytes", MAX_TOKEN_BYTES))
}

/// How many bytes longer the mandate for one of the resources may be: it names that one twice, in place of the issuer
/// and of all targets.
pub(crate) fn growth(claims: &MandateClaims) -> usize {
    let longest = claims
        .target
        .iter()
        .map(|name| name.len())
        .max()
        .unwrap_or_default();
    let named: usize = claims
        .aud
        .iter()
        .chain(&claims.target)
        .map(|name| name.len())
        .sum();
    longest
        .saturating_mul(2)
        .saturating_sub(named)
        .saturating_mul(4)
        .div_ceil(3)
}
