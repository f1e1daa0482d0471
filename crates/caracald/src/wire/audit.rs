//! The audit role: its ledger, what proves it, what exports it and what deletes what is old.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use caracal_audit::{ArchiveDirectory, AuditDeps, Checkpoints, IngestHealth, Packing, Pruning};
use caracal_service::known_tokens::KnownTokens;

use super::{Parts, checkpoints::checkpoints};
use crate::{config::Role, readiness::IngestReady};

impl Parts {
    /// What signs and proves the ledger, where there is a key.
    fn checkpoints(&self) -> anyhow::Result<Option<Arc<Checkpoints>>> {
        let Some(keys) = self.keys.log.clone() else {
            anyhow::ensure!(
                self.config.checkpoint_url.is_none(),
                "AUDIT_CHECKPOINT_URL needs AUDIT_LOG_KEY: what is published is signed"
            );
            tracing::warn!("AUDIT_LOG_KEY is not set: no checkpoint of the ledger is signed");
            return Ok(None);
        };
        let (store, audit) = (self.backends.ledger.clone(), self.keys.audit.clone());
        checkpoints(&self.config, store, &self.world, audit, keys).map(Some)
    }

    /// What deletes old evidence: events where there is a place for them to go first, or they may be gone; administrative records
    /// where it is said how long they are kept.
    fn pruning(&self, checkpoints: Option<Arc<Checkpoints>>) -> anyhow::Result<Option<Pruning>> {
        let config = &self.config;
        let archive = config.archive_dir.as_deref().map(ArchiveDirectory::open);
        let archive = archive.transpose().context("AUDIT_ARCHIVE_DIR")?;
        let events = archive.is_some() || config.without_archive;
        if !events && config.admin_retention.is_none() {
            return Ok(None);
        }
        let checkpoints = checkpoints
            .context("evidence is deleted under a signed prune checkpoint: AUDIT_LOG_KEY is required")?;
        Ok(Some(Pruning {
            checkpoints,
            archive,
            keep: config.event_retention,
            events,
            keep_records: config.admin_retention,
        }))
    }

    pub(super) fn audit(&self) -> anyhow::Result<Router> {
        let checkpoints = self.checkpoints()?;
        let health = Arc::new(IngestHealth::default());
        let deps = AuditDeps {
            world: self.world.clone(),
            store: self.backends.ledger.clone(),
            bus: self.backends.bus.clone(),
            audit_keys: Some(self.keys.audit.clone()),
            admin_tokens: self.config.keys.audit_operator(),
            // A name of its own: process ids repeat from container to container, and what one consumer of a name holds
            // would be read by another as its own.
            consumer: format!("audit-{}", self.world.uuid_v4()),
            limits: Arc::new(caracal_audit::limits(
                self.backends.short_lived.clone(),
                self.world.clone(),
                self.config.api.auth_fail_limit_per_min,
            )),
            known_tokens: Arc::new(KnownTokens::of_people()),
            checkpoints: checkpoints.clone(),
            tails: self.tails.clone(),
            packing: Packing::default(),
            background: self.background.clone(),
            health: health.clone(),
        };
        #[cfg(feature = "export")]
        if let Some(export) = super::export::export(&self.config, &deps, checkpoints.as_ref())? {
            let exporting = export.run(self.shutdown.clone());
            self.tasks.spawn(self.background.spawn(exporting));
        }
        #[cfg(not(feature = "export"))]
        anyhow::ensure!(
            self.config.export.is_none(),
            "AUDIT_EXPORT_URL: this build cannot export (feature `export`)"
        );
        if let Some(checkpoints) = checkpoints.clone() {
            let publishing = caracal_audit::publish(checkpoints, self.shutdown.clone());
            self.tasks.spawn(self.background.spawn(publishing));
        }
        if let Some(pruning) = self.pruning(checkpoints)? {
            self.tasks.spawn(Arc::new(pruning).run(self.shutdown.clone()));
        }
        let ingest = caracal_audit::run(deps.clone(), self.shutdown.clone());
        self.tasks.spawn(self.background.spawn(ingest));
        let ready = vec![
            self.storage_ready(),
            self.bus_ready(),
            Arc::new(IngestReady(health)),
        ];
        Ok(self.assemble(Role::Audit, caracal_audit::router(deps), ready))
    }
}
