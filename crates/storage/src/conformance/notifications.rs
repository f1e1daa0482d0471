//! Sinks of notifications, and that each delivery is attempted by one.

use std::time::Duration;

use caracal_core::{
    NotificationDeliveryId, Timestamp,
    entity::{Approval, NotificationDelivery, NotificationSink, NotificationType, SinkHealth},
};

use crate::{Attempt, AttemptedDelivery, ClaimedDelivery, Error, Notification, NotificationBacklog};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone},
    race::{race, retry},
};

const MOST: u32 = 100;
const LEASE: Duration = Duration::from_secs(30);

async fn sink(zone: &InZone) -> NotificationSink {
    let sink = zone.given.notification_sink();
    let mut work = zone.write().await;
    work.notifications().create(&sink).await.unwrap();
    work.commit().await.unwrap();
    sink
}

async fn notify(zone: &InZone, event_id: &str, kind: NotificationType) {
    let told = zone.given.notification(event_id, kind);
    let mut work = zone.write().await;
    work.notifications().notify(&told, MOST).await.unwrap();
    work.commit().await.unwrap();
}

async fn claim(
    zone: &InZone,
    sink: &NotificationSink,
    now: Timestamp,
) -> Result<Option<ClaimedDelivery>, Error> {
    let mut work = zone.try_write().await?;
    let claimed = work.notifications().claim(&sink.id, now, now.plus(LEASE)).await?;
    work.commit().await?;
    Ok(claimed)
}

async fn record_attempt(zone: &InZone, claimed: &ClaimedDelivery, at: Timestamp, attempt: Attempt) -> bool {
    let attempted = AttemptedDelivery {
        sink_id: claimed.sink.id.clone(),
        delivery_id: claimed.delivery.id.clone(),
        attempts: claimed.delivery.attempts,
        leased_until: claimed.leased_until,
        attempt,
        at,
    };
    let mut work = zone.write().await;
    let settled = work.notifications().record_attempt(&attempted).await.unwrap();
    work.commit().await.unwrap();
    settled
}

async fn deliveries(zone: &InZone, sink: &NotificationSink) -> Vec<NotificationDelivery> {
    let mut work = zone.read().await;
    work.notifications()
        .deliveries(&sink.id, &ALL)
        .await
        .unwrap()
        .items
}

async fn health(zone: &InZone, sink: &NotificationSink) -> SinkHealth {
    let found = zone.read().await.notifications().get(&sink.id).await.unwrap();
    found.unwrap().1
}

fn failed(retry_at: Option<Timestamp>, pause_until: Timestamp) -> Attempt {
    Attempt::Failed {
        status: Some(500),
        error: String::from("answered with status 500"),
        retry_at,
        pause_until,
    }
}

pub async fn a_sink_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut sink = sink(&fixture.a).await;
    let mut work = fixture.a.write().await;
    let kept = (sink.clone(), SinkHealth::default());
    assert_eq!(
        work.notifications().get(&sink.id).await.unwrap(),
        Some(kept.clone())
    );
    assert_eq!(work.notifications().list(&ALL).await.unwrap().items, [kept]);
    assert_eq!(work.notifications().count().await.unwrap(), 1);
    sink.name = String::from("Ωmega \"x\" %_\\");
    sink.url = String::from("https://hooks.example/other?x=1");
    sink.event_types = vec![NotificationType::ZoneFrozen];
    sink.active = false;
    assert!(work.notifications().update(&sink).await.unwrap());
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    assert!(matches!(
        work.notifications().update(&sink).await,
        Err(Error::Contended(_))
    ));
    drop(work);
    sink.attribution.version = 2;
    let mut work = fixture.a.write().await;
    let found = work.notifications().get(&sink.id).await.unwrap();
    assert_eq!(found, Some((sink.clone(), SinkHealth::default())));
    assert!(work.notifications().delete(&sink.id).await.unwrap());
    assert!(!work.notifications().delete(&sink.id).await.unwrap());
    assert!(!work.notifications().update(&sink).await.unwrap());
    assert_eq!(work.notifications().count().await.unwrap(), 0);
    work.commit().await.unwrap();
}

