//! One command on its way, and what is recorded of it.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use caracal_core::{
    ApplicationId, ScopeSet, World, ZoneId,
    audit::{Draft, EventType},
};
use caracal_service::{Refusal, error_chain};
use caracal_wire::ErrorCode;
use serde::Serialize;

use crate::deps::ApiDeps;

/// What the caller said.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedCommand {
    pub(crate) command: String,
    pub(crate) subcommand: String,
    pub(crate) idempotency_key: String,
}

/// What evidence says; empty texts are what was not said.
#[derive(Debug, Serialize)]
pub(crate) struct Metadata<'m> {
    subject: &'m str,
    client_id: &'m str,
    application_id: &'m str,
    application_name: &'m str,
    jti: &'m str,
    command: &'m str,
    subcommand: &'m str,
    reason: &'static str,
    idempotency_key: &'m str,
    requested_scopes: &'m ScopeSet,
}

/// A mandate in use.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) zone: ZoneId,
    pub(crate) application_id: ApplicationId,
    pub(crate) application_name: String,
    pub(crate) jti: Arc<str>,
    /// What its holder may do: the mandate's scopes that the key still has.
    pub(crate) scopes: ScopeSet,
    pub(crate) said: OnceLock<NamedCommand>,
    /// Whether a change left the evidence of it.
    pub(crate) recorded: AtomicBool,
}

impl Invocation {
    /// Says that a change committed the evidence with itself.
    pub(crate) fn was_recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    /// Whether there is evidence of a change already.
    pub(crate) fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// The event of a command that is carried out.
    pub(crate) fn allowed<'e>(&'e self, world: &World, request_id: &'e str) -> Draft<'e, Metadata<'e>> {
        self.event(world, request_id, "allow", "").undecided()
    }

    fn event<'e>(
        &'e self,
        world: &World,
        request_id: &'e str,
        decision: &'static str,
        reason: &'static str,
    ) -> Draft<'e, Metadata<'e>> {
        let said = self.said.get();
        let text = |member: fn(&NamedCommand) -> &String| said.map_or("", |said| member(said).as_str());
        let metadata = Metadata {
            subject: self.application_id.as_str(),
            client_id: self.application_id.as_str(),
            application_id: self.application_id.as_str(),
            application_name: &self.application_name,
            jti: &self.jti,
            command: text(|said| &said.command),
            subcommand: text(|said| &said.subcommand),
            reason,
            idempotency_key: text(|said| &said.idempotency_key),
            requested_scopes: &self.scopes,
        };
        Draft::new(
            world,
            &self.zone,
            EventType::ControlInvoke,
            request_id,
            decision,
            metadata,
        )
    }

    /// Records that a command was carried out, where no change did with itself.
    ///
    /// # Errors
    /// 503 `audit_unavailable`: then its answer must be withheld.
    pub(crate) async fn record_allowed(&self, api: &ApiDeps, request_id: &str) -> Result<(), Refusal> {
        append(api, self.allowed(&api.world, request_id)).await
    }

    /// Records a refusal, which stands whether or not it could be recorded.
    pub(crate) async fn record_refused(&self, api: &ApiDeps, request_id: &str, code: ErrorCode) {
        let mut event = self
            .event(&api.world, request_id, "deny", code.as_str())
            .undecided();
        event.evaluation_status = code.as_str();
        event.refused_for(code.as_str());
        // A failure is logged below; there is nothing to undo.
        let _ = append(api, event).await;
    }
}

async fn append(api: &ApiDeps, event: Draft<'_, Metadata<'_>>) -> Result<(), Refusal> {
    api.spool.append_async(&[event]).await.map_err(|error| {
        tracing::error!(error = %error_chain(&error), "could not record a command");
        Refusal::of(ErrorCode::AuditUnavailable).describe("the command cannot be recorded now, try again")
    })
}
