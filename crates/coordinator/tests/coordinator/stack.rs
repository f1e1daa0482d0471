//! A Coordinator with one zone, and a caller for it.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use caracal_coordinator::{CoordinatorConfig, CoordinatorDeps, router};
use caracal_core::{
    ApplicationId, ScopeSet, Secret, World, ZoneId,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{Application, AuthorityRecord, Lifecycle, ProviderKind, Resource},
};
use caracal_crypto::{HmacKey, SigningKey, mandate};
use caracal_events::shortlived::ReplayStore;
use caracal_service::known_tokens::KnownTokens;
use caracal_storage::{Access, ZoneWork, conformance::given::Given};
use caracal_testkit::{
    client::{Answer, Client},
    parts::{Backends, Parts, PartsOptions},
};
use caracal_wire::coordinator::{delegations::CreateDelegation, sessions::StartSession};
use http::{Method, Request};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use caracal_testkit::parts::ISSUER;

pub(crate) const OPERATOR: &str = "operator-token-of-the-tests";
pub(crate) const LIFECYCLE: &str = "agent:lifecycle";

/// An application with a mandate to run sessions.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) id: ApplicationId,
    pub(crate) application: Application,
    pub(crate) record: AuthorityRecord,
    pub(crate) token: String,
}

/// The whole of it.
pub(crate) struct Stack {
    pub(crate) parts: Parts,
    pub(crate) world: World,
    pub(crate) deps: CoordinatorDeps,
    pub(crate) given: Given,
    pub(crate) zone: ZoneId,
    pub(crate) key: SigningKey,
    pub(crate) resource: Resource,
    pub(crate) other_resource: Resource,
    client: Client,
}

impl Stack {
    pub(crate) async fn new() -> Self {
        Self::with(CoordinatorConfig::default()).await
    }

    pub(crate) async fn with(config: CoordinatorConfig) -> Self {
        Self::over(Backends::Embedded, config).await
    }

    pub(crate) async fn over(backends: Backends, config: CoordinatorConfig) -> Self {
        let parts = Parts::with(PartsOptions {
            backends,
            spool_bytes: 1 << 20,
            ..PartsOptions::default()
        })
        .await;
        let world = parts.world.clone();
        let given = Given::new(&world);
        parts.create_zone(&given.zone()).await;
        let key = parts.add_signing_key(&given.zone_id, 1).await;
        let (resource, other_resource) = create_resources(&parts, &given).await;
        let deps = CoordinatorDeps {
            world: world.clone(),
            store: parts.store.clone(),
            zones: parts.zones.clone(),
            authority: parts.authority.clone(),
            revocations: parts.revocations.clone(),
            outbox: parts.outbox.clone(),
            spool: parts.spool.clone(),
            audit_keys: Some(parts.audit_key.clone()),
            limiter: parts.short_lived.clone(),
            replay: parts.short_lived.clone(),
            issuer: ISSUER.into(),
            operator_tokens: Secret::new(OPERATOR).into(),
            known_tokens: Arc::new(KnownTokens::of_people()),
            idempotency_keys: HmacKey::from_bytes(&world.random_bytes::<32>()).into(),
            config,
        };
        Self {
            client: parts.client("coordinator", router(deps.clone())),
            zone: given.zone_id.clone(),
            parts,
            world,
            deps,
            given,
            key,
            resource,
            other_resource,
        }
    }

    /// Who calls it.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Remembers used proofs elsewhere from here on.
    pub(crate) fn replay(&mut self, replay: Arc<dyn ReplayStore>) {
        self.deps.replay = replay;
        self.client = self.parts.client("coordinator", router(self.deps.clone()));
    }

    /// Moves the clock, and reads what enforcement points read at an interval.
    pub(crate) async fn advance(&self, span: Duration) {
        self.parts.pass(span).await;
    }

    pub(crate) async fn write(&self) -> Box<dyn ZoneWork> {
        self.deps.store.zone(&self.zone, Access::Write).await.unwrap()
    }

    pub(crate) async fn read(&self) -> Box<dyn ZoneWork> {
        self.deps.store.zone(&self.zone, Access::Read).await.unwrap()
    }

    /// A managed application, as an administrator registers it.
    pub(crate) async fn app(&self) -> App {
        self.register(self.given.application()).await
    }

    pub(crate) async fn register(&self, application: Application) -> App {
        let mut work = self.write().await;
        work.applications().create(&application).await.unwrap();
        work.commit().await.unwrap();
        // What the directory event does in production.
        self.deps.zones.reload(&self.zone).await.unwrap();
        let (record, token) = self.login(&application).await;
        App {
            id: application.id.clone(),
            application,
            record,
            token,
        }
    }

    /// A new mandate of the application, on a new record, as after a restart.
    pub(crate) async fn login(&self, application: &Application) -> (AuthorityRecord, String) {
        let record = self.given.authority_record(application);
        self.keep(&record).await;
        let token = self.sign(&self.claims(&record));
        (record, token)
    }

    pub(crate) async fn keep(&self, record: &AuthorityRecord) {
        let mut work = self.write().await;
        work.authority_records().create(record).await.unwrap();
        work.commit().await.unwrap();
    }

    /// A person's login at the application: the record and the mandate that proves it.
    pub(crate) async fn person(&self, app: &App, subject: &str) -> (AuthorityRecord, String) {
        let record = AuthorityRecord {
            subject_type: SubjectType::User,
            subject_id: subject.to_owned(),
            issuer: Some(String::from("https://idp.example")),
            ..self.given.authority_record(&app.application)
        };
        self.keep(&record).await;
        let claims = self.proof(&record);
        (record, self.sign(&claims))
    }

