//! What every answer tells browsers not to do.

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// Scripts and styles are files of ours; nothing is inline, nothing comes from elsewhere, nothing frames us, and no script
/// may turn text into markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Puts them on an answer.
pub(crate) fn guard(mut response: Response, secure: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    // What is not a file of the console is of one person.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn guarded(secure: bool) -> Response {
        // What another role says of it does not count.
        let mut answer = Response::new(Body::empty());
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, "default-src *"),
            (header::X_FRAME_OPTIONS, "ALLOWALL"),
        ] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        guard(answer, secure)
    }

    #[test]
    fn nothing_frames_an_answer_and_nothing_inline_runs_in_it() {
        let answer = guarded(false);
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text");
        for rule in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(rule), "{rule}");
        }
        for open in ["unsafe", "*", "http:", "https:", "blob:"] {
            assert!(!policy.contains(open), "{open}");
        }
        assert_eq!(answer.headers()[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn tls_is_asked_for_where_browsers_come_over_it_and_nowhere_else() {
        let asked = |secure| {
            let answer = guarded(secure);
            let value = answer.headers().get(header::STRICT_TRANSPORT_SECURITY)?;
            value.to_str().ok().map(str::to_owned)
        };
        assert_eq!(
            asked(true).as_deref(),
            Some("max-age=63072000; includeSubDomains")
        );
        assert_eq!(asked(false), None);
    }
}
