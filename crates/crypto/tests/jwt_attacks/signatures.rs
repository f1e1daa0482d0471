//! Signatures that are none: degenerate, in another form, by another key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_crypto::MandateError;

use crate::{Case, HEADER, Verdict::NotAMandate, Zone};

/// Order of the group of P-256.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

pub(crate) fn signatures(zone: &Zone) -> Vec<Case> {
    let good = zone.signature();
    let (r, s) = good.split_at(32);
    let order = hex::decode(ORDER).unwrap();
    let (zero, ones) = ([0; 32], [0xff; 32]);
    let mut one = zero;
    one[31] = 1;
    let pairs: [(&str, Vec<u8>); 22] = [
        ("r and s zero", [zero, zero].concat()),
        ("r zero", [&zero, s].concat()),
        ("s zero", [r, &zero].concat()),
        ("r is the order", [&order, s].concat()),
        ("s is the order", [r, &order].concat()),
        ("r and s the order", [&order[..], &order].concat()),
        ("r above the order", [&ones, s].concat()),
        ("s above the order", [r, &ones].concat()),
        ("r and s one", [one, one].concat()),
        ("r negated", [&negated(r), s].concat()),
        ("r and s swapped", [s, r].concat()),
        ("DER", der(&good)),
        ("63 bytes", good[..63].to_vec()),
        ("63 bytes from the right", good[1..].to_vec()),
        ("65 bytes", [&good, &[0][..]].concat()),
        ("65 bytes with a zero in front", [&[0], &good[..]].concat()),
        ("66 bytes", [&good, &[0, 0][..]].concat()),
        ("r alone", r.to_vec()),
        ("twice", [&good[..], &good].concat()),
        (
            "one bit off",
            good.iter()
                .enumerate()
                .map(|(n, byte)| byte ^ u8::from(n == 40))
                .collect(),
        ),
        ("one byte", vec![0]),
        (
            "of another token",
            zone.stranger.sign(b"another token").unwrap().to_vec(),
        ),
    ];
    let mut cases: Vec<_> = pairs
        .into_iter()
        .map(|(name, signature)| {
            (
                format!("signature {name}"),
                zone.with_signature(&signature),
                NotAMandate(MandateError::Signature),
            )
        })
        .collect();
    let by_stranger = {
        let token = zone.good();
        let input = token.rsplit_once('.').unwrap().0;
        format!(
            "{input}.{}",
            URL_SAFE_NO_PAD.encode(zone.stranger.sign(input.as_bytes()).unwrap())
        )
    };
    cases.push((
        "another key of the same name".into(),
        by_stranger,
        NotAMandate(MandateError::Signature),
    ));
    // Signed by key-1, claiming key-2, which the zone also has.
    let other_name = zone.with_header(&HEADER.replace("key-1", "key-2"));
    cases.push((
        "another key's name".into(),
        other_name,
        NotAMandate(MandateError::Signature),
    ));
    cases
}

/// ASN.1 form of a signature, which JWS does not use.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut body: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if body.first().is_none_or(|first| first & 0x80 != 0) {
            body.insert(0, 0);
        }
        [vec![2, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

/// The group's order minus a scalar.
pub(crate) fn negated(scalar: &[u8]) -> Vec<u8> {
    let mut result = hex::decode(ORDER).unwrap();
    let mut borrow = 0_i16;
    for (byte, subtrahend) in result.iter_mut().zip(scalar).rev() {
        let difference = i16::from(*byte) - i16::from(*subtrahend) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    result
}
