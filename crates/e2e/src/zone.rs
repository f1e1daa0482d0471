//! A zone of a running stack, as its operator works with it.

use std::time::Duration;

use caracal_core::{
    ProviderId, SubjectIssuerId,
    entity::{self, ProviderKind},
    json,
};
use caracal_wire::control::{
    Line,
    applications::{ApplicationWithSecret, CreateApplication},
    policies::{CreatePolicy, PolicyCreated},
    policy_sets::{
        Activated, ActivationStatus, AddSetVersion, CreatePolicySet, ManifestEntry, PolicySetItem,
        Propagation, SetVersionAdded,
    },
    providers::{CreateProvider, ProviderItem},
    resources::{CreateResource, ResourceItem},
    subject_issuers::{CreateSubjectIssuer, SubjectIssuerItem},
    zones::CreateZone,
};
use serde::{Serialize, de::DeserializeOwned};
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
        let body = json::tree(&CreateZone::named(format!("zone {}", uuid::Uuid::new_v4())));
        let made = stack.admin("POST", "/v1/zones", Some(body)).await.expect(201);
        Self {
            stack,
            id: made.read::<entity::Zone>().id.to_string(),
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
        let made: ApplicationWithSecret = self.made("/applications", &CreateApplication::named(name)).await;
        Application {
            id: made.application.id.to_string(),
            secret: made.client_secret,
        }
    }

    /// Creates a provider that puts `key` into the header `header`; returns its id.
    pub async fn api_key(&self, header: &str, key: &str) -> ProviderId {
        let body = CreateProvider::api_key("Upstream key", header, key);
        self.made::<ProviderItem>("/providers", &body).await.id
    }

    /// Creates a provider.
    pub async fn provider(&self, body: &CreateProvider) -> Reply {
        let made = self.admin("POST", "/providers", Some(json::tree(body)));
        made.await.expect(201)
    }

    /// Trusts an issuer of subjects whose keys are at `jwks_url`; returns its id.
    pub async fn trust(&self, issuer: &str, jwks_url: &str, audience: &str) -> SubjectIssuerId {
        let body = CreateSubjectIssuer {
            issuer: Line(issuer.to_owned()),
            jwks_url: Line(jwks_url.to_owned()),
            audience: Line(audience.to_owned()),
        };
        let made: SubjectIssuerItem = self.made("/subject-issuers", &body).await;
        made.id
    }

    /// Creates a resource.
    pub async fn resource(&self, body: &CreateResource) {
        self.made::<ResourceItem>("/resources", body).await;
    }

    /// What the Control API answers whoever makes something below the zone.
    async fn made<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        self.admin("POST", path, Some(json::tree(body)))
            .await
            .expect(201)
            .read()
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
        self.until_loaded(&activation.read::<Activated>().status_url)
            .await;
    }

    /// Adds `documents` to the zone's policy set as a version that is not in force: set and version.
    pub async fn candidate(&self, documents: &[String]) -> (String, String) {
        let mut manifest = Vec::new();
        for document in documents {
            let body = CreatePolicy {
                name: Line(format!("policy {}", uuid::Uuid::new_v4())),
                description: None,
                content: document.clone(),
            };
            let policy: PolicyCreated = self.made("/policies", &body).await;
            manifest.push(ManifestEntry {
                policy_version_id: policy.version_id,
            });
        }
        let set = self.policy_set().await;
        let path = format!("/policy-sets/{set}/versions");
        let version: SetVersionAdded = self.made(&path, &AddSetVersion { manifest }).await;
        (set, version.version_id.to_string())
    }

    /// The zone's one policy set, made on first use.
    async fn policy_set(&self) -> String {
        let mut known = self.policy_set.lock().await;
        if let Some(set) = &*known {
            return set.clone();
        }
        let body = CreatePolicySet {
            name: Line(String::from("policy")),
            description: None,
        };
        let made: PolicySetItem = self.made("/policy-sets", &body).await;
        known.insert(made.id.to_string()).clone()
    }

    async fn until_loaded(&self, status_url: &str) {
        let deadline = Instant::now() + PROPAGATION;
        loop {
            let status = self.stack.admin("GET", status_url, None).await.expect(200);
            match status.read::<ActivationStatus>().propagation_status {
                Propagation::Loaded => return,
                Propagation::Failed => panic!("the policy set cannot be loaded: {status:#?}"),
                Propagation::WaitingForActivation
                | Propagation::WaitingForOutbox
                | Propagation::WaitingForSts => assert!(
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

/// What makes a provider with these settings.
///
/// # Panics
/// When they are no object.
pub fn provider(name: &str, kind: ProviderKind, settings: Value) -> CreateProvider {
    let Value::Object(config_json) = settings else {
        panic!("no object: {settings}");
    };
    CreateProvider {
        name: Some(name.to_owned()),
        identifier: None,
        kind: kind.to_string(),
        config_json,
        check: None,
    }
}
