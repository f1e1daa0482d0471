//! A zone of a running stack, as its operator works with it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};

use crate::{Reply, Role, Stack};

/// Longest wait for an activated policy set to be in force.
const PROPAGATION: Duration = Duration::from_secs(10);

/// An application and its secret.
#[derive(Debug, Clone)]
pub struct Application {
    /// Id.
    pub id: String,
    /// Client secret, in clear.
    pub secret: String,
}

/// A zone.
#[derive(Debug)]
pub struct Zone<'s> {
    /// The stack it lives in.
    pub stack: &'s Stack,
    /// Id.
    pub id: String,
    policy_set: Mutex<Option<String>>,
}

impl<'s> Zone<'s> {
    /// Creates one.
    pub async fn create(stack: &'s Stack) -> Self {
        let body = json!({"name": format!("zone {}", uuid::Uuid::new_v4())});
        let id = stack
            .admin("POST", "/v1/zones", Some(body))
            .await
            .expect(201)
            .text_of("id");
        Self {
            stack,
            id,
            policy_set: Mutex::default(),
        }
    }

    /// A Control API call below the zone; `path` starts with `/` or is empty.
    pub async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.stack
            .admin(method, &format!("/v1/zones/{}{path}", self.id), body)
            .await
    }

    /// Creates an application with a generated secret.
    pub async fn application(&self, name: &str) -> Application {
        let body = json!({"name": name, "registration_method": "managed"});
        let made = self.admin("POST", "/applications", Some(body)).await.expect(201);
        Application {
            id: made.text_of("id"),
            secret: made.text_of("client_secret"),
        }
    }

    /// Creates a provider that puts `key` into the header `header`; returns its id.
    pub async fn api_key(&self, header: &str, key: &str) -> String {
        let config = json!({"auth_location": "header", "header_name": header, "api_key": key});
        let body = json!({"name": "Upstream key", "kind": "api_key", "config_json": config});
        self.admin("POST", "/providers", Some(body))
            .await
            .expect(201)
            .text_of("id")
    }

    /// Creates a resource; returns its id.
    pub async fn resource(&self, body: Value) -> String {
        self.admin("POST", "/resources", Some(body))
            .await
            .expect(201)
            .text_of("id")
    }

    /// Makes `documents` the policy of the zone, and waits until it is in force.
    ///
    /// # Panics
    /// When it is refused or does not get into force.
    pub async fn activate(&self, documents: &[String]) {
        let (set, version) = self.candidate(documents).await;
        let path = format!("/policy-sets/{set}/activate");
        let body = json!({"version_id": version});
        let activation = self.admin("POST", &path, Some(body)).await.expect(202);
        self.until_loaded(&activation.text_of("status_url")).await;
    }

    /// Adds `documents` to the zone's policy set as a version that is not in force: set and version.
    pub async fn candidate(&self, documents: &[String]) -> (String, String) {
        let mut manifest = Vec::new();
        for document in documents {
            let body = json!({"name": format!("policy {}", uuid::Uuid::new_v4()), "content": document});
            let policy = self.admin("POST", "/policies", Some(body)).await.expect(201);
            manifest.push(json!({"policy_version_id": policy.text_of("version_id")}));
        }
        let set = self.policy_set().await;
        let path = format!("/policy-sets/{set}/versions");
        let version = self
            .admin("POST", &path, Some(json!({"manifest": manifest})))
            .await
            .expect(201);
        (set, version.text_of("version_id"))
    }

    /// The zone's one policy set, made on first use.
    async fn policy_set(&self) -> String {
        let mut known = self.policy_set.lock().await;
        if let Some(set) = &*known {
            return set.clone();
        }
        let made = self
            .admin("POST", "/policy-sets", Some(json!({"name": "policy"})))
            .await
            .expect(201);
        known.insert(made.text_of("id")).clone()
    }

    async fn until_loaded(&self, status_url: &str) {
        let deadline = Instant::now() + PROPAGATION;
        loop {
            let status = self.stack.admin("GET", status_url, None).await.expect(200);
            match status.json["propagation_status"].as_str() {
                Some("loaded") => return,
                Some("failed") | None => panic!("the policy set cannot be loaded: {status:#?}"),
                Some(_) => assert!(
                    Instant::now() < deadline,
                    "not loaded within {PROPAGATION:?}: {status:#?}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A token exchange (RFC 8693) of `application` with further form fields.
    pub async fn exchange(&self, application: &Application, fields: &[(&str, &str)]) -> Reply {
        Reply::of(self.exchange_request(application, fields)).await
    }

    /// The request of [`Zone::exchange`], not yet sent.
    pub fn exchange_request(
        &self,
        application: &Application,
        fields: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("zone_id", self.id.as_str()),
            ("application_id", application.id.as_str()),
            ("client_secret", application.secret.as_str()),
        ];
        form.extend_from_slice(fields);
        self.stack
            .request(Role::Sts, "POST", "/oauth/2/token")
            .form(&form)
    }

    /// A Coordinator call below the zone with a lifecycle token.
    pub async fn coordinate(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self
            .stack
            .request(Role::Coordinator, method, &format!("/zones/{}{path}", self.id));
        let request = request.bearer_auth(token);
        Reply::of(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }
}
