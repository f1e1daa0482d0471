//! A change: one transaction that carries the new state, its events and its administrative audit row.
//!
//! Handlers get the repositories of a unit of work, but only [`ZoneChange::commit`] and [`GlobalChange::commit`]
//! can make it durable, and both write the audit row first. Dropping a change rolls it back.

mod done;

use std::ops::{Deref, DerefMut};

use caracal_core::{ZoneId, audit::SpoolEvent, entity::NotificationType};
use caracal_lifecycle::{MAX_WAITING, audit_frame, notification};
use caracal_service::{Refusal, front::IfMatch};
use caracal_storage::{
    Access, AdminAuditRecord, GlobalWork, Notification, OutboxMessage, VersionedKind, ZoneWork,
};
use caracal_wire::{
    ErrorCode,
    events::{DirectoryInvalidated, DirectoryKind},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::done::Done;
use crate::{
    call::{Call, ZoneCall},
    payload,
    receipts::{keyed, same_request_was_first, stored_answer},
    record::record,
};

/// Most receipts past keeping that whoever leaves one of the deployment deletes.
const REAPED: u32 = 100;

/// A change in one zone.
pub(crate) struct ZoneChange<'c> {
    call: &'c ZoneCall,
    work: Box<dyn ZoneWork>,
    messages: Vec<OutboxMessage>,
    changed: Vec<DirectoryInvalidated>,
    /// What is recorded of each of several objects, before the request itself.
    objects: Vec<AdminAuditRecord>,
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

impl ZoneCall {
    /// Begins a change in the zone.
    pub(crate) async fn change(&self) -> Result<ZoneChange<'_>, Refusal> {
        let mut work = self.role.store.zone(&self.zone, Access::Write).await?;
        if let Some(keyed) = keyed(self)
            && keyed.claim(work.receipts(), self.now()).await?.is_some()
        {
            return Err(same_request_was_first());
        }
        Ok(ZoneChange {
            call: self,
            work,
            messages: Vec::new(),
            changed: Vec::new(),
            objects: Vec::new(),
            ends: false,
        })
    }

    /// Begins a change of one object, in the version that is `wanted`: see [`ZoneChange::expect`].
    pub(crate) async fn change_of(
        &self,
        wanted: &IfMatch,
        kind: VersionedKind,
        id: &str,
    ) -> Result<ZoneChange<'_>, Refusal> {
        let mut change = self.change().await?;
        change.expect(wanted, kind, id).await?;
        Ok(change)
    }
}

impl<'c> ZoneChange<'c> {
    /// The unit of work for a cascade, which leaves its own events in the outbox.
    pub(crate) fn ending(&mut self) -> &mut dyn ZoneWork {
        self.ends = true;
        self.work.as_mut()
    }

