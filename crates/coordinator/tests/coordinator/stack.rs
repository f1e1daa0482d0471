//! A Coordinator with one zone, in a temporary directory.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use caracal_coordinator::{CoordinatorConfig, CoordinatorDeps, router};
use caracal_core::{
    ApplicationId, KeyId, ScopeSet, Secret, World, ZoneId,
    audit::AuditEvent,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{Application, AuthorityRecord, Resource},
};
use caracal_crypto::{HmacKey, KeyRing, Location, SigningKey, mandate};
use caracal_events::{
    Bus, Consumer, EmbeddedBus, OutboxRelay, Spool, SpoolDrainer, StreamSigner, SyncMode, Topic,
    outbox::RelayOptions, shortlived::MemoryShortLived,
};
use caracal_service::{
    assemble,
    health::Operational,
    revocation::Revocations,
    zones::{AnnouncingStore, Followed, LiveAuthority, ZoneDirectory, follow},
};
use caracal_storage::{Access, SigningKeyRow, Store, ZoneWork, conformance::given::Given};
use caracal_storage_sql::{SqlOutboxQueue, SqliteStore};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const OPERATOR: &str = "operator-token-of-the-tests";
pub(crate) const LIFECYCLE: &str = "agent:lifecycle";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The wire code of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.body["error"].as_str().unwrap_or("")
    }

    /// Status and code, for comparison.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// The member as text.
    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("{member} in {}", self.body))
            .to_owned()
    }

    /// The same answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

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
    pub(crate) world: World,
    pub(crate) deps: CoordinatorDeps,
    pub(crate) given: Given,
    pub(crate) zone: ZoneId,
    pub(crate) key: SigningKey,
    pub(crate) resource: Resource,
    pub(crate) other_resource: Resource,
    bus: Arc<dyn Bus>,
    router: Router,
    ledger: Arc<Ledger>,
    shutdown: CancellationToken,
    _directory: tempfile::TempDir,
}

/// Takes audit events as the audit role does, and keeps them.
#[derive(Default)]
struct Ledger {
    events: tokio::sync::Mutex<Vec<AuditEvent>>,
    stop: CancellationToken,
    stopped: CancellationToken,
}

impl Ledger {
    async fn take(self: Arc<Self>, mut consumer: Box<dyn Consumer>) {
        let _stopped = self.stopped.clone().drop_guard();
        while !self.stop.is_cancelled() {
            let Ok(batch) = consumer.next(500, Duration::from_millis(20)).await else {
                return;
            };
            let mut events = self.events.lock().await;
            for delivery in &batch {
                let event: AuditEvent = serde_json::from_str(delivery.fields.get("data").unwrap()).unwrap();
                // Delivery is at least once.
                if events.iter().all(|known| known.id != event.id) {
                    events.push(event);
                }
            }
            let ids: Vec<String> = batch.into_iter().map(|delivery| delivery.id).collect();
            consumer.ack(&ids).await.unwrap();
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.ledger.stop.cancel();
        self.shutdown.cancel();
    }
}

impl Stack {
    pub(crate) async fn new() -> Self {
        Self::with(CoordinatorConfig::default()).await
    }

    pub(crate) async fn with(config: CoordinatorConfig) -> Self {
        let world = World::for_tests();
        let directory = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(&directory.path().join("caracal.db"), None, world.now())
            .await
            .unwrap();
        let sqlite = Arc::new(sqlite);
        let store: Arc<dyn Store> = sqlite.clone();
        let ring = Arc::new(KeyRing::from_hex(&hex(&world.random_bytes::<32>()), None).unwrap());

        let given = Given::new(&world);
        let key = create_zone(store.as_ref(), &world, &given, &ring).await;
        let (resource, other_resource) = create_resources(store.as_ref(), &given).await;

        let signer = StreamSigner::new(HmacKey::from_bytes(&world.random_bytes::<32>()));
        let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::in_memory(world.clone(), signer));
        let queue = Arc::new(SqlOutboxQueue::new(sqlite, world.clone()));
        let outbox = OutboxRelay::new(world.clone(), queue, bus.clone(), RelayOptions::default());
        let audit_key = HmacKey::from_bytes(&world.random_bytes::<32>());
        let spool = Spool::open_in(
            &world,
            directory.path().join("spool"),
            SyncMode::Interval(Duration::from_secs(1)),
            audit_key.clone(),
            1 << 20,
        )
        .unwrap();
        let zones = Arc::new(ZoneDirectory::new(store.clone(), ring, world.clone()));
        let authority = Arc::new(LiveAuthority::new(store.clone(), world.clone()));
        let revocations = Arc::new(Revocations::new(world.clone()));
        revocations.reload(store.as_ref()).await.unwrap();

        let deps = CoordinatorDeps {
            world: world.clone(),
            store: store.clone(),
            zones: zones.clone(),
            authority: authority.clone(),
            revocations: revocations.clone(),
            outbox: outbox.clone(),
            spool: spool.clone(),
            limiter: Arc::new(MemoryShortLived::in_memory(world.clone())),
            issuer: ISSUER.into(),
            operator_token: Some(Secret::new(OPERATOR)),
            idempotency_key: HmacKey::from_bytes(&world.random_bytes::<32>()),
            config,
        };
        let shutdown = CancellationToken::new();
        let ledger = Arc::new(Ledger::default());
        let events = bus
            .consume(Topic::AuditEvents, "audit-ingestor", "test")
            .await
            .unwrap();
        tokio::spawn(ledger.clone().take(events));
        let followed = Followed {
            store,
            zones,
            authority,
            revocations,
        };
        // As the daemon does: what is committed is in force here before it is answered.
        let deps = CoordinatorDeps {
            store: Arc::new(AnnouncingStore::new(deps.store.clone(), followed.clone())),
            ..deps
        };
        tokio::spawn(follow(followed, bus.clone(), shutdown.clone()));
        tokio::spawn({
            let shutdown = shutdown.clone();
            async move { outbox.run(shutdown).await }
        });
        tokio::spawn(SpoolDrainer::run(spool, bus.clone(), audit_key, shutdown.clone()));

