//! Nothing that looks like a credential reaches a terminal through us.

/// Prefixes by which our own and common bearer credentials are known.
const PREFIXES: [&str; 6] = ["eyJ", "caracal_at_", "caracal_rt_", "cs_", "ws_", "nsk_"];
/// What follows one of these words is a credential whatever it looks like.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];
/// `cs_1` is a name, `cs_` and thirty characters more is a secret.
const SHORTEST_SECRET: usize = 16;

/// `text` with everything that looks like a token replaced by `***`.
pub(crate) fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut at_boundary = true;
    while let Some(next) = rest.chars().next() {
        if at_boundary {
            let scheme = SCHEMES.iter().find_map(|word| {
                rest.get(..word.len())
                    .filter(|start| start.eq_ignore_ascii_case(word))
            });
            if let Some(scheme) = scheme {
                clean.push_str(scheme);
                rest = &rest[scheme.len()..];
                let secret = token_length(rest);
                if secret > 0 {
                    clean.push_str("***");
                    rest = &rest[secret..];
                }
                continue;
            }
            let length = token_length(rest);
            if length >= SHORTEST_SECRET && PREFIXES.iter().any(|prefix| rest.starts_with(prefix)) {
                clean.push_str("***");
                rest = &rest[length..];
                at_boundary = false;
                continue;
            }
        }
        clean.push(next);
        at_boundary = !next.is_alphanumeric() && next != '_';
        rest = &rest[next.len_utf8()..];
    }
    clean
}

/// Bytes at the start of `text` that can belong to one token (RFC 6750 §2.1, `b64token`, plus `_`).
fn token_length(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b))
        .count()
}

/// The line as one record in JSON, scrubbed; what is no record becomes one.
pub(crate) fn as_record(line: &str) -> String {
    let is_record = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).is_ok();
    if is_record {
        scrub(line)
    } else {
        #[derive(serde::Serialize)]
        struct Record {
            message: String,
        }
        let message = scrub(line);
        serde_json::to_string(&Record { message }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_disappear_and_the_sentence_stays() {
        for (text, expected) in [
            (
                "refused eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln here",
                "refused *** here",
            ),
            (
                "Authorization: Bearer 0123456789abcdef",
                "Authorization: Bearer ***",
            ),
            (
                "authorization: bearer abc, next",
                "authorization: bearer ***, next",
            ),
            ("secret=cs_AAAAAAAAAAAAAAAAAAAAAAAA.", "secret=***"),
            ("\"caracal_at_0123456789\"", "\"***\""),
            ("Basic dXNlcjpwYXNz", "Basic ***"),
        ] {
            assert_eq!(scrub(text), expected);
        }
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        for text in [
            "",
            "port 3000 (api) is in use",
            "docs_1 and cs_1",
            "bearing eyJ",
            "ünïcödé → ok",
            "basics",
        ] {
            assert_eq!(scrub(text), text);
        }
    }
}
