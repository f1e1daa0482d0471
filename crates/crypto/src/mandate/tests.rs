use std::{sync::Arc, time::Duration};

use caracal_core::{
    Timestamp, World, ZoneId,
    claims::{ChainHop, Confirmation, MandateUse, SubjectType},
};
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_779_364_800;

fn key(id: &str) -> SigningKey {
    SigningKey::generate(&World::for_tests(), KeyId::parse(id).unwrap()).unwrap()
}

fn claims() -> MandateClaims {
    let aud: Vec<Arc<str>> = vec!["https://sts.test".into()];
    MandateClaims {
        iss: "https://sts.test".into(),
        sub: "app-1".into(),
        aud,
        exp: NOW + 300,
        iat: NOW,
        nbf: None,
        jti: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
        zone_id: ZoneId::parse("zone-1").unwrap(),
        client_id: "app-1".parse().unwrap(),
        scope: Some("tickets:read".to_owned()),
        sid: "rec-1".parse().unwrap(),
        root_sid: "rec-0".parse().unwrap(),
        mandate_use: MandateUse::Gateway,
        sub_type: SubjectType::Application,
        target: vec!["resource://tickets".into()],
        agent_session_id: Some("ses-1".parse().unwrap()),
        delegation_edge_id: Some("del-1".parse().unwrap()),
        source_session_id: None,
        target_session_id: None,
        delegation_path: vec!["del-1".parse().unwrap()],
        delegation_chain: vec![ChainHop {
            application_id: "app-1".parse().unwrap(),
            agent_session_id: None,
            delegation_edge_id: None,
        }],
        hop_count: 1,
        delegation_graph_epoch: 4,
        cnf: None,
    }
}

fn rules(zone: &ZoneId) -> ClaimRules<'_> {
    ClaimRules {
        issuer: "https://sts.test",
        audience: Some("https://sts.test"),
        zone,
        uses: &[MandateUse::Gateway],
        presenter: Presenter::Bearer,
        now: Timestamp::from_unix_seconds(NOW),
        leeway: LEEWAY,
    }
}

