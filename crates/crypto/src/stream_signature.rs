//! Origin signature of stream messages (field `_sig`).
//!
//! The signed text is the stream's name and then each other field as `name=value`, sorted by name, each on a
//! line of its own. Nothing in it is escaped, so it is unambiguous only without line breaks in names and values
//! and without `=` in names: such fields are refused where they are produced, and again where they are read,
//! because `a: "1\nb=2"` and `a: "1", b: "2"` would carry the same signature.

use crate::hmac_key::HmacKey;

/// Field that carries the signature.
pub const SIGNATURE_FIELD: &str = "_sig";

/// The message has no unambiguous signed form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsignableMessage {
    /// The stream's name is empty or has a line break.
    #[error("stream name with a line break")]
    Stream,
    /// A field's name is empty, or has a line break or `=`.
    #[error("field name {0:?} with a line break or an equals sign")]
    Name(String),
    /// A field's value has a line break. The value is not repeated here.
    #[error("value of field {0:?} with a line break")]
    Value(String),
    /// Two fields share a name.
    #[error("field {0:?} repeated")]
    Repeated(String),
}

/// The text that is signed. Values are the exact strings sent; [`SIGNATURE_FIELD`] is left out.
///
/// # Errors
/// [`UnsignableMessage`].
pub fn canonical<N: AsRef<str>, V: AsRef<str>>(
    stream: &str,
    fields: &[(N, V)],
) -> Result<Vec<u8>, UnsignableMessage> {
    if stream.is_empty() || breaks_line(stream) {
        return Err(UnsignableMessage::Stream);
    }
    let mut signed: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_ref()))
        .filter(|(name, _)| *name != SIGNATURE_FIELD)
        .collect();
    signed.sort_unstable();
    let mut text = String::with_capacity(
        signed
            .iter()
            .map(|(name, value)| name.len().saturating_add(value.len()).saturating_add(2))
            .fold(stream.len().saturating_add(1), usize::saturating_add),
    );
    text.push_str(stream);
    text.push('\n');
    let mut before = None;
    for (name, value) in signed {
        if name.is_empty() || name.contains('=') || breaks_line(name) {
            return Err(UnsignableMessage::Name(name.to_owned()));
        }
        if breaks_line(value) {
            return Err(UnsignableMessage::Value(name.to_owned()));
        }
        if before.replace(name) == Some(name) {
            return Err(UnsignableMessage::Repeated(name.to_owned()));
        }
        for piece in [name, "=", value, "\n"] {
            text.push_str(piece);
        }
    }
    Ok(text.into_bytes())
}

/// The value of `_sig`: lower-case hex.
///
/// # Errors
/// [`UnsignableMessage`].
pub fn sign<N: AsRef<str>, V: AsRef<str>>(
    key: &HmacKey,
    stream: &str,
    fields: &[(N, V)],
) -> Result<String, UnsignableMessage> {
    Ok(key.sign_hex(&canonical(stream, fields)?))
}

/// Whether the message carries exactly one `_sig` and it is right, in constant time. A message that could not
/// have been signed does not verify.
pub fn verify<N: AsRef<str>, V: AsRef<str>>(key: &HmacKey, stream: &str, fields: &[(N, V)]) -> bool {
    let mut signatures = fields.iter().filter(|(name, _)| name.as_ref() == SIGNATURE_FIELD);
    let (Some((_, signature)), None) = (signatures.next(), signatures.next()) else {
        return false;
    };
    canonical(stream, fields).is_ok_and(|text| key.verify_hex(&text, signature.as_ref()))
}

