//! Credentials of the console, derived from the deployment's admin token, and the account assertion that binds
//! a console request to a signed-in account.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Secret, Timestamp};

use crate::{digest::constant_time_eq, hmac_key::HmacKey};

/// Prefix of every admin token made by us.
pub const ADMIN_TOKEN_PREFIX: &str = "cat_";
/// Header of the account assertion.
pub const ACCOUNT_HEADER: &str = "x-caracal-account";
/// Longest account id, in bytes.
pub const MAX_ACCOUNT_BYTES: usize = 256;

const ASSERTION_VERSION: &str = "v1";

/// The derived credentials, one per kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsoleToken {
    /// For reads.
    ReadOnly,
    /// For writes other than decisions on approvals.
    Write,
    /// For decisions on approvals.
    Approve,
}

impl ConsoleToken {
    /// Every derived credential.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::Write, Self::Approve];

    fn label(self) -> &'static str {
        match self {
            Self::ReadOnly => "caracal:console:read-only:v1",
            Self::Write => "caracal:console:write:v1",
            Self::Approve => "caracal:console:approve:v1",
        }
    }

    /// The token, which both the console and the API can derive.
    pub fn derive(self, admin_token: &Secret) -> Secret {
        let tag = key(admin_token).sign(self.label().as_bytes());
        Secret::new(format!("{ADMIN_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(tag)))
    }
}

/// Why an account assertion is refused. Clients see one answer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Not `v1`, account, expiry and tag in their encodings.
    #[error("malformed account assertion")]
    Malformed,
    /// Not made with this admin token.
    #[error("forged account assertion")]
    Forged,
    /// Past its end.
    #[error("expired account assertion")]
    Expired,
}

/// The value of [`ACCOUNT_HEADER`] for `account`, good until `expires_at` (whole seconds).
///
/// # Errors
/// [`AssertionError::Malformed`] for an empty account id and one over 256 bytes.
pub fn issue_account_assertion(
    admin_token: &Secret,
    account: &str,
    expires_at: Timestamp,
) -> Result<Secret, AssertionError> {
    if !(1..=MAX_ACCOUNT_BYTES).contains(&account.len()) {
        return Err(AssertionError::Malformed);
    }
    let expiry = expires_at.unix_seconds().to_string();
    let (id, tag) = (
        URL_SAFE_NO_PAD.encode(account),
        assertion_tag(admin_token, account, &expiry),
    );
    Ok(Secret::new(format!("{ASSERTION_VERSION}.{id}.{expiry}.{tag}")))
}

/// The account that `assertion` names, once it is proved and current at `now`.
///
/// # Errors
/// [`AssertionError`].
pub fn verify_account_assertion(
    admin_token: &Secret,
    assertion: &str,
    now: Timestamp,
) -> Result<String, AssertionError> {
    let mut parts = assertion.split('.');
    let (Some(ASSERTION_VERSION), Some(id), Some(expiry), Some(tag), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(AssertionError::Malformed);
    };
    let id = URL_SAFE_NO_PAD
        .decode(id)
        .map_err(|_| AssertionError::Malformed)?;
    let account = String::from_utf8(id).map_err(|_| AssertionError::Malformed)?;
    let digits = (1..=12).contains(&expiry.len()) && expiry.bytes().all(|byte| byte.is_ascii_digit());
    let (true, Ok(seconds)) = (digits, expiry.parse::<i64>()) else {
        return Err(AssertionError::Malformed);
    };
    if !(1..=MAX_ACCOUNT_BYTES).contains(&account.len()) {
        return Err(AssertionError::Malformed);
    }
    if !constant_time_eq(
        assertion_tag(admin_token, &account, expiry).as_bytes(),
        tag.as_bytes(),
    ) {
        return Err(AssertionError::Forged);
    }
    if Timestamp::from_unix_seconds(seconds) <= now {
        Err(AssertionError::Expired)
    } else {
        Ok(account)
    }
}