pub async fn what_happens_is_put_in_line_once_for_each_sink_that_wants_to_know(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (first, second) = (sink(zone).await, sink(zone).await);
    let elsewhere = sink(&fixture.b).await;
    let mut paused = zone.given.notification_sink();
    paused.active = false;
    let mut deaf = zone.given.notification_sink();
    deaf.event_types = vec![NotificationType::ZoneThawed];
    let mut later = zone.given.notification_sink();
    later.attribution.created_at = fixture.world.now().plus(Duration::from_micros(1));
    let mut work = zone.write().await;
    for other in [&paused, &deaf, &later] {
        work.notifications().create(other).await.unwrap();
    }
    work.commit().await.unwrap();
    for _ in 0..2 {
        notify(zone, "event-1", NotificationType::ZoneFrozen).await;
    }
    for sink in [&first, &second] {
        let found = deliveries(zone, sink).await;
        let [delivery] = found.as_slice() else {
            panic!("{found:?}")
        };
        let told = zone.given.notification("event-1", NotificationType::ZoneFrozen);
        assert_eq!(
            (
                delivery.id.as_str(),
                delivery.event_id.as_str(),
                delivery.event_type
            ),
            (
                NotificationDelivery::id_of("event-1", &sink.id).as_str(),
                "event-1",
                told.event_type
            )
        );
        assert_eq!(
            (&delivery.payload, delivery.attempts, delivery.available_at),
            (&told.payload, 0, told.occurred_at)
        );
        let mut work = zone.read().await;
        let one = work
            .notifications()
            .delivery(&sink.id, &delivery.id)
            .await
            .unwrap();
        assert_eq!(one.as_ref(), Some(delivery));
        let none = work
            .notifications()
            .delivery(&deaf.id, &delivery.id)
            .await
            .unwrap();
        assert_eq!(none, None);
    }
    for sink in [&paused, &deaf, &later] {
        assert!(deliveries(zone, sink).await.is_empty());
    }
    assert!(deliveries(&fixture.b, &elsewhere).await.is_empty());
    // Of what happens to a zone as a whole it is told over the deployment.
    let told = Notification {
        occurred_at: fixture.world.now(),
        ..zone.given.notification("event-2", NotificationType::ZoneThawed)
    };
    let mut work = fixture.global_write().await;
    work.notifications()
        .notify_in(zone.id(), &told, MOST)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(deliveries(zone, &deaf).await.len(), 1);
    assert!(deliveries(&fixture.b, &elsewhere).await.is_empty());
}

pub async fn a_full_sink_is_told_no_more_and_the_others_are(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let full = sink(zone).await;
    let mut work = zone.write().await;
    for number in 0..3 {
        let told = zone
            .given
            .notification(&format!("event-{number}"), NotificationType::ZoneFrozen);
        work.notifications().notify(&told, 2).await.unwrap();
    }
    work.commit().await.unwrap();
    assert_eq!(deliveries(zone, &full).await.len(), 2);
    let empty = sink(zone).await;
    let told = zone.given.notification("event-4", NotificationType::ZoneFrozen);
    let mut work = zone.write().await;
    work.notifications().notify(&told, 2).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(deliveries(zone, &full).await.len(), 2);
    assert_eq!(deliveries(zone, &empty).await.len(), 1);
}

pub async fn of_16_claims_of_one_sink_exactly_one_gets_the_delivery(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, now) = (&fixture.a, fixture.world.now());
    let sink = sink(zone).await;
    notify(zone, "event-1", NotificationType::ZoneFrozen).await;
    notify(zone, "event-2", NotificationType::ZoneFrozen).await;
    let claims = race(16, |_| {
        let (zone, sink) = (zone.clone(), sink.clone());
        async move { retry(|| claim(&zone, &sink, now)).await.unwrap() }
    })
    .await;
    let claimed: Vec<_> = claims.into_iter().flatten().collect();
    let [claimed] = claimed.as_slice() else {
        panic!("{claimed:?}")
    };
    assert_eq!(claimed.delivery.attempts, 1);
    assert_eq!(claimed.sink, sink);
    // While the lease lasts nobody gets the other one either; settled, the next is anybody's.
    let end = now.plus(LEASE);
    let before = end.minus(Duration::from_micros(1));
    assert_eq!(claim(zone, &sink, before).await.unwrap(), None);
    assert!(record_attempt(zone, claimed, now, Attempt::Delivered { status: 204 }).await);
    let next = claim(zone, &sink, now).await.unwrap().unwrap();
    assert_ne!(next.delivery.id, claimed.delivery.id);
    assert_eq!(next.health.last_success_at, Some(now));
}

pub async fn a_claim_whose_holder_died_comes_up_again_and_cannot_be_settled_late(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, now) = (&fixture.a, fixture.world.now());
    let sink = sink(zone).await;
    notify(zone, "event-1", NotificationType::ZoneFrozen).await;
    let lost = claim(zone, &sink, now).await.unwrap().unwrap();
    let end = now.plus(LEASE);
    let again = claim(zone, &sink, end).await.unwrap().unwrap();
    assert_eq!(
        (&again.delivery.id, again.delivery.attempts),
        (&lost.delivery.id, 2)
    );
    // The one who was slow changes nothing, neither the delivery nor whose the lease is.
    assert!(!record_attempt(zone, &lost, end, Attempt::Delivered { status: 200 }).await);
    assert_eq!(claim(zone, &sink, end).await.unwrap(), None);
    assert_eq!(health(zone, &sink).await, SinkHealth::default());
    assert!(record_attempt(zone, &again, end, Attempt::Delivered { status: 200 }).await);
    let found = deliveries(zone, &sink).await;
    assert_eq!(
        (
            found[0].delivered_at,
            found[0].response_status,
            &found[0].last_error
        ),
        (Some(end), Some(200), &None)
    );
}

