//! A ledger that is written to, over any backends.

use std::sync::Arc;

use caracal_audit::{AuditDeps, Checkpoints, IngestHealth, Packing};
use caracal_core::{Secret, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, HmacRing, audit_frame};
use caracal_events::{Fields, Topic};
use caracal_service::{
    background::Background,
    known_tokens::KnownTokens,
    tail::{TailLimits, Tails},
};
use caracal_storage::{Access, AdminAuditRecord, Hold, ZoneWork};
use caracal_testkit::{
    client::{Answer, Client},
    database::server,
    parts::{Parts, PartsOptions},
};
use caracal_wire::control::retention::Keeping;
use http::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) use caracal_testkit::parts::Backends;

pub(crate) const TOKEN: &str = "operator-token-of-this-test-0000";

/// An Audit role at work.
pub(crate) struct Ledger {
    pub(crate) parts: Parts,
    pub(crate) deps: AuditDeps,
    pub(crate) stop: CancellationToken,
    tails: CancellationToken,
    client: Client,
}

/// Parts of which the Audit role is made: it takes the events itself.
pub(crate) fn parts(backends: Backends) -> PartsOptions {
    PartsOptions {
        backends,
        follow: false,
        collect: false,
        ..PartsOptions::default()
    }
}

impl Ledger {
    pub(crate) async fn over(backends: Backends) -> Self {
        Self::with(parts(backends)).await
    }

    pub(crate) async fn with(options: PartsOptions) -> Self {
        Self::with_keys(options, []).await
    }

    /// As [`Self::with`], in the middle of a change of keys.
    pub(crate) async fn with_keys(
        options: PartsOptions,
        previous: impl IntoIterator<Item = HmacKey>,
    ) -> Self {
        let this = Self::idle_with_keys(options, previous).await;
        this.start();
        this
    }

    /// Takes events from here on.
    pub(crate) fn start(&self) {
        tokio::spawn(caracal_audit::run(self.deps.clone(), self.stop.clone()));
    }

    /// One that does not take events yet.
    pub(crate) async fn idle(options: PartsOptions) -> Self {
        Self::idle_with_keys(options, []).await
    }

    /// One that signs.
    pub(crate) async fn signing(backends: Backends, with: impl FnOnce(&Parts) -> Checkpoints) -> Self {
        let mut this = Self::idle(self::parts(backends)).await;
        this.deps.checkpoints = Some(Arc::new(with(&this.parts)));
        let router = caracal_audit::router(this.deps.clone());
        this.client = this.parts.client("audit", router);
        this.start();
        this
    }

    async fn idle_with_keys(options: PartsOptions, previous: impl IntoIterator<Item = HmacKey>) -> Self {
        let parts = Parts::with(options).await;
        let tails = CancellationToken::new();
        let deps = AuditDeps {
            world: parts.world.clone(),
            store: parts.store.clone(),
            bus: parts.bus.clone(),
            audit_keys: Some(HmacRing::new(parts.audit_key.current().clone(), previous)),
            admin_tokens: Secret::new(TOKEN).into(),
            limits: Arc::new(caracal_audit::limits(
                parts.short_lived.clone(),
                parts.world.clone(),
                60,
            )),
            known_tokens: Arc::new(KnownTokens::of_people()),
            consumer: String::from("test"),
            checkpoints: None,
            tails: Tails::new(TailLimits::default(), tails.clone()),
            packing: Packing::default(),
            background: Background::default(),
            health: Arc::new(IngestHealth::default()),
        };
        let stop = CancellationToken::new();
        Self {
            client: parts.client("audit", caracal_audit::router(deps.clone())),
            parts,
            deps,
            stop,
            tails,
        }
    }

    /// Who calls it.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Ends tails, and those to come as soon as they begin.
    pub(crate) fn close_tails(&self) {
        self.tails.cancel();
    }

    pub(crate) fn zone(&self) -> ZoneId {
        ZoneId::generate(&self.deps.world)
    }

    pub(crate) fn event(&self, zone: &ZoneId, request: &str) -> AuditEvent {
        AuditEvent::new(&self.deps.world, zone.clone(), "token_exchange", request, "deny")
            .with_metadata(&serde_json::json!({"resource": "resource://tickets"}))
    }

    /// As a producer signs it.
    pub(crate) fn frame(&self, event: &AuditEvent) -> Fields {
        let data = serde_json::to_string(event).unwrap();
        let signature = audit_frame::sign(self.parts.audit_key.current(), data.as_bytes());
        Fields::new()
            .with("id", event.id.clone())
            .with("data", data)
            .with("sig", signature)
    }

