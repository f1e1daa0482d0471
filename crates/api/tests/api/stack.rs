//! One Control API with a bootstrap token, and a client for it.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, middleware::from_fn_with_state};
use caracal_api::{ApiConfig, ApiDeps, PolicyWork, router, seed_bootstrap};
use caracal_core::Secret;
use caracal_crypto::sealed::DerivedKeys;
use caracal_crypto::{
    HmacKey,
    tokens::{ConsoleToken, issue_account_assertion},
};
use caracal_service::{
    request::{self, Finish},
    server::PeerAddr,
};
use caracal_testkit::embedded::Embedded;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The deployment's admin token.
pub(crate) const ADMIN: &str = "test-admin-token-of-this-deployment";

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON; null when empty.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&self.text).unwrap()
        }
    }

    /// The body, once the status is as expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// The error code, once the status is as expected.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        let body = self.expect(status);
        assert!(
            body["requestId"].is_string() && body["request_id"] == body["requestId"],
            "{body}"
        );
        body["error"].as_str().unwrap().to_owned()
    }
}

/// A running Control API.
pub(crate) struct Stack {
    pub(crate) parts: Embedded,
    pub(crate) deps: ApiDeps,
    router: Router,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::with(ApiConfig::default()).await
    }

    pub(crate) async fn with(config: ApiConfig) -> Self {
        let parts = Embedded::start().await;
        let deps = ApiDeps {
            world: parts.world.clone(),
            store: parts.store.clone(),
            zones: parts.zones.clone(),
            outbox: parts.outbox.clone(),
            keyring: parts.keyring.clone(),
            hasher: parts.hasher.clone(),
            audit_key: Some(parts.audit_key.clone()),
            token_keys: DerivedKeys {
                current: HmacKey::from_bytes(b"the key of admin token digests"),
                previous: None,
            },
            admin_token: Some(Secret::new(ADMIN)),
            limiter: parts.short_lived.clone(),
            policy_work: PolicyWork::new(2),
            config,
        };
        seed_bootstrap(&deps).await.unwrap();
        let router = router(deps.clone())
            .fallback(request::not_found)
            .method_not_allowed_fallback(request::method_not_allowed)
            .layer(from_fn_with_state(
                Finish {
                    role: "api",
                    world: parts.world.clone(),
                },
                request::finish,
            ));
        Self { parts, deps, router }
    }

    /// Sends a request exactly as given.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Sends a request with a bearer token and further headers.
    pub(crate) async fn call(
        &self,
        token: Option<&str>,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(value) => {
                request = request.header("content-type", "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        let mut request = request.body(body).unwrap();
        request
            .extensions_mut()
            .insert(PeerAddr(SocketAddr::from(([127, 0, 0, 1], 4000))));
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Some(ADMIN), &[], Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Some(ADMIN), &[], Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Some(ADMIN), &[], Method::PATCH, path, Some(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Some(ADMIN), &[], Method::DELETE, path, None).await
    }

    /// A console token and the assertion of `account`.
    pub(crate) fn console(&self, kind: ConsoleToken, account: &str) -> (String, String) {
        let admin = Secret::new(ADMIN);
        let until = self.parts.world.now().plus(Duration::from_mins(1));
        let assertion = issue_account_assertion(&admin, account, until).unwrap();
        (
            kind.derive(&admin).expose().to_owned(),
            assertion.expose().to_owned(),
        )
    }

    /// A minted token.
    pub(crate) async fn token(&self, scope: &str, zone: Option<&str>, capability: &str) -> String {
        let mut body =
            json!({ "name": format!("{scope}-{capability}"), "scope": scope, "capability": capability });
        if let Some(zone) = zone {
            body["zone_id"] = json!(zone);
        }
        let made = self.post("/v1/admin-tokens", body).await.expect(201);
        made["token"].as_str().unwrap().to_owned()
    }

    /// A zone's base path.
    pub(crate) async fn zone(&self, name: &str) -> String {
        let zone = self.post("/v1/zones", json!({ "name": name })).await.expect(201);
        format!("/v1/zones/{}", zone["id"].as_str().unwrap())
    }

    /// A managed application: id and secret.
    pub(crate) async fn application(&self, zone: &str, name: &str) -> (String, String) {
        let body = json!({ "name": name, "registration_method": "managed" });
        let made = self.post(&format!("{zone}/applications"), body).await.expect(201);
        (
            made["id"].as_str().unwrap().to_owned(),
            made["client_secret"].as_str().unwrap().to_owned(),
        )
    }

    /// A provider's id.
    pub(crate) async fn provider(&self, zone: &str, body: Value) -> String {
        let made = self.post(&format!("{zone}/providers"), body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// A policy set with one document, not yet in force: set id, set version id, policy id.
    pub(crate) async fn policy_set(&self, zone: &str, name: &str, content: &str) -> (String, String, String) {
        let policy = self
            .post(
                &format!("{zone}/policies"),
                json!({ "name": name, "content": content }),
            )
            .await
            .expect(201);
        let set = self
            .post(&format!("{zone}/policy-sets"), json!({ "name": name }))
            .await
            .expect(201);
        let set = set["id"].as_str().unwrap();
        let version = self
            .post(
                &format!("{zone}/policy-sets/{set}/versions"),
                json!({ "manifest": [{ "policy_version_id": policy["version_id"] }] }),
            )
            .await
            .expect(201);
        (
            set.to_owned(),
            version["version_id"].as_str().unwrap().to_owned(),
            policy["id"].as_str().unwrap().to_owned(),
        )
    }

    /// Administrative audit rows of a zone, newest first.
    pub(crate) async fn admin_audit(&self, zone: &str) -> Vec<Value> {
        let page = self
            .get(&format!("{zone}/admin-audit?limit=1000"))
            .await
            .expect(200);
        page["items"].as_array().unwrap().clone()
    }
}

/// A valid grants document.
pub(crate) fn grants(application: &str) -> String {
    format!(
        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\
         app_ids := {{\"crm\": \"{application}\"}}\n\
         grants := {{\"resource://crm\": {{\"application\": \"crm\", \"roles\": {{\"reader\": [\"crm:read\"]}}}}}}\n"
    )
}

/// Replaces what differs from run to run by its name.
pub(crate) fn masked(mut value: Value, members: &[&str]) -> Value {
    fn mask(value: &mut Value, members: &[&str]) {
        match value {
            Value::Object(object) => {
                for (name, member) in object.iter_mut() {
                    if members.contains(&name.as_str()) && !member.is_null() {
                        *member = json!(format!("[{name}]"));
                    } else {
                        mask(member, members);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| mask(item, members)),
            _ => {}
        }
    }
    mask(&mut value, members);
    value
}
