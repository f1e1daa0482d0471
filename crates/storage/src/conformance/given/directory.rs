//! Zones, applications, providers and resources.

use caracal_core::{
    ApplicationId, ProviderId, ResourceId, ScopeSet,
    entity::{
        Application, Attribution, DeclaredOperation, OperationEnforcement, Provider, ProviderKind,
        RegistrationMethod, Resource, Zone,
    },
};
use serde_json::json;

use super::Given;

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
}
