//! Searches of each documented kind.

use std::time::{Duration, Instant};

use caracal_core::ZoneId;
use caracal_storage::{Access, AuditFilter, PageRequest, Store};

use crate::calls::Calls;

/// Searches of each kind.
const SEARCHES: usize = 200;

/// Makes the filter of the how-manieth search.
type Make<'a> = Box<dyn Fn(usize) -> AuditFilter + 'a>;

/// How long searches of one kind took, in milliseconds.
pub(crate) struct Took {
    pub(crate) what: &'static str,
    pub(crate) half: f64,
    pub(crate) most: f64,
}

fn percentile(times: &mut [Duration], of: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() * of / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

pub(crate) async fn measure(store: &dyn Store, zone: &ZoneId, calls: &Calls) -> Vec<Took> {
    let none = AuditFilter::default;
    let some = |of: &[String], n: usize| Some(of[n * 31 % of.len()].clone());
    let deny = || Some(String::from("deny"));
    let time = |n: usize| Some(calls.times[n * 31 % calls.times.len()]);
    let kind = || vec![String::from("gateway_resource_request")];
    let kinds: Vec<(&'static str, Make<'_>)> = vec![
        ("nothing", Box::new(|_| none())),
        (
            "request",
            Box::new(|n| AuditFilter {
                request_id: some(&calls.requests, n),
                ..none()
            }),
        ),
        (
            "session",
            Box::new(|n| AuditFilter {
                session_id: some(&calls.sessions, n),
                ..none()
            }),
        ),
        (
            "authority record",
            Box::new(|n| AuditFilter {
                authority_record_id: some(&calls.records, n),
                ..none()
            }),
        ),
        (
            "application",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                ..none()
            }),
        ),
        (
            "label",
            Box::new(|_| AuditFilter {
                label: Some(String::from("bench")),
                ..none()
            }),
        ),
        (
            "type",
            Box::new(|_| AuditFilter {
                event_types: kind(),
                ..none()
            }),
        ),
        (
            "times before one",
            Box::new(|n| AuditFilter {
                until: time(n),
                ..none()
            }),
        ),
        (
            "a second of time",
            Box::new(|n| AuditFilter {
                since: time(n),
                until: time(n).map(|from| from.plus(Duration::from_secs(1))),
                ..none()
            }),
        ),
        (
            "decision and times before one",
            Box::new(|n| AuditFilter {
                until: time(n),
                decision: deny(),
                ..none()
            }),
        ),
        (
            "decision",
            Box::new(|_| AuditFilter {
                decision: deny(),
                ..none()
            }),
        ),
        (
            "application and decision",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                decision: deny(),
                ..none()
            }),
        ),
        (
            "application and type",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                event_types: kind(),
                ..none()
            }),
        ),
        (
            "type and decision",
            Box::new(|_| AuditFilter {
                event_types: kind(),
                decision: deny(),
                ..none()
            }),
        ),
        (
            "session and decision",
            Box::new(|n| AuditFilter {
                session_id: some(&calls.sessions, n),
                decision: deny(),
                ..none()
            }),
        ),
    ];
    let mut all = Vec::new();
    for (what, filter) in kinds {
        let mut times = Vec::new();
        for n in 0..SEARCHES {
            let begun = Instant::now();
            let mut work = store.zone(zone, Access::Read).await.unwrap();
            let page = PageRequest::first(50);
            // Of an application that was never refused anything, none is found.
            work.ledger().search(&filter(n), &page).await.unwrap();
            times.push(begun.elapsed());
        }
        let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 95));
        println!("search by {what}: p50 {half:.1} ms, p95 {most:.1} ms");
        all.push(Took { what, half, most });
    }
    all
}