    pub(crate) fn call(&self) -> &'c ZoneCall {
        self.call
    }

    /// Refuses to change another version of an object than the one that is `wanted`; nobody else changes it until the commit.
    /// What is not there is for the handler to say.
    pub(crate) async fn expect(
        &mut self,
        wanted: &IfMatch,
        kind: VersionedKind,
        id: &str,
    ) -> Result<(), Refusal> {
        if wanted.is_any() {
            return Ok(());
        }
        let held = self.work.held_version(kind, id).await?;
        held.map_or(Ok(()), |version| wanted.allows(version))
    }

    /// Publishes `message` with the commit.
    pub(crate) fn publish(&mut self, message: OutboxMessage) {
        self.messages.push(message);
    }

    /// Leaves evidence with the commit: what cannot be written down is not done.
    pub(crate) fn leave(&mut self, event: &impl SpoolEvent) -> Result<(), Refusal> {
        let api = &self.call.role;
        let frame = audit_frame(&api.world, api.audit_keys.as_ref(), event).map_err(|error| {
            tracing::error!(%error, "an audit event could not be written as JSON");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::AuditUnavailable)
        })?;
        self.publish(frame);
        Ok(())
    }

    /// Publishes that something registered in the zone changed.
    pub(crate) fn directory_changed(&mut self, kind: DirectoryKind, id: &str) {
        self.changed.push(DirectoryInvalidated {
            zone_id: self.call.zone.clone(),
            kind,
            id: id.to_owned(),
        });
    }

    /// Records, with the commit, what became of one of several objects that change together: the same as a change of it
    /// alone would leave. `collection` and `change_kind` are words of such a record, `fields` the members that changed.
    pub(crate) fn object_changed(
        &mut self,
        (collection, id): (&'static str, &str),
        change_kind: &'static str,
        fields: &[String],
        done: Done<'_>,
    ) {
        let mut payload = done.extra;
        payload.insert(String::from("change_kind"), Value::from(change_kind));
        payload.insert(String::from("changed_fields"), Value::from(fields));
        let zone = Some(&self.call.zone);
        let mut record = record(self.call, done.status, zone, Some(id), payload);
        record.entity_type = Some(collection.to_owned());
        self.objects.push(record);
    }

    /// Tells the sinks of the zone what happens with the commit.
    pub(crate) async fn notify(
        &mut self,
        kind: NotificationType,
        decision: &str,
        about: impl Serialize,
    ) -> Result<(), Refusal> {
        let notice = notice(self.call, &self.call.zone, kind, decision, about)?;
        self.work.notifications().notify(&notice, MAX_WAITING).await?;
        Ok(())
    }

    /// Commits, and answers with `item`, which is kept for repeats of a request with an idempotency key.
    pub(crate) async fn answer<T: Serialize>(mut self, done: Done<'_>, item: T) -> Result<T, Refusal> {
        let (call, now) = (self.call, self.call.now());
        if let Some(keyed) = keyed(call) {
            let made = done.created.unwrap_or_default();
            let answer = stored_answer(call, keyed, Some(&call.zone), &item)?;
            keyed.admit(self.work.as_mut(), &call.role.receipts, now).await?;
            keyed
                .keep(self.work.receipts(), made, done.status.as_u16(), answer, now)
                .await?;
        }
        self.commit(done).await?;
        Ok(item)
    }

    /// Writes the audit row and the events and commits; the store puts the change in force in this process with the
    /// commit.
    pub(crate) async fn commit(mut self, done: Done<'_>) -> Result<(), Refusal> {
        let zone = Some(&self.call.zone);
        let record = success(self.call, zone, done);
        let invocation = self.call.caller.control.clone();
        if let Some(invocation) = &invocation {
            self.leave(&invocation.allowed(&self.call.role.world, &self.call.request_id))?;
        }
        for record in self.objects.iter().chain([&record]) {
            self.work.admin_audit().append(record).await?;
        }
        for changed in &self.changed {
            self.messages
                .push(OutboxMessage::of(&self.call.role.world, changed)?);
        }
        if !self.messages.is_empty() {
            self.work.outbox().append(&self.messages).await?;
        }
        let published = self.ends || !self.messages.is_empty();
        self.work.commit().await?;
        if let Some(invocation) = &invocation {
            invocation.was_recorded();
        }
        if published {
            self.call.role.outbox.announce().await;
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

impl Call {
    /// Begins a change over the deployment.
    pub(crate) async fn global_change(&self) -> Result<GlobalChange<'_>, Refusal> {
        let mut work = self.role.store.global(Access::Write).await?;
        if let Some(keyed) = keyed(self)
            && keyed.claim(work.receipts(), self.now()).await?.is_some()
        {
            return Err(same_request_was_first());
        }
        Ok(GlobalChange {
            call: self,
            work,
            changed: Vec::new(),
        })
    }
}

impl GlobalChange<'_> {
    /// Publishes that a zone changed.
    pub(crate) fn zone_changed(&mut self, zone: &ZoneId) {
        self.changed.push(DirectoryInvalidated {
            zone_id: zone.clone(),
            kind: DirectoryKind::Zone,
            id: zone.to_string(),
        });
    }

    /// As [`ZoneChange::notify`], of `zone`.
    pub(crate) async fn notify(
        &mut self,
        zone: &ZoneId,
        kind: NotificationType,
        decision: &str,
        about: impl Serialize,
    ) -> Result<(), Refusal> {
        let notice = notice(self.call, zone, kind, decision, about)?;
        self.work
            .notifications()
            .notify_in(zone, &notice, MAX_WAITING)
            .await?;
        Ok(())
    }

    /// As [`ZoneChange::answer`]; `zone` as for [`GlobalChange::commit`].
    pub(crate) async fn answer<T: Serialize>(
        mut self,
        zone: Option<&ZoneId>,
        done: Done<'_>,
        item: T,
    ) -> Result<T, Refusal> {
        if let Some(keyed) = keyed(self.call) {
            let made = done.created.unwrap_or_default();
            let answer = stored_answer(self.call, keyed, None, &item)?;
            let (receipts, now) = (self.work.receipts(), self.call.now());
            receipts.reap(now, REAPED).await?;
            keyed.admit_counted(receipts, now).await?;
            keyed
                .keep(receipts, made, done.status.as_u16(), answer, now)
                .await?;
        }
        self.commit(zone, done).await?;
        Ok(item)
    }

    /// As [`ZoneChange::commit`]; `zone` is the zone whose chain records the change, if it is about one.
    pub(crate) async fn commit(mut self, zone: Option<&ZoneId>, done: Done<'_>) -> Result<(), Refusal> {
        let record = success(self.call, zone, done);
        self.work.admin_audit().append(&record).await?;
        let published = !self.changed.is_empty();
        for changed in &self.changed {
            let message = OutboxMessage::of(&self.call.role.world, changed)?;
            self.work.outbox().append(&[message]).await?;
        }
        self.work.commit().await?;
        if published {
            self.call.role.outbox.announce().await;
        }
        Ok(())
    }
}

/// What sinks are told of a change: who made it with which request, and what it is about.
#[derive(Serialize)]
struct ChangeNotice<'t, A> {
    request_id: &'t str,
    actor: String,
    #[serde(flatten)]
    about: A,
}

fn notice(
    call: &Call,
    zone: &ZoneId,
    kind: NotificationType,
    decision: &str,
    about: impl Serialize,
) -> Result<Notification, Refusal> {
    let data = ChangeNotice {
        request_id: &call.request_id,
        actor: call.caller.attributed_to(),
        about,
    };
    let event_id = call.role.world.uuid_v7().to_string();
    Ok(notification(zone, event_id, kind, decision, call.now(), data)?)
}

fn success(call: &Call, zone: Option<&ZoneId>, done: Done<'_>) -> AdminAuditRecord {
    let mut payload = payload::describe(&call.route.method, call.route.path, &call.body);
    payload.extend(done.extra);
    let mut record = record(call, done.status, zone, done.created, payload);
    if let Some((id, name)) = done.by {
        record.actor_id = Some(id.to_owned());
        record.actor_name = Some(name.to_owned());
    }
    record
}
