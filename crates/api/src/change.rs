//! A change: one transaction that carries the new state, its events and its administrative audit row.
//!
//! Handlers get the repositories of a unit of work, but only [`ZoneChange::commit`] and [`GlobalChange::commit`]
//! can make it durable, and both write the audit row first. Dropping a change rolls it back.

mod payload;

use std::ops::{Deref, DerefMut};

use caracal_core::ZoneId;
use caracal_service::Refusal;
use caracal_storage::{AdminAuditRecord, GlobalWork, OutboxMessage, ZoneWork};
use caracal_wire::events::{DirectoryInvalidated, DirectoryKind};
use http::StatusCode;
use serde_json::{Map, Value};

use crate::{
    auth::{Principal, Scope},
    call::{Call, Params, ZoneCall},
    route::Route,
};

/// How a committed change is recorded.
#[derive(Debug)]
pub(crate) struct Done<'d> {
    status: StatusCode,
    created: Option<&'d str>,
    extra: Map<String, Value>,
}

impl<'d> Done<'d> {
    /// An object was made.
    pub(crate) fn created(id: &'d str) -> Self {
        Self {
            status: StatusCode::CREATED,
            created: Some(id),
            extra: Map::new(),
        }
    }

    /// Answered with `status`.
    pub(crate) fn with(status: StatusCode) -> Self {
        Self {
            status,
            created: None,
            extra: Map::new(),
        }
    }

    /// Answered 200.
    pub(crate) fn ok() -> Self {
        Self::with(StatusCode::OK)
    }

    /// Answered 204.
    pub(crate) fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT)
    }

    /// A further member of the payload: a count or a reason, never a value of a field.
    pub(crate) fn note(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

/// A change in one zone.
pub(crate) struct ZoneChange<'c> {
    call: &'c ZoneCall,
    work: Box<dyn ZoneWork>,
    messages: Vec<OutboxMessage>,
    changed: Vec<DirectoryInvalidated>,
    /// Whether something else left events in the outbox.
    ends: bool,
}

impl Deref for ZoneChange<'_> {
    type Target = dyn ZoneWork;

    fn deref(&self) -> &Self::Target {
        self.work.as_ref()
    }
}

impl DerefMut for ZoneChange<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.work.as_mut()
    }
}

impl<'c> ZoneChange<'c> {
    pub(crate) fn new(call: &'c ZoneCall, work: Box<dyn ZoneWork>) -> Self {
        Self {
            call,
            work,
            messages: Vec::new(),
            changed: Vec::new(),
            ends: false,
        }
    }

    /// The unit of work for a cascade, which leaves its own events in the outbox.
    pub(crate) fn ending(&mut self) -> &mut dyn ZoneWork {
        self.ends = true;
        self.work.as_mut()
    }

    pub(crate) fn call(&self) -> &'c ZoneCall {
        self.call
    }

    /// Publishes `message` with the commit.
    pub(crate) fn publish(&mut self, message: OutboxMessage) {
        self.messages.push(message);
    }

    /// Publishes that something registered in the zone changed.
    pub(crate) fn directory_changed(&mut self, kind: DirectoryKind, id: &str) {
        self.changed.push(DirectoryInvalidated {
            zone_id: self.call.zone.clone(),
            kind,
            id: id.to_owned(),
        });
    }

    /// Writes the audit row and the events and commits; the store puts the change in force in this process with the
    /// commit.
    pub(crate) async fn commit(mut self, done: Done<'_>) -> Result<(), Refusal> {
        let zone = Some(&self.call.zone);
        let record = success(self.call, zone, done);
        self.work.admin_audit().append(&record).await?;
        for changed in &self.changed {
            self.messages
                .push(OutboxMessage::of(&self.call.api.world, changed)?);
        }
        if !self.messages.is_empty() {
            self.work.outbox().append(&self.messages).await?;
        }
        let published = self.ends || !self.messages.is_empty();
        self.work.commit().await?;
        if published {
            self.call.api.outbox.announce().await;
        }
        Ok(())
    }
}

