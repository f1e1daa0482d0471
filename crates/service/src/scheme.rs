//! By which scheme a token comes, and how whoever sent it is challenged (RFC 6750 §3, RFC 9449 §7.1).

use std::borrow::Cow;

use caracal_crypto::dpop;
use http::{HeaderMap, StatusCode};

use crate::{Refusal, bearers::token_of};

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// By whoever bears it (RFC 6750).
    Bearer,
    /// By whoever proves to hold the key that it is bound to (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    /// As challenges name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => dpop::SCHEME,
        }
    }

    /// By its name in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let mut known = [Self::Bearer, Self::Dpop].into_iter();
        known.find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// That of a request; [`Self::Bearer`] where there is none.
    pub fn of(headers: &HeaderMap) -> Self {
        presented(headers).map_or(Self::Bearer, |(scheme, _)| scheme)
    }
}

/// The token of a request, and by which scheme it comes; nothing where it comes by none of these.
pub fn presented(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    let (scheme, token) = token_of(headers)?;
    Some((Scheme::parse(scheme)?, token))
}

/// The challenge for a mandate that is bound to a key (RFC 9449 §7.1).
pub fn challenge(code: &str, text: &str) -> Cow<'static, str> {
    format!(
        "{} error=\"{code}\", error_description=\"{text}\", {}",
        dpop::SCHEME,
        algorithms()
    )
    .into()
}

fn algorithms() -> String {
    format!("algs=\"{}\"", dpop::ALGORITHMS.join(" "))
}

/// `refusal` as whoever presented its mandate under `scheme` is challenged.
pub fn challenged_under(scheme: Scheme, refusal: Refusal) -> Refusal {
    let is_asked = refusal.status == StatusCode::UNAUTHORIZED;
    let asked = refusal
        .authenticate
        .as_deref()
        .filter(|_| is_asked && scheme == Scheme::Dpop);
    let Some(rest) = asked.and_then(|asked| asked.strip_prefix(Scheme::Bearer.as_str())) else {
        return refusal;
    };
    let mut parts = Vec::from([rest.trim_start(), &algorithms()].map(str::to_owned));
    parts.retain(|part| !part.is_empty());
    let challenge = [dpop::SCHEME, " ", &parts.join(", ")].concat();
    refusal.authenticate(challenge)
}

#[cfg(test)]
mod tests {
    use caracal_wire::ErrorCode;

    use super::*;

    #[test]
    fn whoever_proves_a_key_is_challenged_to_prove_it_again() {
        let of = |scheme, challenge: Option<&'static str>| {
            let mut refusal = Refusal::of(ErrorCode::InvalidToken);
            refusal.authenticate = challenge.map(Into::into);
            challenged_under(scheme, refusal)
                .authenticate
                .map(Cow::into_owned)
        };
        let algorithms = "algs=\"ES256 EdDSA Ed25519\"";
        for (asked, told) in [
            ("Bearer", format!("DPoP {algorithms}")),
            (
                "Bearer error=\"invalid_token\"",
                format!("DPoP error=\"invalid_token\", {algorithms}"),
            ),
            ("DPoP error=\"x\"", String::from("DPoP error=\"x\"")),
            ("Basic realm=\"x\"", String::from("Basic realm=\"x\"")),
        ] {
            assert_eq!(of(Scheme::Dpop, Some(asked)), Some(told));
            assert_eq!(of(Scheme::Bearer, Some(asked)).as_deref(), Some(asked));
        }
        assert_eq!(of(Scheme::Dpop, None), None);
    }
}
