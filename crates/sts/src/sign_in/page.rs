//! The pages that people see: one that asks, one that says what went wrong. Neither runs a script nor loads anything.

use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use super::steps::ConsentRequest;
use crate::StsDeps;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c1f24}\
main{max-width:34rem;margin:8vh auto;padding:2rem;background:#fff;border:1px solid #d8dce2;border-radius:.5rem}\
h1{font-size:1.3rem;margin-top:0}dt{font-weight:600}dd{margin:0 0 .75rem;overflow-wrap:anywhere}\
ul{list-style:none;padding:0;margin:0}\
button{font:inherit;padding:.6rem 1.2rem;border-radius:.35rem;border:1px solid #5b6472;background:#fff;color:inherit;margin-right:.5rem;cursor:pointer}\
button[value=allow]{background:#1f4fd8;border-color:#1f4fd8;color:#fff}\
@media(prefers-color-scheme:dark){body{background:#14171c;color:#e8eaee}main,button{background:#1d2128;border-color:#3a414d}}";

/// What a browser is asked for a person to see.
pub(super) fn ask(deps: &StsDeps, present: &ConsentRequest, place: &Shown<'_>, cookie: &str) -> Response {
    let asked = &present.asked;
    let who = match &asked.client_host {
        Some(host) => format!("{} <small>({})</small>", escape(&asked.client_name), escape(host)),
        None => format!(
            "{} <small>(it says so itself)</small>",
            escape(&asked.client_name)
        ),
    };
    let scopes = asked.scopes.iter().fold(String::new(), |list, scope| {
        let scope = escape(scope);
        let item = format!(
            "<li><label><input type=\"checkbox\" form=\"consent\" name=\"scope\" value=\"{scope}\" checked> \
             <code>{scope}</code></label></li>"
        );
        list + &item
    });
    let main = format!(
        "<h1>Let {who} act for you?</h1>\
         <dl><dt>You</dt><dd>{subject} <small>of {issuer}</small></dd>\
         <dt>Where</dt><dd>{resource}<br><small>{address}</small></dd>\
         <dt>What it may do</dt><dd><ul>{scopes}</ul></dd>\
         <dt>As</dt><dd>{application}</dd>\
         <dt>You go on to</dt><dd>{back}</dd></dl>\
         <form id=\"consent\" method=\"post\" action=\"consent\">\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <button name=\"decision\" value=\"allow\">Allow</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form>",
        subject = escape(&present.subject),
        issuer = escape(&present.issuer),
        resource = escape(place.resource),
        address = escape(&asked.resource),
        application = escape(place.application),
        back = escape(&asked.redirect_uri),
        token = escape(&present.token),
    );
    // Browsers hold the redirection after a form to the same list as the form.
    let to = format!("'self' {}", form_target(&asked.redirect_uri));
    render(deps, StatusCode::OK, "Sign in", &main, &to, Some(cookie))
}

/// Names of what somebody signs in for.
pub(super) struct Shown<'s> {
    pub(super) resource: &'s str,
    pub(super) application: &'s str,
}

/// What a person is told who cannot be sent back; `takes` is for whoever wrote the program.
pub(super) fn refuse(
    deps: &StsDeps,
    status: StatusCode,
    why: &str,
    takes: &str,
    cookie: Option<&str>,
) -> Response {
    let main = format!(
        "<h1>You are not signed in</h1><p>{}</p><p>Begin again in the program that sent you here.</p>\
         <p><small>What is taken here: <code>{takes}</code></small></p>",
        escape(why)
    );
    render(deps, status, "Not signed in", &main, "'none'", cookie)
}

fn render(
    deps: &StsDeps,
    status: StatusCode,
    title: &str,
    main: &str,
    forms: &str,
    cookie: Option<&str>,
) -> Response {
    let nonce = URL_SAFE_NO_PAD.encode(deps.world.random_bytes::<16>());
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style nonce=\"{nonce}\">{STYLE}</style></head>\
         <body><main>{main}</main></body></html>"
    );
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, Some(policy.as_str())),
        (header::SET_COOKIE, cookie),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// What stands for an address in a policy: its origin, or its scheme where it has none.
fn form_target(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::from("'none'"),
    }
}

/// Text as it stands in HTML, between tags or in quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_client_says_becomes_markup() {
        assert_eq!(
            escape("<img src=x onerror='a'>\"&"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&quot;&amp;"
        );
    }

    #[test]
    fn a_form_leads_to_us_and_to_the_client_alone() {
        assert_eq!(
            form_target("http://127.0.0.1:49152/back?x"),
            "http://127.0.0.1:49152"
        );
        assert_eq!(
            form_target("https://app.example.com/back"),
            "https://app.example.com"
        );
        assert_eq!(form_target("cursor://sign-in/back"), "cursor:");
    }
}