/// A change over the deployment.
pub(crate) struct GlobalChange<'c> {
    call: &'c Call,
    work: Box<dyn GlobalWork>,
    changed: Vec<DirectoryInvalidated>,
}

impl Deref for GlobalChange<'_> {
    type Target = dyn GlobalWork;

    fn deref(&self) -> &Self::Target {
        self.work.as_ref()
    }
}

impl DerefMut for GlobalChange<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.work.as_mut()
    }
}

impl<'c> GlobalChange<'c> {
    pub(crate) fn new(call: &'c Call, work: Box<dyn GlobalWork>) -> Self {
        Self {
            call,
            work,
            changed: Vec::new(),
        }
    }

    /// Publishes that a zone changed.
    pub(crate) fn zone_changed(&mut self, zone: &ZoneId) {
        self.changed.push(DirectoryInvalidated {
            zone_id: zone.clone(),
            kind: DirectoryKind::Zone,
            id: zone.to_string(),
        });
    }

    /// As [`ZoneChange::commit`]; `zone` is the zone whose chain records the change, if it is about one.
    pub(crate) async fn commit(mut self, zone: Option<&ZoneId>, done: Done<'_>) -> Result<(), Refusal> {
        let record = success(self.call, zone, done);
        self.work.admin_audit().append(&record).await?;
        let published = !self.changed.is_empty();
        for changed in &self.changed {
            let message = OutboxMessage::of(&self.call.api.world, changed)?;
            self.work.outbox().append(&[message]).await?;
        }
        self.work.commit().await?;
        if published {
            self.call.api.outbox.announce().await;
        }
        Ok(())
    }
}

fn success(call: &Call, zone: Option<&ZoneId>, done: Done<'_>) -> AdminAuditRecord {
    let mut payload = payload::describe(call.route, &call.body);
    payload.extend(done.extra);
    let context = Context {
        api: &call.api,
        principal: &call.principal,
        request_id: &call.request_id,
        route: call.route,
        path: &call.path,
        params: &call.params,
    };
    context.record(done.status, zone, done.created, payload)
}

/// What an administrative audit row says about any request, changed or refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) api: &'c crate::deps::ApiDeps,
    pub(crate) principal: &'c Principal,
    pub(crate) request_id: &'c str,
    pub(crate) route: &'static Route,
    pub(crate) path: &'c str,
    pub(crate) params: &'c Params,
}

impl Context<'_> {
    pub(crate) fn record(
        &self,
        status: StatusCode,
        zone: Option<&ZoneId>,
        created: Option<&str>,
        mut payload: Map<String, Value>,
    ) -> AdminAuditRecord {
        let entity = self.route.entity();
        let named = entity.and_then(|(_, parameter)| self.params.get(parameter?));
        let mode = if self.route.reach == crate::route::Reach::Zone {
            "zone_scoped"
        } else {
            "control_plane_wildcard"
        };
        payload.insert(String::from("rls_mode"), Value::from(mode));
        if let Some(account) = &self.principal.account {
            payload.insert(String::from("operator"), Value::from(account.as_str()));
        }
        AdminAuditRecord {
            id: self.api.world.uuid_v7().to_string(),
            request_id: self.request_id.to_owned(),
            actor_id: Some(self.principal.id.clone()),
            actor_name: Some(self.principal.name.clone()),
            actor_scope: Some(
                match self.principal.scope {
                    Scope::Global => "global",
                    Scope::Zone(_) => "zone",
                }
                .to_owned(),
            ),
            action: format!("{} {}", self.route.method, self.path),
            method: self.route.method.as_str().to_owned(),
            path: self.path.to_owned(),
            zone_id: zone.cloned(),
            entity_type: entity.map(|(collection, _)| collection.to_owned()),
            entity_id: created.or(named).map(str::to_owned),
            status_code: status.as_u16(),
            payload_json: Some(Value::Object(payload)),
            occurred_at: self.api.world.now(),
        }
    }
}
