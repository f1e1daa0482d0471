//! Governed calls as they are in a ledger, one after another.

use std::time::Duration;

use caracal_core::{Timestamp, World, ZoneId, audit::AuditEvent};

/// Calls of one session.
const CALLS: usize = 20;

/// The three events of a governed call as they were in a ledger, with what policy was asked, and what of them each call
/// has of its own.
const CALL: &str = include_str!("call.ndjson");
const OWN: [&str; 7] = [
    "01a22450-31c4-7ba5-aec9-25d63abfdd76",
    "01a22450-31c4-79ad-ab91-0900aefe1fe7",
    "01a22450-31c4-7b00-83c5-c6d72c1b32c1",
    "1526252c-9753-4987-b846-479e417b842f",
    "e3bd4dea-384c-4e70-b62c-478d5942e181",
    "01a22450-31c4-79d6-a711-21f612d5644b",
    "01a22450-31c4-732f-a1a3-e954175dec2d",
];
const TRACE: &str = "582effb60cf7695392d469bcbb710b58";
const SESSION: &str = "01a22450-284c-758d-95d0-489c9ff16769";
const DELEGATION: &str = "01a22450-2878-7701-b82b-f9da48607410";
const APPLICATION: &str = "01a22450-27e0-7832-9030-5b5537241403";

/// Calls of a zone.
pub(crate) struct Calls {
    world: World,
    zone: ZoneId,
    pub(crate) applications: Vec<String>,
    session: String,
    delegation: String,
    number: usize,
    /// Some of what was made, to search for.
    pub(crate) requests: Vec<String>,
    pub(crate) sessions: Vec<String>,
    pub(crate) records: Vec<String>,
    pub(crate) times: Vec<Timestamp>,
}

impl Calls {
    pub(crate) fn new(world: &World, zone: &ZoneId) -> Self {
        Self {
            world: world.clone(),
            zone: zone.clone(),
            applications: (0..20).map(|_| world.uuid_v7().to_string()).collect(),
            session: String::new(),
            delegation: String::new(),
            number: 0,
            requests: Vec::new(),
            sessions: Vec::new(),
            records: Vec::new(),
            times: Vec::new(),
        }
    }

    /// As [`Self::next`], on a clock that is put forward.
    pub(crate) fn next_later(&mut self) -> [AuditEvent; 3] {
        self.world.manual_clock().advance(Duration::from_micros(150));
        self.next()
    }

    /// The events of the next call. One in a hundred was refused.
    pub(crate) fn next(&mut self) -> [AuditEvent; 3] {
        if self.number.is_multiple_of(CALLS) {
            self.session = self.world.uuid_v7().to_string();
            self.delegation = self.world.uuid_v7().to_string();
        }
        let application = &self.applications[self.number / CALLS % self.applications.len()];
        let own = OWN.map(|_| self.world.uuid_v7().to_string());
        if self.number.is_multiple_of(997) {
            self.requests.push(own[4].clone());
            self.sessions.push(self.session.clone());
            self.records.push(own[5].clone());
            self.times.push(self.world.now());
        }
        self.number += 1;
        let denied = self.number.is_multiple_of(100);
        let mut body = CALL
            .replace(SESSION, &self.session)
            .replace(DELEGATION, &self.delegation)
            .replace(APPLICATION, application)
            .replace(TRACE, &self.world.uuid_v7().simple().to_string());
        for (old, new) in OWN.iter().zip(&own) {
            body = body.replace(old, new);
        }
        if denied {
            body = body
                .replace(r#""decision":"allow""#, r#""decision":"deny""#)
                .replace(r#""effect":"allow""#, r#""effect":"deny""#);
        }
        let mut lines = body.lines();
        [(); 3].map(|()| {
            let mut event: AuditEvent = serde_json::from_str(lines.next().unwrap()).unwrap();
            event.zone_id = self.zone.clone();
            event.occurred_at = self.world.now();
            event
        })
    }
}
