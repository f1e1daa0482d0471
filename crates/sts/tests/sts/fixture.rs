//! A zone with one governed resource, an application, and a delegated session, through the STS's real router.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use caracal_authz::document::{PolicyVersionSource, evaluate};
use caracal_core::{
    ApprovalId, CallContent, Operation, Secret, Timestamp,
    audit::AuditEvent,
    claims::MandateClaims,
    entity::{
        Application, AuthorityRecord, DeclaredOperation, Delegation, OperationEnforcement, PolicySetVersion,
        Provider, ProviderKind, Resource, Session, Zone,
    },
};
use caracal_crypto::{
    HmacKey,
    mandate::{ClaimRules, LEEWAY, Presenter},
    sealed::Location,
};
use caracal_service::{
    Refusal,
    egress::{Egress, EgressPolicy},
    exchange::{Exchange as _, ExchangeGrant, ExchangeRequest},
    zone_keys::ZoneKeys,
    zones::ZoneState,
};
use caracal_storage::{Access, ZoneWork, conformance::given::Given};
use caracal_sts::{
    CanaryMonitor, ConnectionTokens, Counting, LocalExchange, ServiceTokens, Shadows, SignIns, StsConfig,
    StsDeps, SubjectKeys,
};
use caracal_testkit::{
    client::{Answer, Client},
    parts::{Backends, ISSUER, Parts, PartsOptions},
};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const UPSTREAM_KEY: &str = "the-real-upstream-key";
pub(crate) const GATEWAY_KEY: &str = "41a2b3c4d5e6f70841a2b3c4d5e6f70841a2b3c4d5e6f70841a2b3c4d5e6f708";

/// The changes that make a delegated mint one of a lifecycle token.
pub(crate) const LIFECYCLE: [(&str, &str); 3] = [
    ("scope", "agent:lifecycle"),
    ("agent_session_id", ""),
    ("delegation_edge_id", ""),
];

/// What a Gateway asks about.
pub(crate) struct Asked<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) arguments: Option<serde_json::Value>,
    pub(crate) content: Option<CallContent>,
    pub(crate) approval: Option<&'a str>,
}

/// What an event is about.
pub(crate) fn metadata(event: &AuditEvent) -> Value {
    serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap()
}

/// The status and the reason of a refusal.
pub(crate) fn told(refusal: &Refusal) -> (u16, String) {
    let reason = refusal.given_reason().unwrap_or_default();
    (refusal.status.as_u16(), reason.to_owned())
}

