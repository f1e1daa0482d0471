//! A ledger and one zone of it, which signs its checkpoints.

use std::{path::Path, sync::Arc};

use axum::http::StatusCode;
use caracal_audit::{Checkpoints, Directory, WitnessClient};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_ledger::{checkpoint::SignedCheckpoint, log_keys::LogKeys, trust::Trust};
use caracal_testkit::client::Answer;
use http::Method;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::ledger::{Backends, Ledger, TOKEN};

pub(crate) const HOST: &str = "audit.example";

pub(crate) fn keys() -> LogKeys {
    LogKeys::derive(HOST, &[1; 32], None).unwrap()
}

pub(crate) fn origin(zone: &ZoneId) -> String {
    format!("{HOST}/ledger/{zone}")
}

pub(crate) fn trust(zone: &ZoneId) -> Trust {
    Trust::of_keys(&origin(zone), keys().public().cloned(), 0).unwrap()
}

/// A ledger that signs and publishes below `directory`, where there is one, with the signatures of `witnesses`.
pub(crate) async fn signing(
    backends: Backends,
    directory: Option<&Path>,
    witnesses: Vec<WitnessClient>,
) -> Ledger {
    let directory = directory.map(|path| Directory::open(path).unwrap());
    Ledger::signing(backends, |parts| {
        Checkpoints::new(
            parts.store.clone(),
            parts.world.clone(),
            Some(parts.audit_key.clone()),
            keys(),
            directory,
            witnesses,
        )
    })
    .await
}

/// A ledger and one zone of it.
pub(crate) struct Fixture {
    pub(crate) ledger: Ledger,
    pub(crate) zone: ZoneId,
}

impl Fixture {
    fn of(ledger: Ledger) -> Self {
        let zone = ledger.zone();
        Self { ledger, zone }
    }

    /// One that signs nothing.
    pub(crate) async fn unsigned() -> Self {
        Self::of(Ledger::over(Backends::Embedded).await)
    }

    /// As [`signing`].
    pub(crate) async fn over(
        backends: Backends,
        directory: Option<&Path>,
        witnesses: Vec<WitnessClient>,
    ) -> Self {
        Self::of(signing(backends, directory, witnesses).await)
    }

    /// One that signs, over the embedded store.
    pub(crate) async fn new() -> Self {
        Self::over(Backends::Embedded, None, Vec::new()).await
    }

    pub(crate) fn checkpoints(&self) -> &Arc<Checkpoints> {
        self.ledger.deps.checkpoints.as_ref().unwrap()
    }

    /// Publishes for as long as the fixture lives.
    pub(crate) fn publish(&self) {
        tokio::spawn(caracal_audit::publish(
            self.checkpoints().clone(),
            self.ledger.stop.clone(),
        ));
    }

    pub(crate) async fn append(&self, request: &str, count: usize) -> Vec<AuditEvent> {
        let events: Vec<_> = (0..count)
            .map(|_| self.ledger.event(&self.zone, request))
            .collect();
        self.ledger.append(&events).await;
        events
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let path = format!("/api/audit/logs/{}/{path}", self.zone);
        self.ledger.ask(Method::GET, &path, Some(TOKEN)).await
    }

    /// An answer about a log that is no text.
    pub(crate) async fn bytes_of(&self, zone: &ZoneId, path: &str) -> (StatusCode, Vec<u8>) {
        self.bytes(&format!("/api/audit/logs/{zone}/{path}")).await
    }

    /// An answer that is no text.
    pub(crate) async fn bytes(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let router = axum::Router::from(caracal_audit::router(self.ledger.deps.clone()));
        let request = http::Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
        let answer = router
            .oneshot(request.body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, body.to_vec())
    }

    pub(crate) async fn checkpoint(&self) -> SignedCheckpoint {
        let note = self.get("checkpoint").await.expect(200).text;
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        trust(&self.zone).check(&signed).unwrap();
        signed
    }
}
