//! Proofs that a key is held (DPoP, RFC 9449), as requests bring them: read here, held to the request by
//! [`caracal_crypto::dpop`], and good once.

mod holder;

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_crypto::dpop::{DpopProof, PROOF_HEADER};
use caracal_events::shortlived::{Claim, ReplayStore, ShortLivedError};
use http::HeaderMap;

pub use self::holder::{Holder, NotHolder, Presentation};

/// How much longer a claim is kept than its proof is good: another service that checks it may have a clock that is behind.
const MARGIN: Duration = Duration::from_secs(30);

/// What a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentProof<'h> {
    /// No proof.
    None,
    /// One.
    One(&'h str),
    /// Several, of which two readers could choose two, or what is no text.
    Unclear,
}

impl<'h> SentProof<'h> {
    /// Of these headers.
    pub fn of(headers: &'h HeaderMap) -> Self {
        let mut proofs = headers.get_all(PROOF_HEADER).iter();
        let Some(proof) = proofs.next() else {
            return Self::None;
        };
        match (proof.to_str(), proofs.next()) {
            (Ok(proof), None) => Self::One(proof),
            _ => Self::Unclear,
        }
    }
}

/// Claims a proof for the request that it came with, until it is good for nothing any more. Of any number of requests one
/// gets `true`, in a zone and whichever service is asked: its id is its key's alone. After a loss of the memory of claims a
/// proof from before it is taken once more, within its short life; a nonce tells that too.
///
/// # Errors
/// [`ShortLivedError::Unavailable`]: whether it was used is unknown, so the caller MUST deny.
pub async fn claim(
    replay: &dyn ReplayStore,
    zone: &ZoneId,
    proof: &DpopProof,
) -> Result<bool, ShortLivedError> {
    let generation = replay.generation().await?;
    let key = proof.replay_key(zone);
    let claimed = replay
        .claim_of(zone.as_str(), &generation, &key, proof.expires_at.plus(MARGIN))
        .await?;
    match claimed {
        Claim::First => Ok(true),
        Claim::Repeated => Ok(false),
        Claim::Forgotten => Err(ShortLivedError::Unavailable(String::from(
            "the memory of claims was just lost",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_proof_is_one_line_of_text_or_none() {
        let sent = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PROOF_HEADER, HeaderValue::from_bytes(value).unwrap());
            }
            match SentProof::of(&headers) {
                SentProof::One(text) => format!("one {text}"),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(sent(&[]), "None");
        assert_eq!(sent(&[b"a.b.c"]), "one a.b.c");
        assert_eq!(sent(&[b""]), "one ");
        for unclear in [&[&b"a.b.c"[..], b"a.b.c"][..], &[b"a", b""], &[b"\xff"]] {
            assert_eq!(sent(unclear), "Unclear");
        }
    }
}