pub async fn a_failed_attempt_waits_pauses_its_sink_and_is_given_up_at_last(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, now) = (&fixture.a, fixture.world.now());
    let sink = sink(zone).await;
    notify(zone, "event-1", NotificationType::ZoneFrozen).await;
    notify(zone, "event-2", NotificationType::ZoneFrozen).await;
    let claimed = claim(zone, &sink, now).await.unwrap().unwrap();
    let (retry_at, pause) = (
        now.plus(Duration::from_secs(30)),
        now.plus(Duration::from_secs(2)),
    );
    assert!(record_attempt(zone, &claimed, now, failed(Some(retry_at), pause)).await);
    assert_eq!(
        health(zone, &sink).await,
        SinkHealth {
            consecutive_failures: 1,
            last_success_at: None,
            last_failure_at: Some(now),
            last_error: Some(String::from("answered with status 500")),
        }
    );
    let before = pause.minus(Duration::from_micros(1));
    assert_eq!(claim(zone, &sink, before).await.unwrap(), None);
    // The other one is not behind it.
    let other = claim(zone, &sink, pause).await.unwrap().unwrap();
    assert_ne!(other.delivery.id, claimed.delivery.id);
    assert!(record_attempt(zone, &other, pause, Attempt::Delivered { status: 200 }).await);
    assert_eq!(health(zone, &sink).await.consecutive_failures, 0);
    assert_eq!(claim(zone, &sink, pause).await.unwrap(), None);
    let last = claim(zone, &sink, retry_at).await.unwrap().unwrap();
    assert_eq!(last.delivery.attempts, 2);
    assert!(record_attempt(zone, &last, retry_at, failed(None, retry_at)).await);
    let mut work = zone.write().await;
    let given_up = work
        .notifications()
        .delivery(&sink.id, &last.delivery.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            given_up.abandoned_at,
            given_up.delivered_at,
            given_up.response_status
        ),
        (Some(retry_at), None, Some(500))
    );
    // A person sends it again: at once, from the first attempt, with the same id.
    assert!(
        work.notifications()
            .redeliver(&sink.id, &given_up.id, retry_at)
            .await
            .unwrap()
    );
    let unknown = NotificationDeliveryId::parse("unknown").unwrap();
    assert!(
        !work
            .notifications()
            .redeliver(&sink.id, &unknown, retry_at)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let again = claim(zone, &sink, retry_at).await.unwrap().unwrap();
    assert_eq!(
        (
            &again.delivery.id,
            again.delivery.attempts,
            again.delivery.abandoned_at
        ),
        (&given_up.id, 1, None)
    );
    // Sent again while it was under way: what that attempt says does not count.
    let mut work = zone.write().await;
    assert!(
        work.notifications()
            .redeliver(&sink.id, &given_up.id, retry_at)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    assert!(!record_attempt(zone, &again, retry_at, Attempt::Delivered { status: 200 }).await);
}

pub async fn sinks_with_something_due_are_found_by_whether_they_fail(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (a, b, now) = (&fixture.a, &fixture.b, fixture.world.now());
    let (sound, failing) = (sink(a).await, sink(b).await);
    let due = async |failing: bool, now: Timestamp| {
        let mut work = fixture.global_read().await;
        work.notifications().due_sinks(now, failing, 10).await.unwrap()
    };
    assert!(due(false, now).await.is_empty());
    for (zone, event) in [(a, "event-1"), (b, "event-2")] {
        notify(zone, event, NotificationType::ZoneFrozen).await;
    }
    assert_eq!(due(false, now).await.len(), 2);
    assert!(due(true, now).await.is_empty());
    let claimed = claim(b, &failing, now).await.unwrap().unwrap();
    let of = |zone: &InZone, sink: &NotificationSink| (zone.id().clone(), sink.id.clone());
    assert_eq!(due(false, now).await, [of(a, &sound)]);
    let later = now.plus(Duration::from_secs(5));
    assert!(record_attempt(b, &claimed, now, failed(Some(later), later)).await);
    assert!(due(true, later.minus(Duration::from_micros(1))).await.is_empty());
    assert_eq!(due(true, later).await, [of(b, &failing)]);
    assert_eq!(due(false, later).await, [of(a, &sound)]);
    let mut work = fixture.global_read().await;
    let backlog = work.notifications().backlog(later, 1).await.unwrap();
    assert_eq!(
        (backlog.waiting, backlog.oldest_due, backlog.failing),
        (2, Some(now), 1)
    );
    assert_eq!(work.notifications().backlog(now, 2).await.unwrap().failing, 0);
    drop(work);
    // What waits for a sink that is left alone is not late.
    let claimed = claim(a, &sound, now).await.unwrap().unwrap();
    assert!(record_attempt(a, &claimed, now, failed(Some(now), later)).await);
    let mut work = fixture.global_read().await;
    let backlog = work.notifications().backlog(now, 1).await.unwrap();
    assert_eq!((backlog.waiting, backlog.oldest_due), (2, None));
    assert_eq!(
        work.notifications().backlog(later, 1).await.unwrap().oldest_due,
        Some(later)
    );
    drop(work);
    let mut work = a.write().await;
    work.notifications()
        .forget_failures(&sound.id, now)
        .await
        .unwrap();
    work.commit().await.unwrap();
    // Another place begins anew; a zone that is archived is told nothing more.
    let mut work = b.write().await;
    work.notifications()
        .forget_failures(&failing.id, now)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(due(false, later).await.len(), 2);
    let mut work = fixture.global_write().await;
    assert!(work.zones().archive(b.id(), now).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(due(false, later).await, [of(a, &sound)]);
    let mut paused = sound.clone();
    paused.active = false;
    let mut work = a.write().await;
    assert!(work.notifications().update(&paused).await.unwrap());
    work.commit().await.unwrap();
    assert!(due(false, later).await.is_empty());
    assert_eq!(claim(a, &sound, later).await.unwrap(), None);
    let mut work = fixture.global_read().await;
    let nothing = work.notifications().backlog(later, 0).await.unwrap();
    assert_eq!(nothing, NotificationBacklog::default());
}

pub async fn approvals_that_ended_undecided_are_told_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, now) = (&fixture.a, fixture.world.now());
    let party = zone.party().await;
    sink(zone).await;
    let end = now.plus(Duration::from_mins(1));
    let approval = Approval {
        expires_at: end,
        ..zone.given.approval(&party.application)
    };
    let rejected = Approval {
        rejected_at: Some(now),
        ..zone.given.approval(&party.application)
    };
    let mut work = zone.write().await;
    work.approvals().open(&approval).await.unwrap();
    work.approvals().open(&rejected).await.unwrap();
    work.commit().await.unwrap();
    let untold = async |since: Timestamp, now: Timestamp| {
        let found = zone
            .read()
            .await
            .notifications()
            .untold_expiries(since, now, 10)
            .await
            .unwrap();
        let mut work = fixture.global_read().await;
        let zones = work
            .notifications()
            .zones_to_sweep(since, now, now)
            .await
            .unwrap();
        assert_eq!(zones.contains(zone.id()), !found.is_empty());
        found
    };
    assert!(untold(now, end.minus(Duration::from_micros(1))).await.is_empty());
    assert!(untold(end, end).await.is_empty(), "too long ago");
    assert_eq!(untold(now, end).await, std::slice::from_ref(&approval));
    let told = Notification {
        occurred_at: end,
        ..zone.given.notification(
            &format!("expired:{}", approval.id),
            NotificationType::StepUpExpired,
        )
    };
    let mut work = zone.write().await;
    work.notifications().notify(&told, MOST).await.unwrap();
    work.commit().await.unwrap();
    assert!(untold(now, end).await.is_empty());
}

