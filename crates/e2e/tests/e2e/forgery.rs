//! Mandates that the zone did not sign, or not like this, or not for here, or not for now.

use std::time::Duration;

use caracal_e2e::{
    Fixture, READ, Reply, Role, Stack, on_every_deployment,
    token::{Token, decode, encode, fresh_key},
};
use serde_json::{Value, json};

use crate::support::{Untouched, assert_call_refused, assert_passed};

on_every_deployment!(
    an_unsigned_mandate_is_refused,
    a_mandate_signed_with_a_public_key_as_shared_secret_is_refused,
    a_mandate_signed_with_a_foreign_key_is_refused,
    edited_claims_are_refused,
    a_damaged_signature_is_refused,
    a_mandate_of_another_zone_opens_nothing_here,
    a_lifecycle_token_is_no_mandate,
    an_expired_mandate_is_refused,
    nonsense_is_refused,
);

async fn jwk(fixture: &Fixture<'_>) -> Value {
    let path = format!("/.well-known/jwks.json?zone_id={}", fixture.zone.id);
    let set = Reply::of(fixture.zone.stack.request(Role::Sts, "GET", &path))
        .await
        .expect(200);
    let keys = set.json["keys"].as_array().expect("keys").clone();
    assert_eq!(keys.len(), 1, "{keys:#?}");
    assert!(keys[0].get("d").is_none(), "a private key is published");
    keys[0].clone()
}

/// Refused as unsigned, or as no mandate at all where it does not even look like one.
async fn assert_forged(fixture: &Fixture<'_>, token: &str) {
    const REASONS: [&str; 4] = [
        "signature_invalid",
        "bearer_malformed",
        "missing_zone",
        "missing_client",
    ];
    let untouched = Untouched::from_now(fixture);
    let reply = fixture.call(token).await;
    let reason = reply.json["reason"].as_str().unwrap_or_default().to_owned();
    assert!(REASONS.contains(&reason.as_str()), "{token}: {reply:#?}");
    reply.assert_refused(401, "invalid_token", &reason);
    assert!(
        reply.headers.contains_key("www-authenticate"),
        "a 401 tells how to authenticate: {reply:#?}"
    );
    untouched.check();
}

async fn an_unsigned_mandate_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let genuine = Token::parse(&fixture.mandate(&agent, READ).await);
    for alg in ["none", "None", "NONE", "nOnE", "", "ES256 "] {
        let token = genuine.clone().header("alg", json!(alg));
        assert_forged(&fixture, &token.compact()).await;
        assert_forged(&fixture, &format!("{}.", token.signing_input())).await;
        assert_forged(&fixture, &token.signing_input()).await;
    }
    let absent = Token {
        signature: Vec::new(),
        ..genuine.clone()
    };
    assert_forged(&fixture, &absent.compact()).await;
    let zero = Token {
        signature: vec![0; 64],
        ..genuine
    };
    assert_forged(&fixture, &zero.compact()).await;
}

async fn a_mandate_signed_with_a_public_key_as_shared_secret_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let genuine = Token::parse(&fixture.mandate(&agent, READ).await);
    let jwk = jwk(&fixture).await;
    let (x, y) = (
        decode(jwk["x"].as_str().expect("x")),
        decode(jwk["y"].as_str().expect("y")),
    );
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480) up to the point.
    let spki = [
        hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").expect("hex"),
        point.clone(),
    ];
    let der = spki.concat();
    let pem = {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let text = STANDARD.encode(&der);
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|at| &text[at..text.len().min(at + 64)])
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    };
    for secret in [x, y, point, der, pem.into_bytes(), jwk.to_string().into_bytes()] {
        assert_forged(
            &fixture,
            &genuine
                .clone()
                .header("alg", json!("HS256"))
                .mac_with(&secret)
                .compact(),
        )
        .await;
        // Not even with the right name on it.
        assert_forged(&fixture, &genuine.clone().mac_with(&secret).compact()).await;
    }
}

async fn a_mandate_signed_with_a_foreign_key_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let genuine = Token::parse(&fixture.mandate(&agent, READ).await);
    let key = fresh_key();
    assert_forged(&fixture, &genuine.clone().sign_with(&key).compact()).await;
    let public = {
        use aws_lc_rs::signature::KeyPair as _;
        key.public_key().as_ref().to_vec()
    };
    let own = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": genuine.header["kid"],
        "x": encode(&public[1..33]), "y": encode(&public[33..65])});
    // The token brings its own key along, or says where to fetch one: nobody must look.
    let listener = caracal_testkit::upstream::Upstream::start().await;
    for token in [
        genuine.clone().header("jwk", own),
        genuine
            .clone()
            .header("jku", json!(format!("{}/keys", listener.url()))),
        genuine
            .clone()
            .header("x5u", json!(format!("{}/chain", listener.url()))),
        genuine.clone().header("kid", json!("key_unknown")),
        genuine.clone().header("kid", json!("../../../dev/null")),
        genuine.clone().header("kid", json!("' OR 1=1 --")),
        genuine.clone().header("kid", json!(7)),
        genuine.clone().header("kid", Value::Null),
        genuine.clone().header("crit", json!(["exp"])),
    ] {
        assert_forged(&fixture, &token.sign_with(&key).compact()).await;
    }
    listener.assert_untouched();
}

