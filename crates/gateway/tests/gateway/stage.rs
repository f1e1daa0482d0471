//! A Gateway with everything real around it but the STS, which is a decision the test writes down.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{
    KeyId, Secret, World, ZoneId,
    audit::AuditEvent,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{Attribution, Zone},
};
use caracal_crypto::{HmacKey, KeyRing, Location, SigningKey, mandate};
use caracal_events::{
    Bus as _, Consumer, EmbeddedBus, Spool, SpoolDrainer, StreamSigner, SyncMode, Topic,
    shortlived::MemoryShortLived,
};
use caracal_gateway::{GatewayConfig, GatewayDeps, app};
use caracal_service::{
    Refusal,
    egress::{Egress, EgressPolicy},
    exchange::{AuthMode, Exchange, ExchangeGrant, ExchangeRequest, UpstreamDirective},
    health::Operational,
    issued::IssuedMandates,
    revocation::Revocations,
    server::{ServerLimits, serve},
    zones::ZoneDirectory,
};
use caracal_storage::{Access, SigningKeyRow, Store};
use caracal_storage_sql::SqliteStore;
use caracal_wire::{ErrorCode, health::NotReady};
use metrics_exporter_prometheus::PrometheusBuilder;
use parking_lot::Mutex;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::upstream::Upstream;

pub(crate) const ISSUER: &str = "https://sts.test";
pub(crate) const RESOURCE: &str = "resource://pipernet";
pub(crate) const TOKEN: &str = "real-credential";

/// The STS of a test: grants the directive written down, or refuses.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) directive: Mutex<UpstreamDirective>,
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) available: AtomicBool,
    pub(crate) seen: Mutex<Vec<ExchangeRequest>>,
}

#[async_trait]
impl Exchange for Decision {
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        self.seen.lock().push(request);
        match self.refusal.lock().clone() {
            Some(refusal) => Err(refusal),
            None => Ok(ExchangeGrant {
                directive: self.directive.lock().clone(),
                mandate: Some(Secret::new("resource-mandate")),
            }),
        }
    }

    fn available(&self) -> Result<(), Refusal> {
        if self.available.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(Refusal::of(ErrorCode::StsUnavailable).describe("sts unavailable"))
        }
    }

    async fn check(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    pub(crate) upstream: Upstream,
    pub(crate) decision: Arc<Decision>,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) zone: ZoneId,
    pub(crate) key: SigningKey,
    keyring: Arc<KeyRing>,
    issued: Option<Arc<IssuedMandates>>,
    serial: AtomicUsize,
    events: tokio::sync::Mutex<Box<dyn Consumer>>,
    _drainer: JoinHandle<()>,
    _shutdown: DropGuard,
    _dir: tempfile::TempDir,
}