    /// Appends; on the in-process bus that resolves once the ledger or the dead letters have every event.
    pub(crate) async fn append(&self, events: &[AuditEvent]) {
        self.append_frames(events.iter().map(|event| self.frame(event)).collect())
            .await;
    }

    pub(crate) async fn append_frames(&self, frames: Vec<Fields>) {
        self.deps.bus.append(Topic::AuditEvents, frames).await.unwrap();
    }

    /// A change in a zone, under way.
    pub(crate) async fn change(&self, zone: &ZoneId) -> Box<dyn ZoneWork> {
        self.deps.store.zone(zone, Access::Write).await.unwrap()
    }

    /// An administrative record of now, of `zone` or of the deployment.
    pub(crate) fn admin_record(&self, zone: Option<&ZoneId>, payload: Option<Value>) -> AdminAuditRecord {
        let world = &self.deps.world;
        AdminAuditRecord {
            request_id: String::from("req-1"),
            actor_id: Some(String::from("user-7")),
            zone_id: zone.cloned(),
            payload_json: payload,
            ..AdminAuditRecord::of_request(world, "PATCH", "/v1/zones/x", 200)
        }
    }

    /// Appends administrative records to the logs that they are of.
    pub(crate) async fn append_records(&self, records: impl IntoIterator<Item = AdminAuditRecord>) {
        let mut work = self.deps.store.global(Access::Write).await.unwrap();
        for record in records {
            work.admin_audit().append(&record).await.unwrap();
        }
        work.commit().await.unwrap();
    }

    /// Leaves the record of a change of what is kept in the log of `zone`, or of the deployment.
    pub(crate) async fn record_keeping(&self, zone: Option<&ZoneId>, keeping: Keeping) {
        let payload = json!({ Keeping::MEMBER: Value::from(keeping) });
        self.append_records([self.admin_record(zone, Some(payload))])
            .await;
    }

    /// Places a hold as the Control API does.
    pub(crate) async fn hold(&self, zone: &ZoneId, id: &str, subject: Option<&str>) {
        let hold = Hold {
            id: id.to_owned(),
            subject: subject.map(str::to_owned),
            reason: String::from("case 7"),
            placed_by: String::from("ops"),
            placed_at: self.deps.world.now(),
        };
        let mut work = self.change(zone).await;
        work.retention().place(&hold).await.unwrap();
        work.commit().await.unwrap();
        let keeping = Keeping::Held {
            hold_id: hold.id,
            subject_id: hold.subject,
        };
        self.record_keeping(Some(zone), keeping).await;
    }

    /// A picture of a zone.
    pub(crate) async fn view(&self, zone: &ZoneId) -> Box<dyn ZoneWork> {
        self.deps.store.zone(zone, Access::Read).await.unwrap()
    }

    /// Whose events the ledger has, by request, in its order.
    pub(crate) async fn requests(&self, zone: &ZoneId) -> Vec<String> {
        let mut work = self.view(zone).await;
        let rows = work.ledger().range(0, 1_000).await.unwrap();
        rows.into_iter().map(|row| row.event.request_id).collect()
    }

    /// Why events were put aside.
    pub(crate) async fn reasons(&self) -> Vec<String> {
        let letters = self
            .deps
            .bus
            .dead_letters(Topic::AuditEvents, None, 100)
            .await
            .unwrap();
        let reason = |letter: &caracal_events::Delivery| letter.fields.get("reason").map(str::to_owned);
        letters.iter().filter_map(reason).collect()
    }

    /// Asks the role.
    pub(crate) async fn ask(&self, method: Method, path: &str, token: Option<&str>) -> Answer {
        let call = self.client.call(method, path);
        match token {
            Some(token) => call.header("authorization", &format!("Bearer {token}")),
            None => call,
        }
        .send()
        .await
    }

    /// Asks the role as it is with other keys.
    pub(crate) fn client_with(&self, keys: HmacRing) -> Client {
        let deps = AuditDeps {
            audit_keys: Some(keys),
            ..self.deps.clone()
        };
        self.parts.client("audit", caracal_audit::router(deps))
    }

    /// Runs SQL on the database as the server's superuser.
    pub(crate) fn sql(&self, sql: &str) -> String {
        server().sql(&self.parts.database().name, sql)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
