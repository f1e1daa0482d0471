//! Other spellings of a token, and tokens of other shapes.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use caracal_crypto::MandateError;
use serde_json::json;

use crate::{Case, HEADER, Verdict, Verdict::NotAMandate, Zone, claims};

pub(crate) fn encodings(zone: &Zone) -> Vec<Case> {
    let good = zone.good();
    let segments: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = segments[..] else {
        panic!("three segments")
    };
    let encoding = NotAMandate(MandateError::Encoding);
    let cases: Vec<(&str, String, Verdict)> = vec![
        ("empty", String::new(), NotAMandate(MandateError::Segments)),
        ("one segment", header.into(), NotAMandate(MandateError::Segments)),
        (
            "two segments",
            format!("{header}.{payload}"),
            NotAMandate(MandateError::Segments),
        ),
        (
            "four segments",
            format!("{good}.{signature}"),
            NotAMandate(MandateError::Segments),
        ),
        (
            "five segments, as JWE",
            format!("{header}.AA.AA.AA.AA"),
            NotAMandate(MandateError::Segments),
        ),
        ("dots alone", "..".into(), NotAMandate(MandateError::Segments)),
        (
            "no header",
            format!(".{payload}.{signature}"),
            NotAMandate(MandateError::Segments),
        ),
        (
            "no claims",
            format!("{header}..{signature}"),
            NotAMandate(MandateError::Segments),
        ),
        (
            "no signature",
            format!("{header}.{payload}."),
            NotAMandate(MandateError::Segments),
        ),
        (
            "dot in front",
            format!(".{good}"),
            NotAMandate(MandateError::Segments),
        ),
        (
            "dot behind",
            format!("{good}."),
            NotAMandate(MandateError::Segments),
        ),
        (
            "1 MB",
            format!("{header}.{}.{signature}", "A".repeat(1 << 20)),
            NotAMandate(MandateError::TooLarge),
        ),
        (
            "1 MB of dots",
            ".".repeat(1 << 20),
            NotAMandate(MandateError::TooLarge),
        ),
        (
            "padded header",
            format!("{}.{payload}.{signature}", URL_SAFE.encode(HEADER)),
            encoding,
        ),
        (
            "padded claims",
            format!(
                "{header}.{}.{signature}",
                URL_SAFE.encode(claims().to_string() + " ")
            ),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "padded signature",
            format!("{good}=="),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "space in front",
            format!(" {good}"),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "line break behind",
            format!("{good}\n"),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "space in the claims",
            good.replacen('.', ". ", 1),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "plus in the signature",
            format!("{header}.{payload}.+{}", &signature[1..]),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "percent encoding",
            good.replacen('.', "%2E", 1),
            NotAMandate(MandateError::Segments),
        ),
        (
            "null byte",
            format!("{good}\0"),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "look-alike letter",
            good.replacen('e', "е", 1),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "Bearer kept",
            format!("Bearer {good}"),
            NotAMandate(MandateError::Encoding),
        ),
        (
            "JSON serialization",
            json!({"protected": header, "payload": payload, "signature": signature}).to_string(),
            NotAMandate(MandateError::Segments),
        ),
    ];
    let mut cases: Vec<_> = cases
        .into_iter()
        .map(|(name, token, verdict)| (name.to_owned(), token, verdict))
        .collect();
    // 64 bytes leave four bits of the last character unused: fifteen other spellings of the same bytes.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (head, last) = good.split_at(good.len() - 1);
    let value = alphabet.find(last).unwrap();
    for bits in 1..16 {
        let other = &alphabet[value + bits..=value + bits];
        cases.push((
            format!("trailing bits {bits}"),
            format!("{head}{other}"),
            NotAMandate(MandateError::Encoding),
        ));
    }
    // The alphabet of ordinary base64, where it differs.
    let odd = zone.signed(HEADER, br#"{"x":"???>>>~~~"}"#);
    let ordinary = STANDARD.encode(br#"{"x":"???>>>~~~"}"#);
    let middle = odd.split('.').nth(1).unwrap();
    cases.push((
        "ordinary base64".into(),
        odd.replace(middle, ordinary.trim_end_matches('=')),
        NotAMandate(MandateError::Encoding),
    ));
    cases
}
