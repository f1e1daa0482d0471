//! Tokens that attackers have sent to other verifiers, each refused here for the right reason.
//!
//! Where an attack needs a valid signature to be one, the token is really signed by the zone's key: only the
//! check under test stands between it and acceptance.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{KeyId, Timestamp, World, ZoneId, claims::MandateUse};
use caracal_crypto::{
    ClaimError, ClaimRules, MandateError, Presenter, SigningKey,
    mandate::{self, LEEWAY},
};
use serde_json::{Value, json};

use crate::Verdict::{Accepted, NotAMandate, NotHere};

mod claim_cases;
mod encodings;
mod headers;
mod signatures;

const NOW: i64 = 1_779_364_800;
const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"key-1"}"#;

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    NotAMandate(MandateError),
    NotHere(ClaimError),
}

/// What it is, the token, what must become of it.
type Case = (String, String, Verdict);

struct Zone {
    key: SigningKey,
    retired: SigningKey,
    stranger: SigningKey,
}

impl Zone {
    fn new() -> Self {
        let world = World::for_tests();
        let key = |id| SigningKey::generate(&world, KeyId::parse(id).unwrap()).unwrap();
        Self {
            key: key("key-1"),
            retired: key("key-2"),
            stranger: key("key-1"),
        }
    }

    /// As an enforcement point would: signature first, then the rules.
    fn judge(&self, token: &str) -> Verdict {
        let known = [self.key.verifying_key(), self.retired.verifying_key()];
        let verified = mandate::verify(token, |kid| known.into_iter().find(|key| key.id() == kid));
        let zone = ZoneId::parse("zone-1").unwrap();
        let rules = ClaimRules {
            issuer: "https://sts.test",
            audience: Some("https://sts.test"),
            zone: &zone,
            uses: &[MandateUse::Gateway],
            presenter: Presenter::Bearer,
            now: Timestamp::from_unix_seconds(NOW),
            leeway: LEEWAY,
        };
        match verified.map(|mandate| rules.check(mandate.claims())) {
            Err(error) => NotAMandate(error),
            Ok(Err(error)) => NotHere(error),
            Ok(Ok(())) => Accepted,
        }
    }

    /// A token with these parts, really signed.
    fn signed(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn with_header(&self, header: &str) -> String {
        self.signed(header, claims().to_string())
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = claims();
        claims[name] = value;
        self.signed(HEADER, claims.to_string())
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        self.signed(HEADER, claims.to_string())
    }

    fn good(&self) -> String {
        self.with_header(HEADER)
    }

    /// The good token with another signature.
    fn with_signature(&self, signature: &[u8]) -> String {
        let good = self.good();
        format!(
            "{}.{}",
            good.rsplit_once('.').unwrap().0,
            URL_SAFE_NO_PAD.encode(signature)
        )
    }

    fn signature(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD
            .decode(self.good().rsplit_once('.').unwrap().1)
            .unwrap()
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://sts.test", "sub": "app-1", "aud": ["https://sts.test"],
        "exp": NOW + 300, "iat": NOW, "jti": "jti-1", "zone_id": "zone-1", "client_id": "app-1",
        "scope": "tickets:read", "sid": "rec-1", "root_sid": "rec-1", "use": "gateway",
        "sub_type": "application", "target": ["resource://tickets"],
    })
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn every_attack_is_refused_for_its_reason() {
    let zone = Zone::new();
    let groups = [
        headers::algorithms,
        headers::headers,
        signatures::signatures,
        encodings::encodings,
        claim_cases::claim_forms,
        claim_cases::claim_values,
    ];
    let cases: Vec<_> = groups.iter().flat_map(|group| group(&zone)).collect();
    assert!(cases.len() >= 200, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, token, expected)| {
            let verdict = zone.judge(token);
            (verdict != *expected).then(|| format!("{name}: {verdict:?} instead of {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Without these, the table above could pass by refusing everything.
#[test]
fn what_is_merely_unusual_is_accepted() {
    let zone = Zone::new();
    let good = zone.signature();
    let high_s = [&good[..32], &signatures::negated(&good[32..])].concat();
    for (name, token) in [
        ("plain", zone.good()),
        ("typ absent", zone.with_header(r#"{"alg":"ES256","kid":"key-1"}"#)),
        (
            "typ in lower case",
            zone.with_header(r#"{"alg":"ES256","typ":"jwt","kid":"key-1"}"#),
        ),
        (
            "escapes in the header",
            zone.with_header(r#"{"\u0061lg":"\u0045S256","kid":"key-1"}"#),
        ),
        (
            "a header parameter nobody knows",
            zone.with_header(r#"{"alg":"ES256","kid":"key-1","x":[{}]}"#),
        ),
        (
            "claims nobody knows",
            zone.with_claim("nobody", json!({"jkt": "x"})),
        ),
        (
            "nesting within bounds",
            zone.with_claim("x", serde_json::from_str(&nested(15)).unwrap()),
        ),
        (
            "several audiences",
            zone.with_claim("aud", json!(["other", "https://sts.test"])),
        ),
        ("leeway of exp", zone.with_claim("exp", json!(NOW - 59))),
        ("leeway of nbf", zone.with_claim("nbf", json!(NOW + 60))),
        ("leeway of iat", zone.with_claim("iat", json!(NOW + 60))),
        ("no scope", zone.without_claim("scope")),
        ("the other s", zone.with_signature(&high_s)),
    ] {
        assert_eq!(zone.judge(&token), Accepted, "{name}");
    }
}

#[test]
fn a_token_that_is_bound_to_a_key_is_not_its_bearers() {
    let zone = Zone::new();
    let token = zone.with_claim("cnf", json!({"jkt": "x"}));
    assert_eq!(zone.judge(&token), NotHere(ClaimError::WrongHolder));
}
