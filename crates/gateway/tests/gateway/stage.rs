//! A Gateway with everything real around it but the STS, which is a decision the test writes down.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{
    KeyId, Secret, World, ZoneId,
    audit::AuditEvent,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{DeclaredOperation, OperationEnforcement, Resource},
};
use caracal_crypto::{SigningKey, mandate};
use caracal_gateway::{GatewayConfig, GatewayDeps, app};
use caracal_service::{
    Refusal,
    egress::{Egress, EgressPolicy},
    exchange::{AuthMode, Exchange, ExchangeGrant, ExchangeRequest, UpstreamDirective},
    issued::IssuedMandates,
    revocation::Revocations,
    server::{ServerLimits, serve},
};
use caracal_storage::{Access, Store as _, conformance::given::Given};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::{
    client::Client,
    parts::{Parts, PartsOptions},
    upstream::{Answer, Upstream},
};
use caracal_wire::{ErrorCode, health::NotReady, sts::DenialReason};
use parking_lot::Mutex;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use caracal_testkit::parts::ISSUER;

pub(crate) const RESOURCE: &str = "resource://pipernet";
pub(crate) const TOKEN: &str = "real-credential";

/// The STS of a test: grants the directive written down, or refuses.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) directive: Mutex<UpstreamDirective>,
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) available: AtomicBool,
    pub(crate) seen: Mutex<Vec<ExchangeRequest>>,
    /// Whether it wants to know what a call carries.
    reads: AtomicBool,
}

impl Decision {
    /// From here on it decides on calls that were read.
    pub(crate) fn reads(&self) {
        self.reads.store(true, Ordering::SeqCst);
    }

    /// From here on nobody has to be asked.
    pub(crate) fn reads_no_more(&self) {
        self.reads.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl Exchange for Decision {
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        let is_unread = self.reads.load(Ordering::SeqCst) && request.content.is_none();
        self.seen.lock().push(request);
        if is_unread {
            return Err(Refusal::of(ErrorCode::AccessDenied).reason(DenialReason::CallNotRead));
        }
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
    pub(crate) parts: Parts,
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    /// A caller without a socket.
    pub(crate) client: Client,
    pub(crate) upstream: Upstream,
    pub(crate) decision: Arc<Decision>,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) zone: ZoneId,
    pub(crate) key: SigningKey,
    issued: Option<Arc<IssuedMandates>>,
    serial: AtomicUsize,
    pub(crate) shutdown: CancellationToken,
    served: Mutex<Option<JoinHandle<()>>>,
    _stop: DropGuard,
}

pub(crate) struct Options {
    pub(crate) issued: bool,
    pub(crate) config: GatewayConfig,
    pub(crate) policy: EgressPolicy,
    pub(crate) fresh: bool,
    pub(crate) limits: ServerLimits,
    /// Authorities that it trusts besides those of the machine, in PEM form.
    pub(crate) roots: Option<String>,
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
            roots: None,
        }
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        // What happens elsewhere is what the test says: nothing follows events here.
        let parts = Parts::with(PartsOptions {
            follow: false,
            fresh: options.fresh,
            ..PartsOptions::default()
        })
        .await;
        let world = parts.world.clone();
        let given = Given::new(&world);
        parts.create_zone(&given.zone()).await;
        let key = parts.add_signing_key(&given.zone_id, 1).await;
        let issued = options.issued.then(|| Arc::new(IssuedMandates::default()));
        let upstream = Upstream::start().await;
        let decision = Arc::new(Decision {
            directive: Mutex::new(directive(&format!("http://{}", upstream.address()))),
            refusal: Mutex::new(None),
            available: AtomicBool::new(true),
            seen: Mutex::default(),
            reads: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let deps = GatewayDeps {
            world: world.clone(),
            zones: parts.zones.clone(),
            revocations: parts.revocations.clone(),
            issued: issued.clone(),
            replay: parts.short_lived.clone(),
            exchange: decision.clone(),
            spool: parts.spool.clone(),
            issuer: ISSUER.into(),
            egress: Egress::trusting(options.policy, options.roots.as_deref().map(str::as_bytes)).unwrap(),
            config: GatewayConfig {
                public_url: Some(format!("http://{address}")),
                ..options.config
            },
        };
        let shutdown = CancellationToken::new();
        let router = app(deps, Parts::operational(), world.clone());
        let client = Client::new(router.clone());
        let served = tokio::spawn(serve(listener, router, options.limits, None, shutdown.clone()));
        Self {
            world,
            address,
            client,
            upstream,
            decision,
            revocations: parts.revocations.clone(),
            store: parts.sqlite.clone().unwrap(),
            zone: given.zone_id,
            key,
            issued,
            serial: AtomicUsize::new(0),
            parts,
            served: Mutex::new(Some(served)),
            _stop: shutdown.clone().drop_guard(),
            shutdown,
        }
    }

    /// Waits until the listener has let every connection go.
    pub(crate) async fn drained(&self) {
        let served = self.served.lock().take().unwrap();
        served.await.unwrap();
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
            cnf: None,
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

    /// Stores the resource with these operations, each with its own text as scope. Once, before the first call.
    pub(crate) async fn declare(&self, enforcement: OperationEnforcement, operations: &[(&str, &str)]) {
        self.declare_as(RESOURCE, enforcement, operations).await;
    }

    /// The same for the resource at an address.
    pub(crate) async fn declare_as(
        &self,
        identifier: &str,
        enforcement: OperationEnforcement,
        operations: &[(&str, &str)],
    ) -> Resource {
        let given = Given::in_zone(&self.world, &self.zone);
        let provider = given.provider();
        let declared = |(method, path): &(&str, &str)| DeclaredOperation {
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            scope: (*path).to_owned(),
        };
        let resource = Resource {
            identifier: identifier.to_owned(),
            operations: operations.iter().map(declared).collect(),
            operation_enforcement: enforcement,
            ..given.resource(&provider)
        };
        let mut work = self.store.zone(&self.zone, Access::Write).await.unwrap();
        work.providers().create(&provider).await.unwrap();
        work.resources().create(&resource).await.unwrap();
        work.commit().await.unwrap();
        resource
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
        let other = Given::new(&self.world);
        self.parts.create_zone(&other.zone()).await;
        let key = self.parts.add_signing_key(&other.zone_id, 1).await;
        (other.zone_id, key)
    }

    /// Adds a second key to the zone, as a rotation on another replica would.
    pub(crate) async fn rotate(&self) -> SigningKey {
        self.parts.add_signing_key(&self.zone, 2).await
    }

    /// The next `count` events of the spool.
    pub(crate) async fn events(&self, count: usize) -> Vec<AuditEvent> {
        self.parts.next_events(count).await
    }

    /// Whether nothing more is in the spool than what was read.
    pub(crate) async fn no_more_events(&self) -> bool {
        self.parts.new_events().await.is_empty()
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

/// What an upstream answers: a status and headers.
pub(crate) fn upstream_answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let empty = Answer::fixed(status.try_into().unwrap(), "");
    let add = |answer: Answer, (name, value): &(&str, &str)| answer.with_header(name, value);
    headers.iter().fold(empty, add)
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
        client_identity: None,
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
