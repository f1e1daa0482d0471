//! Whether a proof is of the address that a request came to (RFC 9449 §4.3): both in their one spelling (RFC 3986 §6.2.2,
//! §6.2.3), without query and fragment.

use std::fmt::Write as _;

use url::Url;

/// Whether `given`, by a client, is `wanted`.
pub(super) fn is_same_address(given: &str, wanted: &str) -> bool {
    match (normal(given), normal(wanted)) {
        (Some(given), Some(wanted)) => given == wanted,
        _ => false,
    }
}

/// The one spelling of an address; nothing of what is none, or hides where it leads.
fn normal(address: &str) -> Option<String> {
    // What the parser would mend is none.
    let (scheme, rest) = address.split_once("://")?;
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if !address.bytes().all(is_plain) || rest.starts_with('/') || !is_http(scheme) {
        return None;
    }
    let url = Url::parse(address).ok()?;
    if !url.username().is_empty() || url.password().is_some() || !is_http(url.scheme()) {
        return None;
    }
    // Scheme and host in lower case, a default port left out, dot segments resolved: the parser did that.
    let mut normal = url.origin().ascii_serialization();
    push_path(&mut normal, url.path());
    Some(normal)
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

/// Escapes of what needs none are undone, others are written in upper case. A `%` that escapes nothing stays.
fn push_path(normal: &mut String, path: &str) {
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let escaped = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let digits = after.as_bytes().first().is_some_and(u8::is_ascii_hexdigit);
        match escaped.filter(|_| digits) {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') => {
                normal.push(char::from(byte));
                rest = after.get(2..).unwrap_or_default();
            }
            Some(byte) => {
                // Writing to memory does not fail.
                let _ = write!(normal, "%{byte:02X}");
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                normal.push('%');
                rest = after;
            }
        }
    }
    normal.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://gateway.example.com/r/z/tools";

    #[test]
    fn other_spellings_of_an_address_are_the_address() {
        for same in [
            HERE,
            "HTTPS://Gateway.Example.com:443/r/z/tools",
            "https://gateway.example.com/r/z/tools?a=b",
            "https://gateway.example.com/r/z/tools?a=b#c",
            "https://gateway.example.com/r/z/tools#c",
            "https://gateway.example.com/r/./z/x/../tools",
            "https://gateway.example.com/r/z/%74ools",
        ] {
            assert!(is_same_address(same, HERE), "{same}");
        }
        for (left, right) in [
            ("https://a.example", "https://a.example/"),
            ("http://a.example:80/x", "http://a.example/x"),
            ("https://a.example/a%2fb%c3%a4", "https://a.example/a%2Fb%C3%A4"),
            ("https://a.example/~x", "https://a.example/%7Ex"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ] {
            assert!(is_same_address(left, right), "{left} {right}");
        }
    }

    #[test]
    fn another_address_is_another() {
        for other in [
            "",
            "gateway.example.com/r/z/tools",
            "//gateway.example.com/r/z/tools",
            "/r/z/tools",
            "https:gateway.example.com/r/z/tools",
            "https:/gateway.example.com/r/z/tools",
            "https:///gateway.example.com/r/z/tools",
            "https:\\\\gateway.example.com/r/z/tools",
            "https://gateway.example.com\\r/z/tools",
            " https://gateway.example.com/r/z/tools",
            "https://gateway.example.com/r/z/\ttools",
            "https://gateway.example.com/r/z/tools\n",
            "http://gateway.example.com/r/z/tools",
            "ftp://gateway.example.com/r/z/tools",
            "https://gateway.example.com:444/r/z/tools",
            "https://gateway.example.com./r/z/tools",
            "https://gateway.example.com.attacker.example/r/z/tools",
            "https://gateway.example.com@attacker.example/r/z/tools",
            "https://user@gateway.example.com/r/z/tools",
            "https://gateway.example.com/r/z/tools/",
            "https://gateway.example.com/r/z",
            "https://gateway.example.com/r//z/tools",
            "https://gateway.example.com/R/z/tools",
            "https://gateway.example.com/r%2Fz/tools",
            "https://gateway.example.com/r/z/tools%",
            "https://gateway.example.com/r/z/tools%00",
        ] {
            assert!(!is_same_address(other, HERE), "{other:?}");
            assert!(!is_same_address(HERE, other), "{other:?}");
        }
        assert!(!is_same_address(
            "https://a.example/a%2Fb",
            "https://a.example/a/b"
        ));
        assert!(!is_same_address("nonsense", "nonsense"));
    }

    #[test]
    fn an_escape_of_nothing_stays_what_it_is() {
        let of = |path: &str| {
            let mut normal = String::new();
            push_path(&mut normal, path);
            normal
        };
        assert_eq!(of("/%+1/%4/%zz/%/%41%2f%"), "/%+1/%4/%zz/%/A%2F%");
    }
}
