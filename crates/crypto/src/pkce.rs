//! Proof keys of authorization codes (RFC 7636), by `S256` and no other method.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::digest::{constant_time_eq, sha256};

/// Characters of a challenge: a digest in base64url.
const CHALLENGE_LENGTH: usize = 43;
/// How many characters a verifier has (§4.1).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// The challenge of a verifier (§4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

/// Whether a text can be a challenge.
pub fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH
        && URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|digest| digest.len() == 32)
}

/// Whether `verifier` is one, and that of `challenge` (§4.6).
pub fn fits(verifier: &str, challenge: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    VERIFIER_LENGTH.contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && constant_time_eq(self::challenge(verifier).as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_challenge_is_that_of_the_published_example() {
        assert_eq!(challenge(VERIFIER), CHALLENGE);
        assert!(is_challenge(CHALLENGE) && fits(VERIFIER, CHALLENGE));
    }

    #[test]
    fn what_is_no_verifier_or_another_one_does_not_fit() {
        let other = VERIFIER.replace('d', "e");
        for verifier in [
            "",
            "short",
            CHALLENGE,
            other.as_str(),
            &format!("{VERIFIER} "),
            &"a".repeat(129),
        ] {
            assert!(!fits(verifier, CHALLENGE), "{verifier}");
        }
        // The method `plain`, by another name.
        let plain = "a".repeat(43);
        assert!(!fits(&plain, &plain));
        for text in [
            "",
            VERIFIER.get(1..).unwrap_or_default(),
            &format!("{CHALLENGE}="),
            &"!".repeat(43),
        ] {
            assert!(!is_challenge(text), "{text}");
        }
    }
}
