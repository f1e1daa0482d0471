//! Request paths: which ones are refused, and how one reads to a policy.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Most rounds of decoding; an escape wrapped deeper than this is an attack on somebody behind us.
const MAX_ROUNDS: usize = 8;

/// Why a path goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusedPath {
    /// Not `/…`, an escape that is none, or text that is not UTF-8 once decoded.
    Malformed,
    /// Leads out of its directory under some reading.
    Traversal,
}

/// Checks `path` as sent. Upstreams decode once, twice or leniently; under none of these readings may a segment be
/// `.` or `..`, a backslash separate segments, or a control character end the text early. A literal `%25` passes.
///
/// # Errors
/// [`RefusedPath`].
pub(crate) fn check(path: &str) -> Result<(), RefusedPath> {
    if !path.starts_with('/') {
        return Err(RefusedPath::Malformed);
    }
    // Nearly every path: nothing to decode.
    if !path.contains('%') {
        return check_decoded(path);
    }
    if !escapes_are_whole(path) {
        return Err(RefusedPath::Malformed);
    }
    let mut current = Cow::Borrowed(path);
    for _ in 0..MAX_ROUNDS {
        check_decoded(&current)?;
        let decoded = match percent_decode(current.as_bytes()).decode_utf8() {
            // Overlong forms such as %c0%ae are not UTF-8.
            Err(_) => return Err(RefusedPath::Malformed),
            Ok(decoded) if decoded == current => return Ok(()),
            Ok(decoded) => decoded.into_owned(),
        };
        current = Cow::Owned(decoded);
    }
    Err(RefusedPath::Traversal)
}

/// `path` as policies read it: decoded once. An encoded slash stays encoded, since to the upstream it is part of a
/// segment: `/a%2Fb` must never be taken for the declared `/a/b`. So does an encoded percent sign, or `/a%252Fb` would
/// be taken for the declared `/a%2Fb`: no two paths that an upstream can tell apart read alike.
///
/// # Errors
/// [`RefusedPath::Malformed`] when the text is not UTF-8 once decoded.
pub(crate) fn decode(path: &str) -> Result<Cow<'_, str>, RefusedPath> {
    if !path.contains('%') {
        return Ok(Cow::Borrowed(path));
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut segments = path.as_bytes();
    while let Some((at, escape)) = find_kept_escape(segments) {
        let (before, rest) = segments.split_at(at);
        bytes.extend(percent_decode(before));
        bytes.extend_from_slice(escape);
        segments = rest.get(3..).unwrap_or_default();
    }
    bytes.extend(percent_decode(segments));
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| RefusedPath::Malformed)
}

fn find_kept_escape(bytes: &[u8]) -> Option<(usize, &'static [u8])> {
    bytes
        .windows(3)
        .enumerate()
        .find_map(|(at, window)| match window {
            [b'%', b'2', b'f' | b'F'] => Some((at, b"%2F".as_slice())),
            [b'%', b'2', b'5'] => Some((at, b"%25".as_slice())),
            _ => None,
        })
}

fn escapes_are_whole(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|rest| matches!(rest.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

fn check_decoded(path: &str) -> Result<(), RefusedPath> {
    if path
        .bytes()
        .any(|byte| byte == b'\\' || byte < 0x20 || byte == 0x7f)
    {
        return Err(RefusedPath::Traversal);
    }
    if path.contains('.') && path.split('/').any(is_dots) {
        return Err(RefusedPath::Traversal);
    }
    Ok(())
}

/// Whether some server takes the segment for `.` or `..`: with path parameters (`..;x`) or spaces behind it.
fn is_dots(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default().trim_matches(' ');
    name == "." || name == ".."
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn traversal_is_refused_in_every_spelling() {
        for path in [
            "/..",
            "/.",
            "/../",
            "/a/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e/b",
            "/%2E%2e/b",
            "/.%2e/b",
            "/%2e./b",
            "/a/%2e/b",
            "/a%2f..%2fb",
            "/a%2F%2e%2e%2Fb",
            "/..%2fb",
            "/%252e%252e/b",
            "/%25252e%25252e/b",
            "/..%252fb",
            "/..%25252fb",
            "/a/..;/b",
            "/a/..;x=1/b",
            "/a/%2e%2e;/b",
            "/a/..%3b/b",
            "/a/..%20/b",
            "/a/%20../b",
            "/a\\..\\b",
            "/a/..\\b",
            "/a%5c..%5cb",
            "/a%5Cb",
            "/a%255cb",
            "/a%00",
            "/a%00/../b",
            "/a%0d%0aX:%201",
            "/a%250a",
            "/a%7f",
            "/%2525252525252525252525252525252525252525252525252e",
        ] {
            assert_eq!(check(path), Err(RefusedPath::Traversal), "{path}");
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        for path in [
            "",
            "*",
            "a",
            "http:/x",
            "/%",
            "/%2",
            "/%zz",
            "/%u002e%u002e/b",
            "/a%",
            "/%c0%ae%c0%ae/b",
            "/%ff",
            "/%e0%80%ae",
        ] {
            assert_eq!(check(path), Err(RefusedPath::Malformed), "{path}");
        }
    }

    #[test]
    fn ordinary_paths_pass() {
        for path in [
            "/",
            "//",
            "/a//b/",
            "/a.b/..c/...",
            "/.well-known/x",
            "/a%20b",
            "/a%2Fb",
            "/100%25",
            "/100%25/x",
            "/50%25off",
            "/a%2525",
            "/%C3%A9t%C3%A9",
            "/a;v=1/b",
            "/a:b@c,d=e",
            "/..a/b..",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn policies_read_the_path_decoded_once_with_encoded_slashes_and_percent_signs_kept() {
        for (sent, read) in [
            ("/a%20b", "/a b"),
            ("/a%2fb/c", "/a%2Fb/c"),
            ("/a%2F%2Fb", "/a%2F%2Fb"),
            ("/100%25", "/100%25"),
            ("/a%252Fb", "/a%252Fb"),
            ("/a%25252fb", "/a%25252fb"),
            ("/%C3%A9", "/é"),
            ("/%41dmin", "/Admin"),
        ] {
            assert_eq!(decode(sent).unwrap(), read, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_passes_has_no_dots_under_any_number_of_decodings(path in "/[a.%25ef;/2\\\\]{0,24}") {
            if check(&path).is_ok() {
                let mut current = path.clone();
                for _ in 0..12 {
                    prop_assert!(!current.split('/').any(|segment| segment == ".." || segment == "."));
                    prop_assert!(!current.contains('\\'));
                    current = percent_decode(current.as_bytes()).decode_utf8_lossy().into_owned();
                }
            }
        }

        #[test]
        fn paths_that_decode_apart_read_apart(one in "/[a%25F]{0,8}", other in "/[a%25F]{0,8}") {
            let once = |path: &str| percent_decode(path.as_bytes()).decode_utf8_lossy().into_owned();
            if check(&one).is_ok() && check(&other).is_ok() && once(&one) != once(&other) {
                prop_assert_ne!(decode(&one).unwrap(), decode(&other).unwrap());
            }
        }

        #[test]
        fn checking_never_panics(path in ".{0,64}") {
            let _ = check(&path);
            let _ = decode(&path);
        }
    }
}
