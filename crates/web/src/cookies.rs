//! Three cookies, of which no script knows: who is signed in, that somebody signed in with this browser before, and that
//! somebody began to.

use caracal_core::Timestamp;
use caracal_service::{request::cookie, signed_in::SESSION_TOKEN_PREFIX};
use http::{HeaderMap, HeaderValue};

/// How long a browser is known.
const DEVICE_SECONDS: u64 = 400 * 24 * 60 * 60;

/// Names and attributes of cookies, which depend on whether browsers come over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    /// Whether they do.
    pub(crate) secure: bool,
}

impl Cookies {
    /// The prefix makes browsers refuse such a cookie from a neighbouring host, or without TLS.
    fn name(self, name: &str) -> String {
        if self.secure {
            format!("__Host-{name}")
        } else {
            name.to_owned()
        }
    }

    fn read<'h>(self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        cookie(headers, &self.name(name))
    }

    /// The token of the session. Nothing else is sent on, so that nobody tries tokens of operators here.
    pub(crate) fn session(self, headers: &HeaderMap) -> Option<&str> {
        self.read(headers, "caracal-session")
            .filter(|token| token.starts_with(SESSION_TOKEN_PREFIX))
    }

    /// The mark of the browser.
    pub(crate) fn device(self, headers: &HeaderMap) -> Option<&str> {
        self.read(headers, "caracal-device")
    }

    /// What belongs to a sign-in that began in this browser.
    pub(crate) fn begun(self, headers: &HeaderMap) -> Option<&str> {
        self.read(headers, "caracal-begun")
    }

    /// Keeps it until it is too late to finish.
    pub(crate) fn keep_begun(
        self,
        secret: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Option<HeaderValue> {
        self.write("caracal-begun", secret, expires_at.since(now).as_secs())
    }

    /// Forgets it: one answer is taken, whatever comes of it.
    pub(crate) fn forget_begun(self) -> Option<HeaderValue> {
        self.write("caracal-begun", "", 0)
    }

    fn write(self, name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name(name);
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// Keeps a session until it ends.
    pub(crate) fn keep_session(
        self,
        token: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Option<HeaderValue> {
        self.write("caracal-session", token, expires_at.since(now).as_secs())
    }

    /// Forgets it.
    pub(crate) fn forget_session(self) -> Option<HeaderValue> {
        self.write("caracal-session", "", 0)
    }

    /// Keeps the mark of the browser.
    pub(crate) fn keep_device(self, mark: &str) -> Option<HeaderValue> {
        self.write("caracal-device", mark, DEVICE_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn of_two_cookies_of_one_name_none_counts_and_only_a_session_is_one() {
        let cookies = Cookies { secure: true };
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
            cookies.session(&headers).map(str::to_owned)
        };
        assert_eq!(
            read("a=b; __Host-caracal-session=ccs_1").as_deref(),
            Some("ccs_1")
        );
        assert_eq!(
            read("__Host-caracal-session=ccs_1; __Host-caracal-session=ccs_2"),
            None
        );
        assert_eq!(read("caracal-session=ccs_1"), None);
        assert_eq!(read("__Host-caracal-session=the-token-of-an-operator"), None);
    }

    #[test]
    fn every_cookie_is_of_this_host_alone_for_no_script_and_no_other_site() {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let later = now.plus(std::time::Duration::from_mins(1));
        for secure in [true, false] {
            let cookies = Cookies { secure };
            for written in [
                cookies.keep_session("ccs_1", later, now),
                cookies.forget_session(),
                cookies.keep_device("mark"),
                cookies.keep_begun("secret", later, now),
                cookies.forget_begun(),
            ] {
                let written = written.expect("a header");
                let text = written.to_str().expect("text");
                // The prefix is refused by browsers without these two, and with a domain (RFC 6265bis §4.1.3.2).
                assert_eq!(text.starts_with("__Host-"), secure, "{text}");
                assert_eq!(text.ends_with("; Secure"), secure, "{text}");
                assert!(text.contains("; Path=/; ") && !text.contains("Domain"), "{text}");
                assert!(text.contains("; HttpOnly; SameSite=Strict"), "{text}");
            }
        }
        let kept = Cookies { secure: true }.keep_session("ccs_1", later, now);
        assert!(kept.is_some_and(|kept| kept.to_str().is_ok_and(|text| text.contains("Max-Age=60;"))));
        // What could end the cookie and begin another is no header at all.
        let broken = Cookies { secure: true }.keep_device("a\r\nset-cookie: b=c");
        assert!(broken.is_none());
    }
}