#[test]
fn a_signed_mandate_verifies_and_names_its_key() {
    let key = key("key-1");
    let token = sign(&claims(), &key).unwrap();
    let mandate = verify(&token, |kid| (kid == key.id()).then(|| key.verifying_key())).unwrap();
    assert_eq!(mandate.claims(), &claims());
    assert_eq!(mandate.key_id().as_str(), "key-1");
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(header, br#"{"alg":"ES256","typ":"JWT","kid":"key-1"}"#);
}

#[test]
fn a_peek_routes_but_proves_nothing() {
    let token = sign(&claims(), &key("key-1")).unwrap();
    let token = Unverified::parse(&token).unwrap();
    let peek = token.peek().unwrap();
    assert_eq!(peek.exp, NOW + 300);
    assert_eq!(peek.zone_id.unwrap().as_str(), "zone-1");
    assert_eq!(peek.client_id.unwrap().as_str(), "app-1");
    let peek_at = |json: &str| {
        Unverified::parse(&format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(json)))
            .unwrap()
            .peek()
    };
    assert_eq!(
        peek_at(r#"{"exp":1}"#),
        Ok(Peek {
            exp: 1,
            zone_id: None,
            client_id: None
        })
    );
    assert_eq!(peek_at(r#"{"exp":1,"zone_id":"a/b"}"#).unwrap().zone_id, None);
    for bad in [
        " ",
        "[]",
        "{}",
        r#"{"exp":"1"}"#,
        r#"{"exp":1,"exp":2}"#,
        r#"{"exp":1,"zone_id":7}"#,
    ] {
        assert_eq!(peek_at(bad), Err(MandateError::Claims), "{bad}");
    }
}

#[test]
fn header_trouble_waits_until_it_is_asked_for() {
    let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let token = Unverified::parse(&token).unwrap();
    assert_eq!(token.header(), Err(MandateError::Algorithm));
    assert_eq!(
        token.verify(key("key-1").verifying_key()),
        Err(MandateError::Algorithm)
    );
}

type Break = fn(&mut MandateClaims);

#[test]
fn rules_tell_apart_what_is_wrong() {
    let zone = ZoneId::parse("zone-1").unwrap();
    assert_eq!(rules(&zone).check(&claims()), Ok(()));
    let broken: [(Break, ClaimError); 9] = [
        (|c| c.iss = "https://sts.test/".into(), ClaimError::WrongIssuer),
        (|c| c.iss = "https://sts.tes".into(), ClaimError::WrongIssuer),
        (
            |c| c.aud = vec!["resource://tickets".into()],
            ClaimError::WrongAudience,
        ),
        (|c| c.exp = NOW - 60, ClaimError::Expired),
        (|c| c.exp = 1, ClaimError::Expired),
        (|c| c.nbf = Some(NOW + 61), ClaimError::NotYetValid),
        (|c| c.iat = NOW + 61, ClaimError::IssuedInFuture),
        (
            |c| c.zone_id = ZoneId::parse("zone-2").unwrap(),
            ClaimError::WrongZone,
        ),
        (|c| c.mandate_use = MandateUse::Resource, ClaimError::WrongUse),
    ];
    for (break_it, error) in broken {
        let mut claims = claims();
        break_it(&mut claims);
        assert_eq!(rules(&zone).check(&claims), Err(error), "{claims:?}");
    }
    let nobody = ClaimRules {
        uses: &[],
        ..rules(&zone)
    };
    assert_eq!(nobody.check(&claims()), Err(ClaimError::WrongUse));
}

#[test]
fn what_is_bound_to_a_key_is_for_whoever_proved_to_hold_it() {
    use Presenter::{Bearer, KeyHolder, Nobody};
    let zone = ZoneId::parse("zone-1").unwrap();
    let bound_to = |key: Option<&str>| MandateClaims {
        cnf: key.map(|key| Confirmation { jkt: key.into() }),
        ..claims()
    };
    for (key, presenter, fits) in [
        (None, Bearer, true),
        (None, KeyHolder("one"), false),
        (None, KeyHolder(""), false),
        (Some("one"), Bearer, false),
        (Some("one"), KeyHolder("other"), false),
        (Some("one"), KeyHolder("on"), false),
        (Some("one"), KeyHolder("one"), true),
        (None, Nobody, true),
        (Some("one"), Nobody, true),
    ] {
        let rules = ClaimRules {
            presenter,
            ..rules(&zone)
        };
        let wanted = if fits {
            Ok(())
        } else {
            Err(ClaimError::WrongHolder)
        };
        assert_eq!(rules.check(&bound_to(key)), wanted, "{key:?} by {presenter:?}");
    }
}

#[test]
fn a_binding_that_is_not_understood_makes_no_mandate() {
    let key = key("key-1");
    let mut payload = serde_json::to_value(claims()).unwrap();
    for (cnf, is_one) in [
        (serde_json::json!({"jkt": "one"}), true),
        (serde_json::json!({"x5t#S256": "one"}), false),
        (serde_json::json!({"jkt": "one", "x5t#S256": "one"}), false),
        (serde_json::json!({}), false),
        (serde_json::json!("one"), false),
    ] {
        payload["cnf"] = cnf.clone();
        let input = [
            key.header().segment(),
            &URL_SAFE_NO_PAD.encode(payload.to_string()),
        ]
        .join(".");
        let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).unwrap());
        let token = format!("{input}.{signature}");
        assert_eq!(
            verify(&token, |_| Some(key.verifying_key())).is_ok(),
            is_one,
            "{cnf}"
        );
    }
}

#[test]
fn leeway_ends_on_the_second() {
    let zone = ZoneId::parse("zone-1").unwrap();
    let tolerated: [fn(&mut MandateClaims); 4] = [
        |c| c.exp = NOW - 59,
        |c| c.nbf = Some(NOW + 60),
        |c| c.iat = NOW + 60,
        |c| c.exp = NOW + 3_600 + 60,
    ];
    for shift in tolerated {
        let mut claims = claims();
        shift(&mut claims);
        assert_eq!(rules(&zone).check(&claims), Ok(()), "{claims:?}");
    }
    for beyond in [NOW + 3_600 + 61, NOW + 10 * 365 * 86_400, i64::MAX] {
        let long = MandateClaims {
            exp: beyond,
            ..claims()
        };
        assert_eq!(
            rules(&zone).check(&long),
            Err(ClaimError::LivesTooLong),
            "{beyond}"
        );
    }
    let strict = ClaimRules {
        leeway: Duration::ZERO,
        ..rules(&zone)
    };
    let expiring = MandateClaims { exp: NOW, ..claims() };
    assert_eq!(strict.check(&expiring), Err(ClaimError::Expired));
}

#[test]
fn a_fingerprint_is_the_head_of_the_digest() {
    assert_eq!(fingerprint("abc"), "ba7816bf8f01cfea");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_signed_is_what_verifies(
        sub in "\\PC{1,40}",
        scope in proptest::option::of("[ -~]{1,80}"),
        targets in proptest::collection::vec("\\PC{1,30}", 0..5),
        exp in 1..i64::MAX,
    ) {
        let key = key("key-1");
        let target = targets.into_iter().map(Into::into).collect();
        let claims = MandateClaims { sub: sub.into(), scope, target, exp, ..claims() };
        let token = sign(&claims, &key).unwrap();
        let verified = verify(&token, |_| Some(key.verifying_key())).map(VerifiedMandate::into_claims);
        prop_assert_eq!(verified, Ok(claims));
    }

    #[test]
    fn any_changed_byte_is_refused(position in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let key = key("key-1");
        let token = sign(&claims(), &key).unwrap();
        let mut bytes = token.clone().into_bytes();
        let position = position.index(bytes.len());
        prop_assume!(bytes[position] != byte);
        bytes[position] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        // Whatever the header says now, the right key is at hand.
        prop_assert!(verify(&changed, |_| Some(key.verifying_key())).is_err());
    }

    #[test]
    fn no_text_panics_the_parser(text in "\\PC{0,300}", segments in proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 0..5)) {
        let key = key("key-1");
        for token in [text, segments.join(".")] {
            prop_assert!(verify(&token, |_| Some(key.verifying_key())).is_err());
            let claims = Unverified::parse(&token).and_then(|token| token.unverified_claims());
            prop_assert!(claims.is_err());
        }
    }
}
