//! An HTTP answer, whole.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as sent.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

/// A client that follows no redirects and uses no proxy.
pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .expect("an HTTP client")
}

impl Reply {
    /// Sends and reads to the end; `None` when there is no answer, or only part of one.
    pub async fn attempt(request: reqwest::RequestBuilder) -> Option<Self> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Self {
            status,
            headers,
            text,
            json,
        })
    }

    /// Sends and reads to the end.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let shown = format!("{request:?}");
        Self::attempt(request)
            .await
            .unwrap_or_else(|| panic!("no answer to {shown}"))
    }

    /// The answer, if its status is `status`.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "a check, often made for its own sake"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// The body as what it is said to be.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// The text member `name`.
    ///
    /// # Panics
    /// When it is absent or no text.
    #[track_caller]
    pub fn text_of(&self, name: &str) -> String {
        self.json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {self:#?}"))
            .to_owned()
    }

    /// The refusal is `status` with `code` in `error`, for `reason` where one is told, in an envelope that says which
    /// request it was.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str, reason: &str) {
        let told = (
            self.status,
            self.json["error"].as_str(),
            self.json["reason"].as_str().unwrap_or(""),
        );
        assert_eq!(told, (status, Some(code), reason), "{self:#?}");
        self.assert_enveloped();
    }

    /// The answer is a refusal of our own: typed JSON with a code, never cached, never sniffed, never named in a referrer,
    /// with the id of its request, and a time to come back where its status asks for one.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_enveloped(&self) {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        assert!(self.status >= 400 && self.json["error"].is_string(), "{self:#?}");
        for (name, value) in [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(header(name), Some(value), "{name}: {self:#?}");
        }
        let later = matches!(self.status, 429 | 503);
        assert!(
            !later || header("retry-after").is_some(),
            "no Retry-After: {self:#?}"
        );
        let id = self.headers.get("x-request-id").and_then(|id| id.to_str().ok());
        assert!(id.is_some_and(|id| !id.is_empty()), "no X-Request-Id: {self:#?}");
        let body = self.json["requestId"]
            .as_str()
            .or(self.json["request_id"].as_str());
        assert_eq!(body, id, "the request id of body and header differ: {self:#?}");
    }
}
