//! Claims in forms nobody issues, and claims meant for somebody else. All really signed.

use caracal_crypto::{ClaimError, MandateError};
use serde_json::{Value, json};

use crate::{
    Case, HEADER, NOW,
    Verdict::{NotAMandate, NotHere},
    Zone, claims, nested,
};

pub(crate) fn claim_forms(zone: &Zone) -> Vec<Case> {
    let mut cases = Vec::new();
    let good = claims().to_string();
    for payload in [
        good.replacen('{', r#"{"sub":"root","#, 1),
        good.replacen('{', r#"{"zone_id":"zone-2","#, 1),
        good.replacen('{', r#"{"x":1,"x":2,"#, 1),
        good.replacen('{', r#"{"\u0065xp":1,"#, 1),
        good.replacen('{', r#"{"x":{"a":[{"b":1,"b":2}]},"#, 1),
        good.replacen('{', &format!(r#"{{"x":{},"#, nested(17)), 1),
        good.replacen('{', &format!(r#"{{"x":{},"#, nested(1200)), 1),
        good.replacen('{', r#"{"x":NaN,"#, 1),
        good.replacen('{', r#"{"x":1e999,"#, 1),
        format!("\u{feff}{good}"),
        format!("{good}{good}"),
        format!("[{good}]"),
        "null".into(),
        "{}".into(),
        "\"\"".into(),
        zone.good(), // a token inside a token
    ] {
        let name: String = payload.chars().take(40).collect();
        cases.push((
            format!("claims {name}"),
            zone.signed(HEADER, payload),
            NotAMandate(MandateError::Claims),
        ));
    }
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "zone_id",
        "client_id",
        "sid",
        "root_sid",
        "use",
        "sub_type",
    ] {
        cases.push((
            format!("no {name}"),
            zone.without_claim(name),
            NotAMandate(MandateError::Claims),
        ));
        cases.push((
            format!("null {name}"),
            zone.with_claim(name, Value::Null),
            NotAMandate(MandateError::Claims),
        ));
        cases.push((
            format!("list {name}"),
            zone.with_claim(name, json!([[]])),
            NotAMandate(MandateError::Claims),
        ));
    }
    for (name, value) in [
        ("exp", json!("1879364800")),
        ("exp", json!(1_879_364_800.5)),
        ("exp", json!(1e300)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(u64::MAX)),
        ("iat", json!(-1)),
        ("iat", json!("1779364800")),
        ("nbf", json!("1779364800")),
        ("aud", json!("https://sts.test")),
        ("aud", json!([])),
        ("aud", json!([""])),
        ("aud", json!(["https://sts.test", 1])),
        ("iss", json!("")),
        ("sub", json!("")),
        ("sub", json!("x".repeat(1025))),
        ("jti", json!("")),
        ("jti", json!("a\nb")),
        ("jti", json!("x".repeat(129))),
        ("zone_id", json!("../zone-1")),
        ("zone_id", json!("")),
        ("client_id", json!("app 1")),
        ("sid", json!("")),
        ("use", json!("GATEWAY")),
        ("use", json!("admin")),
        ("sub_type", json!("root")),
        ("scope", json!("")),
        ("scope", json!(["tickets:read"])),
        ("target", json!("resource://tickets")),
        ("target", json!([""])),
        ("hop_count", json!(-1)),
        ("delegation_graph_epoch", json!(-1)),
        ("delegation_path", json!([""])),
        ("delegation_chain", json!([{}])),
        ("agent_session_id", json!("")),
    ] {
        cases.push((
            format!(
                "{name} {}",
                value.to_string().chars().take(40).collect::<String>()
            ),
            zone.with_claim(name, value),
            NotAMandate(MandateError::Claims),
        ));
    }
    cases
}

pub(crate) fn claim_values(zone: &Zone) -> Vec<Case> {
    [
        ("exp", json!(NOW - 60), ClaimError::Expired),
        ("exp", json!(1), ClaimError::Expired),
        ("exp", json!(NOW + 3_661), ClaimError::LivesTooLong),
        ("exp", json!(i64::MAX), ClaimError::LivesTooLong),
        ("nbf", json!(NOW + 61), ClaimError::NotYetValid),
        ("nbf", json!(i64::MAX), ClaimError::NotYetValid),
        ("iat", json!(NOW + 61), ClaimError::IssuedInFuture),
        ("iat", json!(i64::MAX), ClaimError::IssuedInFuture),
        ("iss", json!("https://sts.test/"), ClaimError::WrongIssuer),
        (
            "iss",
            json!("https://sts.test.attacker.test"),
            ClaimError::WrongIssuer,
        ),
        ("iss", json!("https://STS.test"), ClaimError::WrongIssuer),
        ("iss", json!("https://sts.tes"), ClaimError::WrongIssuer),
        ("iss", json!(" https://sts.test"), ClaimError::WrongIssuer),
        ("iss", json!("https://ѕts.test"), ClaimError::WrongIssuer),
        ("aud", json!(["https://sts.test/"]), ClaimError::WrongAudience),
        (
            "aud",
            json!(["https://sts.test.attacker.test"]),
            ClaimError::WrongAudience,
        ),
        ("aud", json!(["https://sts"]), ClaimError::WrongAudience),
        (
            "aud",
            json!(["resource://tickets", "https://STS.test"]),
            ClaimError::WrongAudience,
        ),
        ("zone_id", json!("zone-2"), ClaimError::WrongZone),
        ("zone_id", json!("ZONE-1"), ClaimError::WrongZone),
        ("use", json!("session"), ClaimError::WrongUse),
        ("use", json!("resource"), ClaimError::WrongUse),
    ]
    .into_iter()
    .map(|(name, value, error)| {
        (
            format!("{name} {value}"),
            zone.with_claim(name, value),
            NotHere(error),
        )
    })
    .collect()
}
