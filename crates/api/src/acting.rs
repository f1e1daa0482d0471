//! What whoever administers a zone does to its sessions and delegations: the same functions of `lifecycle` as the
//! Coordinator calls, as somebody who may stop everything in the zone.

use caracal_core::{
    ScopeSet,
    audit::{Draft, EventType},
};
use caracal_lifecycle::{ADMIN, About, Act, Principal};
use caracal_service::Refusal;
use parking_lot::Mutex;
use serde::Serialize;

use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// What the event says.
#[derive(Serialize)]
struct Metadata<'m> {
    #[serde(flatten)]
    about: &'m About,
    caller: &'m str,
}

/// One act of an administrator.
pub(crate) struct Acting<'c> {
    call: &'c ZoneCall,
    by: Principal,
    about: Mutex<About>,
}

impl<'c> Acting<'c> {
    /// The caller acts.
    pub(crate) fn of(call: &'c ZoneCall) -> Self {
        Self {
            call,
            by: Principal {
                zone: call.zone.clone(),
                subject: call.caller.attributed_to().into(),
                application: None,
                record: None,
                scopes: ScopeSet::from_iter([ADMIN]),
            },
            about: Mutex::default(),
        }
    }

    /// What lifecycle is told of it.
    pub(crate) fn act(&self) -> Act<'_> {
        Act {
            world: &self.call.role.world,
            by: &self.by,
            capacity: &self.call.role.config.capacity,
            about: &self.about,
        }
    }

    /// Commits, with the event that the Coordinator leaves of the same, and answers with `item`.
    pub(crate) async fn answer<T: Serialize>(
        self,
        mut change: ZoneChange<'_>,
        event_type: EventType,
        done: Done<'_>,
        item: T,
    ) -> Result<T, Refusal> {
        let (call, about) = (self.call, self.about.into_inner());
        let metadata = Metadata {
            about: &about,
            caller: &self.by.subject,
        };
        let (world, zone, request) = (&call.role.world, &call.zone, &call.request_id);
        change.leave(&Draft::new(world, zone, event_type, request, "allow", metadata))?;
        change.answer(done, item).await
    }
}
