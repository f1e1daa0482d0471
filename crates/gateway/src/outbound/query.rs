//! Queries, byte for byte as sent wherever nothing has to change: signed URLs depend on it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::BuildFailed;

/// What stays as it is in a query value (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Joins the query of the destination, of the caller, and the credential `key` (name, value). The destination's
/// parameters win over the caller's of the same name; a credential replaces every parameter of its name.
///
/// # Errors
/// [`BuildFailed`] when the caller's query could smuggle a second credential past the replacement.
pub(super) fn join<'q>(
    base: Option<&'q str>,
    inbound: Option<&'q str>,
    key: Option<(&str, &str)>,
) -> Result<Option<Cow<'q, str>>, BuildFailed> {
    let (base, inbound) = (
        base.filter(|query| !query.is_empty()),
        inbound.filter(|query| !query.is_empty()),
    );
    match (base, inbound, key) {
        (None, inbound, None) => return Ok(inbound.map(Cow::Borrowed)),
        (base, None, None) => return Ok(base.map(Cow::Borrowed)),
        _ => {}
    }
    // Some servers split at `;` too, and would see `a=1;api_key=evil` as two parameters.
    if key.is_some() && inbound.is_some_and(|query| query.contains(';')) {
        return Err(BuildFailed);
    }
    let is_key = |pair: &str| key.is_some_and(|(key, _)| name(pair).eq_ignore_ascii_case(key.as_bytes()));
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    let base_pairs: Vec<&str> = base
        .iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !is_key(pair))
        .collect();
    let taken: Vec<Cow<'_, [u8]>> = base_pairs.iter().map(|pair| name(pair)).collect();
    let inbound_pairs = inbound
        .iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !is_key(pair) && !taken.contains(&name(pair)));
    parts.extend(base_pairs.iter().map(|pair| Cow::Borrowed(*pair)));
    parts.extend(inbound_pairs.map(Cow::Borrowed));
    if let Some((key, value)) = key {
        parts.push(Cow::Owned(format!("{key}={}", utf8_percent_encode(value, VALUE))));
    }
    Ok((!parts.is_empty()).then(|| Cow::Owned(parts.join("&"))))
}

/// The decoded name of a parameter.
fn name(pair: &str) -> Cow<'_, [u8]> {
    let name = pair.split('=').next().unwrap_or_default();
    if name.contains(['%', '+']) {
        Cow::Owned(percent_decode(name.replace('+', " ").as_bytes()).collect())
    } else {
        Cow::Borrowed(name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, inbound: &str, key: Option<(&str, &str)>) -> Option<String> {
        let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        let (base, inbound): (&'static str, &'static str) = (
            Box::leak(base.to_owned().into_boxed_str()),
            Box::leak(inbound.to_owned().into_boxed_str()),
        );
        join(some(base), some(inbound), key).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn a_callers_query_is_untouched() {
        for query in [
            "z=1&a=2&z=3",
            "a=%2F%20+b",
            "flag",
            "a=1;b=2",
            "&&",
            "sig=a%2Bb%3D",
        ] {
            assert_eq!(joined("", query, None).as_deref(), Some(query));
        }
        assert_eq!(joined("", "", None), None);
    }

    #[test]
    fn the_destinations_parameters_win() {
        assert_eq!(
            joined("v=2", "z=1&v=9&%76=8&a=2", None).as_deref(),
            Some("v=2&z=1&a=2")
        );
        assert_eq!(joined("v=2", "", None).as_deref(), Some("v=2"));
    }

    #[test]
    fn a_credential_replaces_every_parameter_of_its_name() {
        let key = Some(("api_key", "s p/c&=é"));
        assert_eq!(
            joined("", "a=1&api_key=evil&%61pi_key=evil&API_KEY=evil&b=2", key).as_deref(),
            Some("a=1&b=2&api_key=s%20p%2Fc%26%3D%C3%A9")
        );
        assert_eq!(
            joined("api_key=old", "", Some(("api_key", "new"))).as_deref(),
            Some("api_key=new")
        );
        assert_eq!(join(None, Some("a=1;api_key=evil"), key), Err(BuildFailed));
    }
}