    /// Claims that let an application run sessions.
    pub(crate) fn claims(&self, record: &AuthorityRecord) -> MandateClaims {
        MandateClaims {
            iss: ISSUER.into(),
            sub: record.subject_id.as_str().into(),
            aud: vec![ISSUER.into()],
            exp: self.world.now().plus(Duration::from_mins(15)).unix_seconds(),
            iat: self.world.now().unix_seconds(),
            nbf: None,
            jti: self.world.uuid_v7().to_string().into(),
            zone_id: record.zone_id.clone(),
            client_id: record.application_id.clone(),
            scope: Some(LIFECYCLE.to_owned()),
            sid: record.id.clone(),
            root_sid: record.id.clone(),
            mandate_use: MandateUse::Session,
            sub_type: record.subject_type,
            target: Vec::new(),
            agent_session_id: None,
            delegation_edge_id: None,
            source_session_id: None,
            target_session_id: None,
            delegation_path: Vec::new(),
            delegation_chain: Vec::new(),
            hop_count: 0,
            delegation_graph_epoch: 0,
            cnf: None,
        }
    }

    /// Claims that prove a person's login and nothing else.
    pub(crate) fn proof(&self, record: &AuthorityRecord) -> MandateClaims {
        MandateClaims {
            scope: None,
            sub_type: SubjectType::User,
            ..self.claims(record)
        }
    }

    pub(crate) fn sign(&self, claims: &MandateClaims) -> String {
        mandate::sign(claims, &self.key).unwrap()
    }

    /// A mandate of the application with further scopes.
    pub(crate) fn with_scopes(&self, app: &App, scopes: &str) -> String {
        let scope = Some(format!("{LIFECYCLE} {scopes}"));
        self.sign(&MandateClaims {
            scope,
            ..self.claims(&app.record)
        })
    }

    /// Sends a request below the zone.
    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        self.send(method, path, token, &[], body).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let path = format!("/zones/{}{path}", self.zone);
        let call = self.client.call(method, &path).bearer(token).headers(headers);
        match body {
            Some(body) => call.json(&body),
            None => call,
        }
        .send()
        .await
    }

    pub(crate) async fn exchange(&self, request: Request<Body>) -> Answer {
        self.client.send(request).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, token: &str) -> Answer {
        self.call(Method::PATCH, path, token, None).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Answer {
        self.call(Method::DELETE, path, token, None).await
    }

    /// Starts a session with these members besides the application.
    pub(crate) async fn start(&self, app: &App, extra: Value) -> Answer {
        self.post("/agents", &app.token, start_body(app, extra)).await
    }

    /// Starts a root task and returns its id.
    pub(crate) async fn task(&self, app: &App) -> String {
        self.start(app, json!({}))
            .await
            .expect(201)
            .text("agent_session_id")
    }

    /// Starts a service and returns its id.
    pub(crate) async fn service(&self, app: &App) -> String {
        let body = members(&StartSession {
            lifecycle: Some(Lifecycle::Service),
            ..StartSession::of(app.id.clone())
        });
        let started = self.post("/agents", &app.token, body).await;
        started.expect(201).text("agent_session_id")
    }

    /// Starts a child task and returns the answer.
    pub(crate) async fn child(&self, app: &App, parent: &str, extra: Value) -> Answer {
        let mut body = json!({"parent_id": parent});
        merge(&mut body, extra);
        self.start(app, body).await
    }

    /// Hands authority for the first resource from one session to another.
    pub(crate) async fn delegate(&self, from: (&App, &str), to: (&App, &str), extra: Value) -> Answer {
        let of = |(app, session): (&App, &str)| (app.id.clone(), session.parse().unwrap());
        let mut body = members(&CreateDelegation {
            constraints: Some(json!({"resources": [self.resource.identifier]})),
            ttl_seconds: Some(600),
            ..CreateDelegation::between(of(from), of(to), vec!["weather:read".into()])
        });
        merge(&mut body, extra);
        self.post("/delegations", &from.0.token, body).await
    }
}

/// The members that a body says something in.
fn members(body: &impl Serialize) -> Value {
    let mut body = serde_json::to_value(body).unwrap();
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    body
}

/// A start request of the application with further members.
pub(crate) fn start_body(app: &App, extra: Value) -> Value {
    let mut body = members(&StartSession::of(app.id.clone()));
    merge(&mut body, extra);
    body
}

pub(crate) fn merge(body: &mut Value, extra: Value) {
    let Value::Object(extra) = extra else {
        panic!("members, not {extra}")
    };
    body.as_object_mut().unwrap().extend(extra);
}

pub(crate) fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text)
}

async fn create_resources(parts: &Parts, given: &Given) -> (Resource, Resource) {
    let provider = caracal_core::entity::Provider {
        secret_config_keys: Vec::new(),
        kind: ProviderKind::None,
        ..given.provider()
    };
    let resource = given.resource(&provider);
    let other = Resource {
        scopes: scopes("mail:send mail:read weather:read"),
        ..given.resource(&provider)
    };
    parts
        .change(&given.zone_id, async |work| {
            work.providers().create(&provider).await.unwrap();
            work.resources().create(&resource).await.unwrap();
            work.resources().create(&other).await.unwrap();
        })
        .await;
    (resource, other)
}