pub async fn deliveries_are_forgotten_a_while_after_they_ended_and_not_before(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, now) = (&fixture.a, fixture.world.now());
    let sink = sink(zone).await;
    for event in ["event-1", "event-2"] {
        notify(zone, event, NotificationType::ZoneFrozen).await;
    }
    let claimed = claim(zone, &sink, now).await.unwrap().unwrap();
    assert!(record_attempt(zone, &claimed, now, Attempt::Delivered { status: 200 }).await);
    let after = now.plus(Duration::from_micros(1));
    for (before, gone) in [(now, 0), (after, 1), (after, 0)] {
        let mut work = fixture.global_read().await;
        let zones = work
            .notifications()
            .zones_to_sweep(now, now, before)
            .await
            .unwrap();
        assert_eq!(zones.len(), gone);
        drop(work);
        let mut work = zone.write().await;
        assert_eq!(work.notifications().reap(before, 10).await.unwrap(), gone as u64);
        work.commit().await.unwrap();
    }
    assert_eq!(deliveries(zone, &sink).await.len(), 1);
    // A sink takes its deliveries along.
    let mut work = zone.write().await;
    assert!(work.notifications().delete(&sink.id).await.unwrap());
    work.commit().await.unwrap();
    assert!(deliveries(zone, &sink).await.is_empty());
}