pub(crate) struct Fixture {
    pub(crate) parts: Parts,
    pub(crate) given: Given,
    pub(crate) deps: StsDeps,
    pub(crate) client: Client,
    pub(crate) zone: Zone,
    pub(crate) application: Application,
    pub(crate) secret: Secret,
    pub(crate) provider: Provider,
    pub(crate) resource: Resource,
    pub(crate) record: AuthorityRecord,
    pub(crate) source: Session,
    pub(crate) target: Session,
    pub(crate) delegation: Delegation,
    /// Where candidates are decided.
    pub(crate) tasks: TaskTracker,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::over(Backends::Embedded).await
    }

    pub(crate) async fn over(backends: Backends) -> Self {
        let parts = Parts::with(PartsOptions {
            backends,
            ..PartsOptions::default()
        })
        .await;
        let given = Given::new(&parts.world);
        let (secret, stored) = parts.client_secret();
        let zone = given.zone();
        let mut application = given.application();
        application.client_secret_hash = Some(stored);
        let mut provider = given.provider();
        provider.kind = ProviderKind::ApiKey;
        provider.config_json = json!({"auth_location": "header", "header_name": "X-Api-Key"})
            .as_object()
            .cloned()
            .unwrap();
        provider.secret_config_keys = vec![String::from("api_key")];
        let mut resource = given.resource(&provider);
        resource.scopes = caracal_core::ScopeSet::parse("tickets:read tickets:write");
        resource.operation_enforcement = OperationEnforcement::Enforced;
        let declared = |method: &str, path: &str| DeclaredOperation {
            method: method.to_owned(),
            path: path.to_owned(),
            scope: String::from("tickets:read"),
        };
        resource.operations = vec![declared("GET", "/tickets"), declared("MCP", "tools/call:search")];
        let record = given.authority_record(&application);
        let mut source = given.session(&application, &record);
        let mut target = given.session(&application, &record);
        for session in [&mut source, &mut target] {
            session.labels = vec!["reader".into()];
            session.ttl_seconds = Some(3600);
        }
        let mut delegation = given.delegation(&source, &target);
        delegation.scopes = caracal_core::ScopeSet::parse("tickets:read tickets:write");
        delegation.resource_id = Some(resource.id.clone());
        delegation.constraints = caracal_core::entity::Constraints::default();
        delegation.expires_at = parts.world.now().plus(Duration::from_mins(30));

        parts.create_zone(&zone).await;
        let mut work = parts.store.zone(&zone.id, Access::Write).await.unwrap();
        work.applications().create(&application).await.unwrap();
        work.providers().create(&provider).await.unwrap();
        let location = Location::provider_secret_config(&zone.id, &provider.id);
        let document = json!({"api_key": UPSTREAM_KEY}).to_string();
        let envelope = parts
            .keyring
            .seal(&parts.world, &location, document.as_bytes())
            .unwrap();
        work.secrets()
            .put(location.as_str(), &envelope, parts.world.now())
            .await
            .unwrap();
        work.resources().create(&resource).await.unwrap();
        work.authority_records().create(&record).await.unwrap();
        work.sessions().create(&source).await.unwrap();
        work.sessions().create(&target).await.unwrap();
        work.delegations().create(&delegation).await.unwrap();
        work.commit().await.unwrap();

        let tasks = TaskTracker::new();
        let deps = StsDeps {
            world: parts.world.clone(),
            store: parts.store.clone(),
            zones: parts.zones.clone(),
            authority: parts.authority.clone(),
            revocations: parts.revocations.clone(),
            waiting: parts.waiting.clone(),
            audit_keys: Some(parts.audit_key.clone()),
            issued: None,
            counting: Counting::default(),
            shadows: Arc::new(Shadows::new(
                parts.world.clone(),
                parts.spool.clone(),
                tasks.clone(),
            )),
            canaries: Arc::new(CanaryMonitor::new(
                parts.world.clone(),
                parts.store.clone(),
                parts.outbox.clone(),
                Some(parts.audit_key.clone()),
            )),
            spool: parts.spool.clone(),
            outbox: parts.outbox.clone(),
            keyring: parts.keyring.clone(),
            zone_keys: ZoneKeys::sealed(parts.keyring.clone(), parts.world.clone()),
            hasher: parts.hasher.clone(),
            tokens: Arc::new(ServiceTokens::new(
                Egress::new(EgressPolicy::provisioned()),
                parts.world.clone(),
            )),
            connections: Arc::new(ConnectionTokens::new(
                Egress::new(EgressPolicy::provisioned()),
                parts.world.clone(),
                TaskTracker::new(),
            )),
            subject_keys: Arc::new(SubjectKeys::new(
                Egress::new(EgressPolicy::provisioned()),
                parts.world.clone(),
            )),
            sign_ins: Arc::new(SignIns::new(
                &Egress::new(EgressPolicy::provisioned()),
                &Egress::new(EgressPolicy::provisioned()),
                parts.world.clone(),
            )),
            limiter: parts.short_lived.clone(),
            limits: Arc::new(StsConfig::new(ISSUER).limits(parts.short_lived.clone(), parts.world.clone())),
            replay: parts.short_lived.clone(),
            gateway_keys: Some(HmacKey::from_hex(GATEWAY_KEY).unwrap().into()),
            admin_tokens: Secret::new("rotation-token-of-this-test-00000").into(),
            config: Arc::new(StsConfig::new(ISSUER)),
        };
        let client = parts.client("sts", caracal_sts::router(deps.clone()));
        let fixture = Self {
            parts,
            given,
            deps,
            client,
            zone,
            application,
            secret,
            provider,
            resource,
            record,
            source,
            target,
            delegation,
            tasks,
        };
        fixture.activate(&fixture.policy("")).await;
        fixture
    }

    /// The policy that grants the application's `reader` role `tickets:read`, with more documents appended.
    pub(crate) fn policy(&self, more: &str) -> String {
        let grants = json!({
            self.resource.identifier.as_str(): {"application": "app", "roles": {"reader": ["tickets:read"]}}
        });
        format!(
            "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {}\ngrants := {grants}\n{more}\n",
            json!({"app": self.application.id.as_str()})
        )
    }

    /// Puts a policy in force.
    pub(crate) async fn activate(&self, content: &str) {
        let (policy, mut version) = self.given.policy();
        version.content = content.to_owned();
        let set = self.given.policy_set();
        let set_version = self.given.policy_set_version(&set, &[&version]);
        self.store(async |work| {
            work.policies().create(&policy, &version).await.unwrap();
            work.policy_sets().create(&set).await.unwrap();
            work.policy_sets().add_version(&set_version).await.unwrap();
            let now = self.parts.world.now();
            let activated = work.policy_sets().activate(&set.id, &set_version.id, now).await;
            assert!(activated.unwrap());
        })
        .await;
    }

    /// Changes what is stored in the zone, and has everybody see it.
    pub(crate) async fn store(&self, change: impl AsyncFnOnce(&mut dyn ZoneWork)) {
        self.parts.change(&self.zone.id, change).await;
        self.parts.zones.reload(&self.zone.id).await.unwrap();
    }

    /// A unit of work in the zone.
    pub(crate) async fn work(&self, access: Access) -> Box<dyn ZoneWork> {
        self.parts.store.zone(&self.zone.id, access).await.unwrap()
    }

    /// Keeps a version of policy that nobody puts in force; the version, and what it evaluates to.
    pub(crate) async fn candidate(&self, content: &str) -> (PolicySetVersion, String) {
        let (policy, mut version) = self.given.policy();
        version.content = content.to_owned();
        let set = self.given.policy_set();
        let set_version = self.given.policy_set_version(&set, &[&version]);
        self.store(async |work| {
            work.policies().create(&policy, &version).await.unwrap();
            work.policy_sets().create(&set).await.unwrap();
            work.policy_sets().add_version(&set_version).await.unwrap();
        })
        .await;
        let source = PolicyVersionSource {
            version_id: version.id.as_str(),
            content,
        };
        (set_version, evaluate(&[source]).unwrap().to_stored())
    }

    /// Serves by other bounds from here on.
    pub(crate) fn reconfigure(&mut self, config: StsConfig) {
        self.deps.limits = Arc::new(config.limits(self.deps.limiter.clone(), self.deps.world.clone()));
        self.deps.config = Arc::new(config);
        self.client = self.parts.client("sts", caracal_sts::router(self.deps.clone()));
    }

    pub(crate) async fn state(&self) -> Arc<ZoneState> {
        self.parts.zones.zone(&self.zone.id).await.unwrap()
    }

    /// The fields of a delegated mint, `changes` replacing or (with an empty value) removing fields.
    pub(crate) fn mint_form(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = [
            ("grant_type", GRANT),
            ("zone_id", self.zone.id.as_str()),
            ("application_id", self.application.id.as_str()),
            ("client_secret", self.secret.expose()),
            ("resource", &self.resource.identifier),
            ("scope", "tickets:read"),
            ("agent_session_id", self.target.id.as_str()),
            ("delegation_edge_id", self.delegation.id.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in changes {
            fields.retain(|(field, _)| field != name);
            if !value.is_empty() {
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        fields
    }

    /// Posts a form, with further headers.
    pub(crate) async fn post(&self, fields: &[(String, String)], headers: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(form, headers).await
    }

    /// Posts a raw body.
    pub(crate) async fn send(&self, body: String, headers: &[(&str, &str)]) -> Answer {
        let call = self.client.call(Method::POST, "/oauth/2/token");
        call.headers(headers).form(body).send().await
    }

    /// The application asks an endpoint about a mandate, with changes.
    pub(crate) async fn present(&self, path: &str, token: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("token", token),
            ("zone_id", self.zone.id.as_str()),
            ("application_id", self.application.id.as_str()),
            ("client_secret", self.secret.expose()),
        ];
        for (name, value) in changes {
            fields.retain(|(given, _)| given != name);
            fields.push((name, value));
        }
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.client.call(Method::POST, path).form(form).send().await
    }

    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        self.client.send(request).await
    }

    /// A delegated mint with changes.
    pub(crate) async fn mint(&self, changes: &[(&str, &str)]) -> Answer {
        self.post(&self.mint_form(changes), &[]).await
    }

    /// Mints a gateway mandate.
    pub(crate) async fn mandate(&self) -> (String, MandateClaims) {
        let answer = self.mint(&[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let token = answer.text("access_token");
        let claims = self.claims(&token).await;
        (token, claims)
    }

    /// Asks as a Gateway of the same process does.
    pub(crate) async fn call(
        &self,
        (token, claims): (String, MandateClaims),
        resource: &str,
        asked: Asked<'_>,
    ) -> Result<ExchangeGrant, Refusal> {
        let key = claims.bound_to().cloned();
        self.call_as((token, claims), key, resource, asked).await
    }

    /// The same for a caller who proved to hold a key, or none.
    pub(crate) async fn call_as(
        &self,
        (token, claims): (String, MandateClaims),
        proved_key: Option<Arc<str>>,
        resource: &str,
        asked: Asked<'_>,
    ) -> Result<ExchangeGrant, Refusal> {
        let request = ExchangeRequest {
            zone_id: self.zone.id.clone(),
            application_id: self.application.id.clone(),
            mandate: Secret::new(token),
            proved_key,
            claims: Arc::new(claims),
            resource: resource.to_owned(),
            operation: Arc::new(asked.operation.clone()),
            arguments: asked.arguments.map(|arguments| arguments.to_string().into()),
            approval: asked.approval.map(|id| ApprovalId::parse(id).unwrap()),
            content: asked.content.map(Arc::new),
            request_id: "req-call".into(),
            traceparent: None,
        };
        LocalExchange::new(self.deps.clone()).exchange(request).await
    }

    /// Verifies a token with the zone's own keys.
    pub(crate) async fn claims(&self, token: &str) -> MandateClaims {
        let state = self.state().await;
        caracal_crypto::mandate::verify(token, |kid| state.verifying_key(kid.as_str()))
            .unwrap()
            .into_claims()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.world.now()
    }

    /// Checks claims as a verifier of class `uses` would.
    pub(crate) fn rules<'r>(&'r self, uses: &'r [caracal_core::claims::MandateUse]) -> ClaimRules<'r> {
        ClaimRules {
            issuer: ISSUER,
            audience: Some(ISSUER),
            zone: &self.zone.id,
            uses,
            presenter: Presenter::Bearer,
            now: self.now(),
            leeway: LEEWAY,
        }
    }

    /// The last event on record.
    pub(crate) async fn last_event(&self) -> AuditEvent {
        self.parts.events().await.pop().expect("an event")
    }

    /// The last exchange or launch on record. What an approval says of itself comes on another way, before or after.
    pub(crate) async fn last_exchange(&self) -> AuditEvent {
        let events = self.parts.events().await;
        let of = |event: &AuditEvent| matches!(event.event_type.as_str(), "token_exchange" | "run_launch");
        events.into_iter().rfind(of).expect("an exchange")
    }
}
