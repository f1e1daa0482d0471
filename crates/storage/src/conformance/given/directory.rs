//! Zones, applications, providers and resources.

use caracal_core::{
    ApplicationId, GrantId, NotificationSinkId, ProviderId, ResourceId, ScopeSet, SubjectIssuerId,
    WorkloadId,
    entity::{
        Application, Attribution, DeclaredOperation, Grant, NotificationSink, NotificationType, OnFailure,
        OperationEnforcement, Provider, ProviderKind, RegistrationMethod, Resource, StateKind, SubjectIssuer,
        Workload, WorkloadBinding, Zone,
    },
};
use serde_json::json;

use super::Given;
use crate::{Notification, StateOwner};

impl Given {
    /// The zone itself.
    pub fn zone(&self) -> Zone {
        Zone {
            id: self.zone_id.clone(),
            name: String::from("Acme"),
            slug: self.unique("acme"),
            dcr_enabled: true,
            operator_coauthor_badge: false,
            operator_governed: false,
            frozen_at: None,
            mint_limit_per_minute: None,
            attribution: Attribution {
                updated_at: Some(self.world.now()),
                ..self.attribution()
            },
            archived_at: None,
        }
    }

    /// A managed application that can log in.
    pub fn application(&self) -> Application {
        Application {
            id: ApplicationId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("planner"),
            registration_method: RegistrationMethod::Managed,
            client_secret_hash: Some(self.sha256_hex()),
            traits: vec![String::from("control:invoke")],
            expires_at: None,
            archived_at: None,
            attribution: self.attribution(),
        }
    }

    /// What a person let an application do.
    pub fn grant(&self, application: &Application, resource: &Resource) -> Grant {
        Grant {
            id: GrantId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            application_id: application.id.clone(),
            user_id: self.unique("person"),
            resource_id: resource.id.clone(),
            scopes: resource.scopes.clone(),
            revoked_at: None,
            attribution: self.attribution(),
        }
    }

    /// A workload with one binding of each kind.
    pub fn workload(&self) -> Workload {
        let binding = |env: &str, on_failure: Option<OnFailure>| WorkloadBinding {
            env: env.into(),
            resource: String::from("resource://weather"),
            scopes: on_failure.iter().map(|_| String::from("weather:read")).collect(),
            optional: on_failure.is_some(),
            on_failure,
        };
        Workload {
            id: WorkloadId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("nightly"),
            secret_hash: self.sha256_hex(),
            bindings: vec![
                binding("KEY", None),
                binding("SPARE_KEY", Some(OnFailure::Warn)),
                binding("OTHER_KEY", Some(OnFailure::Error)),
            ],
            attribution: self.attribution(),
        }
    }

    /// An identity provider whose users are taken as subjects.
    pub fn subject_issuer(&self) -> SubjectIssuer {
        SubjectIssuer {
            id: SubjectIssuerId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            issuer: self.unique("https://login.example/tenant"),
            jwks_url: String::from("https://login.example/keys"),
            audience: String::from("caracal"),
            archived_at: None,
            attribution: self.attribution(),
        }
    }

    /// A server that is told everything.
    pub fn notification_sink(&self) -> NotificationSink {
        NotificationSink {
            id: NotificationSinkId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("pager"),
            url: String::from("https://hooks.example/caracal"),
            event_types: NotificationType::ALL
                .iter()
                .copied()
                .filter(|kind| kind.is_subscribed_to())
                .collect(),
            active: true,
            attribution: self.attribution(),
        }
    }

    /// Something that happens now.
    pub fn notification(&self, event_id: &str, kind: NotificationType) -> Notification {
        Notification {
            event_id: event_id.to_owned(),
            event_type: kind,
            payload: format!("{{\"id\":\"{event_id}\",\"type\":\"{kind}\"}}"),
            occurred_at: self.world.now(),
        }
    }

    /// A source of API keys.
    pub fn provider(&self) -> Provider {
        let config = json!({ "header": "X-Api-Key", "nested": { "deep": [1, "zwei", null, true] } });
        Provider {
            id: ProviderId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("Weather keys"),
            identifier: self.unique("provider://weather"),
            kind: ProviderKind::ApiKey,
            config_json: config.as_object().cloned().unwrap_or_default(),
            secret_config_keys: vec![String::from("apiKey")],
            connectivity_failed_at: None,
            archived_at: None,
            attribution: Attribution {
                updated_at: Some(self.world.now()),
                ..self.attribution()
            },
        }
    }

    /// A routed resource with two operations, whose credential comes from `provider`.
    pub fn resource(&self, provider: &Provider) -> Resource {
        Resource {
            id: ResourceId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("Weather"),
            identifier: self.unique("resource://weather"),
            upstream_url: Some(String::from("https://weather.example/api")),
            scopes: ScopeSet::parse("weather:read weather:write"),
            credential_provider_id: provider.id.clone(),
            operations: vec![
                DeclaredOperation {
                    method: "GET".into(),
                    path: "/now".into(),
                    scope: "weather:read".into(),
                },
                DeclaredOperation {
                    method: "POST".into(),
                    path: "/report".into(),
                    scope: "weather:write".into(),
                },
            ],
            operation_enforcement: OperationEnforcement::Enforced,
            upstream_timeout_seconds: Some(300),
            cookies: true,
            archived_at: None,
            attribution: Attribution {
                updated_at: Some(self.world.now()),
                ..self.attribution()
            },
        }
    }

    /// Says that an object comes from a document.
    pub fn state_owner(&self) -> StateOwner {
        StateOwner {
            kind: StateKind::Resource,
            object_id: self.unique("object"),
            manager: String::from("platform"),
        }
    }
}
