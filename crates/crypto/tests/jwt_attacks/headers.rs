//! Headers that choose the algorithm, point at a key, or read two ways.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_crypto::{HmacKey, MandateError};
use serde_json::{Value, json};

use crate::{Case, HEADER, Verdict::NotAMandate, Zone, claims, nested};

const KEY_ALREADY_PUBLISHED: &str = r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#;

pub(crate) fn algorithms(zone: &Zone) -> Vec<Case> {
    let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
    let mut cases = Vec::new();
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "ES256 ",
        " ES256",
        "es256",
        "Es256",
        "ES256K",
        "ES384",
        "ES512",
        "HS256",
        "HS384",
        "HS512",
        "RS256",
        "PS256",
        "EdDSA",
        "ES256\0",
        "ECDSA",
        "dir",
        "ＥＳ２５６",
    ] {
        let header = json!({"alg": alg, "typ": "JWT", "kid": "key-1"}).to_string();
        // Unsigned, as `none` wants it, with an empty and with a real signature.
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(&header));
        cases.push((
            format!("alg {alg:?} unsigned"),
            unsigned,
            NotAMandate(MandateError::Segments),
        ));
        cases.push((
            format!("alg {alg:?}"),
            zone.with_header(&header),
            NotAMandate(MandateError::Algorithm),
        ));
    }
    for (name, alg) in [
        ("array", json!(["ES256"])),
        ("null", Value::Null),
        ("number", json!(256)),
        ("object", json!({"a": 1})),
    ] {
        let header = json!({"alg": alg, "kid": "key-1"}).to_string();
        cases.push((
            format!("alg {name}"),
            zone.with_header(&header),
            NotAMandate(MandateError::Header),
        ));
    }
    cases.push((
        "alg missing".into(),
        zone.with_header(r#"{"kid":"key-1"}"#),
        NotAMandate(MandateError::Header),
    ));
    // The public key as an HMAC secret.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT","kid":"key-1"}"#);
    let input = format!("{header}.{payload}");
    let tag = HmacKey::from_bytes(zone.key.verifying_key().point()).sign(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
    cases.push((
        "HS256 by public key".into(),
        token,
        NotAMandate(MandateError::Algorithm),
    ));
    // The same under the right name: an HMAC is no signature.
    let input = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(HEADER));
    let tag = HmacKey::from_bytes(zone.key.verifying_key().point()).sign(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode([tag, tag].concat()));
    cases.push((
        "HMAC posing as ES256".into(),
        token,
        NotAMandate(MandateError::Signature),
    ));
    cases
}

pub(crate) fn headers(zone: &Zone) -> Vec<Case> {
    let mut cases = Vec::new();
    for (kid, error) in [
        (json!(""), MandateError::KeyId),
        (json!("key-3"), MandateError::UnknownKey),
        (json!("KEY-1"), MandateError::UnknownKey),
        (json!("../../../../dev/null"), MandateError::KeyId),
        (json!("key-1' OR '1'='1"), MandateError::KeyId),
        (json!("key-1\0"), MandateError::KeyId),
        (json!("key-1\n"), MandateError::KeyId),
        (json!(" key-1"), MandateError::KeyId),
        (json!("https://attacker.test/key"), MandateError::KeyId),
        (json!("k".repeat(129)), MandateError::KeyId),
        (json!("kéy"), MandateError::KeyId),
        (Value::Null, MandateError::Header),
        (json!(1), MandateError::Header),
        (json!(["key-1"]), MandateError::Header),
    ] {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        cases.push((
            format!("kid {kid}"),
            zone.with_header(&header),
            NotAMandate(error),
        ));
    }
    cases.push((
        "kid missing".into(),
        zone.with_header(r#"{"alg":"ES256"}"#),
        NotAMandate(MandateError::KeyId),
    ));
    for (name, value) in [
        ("jku", json!("https://attacker.test/jwks.json")),
        ("x5u", json!("https://attacker.test/cert.pem")),
        ("jwk", serde_json::from_str(KEY_ALREADY_PUBLISHED).unwrap()),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!(["unknown"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
    ] {
        let mut header: Value = serde_json::from_str(HEADER).unwrap();
        header[name] = value;
        cases.push((
            format!("{name} {}", header[name]),
            zone.with_header(&header.to_string()),
            NotAMandate(MandateError::Parameter),
        ));
    }
    for typ in [
        "at+jwt",
        "logout+jwt",
        "dpop+jwt",
        "JWE",
        "",
        "JWT ",
        "application/jwt",
    ] {
        let header = json!({"alg": "ES256", "typ": typ, "kid": "key-1"}).to_string();
        cases.push((
            format!("typ {typ:?}"),
            zone.with_header(&header),
            NotAMandate(MandateError::Type),
        ));
    }
    for header in [
        r#"{"alg":"none","alg":"ES256","kid":"key-1"}"#,
        r#"{"alg":"ES256","\u0061lg":"ES256","kid":"key-1"}"#,
        r#"{"alg":"ES256","kid":"key-1","kid":"key-1"}"#,
        r#"{"alg":"ES256","typ":"JWT","typ":"JWT","kid":"key-1"}"#,
        r#"{"alg":"ES256","kid":"key-1","x":1,"x":2}"#,
        r#"{"alg":"ES256","kid":"key-1","x":{"y":1,"y":2}}"#,
        r#"{"alg":"ES256","typ":null,"kid":"key-1"}"#,
        r#"{"alg":"ES256","kid":"key-1"}{}"#,
        r#"{"alg":"ES256","kid":"key-1"} x"#,
        r#"{"alg":"ES256","kid":"key-1","x":NaN}"#,
        r#"{"alg":"ES256","kid":"key-1",}"#,
        "{'alg':'ES256','kid':'key-1'}",
        "\u{feff}{\"alg\":\"ES256\",\"kid\":\"key-1\"}",
        r#"["ES256","key-1"]"#,
        r#""ES256""#,
        "null",
        " ",
    ] {
        cases.push((
            format!("header {header}"),
            zone.with_header(header),
            NotAMandate(MandateError::Header),
        ));
    }
    let deep = format!(r#"{{"alg":"ES256","kid":"key-1","x":{}}}"#, nested(100));
    cases.push((
        "deep header".into(),
        zone.with_header(&deep),
        NotAMandate(MandateError::Header),
    ));
    let long = format!(r#"{{"alg":"ES256","kid":"key-1","x":"{}"}}"#, "x".repeat(2000));
    cases.push((
        "long header".into(),
        zone.with_header(&long),
        NotAMandate(MandateError::Header),
    ));
    let not_utf8 = zone.signed(
        b"{\"alg\":\"ES256\",\"kid\":\"key-1\",\"x\":\"\xff\"}",
        claims().to_string(),
    );
    cases.push((
        "header not UTF-8".into(),
        not_utf8,
        NotAMandate(MandateError::Header),
    ));
    cases
}