fn breaks_line(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(hex_text: &str) -> HmacKey {
        HmacKey::from_bytes(&hex::decode(hex_text).unwrap())
    }

    fn published_key() -> HmacKey {
        key(&"0123456789abcdef".repeat(4))
    }

    #[test]
    fn published_messages_have_their_published_signatures() {
        let transfer = "93c82e377fc1ff7f1430549aa20cd20971150173b5996308ab84cb48d6f2683d";
        let cases: [(&[(&str, &str)], &str); 4] = [
            (
                &[("amount", "100"), ("action", "transfer")],
                "c06ccc579e026c31a97a04f203981b236a3c88041712e9b46242e8762da23d75",
            ),
            (&[("action", "transfer")], transfer),
            (&[("action", "transfer"), ("_sig", "deadbeef")], transfer),
            (
                &[("active", "true"), ("count", "0"), ("name", "")],
                "dd36b85d880107b52155410569f95436acd8b5a656bba83e37c4b0196fb32ae1",
            ),
        ];
        for (fields, signature) in cases {
            assert_eq!(
                sign(&published_key(), "audit:events", fields).as_deref(),
                Ok(signature)
            );
        }
        assert_eq!(
            canonical("audit:events", &[("action", "transfer"), ("amount", "100")]).unwrap(),
            b"audit:events\naction=transfer\namount=100\n"
        );
    }

    #[test]
    fn revocations_have_their_known_signatures() {
        let stream = "caracal.sessions.revoke";
        let fields = [
            ("zone_id", "zone-1"),
            ("session_id", "ar-1"),
            ("reason", "grant_revoked"),
        ];
        assert_eq!(
            sign(
                &key(&"00112233445566778899aabbccddeeff".repeat(2)),
                stream,
                &fields
            )
            .unwrap(),
            "8f4fe811b8f6859cab7c853b6219a28534b94c81b38062eb0ee523bd0c1a9cca"
        );
        let counting: Vec<u8> = (0..32).collect();
        let fields = [
            ("reason", "session_revoked"),
            ("session_id", "rec-1"),
            ("zone_id", "z-1"),
        ];
        assert_eq!(
            sign(&HmacKey::from_bytes(&counting), stream, &fields).unwrap(),
            "9ea5b29ee883437bee0043b98aa9302857939a96b4d676c27b6f0f772c762a47"
        );
    }

    #[test]
    fn ambiguous_messages_are_refused_on_both_sides() {
        let key = published_key();
        let cases: [(&[(&str, &str)], UnsignableMessage); 7] = [
            (&[("a", "1\nb=2")], UnsignableMessage::Value("a".into())),
            (&[("a", "1\r")], UnsignableMessage::Value("a".into())),
            (&[("a\nb", "1")], UnsignableMessage::Name("a\nb".into())),
            (&[("a\r", "1")], UnsignableMessage::Name("a\r".into())),
            (&[("a=b", "1")], UnsignableMessage::Name("a=b".into())),
            (&[("", "1")], UnsignableMessage::Name(String::new())),
            (&[("a", "1"), ("a", "2")], UnsignableMessage::Repeated("a".into())),
        ];
        for (fields, why) in cases {
            assert_eq!(sign(&key, "s", fields), Err(why));
            // The signature a producer without these rules would have made.
            let mut text = String::from("s\n");
            for (name, value) in fields {
                text.extend([name, "=", value, "\n"]);
            }
            let mut message = fields.to_vec();
            let signature = key.sign_hex(text.as_bytes());
            message.push((SIGNATURE_FIELD, &signature));
            assert!(!verify(&key, "s", &message), "{fields:?}");
        }
        assert_eq!(sign(&key, "s\nt", &[("a", "1")]), Err(UnsignableMessage::Stream));
        assert_eq!(sign(&key, "", &[("a", "1")]), Err(UnsignableMessage::Stream));
    }

    #[test]
    fn unsigned_and_forged_messages_do_not_verify() {
        let key = published_key();
        let signature = sign(&key, "s", &[("a", "1")]).unwrap();
        assert!(verify(&key, "s", &[("a", "1"), (SIGNATURE_FIELD, &signature)]));
        for message in [
            vec![("a", "1")],
            vec![("a", "1"), (SIGNATURE_FIELD, "")],
            vec![("a", "1"), (SIGNATURE_FIELD, "not hex")],
            vec![("a", "1"), (SIGNATURE_FIELD, &signature[..62])],
            vec![
                ("a", "1"),
                (SIGNATURE_FIELD, &signature),
                (SIGNATURE_FIELD, &signature),
            ],
            vec![("a", "2"), (SIGNATURE_FIELD, &signature)],
            vec![("a", "1"), ("b", ""), (SIGNATURE_FIELD, &signature)],
            vec![(SIGNATURE_FIELD, &signature)],
        ] {
            assert!(!verify(&key, "s", &message), "{message:?}");
        }
        assert!(
            !verify(&key, "t", &[("a", "1"), (SIGNATURE_FIELD, &signature)]),
            "another stream"
        );
    }

    proptest! {
        #[test]
        fn different_messages_have_different_signed_texts(
            left in proptest::collection::btree_map("[a-z=\n]{0,3}", "[a-z=\n]{0,3}", 0..4),
            right in proptest::collection::btree_map("[a-z=\n]{0,3}", "[a-z=\n]{0,3}", 0..4),
        ) {
            let (left, right): (Vec<_>, Vec<_>) = (left.into_iter().collect(), right.into_iter().collect());
            if let (Ok(one), Ok(two)) = (canonical("s", &left), canonical("s", &right)) {
                prop_assert_eq!(one == two, left == right);
            }
        }
    }
}