        let operational = Operational {
            dependencies: Arc::default(),
            draining: Arc::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            before_render: Arc::new(|| {}),
            metrics_bearer: None,
            metrics_open: true,
        };
        Self {
            router: assemble("coordinator", router(deps.clone()), operational, world.clone()),
            zone: given.zone_id.clone(),
            ledger,
            world,
            bus,
            deps,
            given,
            key,
            resource,
            other_resource,
            shutdown,
            _directory: directory,
        }
    }

    /// Moves the clock, and reads what enforcement points read at an interval.
    pub(crate) async fn advance(&self, span: Duration) {
        self.world.manual_clock().advance(span);
        self.deps
            .revocations
            .reload(self.deps.store.as_ref())
            .await
            .unwrap();
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
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/zones/{}{path}", self.zone));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.exchange(request.body(body).unwrap()).await
    }

    pub(crate) async fn exchange(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
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
        self.start(app, json!({"lifecycle": "service"}))
            .await
            .expect(201)
            .text("agent_session_id")
    }

    /// Starts a child task and returns the answer.
    pub(crate) async fn child(&self, app: &App, parent: &str, extra: Value) -> Answer {
        let mut body = json!({"parent_id": parent});
        merge(&mut body, extra);
        self.start(app, body).await
    }

    /// Hands authority for the first resource from one session to another.
    pub(crate) async fn delegate(&self, from: (&App, &str), to: (&App, &str), extra: Value) -> Answer {
        let mut body = json!({
            "source_session_id": from.1, "target_session_id": to.1,
            "issuer_application_id": from.0.id, "receiver_application_id": to.0.id,
            "scopes": ["weather:read"], "ttl_seconds": 600,
            "constraints": {"resources": [self.resource.identifier]},
        });
        merge(&mut body, extra);
        self.post("/delegations", &from.0.token, body).await
    }

    /// The audit events recorded since the last call, in order.
    pub(crate) async fn evidence(&self) -> Vec<AuditEvent> {
        assert!(
            self.deps.spool.wait_drained(Duration::from_secs(30)).await,
            "the ledger takes every event"
        );
        std::mem::take(&mut *self.ledger.events.lock().await)
    }

    /// From here on nobody takes audit events from the bus.
    pub(crate) async fn stop_ledger(&self) {
        self.ledger.stop.cancel();
        self.ledger.stopped.cancelled().await;
    }

    /// The fields of every event published on `topic` while `during` ran.
    pub(crate) async fn published<T>(
        &self,
        topic: Topic,
        during: impl Future<Output = T>,
    ) -> (T, Vec<BTreeMap<String, String>>) {
        // What was committed before is no part of it.
        self.deps.outbox.flush(Duration::from_secs(5)).await;
        let mut subscription = self.bus.subscribe(&[topic]).await.unwrap();
        let seen = Arc::new(tokio::sync::Mutex::new(Vec::new()));
        // Somebody has to read meanwhile: an answer waits until every subscription handled its events.
        let reader = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((_, batch)) = subscription.next().await {
                    seen.lock()
                        .await
                        .extend(batch.into_iter().map(|entry| entry.fields.into_iter().collect()));
                }
            }
        });
        let outcome = during.await;
        assert!(self.deps.outbox.flush(Duration::from_secs(10)).await);
        reader.abort();
        let seen = std::mem::take(&mut *seen.lock().await);
        (outcome, seen)
    }
}

/// A start request of the application with further members.
pub(crate) fn start_body(app: &App, extra: Value) -> Value {
    let mut body = json!({"application_id": app.id});
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

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn create_zone(store: &dyn Store, world: &World, given: &Given, ring: &KeyRing) -> SigningKey {
    let mut global = store.global(Access::Write).await.unwrap();
    global.zones().create(&given.zone()).await.unwrap();
    global.commit().await.unwrap();
    let key = SigningKey::generate(world, KeyId::generate(world)).unwrap();
    let sealed = ring
        .seal(
            world,
            &Location::ZONE_SIGNING_KEY,
            &key.to_sealed_bytes().unwrap(),
        )
        .unwrap();
    let row = SigningKeyRow {
        id: key.id().clone(),
        version: 1,
        public_key: key.verifying_key().point().to_vec(),
        envelope: sealed,
        signs_from: world.now(),
        verifies_until: None,
        created_at: world.now(),
    };
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.signing_keys().create(&row).await.unwrap();
    work.commit().await.unwrap();
    key
}

async fn create_resources(store: &dyn Store, given: &Given) -> (Resource, Resource) {
    let provider = caracal_core::entity::Provider {
        secret_config_keys: Vec::new(),
        kind: caracal_core::entity::ProviderKind::None,
        ..given.provider()
    };
    let resource = given.resource(&provider);
    let other = Resource {
        scopes: scopes("mail:send mail:read weather:read"),
        ..given.resource(&provider)
    };
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.resources().create(&other).await.unwrap();
    work.commit().await.unwrap();
    (resource, other)
}
