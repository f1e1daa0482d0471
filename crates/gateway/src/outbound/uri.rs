//! The upstream's URI.

use caracal_service::egress::Target;
use http::{Uri, uri::PathAndQuery};

use super::{BuildFailed, query};

/// The base of `target` with the caller's path and query behind it, escapes and slashes as sent.
///
/// # Errors
/// [`BuildFailed`].
pub(super) fn build(target: &Target, inbound: &Uri, key: Option<(&str, &str)>) -> Result<Uri, BuildFailed> {
    let plain = target.path() == "/" && target.query().is_none() && key.is_none();
    let path_and_query = match inbound.path_and_query() {
        // Nothing to join: the bytes go on as they came.
        Some(path_and_query) if plain => path_and_query.clone(),
        _ => join(target, inbound, key)?,
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(target.scheme().clone());
    parts.authority = Some(target.authority().clone());
    parts.path_and_query = Some(path_and_query);
    Uri::from_parts(parts).map_err(|_| BuildFailed)
}

fn join(target: &Target, inbound: &Uri, key: Option<(&str, &str)>) -> Result<PathAndQuery, BuildFailed> {
    let (base, path) = (target.path(), inbound.path());
    let mut text = match (base, path) {
        ("" | "/", path) => path.to_owned(),
        (base, "" | "/") => base.to_owned(),
        (base, path) => [base.trim_end_matches('/'), path].concat(),
    };
    if let Some(query) = query::join(target.query(), inbound.query(), key)? {
        text.push('?');
        text.push_str(&query);
    }
    PathAndQuery::try_from(text).map_err(|_| BuildFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_without_losing_a_byte() {
        for (base, inbound, joined) in [
            ("http://u.test", "/a%2Fb/%25/?q=%2F", "/a%2Fb/%25/?q=%2F"),
            ("http://u.test/", "/", "/"),
            ("http://u.test", "//a//b/", "//a//b/"),
            ("http://u.test/v1", "/", "/v1"),
            ("http://u.test/v1/", "/", "/v1/"),
            ("http://u.test/v1", "/a/", "/v1/a/"),
            ("http://u.test/v1/", "/a%20b", "/v1/a%20b"),
            ("http://u.test/v%2F1", "/a", "/v%2F1/a"),
            ("http://u.test/v1?x=1", "/a?y=2", "/v1/a?x=1&y=2"),
        ] {
            let uri = build(&Target::parse(base).unwrap(), &inbound.parse().unwrap(), None).unwrap();
            assert_eq!(uri.path_and_query().unwrap(), joined, "{base} {inbound}");
            assert_eq!(uri.authority().unwrap(), "u.test");
        }
    }
}