async fn edited_claims_are_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let genuine = Token::parse(&mandate);
    for (name, value) in [
        ("scope", json!("tickets:read tickets:write tickets:gate")),
        ("target", json!(["resource://tickets", "resource://other"])),
        ("exp", json!(genuine.claims["exp"].as_i64().expect("exp") + 3600)),
        ("jti", json!("another")),
        ("sid", json!("another")),
        ("agent_session_id", json!(agent.source)),
        ("client_id", json!("another")),
        ("use", json!("resource")),
        ("aud", json!(["*"])),
    ] {
        assert_forged(&fixture, &genuine.clone().claim(name, value).compact()).await;
    }
    // All of these leave the genuine one unspent.
    assert_passed(&fixture.call(&mandate).await);
}

async fn a_damaged_signature_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let genuine = Token::parse(&fixture.mandate(&agent, READ).await);
    for length in [0, 1, 32, 63] {
        let token = Token {
            signature: genuine.signature[..length].to_vec(),
            ..genuine.clone()
        };
        assert_forged(&fixture, &token.compact()).await;
    }
    let longer = Token {
        signature: [genuine.signature.as_slice(), &[0]].concat(),
        ..genuine.clone()
    };
    assert_forged(&fixture, &longer.compact()).await;
    for place in [0, 31, 32, 63] {
        let mut token = genuine.clone();
        token.signature[place] ^= 1;
        assert_forged(&fixture, &token.compact()).await;
    }
}

async fn a_mandate_of_another_zone_opens_nothing_here(stack: &Stack) {
    let (here, there) = (Fixture::set_up(stack).await, Fixture::set_up(stack).await);
    let (agent_here, agent_there) = (here.agent().await, there.agent().await);
    let genuine = Token::parse(&here.mandate(&agent_here, READ).await);
    let mandate = there.mandate(&agent_there, READ).await;
    let foreign = Token::parse(&mandate);
    // The claims of one zone under the key of the other: both ways of saying which key.
    let signed_there = Token {
        signature: foreign.signature.clone(),
        ..genuine.clone()
    };
    assert_forged(&here, &signed_there.compact()).await;
    assert_forged(
        &here,
        &signed_there
            .header("kid", foreign.header["kid"].clone())
            .compact(),
    )
    .await;
    let renamed = foreign.clone().claim("zone_id", json!(here.zone.id));
    assert_forged(&here, &renamed.compact()).await;
    assert_forged(
        &here,
        &renamed.header("kid", genuine.header["kid"].clone()).compact(),
    )
    .await;
    // Unchanged it is good for the other zone's upstream, though the resources have the same name.
    let untouched = Untouched::from_now(&here);
    assert_passed(&there.call(&mandate).await);
    untouched.check();
    there.upstream.only();
}

async fn a_lifecycle_token_is_no_mandate(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let token = fixture.lifecycle().await.expect(200).text_of("access_token");
    assert_call_refused(&fixture, &token, 401, "invalid_token", "wrong_use").await;
}

async fn an_expired_mandate_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mint = async |ttl: &str| {
        fixture
            .mint_with(&agent, READ, &[("ttl_seconds", ttl)])
            .await
            .expect(200)
            .text_of("access_token")
    };
    // Less than the Gateway wants to have left, from the beginning and after a while; and none at all.
    let (short, soon_short, ended) = (mint("30").await, mint("36").await, mint("1").await);
    assert_call_refused(
        &fixture,
        &short,
        401,
        "credential_expired_not_renewable",
        "credential_expiring",
    )
    .await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_call_refused(
        &fixture,
        &soon_short,
        401,
        "credential_expired_not_renewable",
        "credential_expiring",
    )
    .await;
    assert_call_refused(
        &fixture,
        &ended,
        401,
        "credential_expired_not_renewable",
        "credential_expiring",
    )
    .await;
}

async fn nonsense_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let claims = encode(
        json!({"exp": 99_999_999_999_i64, "zone_id": fixture.zone.id})
            .to_string()
            .as_bytes(),
    );
    let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
    for token in [
        String::from("x"),
        String::from(".."),
        String::from("a.b.c"),
        String::from("a.b.c.d"),
        format!("{}.{claims}.AAAA", encode(b"{}")),
        format!("{}.{claims}.AAAA", encode(br#"{"alg":"ES256"}"#)),
        format!(
            "{}.{}.AAAA",
            encode(br#"{"alg":"ES256","kid":"k"}"#),
            encode(b"null")
        ),
        format!(
            "{}.{}.AAAA",
            encode(br#"{"alg":"ES256","kid":"k"}"#),
            encode(br#"{"exp":1e400}"#)
        ),
        format!(
            "{}.{}.AAAA",
            encode(br#"{"alg":"ES256","kid":"k"}"#),
            encode(&deep.as_bytes()[..2500])
        ),
    ] {
        assert_forged(&fixture, &token).await;
    }
    assert_call_refused(
        &fixture,
        &"a".repeat(5000),
        401,
        "invalid_token",
        "bearer_too_large",
    )
    .await;
}
