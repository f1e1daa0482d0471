//! One PEM block (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// The label and the contents of the one block in `bytes`, if it has one of `labels`.
pub(crate) fn decode<'l>(bytes: &[u8], labels: &[&'l str]) -> Option<(&'l str, Zeroizing<Vec<u8>>)> {
    let text = std::str::from_utf8(bytes).ok()?.trim_ascii_end();
    for label in labels {
        let body = text
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_prefix(label))
            .and_then(|rest| rest.strip_prefix("-----"))
            .and_then(|rest| rest.strip_suffix("-----"))
            .and_then(|rest| rest.strip_suffix(label))
            .and_then(|rest| rest.strip_suffix("-----END "));
        if let Some(body) = body {
            let mut packed = Zeroizing::new(Vec::with_capacity(body.len()));
            packed.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
            let contents = STANDARD.decode(packed.as_slice()).ok()?;
            return Some((label, Zeroizing::new(contents)));
        }
    }
    None
}