pub(crate) struct Options {
    pub(crate) issued: bool,
    pub(crate) config: GatewayConfig,
    pub(crate) policy: EgressPolicy,
    pub(crate) fresh: bool,
    pub(crate) limits: ServerLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            issued: false,
            config: GatewayConfig {
                max_request_bytes: 64 * 1024,
                ..GatewayConfig::default()
            },
            policy: EgressPolicy::provisioned(),
            fresh: true,
            limits: ServerLimits::default(),
        }
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let world = World::for_tests();
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(
            SqliteStore::open(&dir.path().join("db"), None, world.now())
                .await
                .unwrap(),
        );
        let kek = "3f1c9a7e5b2d8046c1e7f93ab5d2680e4c7a1b9f3e5d0826a4c8b6f2e1d39075";
        let keyring = Arc::new(KeyRing::from_hex(kek, None).unwrap());
        let zone = ZoneId::generate(&world);
        create_zone(store.as_ref(), &world, &zone).await;
        let key = new_key(&world);
        add_key(store.as_ref(), &world, &keyring, &zone, &key, 1).await;

        let revocations = Arc::new(Revocations::new(world.clone()));
        if options.fresh {
            revocations.reload(store.as_ref()).await.unwrap();
        }
        let zones = Arc::new(ZoneDirectory::new(store.clone(), keyring.clone(), world.clone()));
        let issued = options.issued.then(|| Arc::new(IssuedMandates::default()));
        let audit_key = HmacKey::from_bytes(&[7; 32]);
        let spool = Spool::open_in(
            &world,
            dir.path().join("spool"),
            SyncMode::Interval(Duration::from_secs(1)),
            audit_key.clone(),
            8 << 20,
        )
        .unwrap();
        let bus = Arc::new(EmbeddedBus::in_memory(
            world.clone(),
            StreamSigner::new(HmacKey::from_bytes(&[8; 32])),
        ));
        let events = bus
            .consume(Topic::AuditEvents, "audit-ingestor", "test")
            .await
            .unwrap();
        let shutdown = CancellationToken::new();
        let drainer = tokio::spawn(SpoolDrainer::run(spool.clone(), bus, audit_key, shutdown.clone()));

        let upstream = Upstream::start().await;
        let decision = Arc::new(Decision {
            directive: Mutex::new(directive(&format!("http://{}", upstream.address))),
            refusal: Mutex::new(None),
            available: AtomicBool::new(true),
            seen: Mutex::default(),
        });
        let deps = GatewayDeps {
            world: world.clone(),
            zones,
            revocations: revocations.clone(),
            issued: issued.clone(),
            replay: Arc::new(MemoryShortLived::in_memory(world.clone())),
            exchange: decision.clone(),
            spool,
            issuer: ISSUER.into(),
            egress: Egress::new(options.policy),
            config: options.config,
        };
        let operational = Operational {
            dependencies: Arc::default(),
            draining: Arc::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            before_render: Arc::new(|| {}),
            metrics_bearer: None,
            metrics_open: true,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = app(deps, operational, world.clone());
        tokio::spawn(serve(listener, router, options.limits, None, shutdown.clone()));
        Self {
            world,
            address,
            upstream,
            decision,
            revocations,
            store,
            zone,
            key,
            keyring,
            issued,
            serial: AtomicUsize::new(0),
            events: tokio::sync::Mutex::new(events),
            _drainer: drainer,
            _shutdown: shutdown.drop_guard(),
            _dir: dir,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.world.now().unix_seconds()
    }

    /// Claims of a good mandate that was never presented.
    pub(crate) fn claims(&self) -> MandateClaims {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        MandateClaims {
            iss: ISSUER.into(),
            sub: "app-1".into(),
            aud: vec![ISSUER.into()],
            exp: self.now() + 300,
            iat: self.now(),
            nbf: None,
            jti: format!("jti-{serial}").into(),
            zone_id: self.zone.clone(),
            client_id: "app-1".parse().unwrap(),
            scope: Some(String::from("tickets:read")),
            sid: "rec-1".parse().unwrap(),
            root_sid: "rec-0".parse().unwrap(),
            mandate_use: MandateUse::Gateway,
            sub_type: SubjectType::Application,
            target: vec![RESOURCE.into()],
            agent_session_id: Some("ses-1".parse().unwrap()),
            delegation_edge_id: Some("del-1".parse().unwrap()),
            source_session_id: None,
            target_session_id: None,
            delegation_path: vec!["del-1".parse().unwrap()],
            delegation_chain: Vec::new(),
            hop_count: 1,
            delegation_graph_epoch: 0,
        }
    }

    /// A mandate with these claims, as this process would have signed it.
    pub(crate) fn sign(&self, claims: MandateClaims) -> String {
        let token = mandate::sign(&claims, &self.key).unwrap();
        if let Some(issued) = &self.issued {
            issued.remember(&token, Arc::new(claims), self.world.now());
        }
        token
    }

    /// Pretends that this process signed `token`.
    pub(crate) fn remember(&self, token: &str, claims: MandateClaims) {
        self.issued
            .as_ref()
            .unwrap()
            .remember(token, Arc::new(claims), self.world.now());
    }

    /// A good mandate.
    pub(crate) fn mandate(&self) -> String {
        self.sign(self.claims())
    }

    /// A token with any header and payload, really signed.
    pub(crate) fn forge(&self, header: &str, payload: &str) -> String {
        forge(&self.key, header, payload)
    }

    /// Header of a good mandate.
    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{}"}}"#, self.key.id())
    }

    /// Another zone that lives here as well, with its key.
    pub(crate) async fn another_zone(&self) -> (ZoneId, SigningKey) {
        let zone = ZoneId::generate(&self.world);
        create_zone_as(self.store.as_ref(), &self.world, &zone, "Second").await;
        let key = new_key(&self.world);
        add_key(self.store.as_ref(), &self.world, &self.keyring, &zone, &key, 1).await;
        (zone, key)
    }

    /// Adds a second key to the zone, as a rotation on another replica would.
    pub(crate) async fn rotate(&self) -> SigningKey {
        let key = new_key(&self.world);
        add_key(
            self.store.as_ref(),
            &self.world,
            &self.keyring,
            &self.zone,
            &key,
            2,
        )
        .await;
        key
    }

    /// The next `count` events of the spool.
    pub(crate) async fn events(&self, count: usize) -> Vec<AuditEvent> {
        let mut consumer = self.events.lock().await;
        let mut events = Vec::new();
        let began = std::time::Instant::now();
        while events.len() < count {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "events arrive: {events:?}"
            );
            let batch = consumer
                .next(count - events.len(), Duration::from_secs(1))
                .await
                .unwrap();
            let ids: Vec<String> = batch.iter().map(|delivery| delivery.id.clone()).collect();
            events.extend(
                batch
                    .iter()
                    .map(|delivery| serde_json::from_str(delivery.fields.get("data").unwrap()).unwrap()),
            );
            consumer.ack(&ids).await.unwrap();
        }
        events
    }

    /// Whether nothing more is in the spool than what was read.
    pub(crate) async fn no_more_events(&self) -> bool {
        let mut consumer = self.events.lock().await;
        consumer
            .next(1, Duration::from_millis(200))
            .await
            .unwrap()
            .is_empty()
    }
}