fn key(admin_token: &Secret) -> HmacKey {
    HmacKey::from_bytes(admin_token.expose().as_bytes())
}

/// The expiry is digits only, so the last colon is the border whatever the account id holds.
fn assertion_tag(admin_token: &Secret, account: &str, expiry: &str) -> String {
    let text = format!("caracal:account:v1:{account}:{expiry}");
    URL_SAFE_NO_PAD.encode(key(admin_token).sign(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_750_000_000;

    fn admin() -> Secret {
        Secret::new("an-admin-token-of-the-deployment")
    }

    fn issued() -> String {
        let end = Timestamp::from_unix_seconds(NOW + 60);
        issue_account_assertion(&admin(), "acct-1", end)
            .unwrap()
            .expose()
            .to_owned()
    }

    fn verify(assertion: &str) -> Result<String, AssertionError> {
        verify_account_assertion(&admin(), assertion, Timestamp::from_unix_seconds(NOW))
    }

    /// Computed independently from the definitions.
    #[test]
    fn known_tokens_and_assertions() {
        for (kind, token) in [
            (
                ConsoleToken::ReadOnly,
                "cat_t5JTsM9Q-qgMJJOQZ_2O5vfwiHgIQwauUlhxWPlDjw4",
            ),
            (
                ConsoleToken::Write,
                "cat_SpBswStqnIX6uvbyuxe79auCb3QLy__rcmUJPv7Hd0s",
            ),
            (
                ConsoleToken::Approve,
                "cat_S9F_Qfjy8CH0W-Vy4WlwMV1bjKjMTD5It4ltiOj4c04",
            ),
        ] {
            assert_eq!(kind.derive(&admin()).expose(), token);
        }
        assert_eq!(
            issued(),
            "v1.YWNjdC0x.1750000060.VSSLPV0QSMR2LeCnAEpgqZsOBaZUo9_3FPaJb5kXkuc"
        );
    }

    #[test]
    fn an_assertion_names_its_account_until_it_ends() {
        assert_eq!(verify(&issued()).as_deref(), Ok("acct-1"));
        for (later, outcome) in [(59, Ok("acct-1".to_owned())), (60, Err(AssertionError::Expired))] {
            let now = Timestamp::from_unix_seconds(NOW + later);
            assert_eq!(verify_account_assertion(&admin(), &issued(), now), outcome);
        }
        let other = Secret::new("another-token");
        let now = Timestamp::from_unix_seconds(NOW);
        assert_eq!(
            verify_account_assertion(&other, &issued(), now),
            Err(AssertionError::Forged)
        );
    }

    #[test]
    fn edited_and_malformed_assertions_are_refused() {
        let good = issued();
        let parts: Vec<&str> = good.split('.').collect();
        let with = |position: usize, part: &str| {
            let mut parts = parts.clone();
            parts[position] = part;
            parts.join(".")
        };
        for forged in [
            with(1, &URL_SAFE_NO_PAD.encode("acct-2")),
            with(2, "1750009999"),
            with(3, "AAAA"),
            with(3, ""),
        ] {
            assert_eq!(verify(&forged), Err(AssertionError::Forged), "{forged}");
        }
        for bad in [
            String::new(),
            with(0, "v2"),
            with(1, ""),
            with(1, "a+b="),
            with(1, &URL_SAFE_NO_PAD.encode([0xff])),
            with(1, &URL_SAFE_NO_PAD.encode("x".repeat(257))),
            with(2, ""),
            with(2, "+1750000060"),
            with(2, "-1"),
            with(2, "9999999999999"),
            with(2, "1750000060.0"),
            format!("{good}."),
            good.rsplit_once('.').unwrap().0.to_owned(),
        ] {
            assert_eq!(verify(&bad), Err(AssertionError::Malformed), "{bad}");
        }
        let end = Timestamp::from_unix_seconds(NOW);
        for account in ["", &"x".repeat(257)] {
            assert!(issue_account_assertion(&admin(), account, end).is_err());
        }
    }
}
