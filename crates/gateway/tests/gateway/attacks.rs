//! Forged and bent tokens, keys nobody published, and keys published moments ago.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_crypto::{HmacKey, mandate};
use caracal_storage::Store as _;
use serde_json::json;

use crate::stage::{Options, Stage, forge, new_key};

async fn verdict(stage: &Stage, token: &str) -> (u16, String, String) {
    stage
        .send(stage.request(token, "/a").body(Body::empty()).unwrap())
        .await
        .refusal()
}

#[tokio::test]
async fn forged_tokens_reach_nobody() {
    for issued in [false, true] {
        let stage = Stage::with(Options {
            issued,
            ..Options::default()
        })
        .await;
        let good = stage.mandate();
        let segments: Vec<&str> = good.split('.').collect();
        let (header, payload, signature) = (segments[0], segments[1], segments[2]);
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let kid = stage.key.id().to_string();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let with_header = |header: serde_json::Value| stage.forge(&header.to_string(), &claims);
        let hmac = |header: &str| {
            let input = format!("{}.{payload}", encode(header));
            let tag = HmacKey::from_bytes(stage.key.verifying_key().point()).sign(input.as_bytes());
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        let zero = URL_SAFE_NO_PAD.encode([0; 64]);
        let wider = claims.replace("tickets:read", "tickets:write");
        let last = signature.chars().last().unwrap();
        let other_last = if last == 'A' { 'E' } else { 'A' };
        let cases = vec![
            (
                "alg none",
                format!(
                    "{}.{payload}.{signature}",
                    encode(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#))
                ),
            ),
            (
                "HS256 by the public key",
                hmac(&format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#)),
            ),
            ("HMAC posing as ES256", hmac(&stage.header())),
            ("ES384", with_header(json!({"alg": "ES384", "kid": kid}))),
            (
                "alg twice",
                stage.forge(
                    &format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}"}}"#),
                    &claims,
                ),
            ),
            (
                "embedded key",
                with_header(json!({"alg": "ES256", "kid": kid, "jwk": {"kty": "EC"}})),
            ),
            (
                "fetched key",
                with_header(json!({"alg": "ES256", "kid": kid, "jku": "http://evil.test/jwks"})),
            ),
            (
                "crit",
                with_header(json!({"alg": "ES256", "kid": kid, "crit": ["b64"], "b64": false})),
            ),
            (
                "other type",
                with_header(json!({"alg": "ES256", "kid": kid, "typ": "at+jwt"})),
            ),
            ("no kid", with_header(json!({"alg": "ES256"}))),
            (
                "kid path",
                with_header(json!({"alg": "ES256", "kid": "../../dev/null"})),
            ),
            (
                "kid unknown",
                with_header(json!({"alg": "ES256", "kid": "nobody"})),
            ),
            (
                "another key under the right name",
                forge(&new_key(&stage.world), &stage.header(), &claims),
            ),
            (
                "changed claims",
                format!("{header}.{}.{signature}", encode(&wider)),
            ),
            (
                "changed claims, remembered bytes elsewhere",
                format!("{header}.{}.{signature}", encode(&format!("{claims} "))),
            ),
            ("zero signature", format!("{header}.{payload}.{zero}")),
            (
                "short signature",
                format!("{header}.{payload}.{}", &signature[..84]),
            ),
            (
                "other spelling of the signature",
                format!(
                    "{header}.{payload}.{}{other_last}",
                    &signature[..signature.len() - 1]
                ),
            ),
            ("padded", format!("{good}==")),
            (
                "claims twice",
                stage.forge(&stage.header(), &claims.replacen('{', r#"{"sub":"root","#, 1)),
            ),
            (
                "empty jti",
                stage.forge(
                    &stage.header(),
                    &claims.replacen(r#""jti":"jti-"#, r#""jti":"","was":"jti-"#, 1),
                ),
            ),
        ];
        for (name, token) in cases {
            let (status, code, _) = verdict(&stage, &token).await;
            assert_eq!((status, code.as_str()), (401, "invalid_token"), "{name}");
        }
        assert_eq!(stage.upstream.requests(), 0);
        assert_eq!(stage.decision.seen.lock().len(), 0);
        assert_eq!(stage.get("/a").await.status, 200, "the good one passes");
    }
}

#[tokio::test]
async fn a_key_rotated_in_moments_ago_is_found_and_unknown_keys_do_not_reach_storage_at_will() {
    let stage = Stage::new().await;
    assert_eq!(stage.get("/a").await.status, 200);
    // Strangers' keys at once share one look, and a new key among them is found all the same.
    let before = stage.store.statements();
    let rotated = stage.rotate().await;
    let rotation = stage.store.statements() - before;
    let good = mandate::sign(&stage.claims(), &rotated).unwrap();
    let mut tokens: Vec<_> = (0..20)
        .map(|_| mandate::sign(&stage.claims(), &new_key(&stage.world)).unwrap())
        .collect();
    let strangers = futures_util::future::join_all(tokens.iter().map(|token| verdict(&stage, token)));
    let good = stage.send(stage.request(&good, "/a").body(Body::empty()).unwrap());
    let (strangers, good) = futures_util::future::join(strangers, good).await;
    assert_eq!(good.status, 200);
    assert!(strangers.iter().all(|(status, ..)| *status == 401));
    let looks = stage.store.statements() - before - rotation;
    assert!(looks < 40, "{looks} statements for 20 tokens of strangers");
    // Whoever goes on is made to wait longer each time, and nobody else is.
    let before = stage.store.statements();
    tokens.truncate(3);
    for token in &tokens {
        assert_eq!(verdict(&stage, token).await.0, 401);
    }
    assert!(
        stage.store.statements() - before <= 12,
        "one look each, of one row"
    );
}

#[tokio::test]
async fn zones_that_do_not_exist_read_as_bad_signatures() {
    let stage = Stage::new().await;
    let mut claims = stage.claims();
    claims.zone_id = "another-zone".parse().unwrap();
    let token = stage.sign(claims);
    assert_eq!(
        verdict(&stage, &token).await,
        (401, "invalid_token".into(), "bearer signature invalid".into())
    );
}

#[tokio::test]
async fn connection_cannot_strip_what_is_checked_nor_what_is_injected() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let request = stage
        .request(&token, "/a")
        .header(
            "connection",
            "authorization, x-caracal-resource, host, content-length, x-request-id",
        )
        .body(Body::empty())
        .unwrap();
    assert_eq!(stage.send(request).await.status, 200);
    let received = stage.upstream.only();
    assert_eq!(received.header("authorization"), Some("Bearer real-credential"));
    assert_eq!(
        received.header("host"),
        Some(stage.upstream.address().to_string().as_str())
    );
    assert!(received.header("x-request-id").is_some());
}