pub(crate) fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A directive with a bearer credential.
pub(crate) fn directive(url: &str) -> UpstreamDirective {
    UpstreamDirective {
        url: url.to_owned(),
        auth_mode: AuthMode::ProviderOauth,
        auth_location: None,
        auth_header: Some(String::from("Authorization")),
        query_param_name: None,
        auth_scheme: Some(String::from("Bearer")),
        allowed_token_hosts: Vec::new(),
        provider_token: Some(Secret::new(TOKEN)),
        provider_id: Some(String::from("prov-1")),
        connection_id: None,
        forward_caracal_identity: false,
        expires_at: None,
        timeout_seconds: None,
        cookies: false,
    }
}

pub(crate) fn new_key(world: &World) -> SigningKey {
    SigningKey::generate(world, KeyId::generate(world)).unwrap()
}

async fn create_zone(store: &dyn Store, world: &World, id: &ZoneId) {
    create_zone_as(store, world, id, "Acme").await;
}

async fn create_zone_as(store: &dyn Store, world: &World, id: &ZoneId, name: &str) {
    let zone = Zone {
        id: id.clone(),
        name: name.to_owned(),
        slug: name.to_lowercase(),
        dcr_enabled: false,
        operator_coauthor_badge: false,
        operator_governed: false,
        attribution: Attribution {
            created_by: None,
            created_via_operator: false,
            updated_by: None,
            updated_via_operator: false,
            created_at: world.now(),
            updated_at: Some(world.now()),
        },
        archived_at: None,
    };
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&zone).await.unwrap();
    work.commit().await.unwrap();
}

async fn add_key(
    store: &dyn Store,
    world: &World,
    keyring: &KeyRing,
    zone: &ZoneId,
    key: &SigningKey,
    version: i64,
) {
    let sealed = keyring
        .seal(
            world,
            &Location::ZONE_SIGNING_KEY,
            &key.to_sealed_bytes().unwrap(),
        )
        .unwrap();
    let row = SigningKeyRow {
        id: key.id().clone(),
        version,
        public_key: key.verifying_key().point().to_vec(),
        envelope: sealed,
        signs_from: world.now(),
        verifies_until: None,
        created_at: world.now(),
    };
    let mut work = store.zone(zone, Access::Write).await.unwrap();
    work.signing_keys().create(&row).await.unwrap();
    work.commit().await.unwrap();
}
