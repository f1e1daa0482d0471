//! No row crosses a zone, whatever a work asks for.

use std::time::Duration;

use caracal_core::{
    ZoneId,
    entity::{Application, RegistrationMethod, Session, SessionStatus},
};

use crate::{Access, AdminAuditFilter, DelegationDirection, Error, Registered, TreeEnd, ZoneWork};

use super::{
    Backend,
    everything::{Everything, SECRET, SIGHTINGS},
    fixture::{ALL, Fixture, InZone},
};

async fn fill(zone: &InZone) -> Everything {
    let everything = Everything::new(&zone.given);
    let mut work = zone.write().await;
    everything.store(work.as_mut(), &zone.given).await;
    work.commit().await.unwrap();
    everything
}

pub async fn a_zone_sees_everything_of_its_own_and_nothing_of_another(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let everything = fill(&fixture.b).await;
    let seen = everything
        .visible(fixture.b.read().await.as_mut(), &fixture.b.given)
        .await;
    assert_eq!(
        seen.len(),
        SIGHTINGS,
        "the owner sees all of it, but saw only {seen:?}"
    );
    for access in [Access::Read, Access::Write] {
        let mut stranger = fixture.a.store.zone(fixture.a.id(), access).await.unwrap();
        let seen = everything.visible(stranger.as_mut(), &fixture.b.given).await;
        assert!(seen.is_empty(), "another zone saw {seen:?}");
        assert!(
            stranger
                .zone()
                .await
                .unwrap()
                .is_some_and(|zone| zone.id == *fixture.a.id())
        );
    }
}

pub async fn a_zone_that_does_not_exist_holds_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let everything = fill(&fixture.b).await;
    let nowhere = ZoneId::generate(&fixture.world);
    let mut work = fixture.backend.store.zone(&nowhere, Access::Read).await.unwrap();
    assert_eq!(work.zone_id(), &nowhere);
    assert!(work.zone().await.unwrap().is_none());
    assert!(
        everything
            .visible(work.as_mut(), &fixture.b.given)
            .await
            .is_empty()
    );
}

pub async fn another_zones_registrations_cannot_be_changed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    assert!(!work.applications().update(&held.application).await.unwrap());
    assert!(
        !work
            .applications()
            .archive(&held.application.id, now)
            .await
            .unwrap()
    );
    assert!(!work.workloads().update(&held.workload).await.unwrap());
    assert!(!work.workloads().delete(&held.workload.id).await.unwrap());
    let seen = &held.workload.secret_hash;
    assert!(
        !work
            .workloads()
            .rehash(&held.workload.id, seen, "x")
            .await
            .unwrap()
    );
    assert!(!work.subject_issuers().update(&held.issuer).await.unwrap());
    assert!(
        !work
            .subject_issuers()
            .archive(&held.issuer.id, now)
            .await
            .unwrap()
    );
    assert!(!work.notifications().update(&held.sink).await.unwrap());
    assert!(!work.notifications().delete(&held.sink.id).await.unwrap());
    work.notifications()
        .forget_failures(&held.sink.id, now)
        .await
        .unwrap();
    let again = work
        .notifications()
        .redeliver(&held.sink.id, &held.delivery_id(), now)
        .await;
    assert!(!again.unwrap());
    let later = now.plus(Duration::from_secs(1_000_000));
    let claimed = work
        .notifications()
        .claim(&held.sink.id, now, later)
        .await
        .unwrap();
    assert_eq!(claimed, None);
    assert_eq!(work.notifications().reap(later, 100).await.unwrap(), 0);
    assert!(!work.resources().archive(&held.resource.id, now).await.unwrap());
    assert!(!work.providers().archive(&held.provider.id, now).await.unwrap());
    assert!(!work.providers().update(&held.provider).await.unwrap());
    assert!(!work.policies().archive(&held.policy.id, now).await.unwrap());
    assert!(
        !work
            .policy_sets()
            .activate(&held.set.id, &held.set_version.id, now)
            .await
            .unwrap()
    );
    assert_eq!(work.policy_sets().archive(&held.set.id, now).await.unwrap(), None);
    work.signing_keys().retire_before(i64::MAX, now).await.unwrap();
    let ended = now.plus(Duration::from_hours(1));
    assert_eq!(work.signing_keys().held_past(ended).await.unwrap(), []);
    work.secrets().put(SECRET, b"other", now).await.unwrap();
    work.secrets().delete(SECRET).await.unwrap();
    work.commit().await.unwrap();
    untouched(&fixture, &held).await;
}

pub async fn another_zones_authority_cannot_be_ended_or_used(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let later = fixture.world.now().plus(Duration::from_secs(1_000_000));
    let end = TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: "attack".into(),
        at: later,
    };
    let mut work = fixture.a.write().await;
    assert!(
        work.authority_records()
            .revoke_tree(&held.record.id, "attack", later)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(work.authority_records().reap(later, later, 100).await.unwrap(), 0);
    assert!(
        work.sessions()
            .end_tree(&held.session.id, &end)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.sessions()
            .suspend_tree(&held.session.id, later)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.sessions()
            .resume_tree(&held.session.id, later, later)
            .await
            .unwrap()
            .is_empty()
    );
    let service = &held.other_session.id;
    assert_eq!(
        work.sessions()
            .acquire_lease(service, 1, later, later)
            .await
            .unwrap(),
        None
    );
    assert!(!work.sessions().heartbeat(service, 1, later, later).await.unwrap());
    assert!(
        work.sessions()
            .overdue_tasks(later, 100)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.sessions()
            .lapsed_services(later, 100)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(work.sessions().get_locked(service).await.unwrap().is_none());
    assert!(
        work.delegations()
            .get_locked(&held.delegation.id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        work.delegations()
            .revoke_tree(&held.delegation.id, later)
            .await
            .unwrap()
            .is_empty()
    );
    let sessions = [held.session.id.clone(), held.other_session.id.clone()];
    assert!(
        work.delegations()
            .revoke_touching(&sessions, later)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.delegations()
            .expire_due(later, 100)
            .await
            .unwrap()
            .is_empty()
    );
    for direction in [DelegationDirection::Inbound, DelegationDirection::Outbound] {
        for session in &sessions {
            assert!(
                work.delegations()
                    .list(session, direction, &ALL)
                    .await
                    .unwrap()
                    .items
                    .is_empty()
            );
        }
    }
    assert_eq!(
        work.delegations().advance_epoch(later).await.unwrap(),
        1,
        "each zone counts for itself"
    );
    assert_eq!(work.receipts().reap(later, 100).await.unwrap(), 0);
    let receipt = &held.receipt;
    let claimed = work.receipts().claim(
        &receipt.operation,
        &receipt.scope_id,
        &receipt.key_digest,
        fixture.world.now(),
    );
    assert_eq!(claimed.await.unwrap(), None);
    work.commit().await.unwrap();
    untouched(&fixture, &held).await;
}

pub async fn a_row_cannot_refer_to_a_row_of_another_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let mine = fill(&fixture.a).await;
    let given = &fixture.a.given;

    let mut work = fixture.a.write().await;
    let refused = work.resources().create(&given.resource(&held.provider)).await;
    assert!(
        matches!(refused, Err(Error::MissingReference)),
        "a resource with a foreign provider: {refused:?}"
    );
    drop(work);

    for foreign in [
        Session {
            application_id: held.application.id.clone(),
            ..given.session(&mine.application, &mine.record)
        },
        given.session(&mine.application, &held.record),
        Session {
            parent_id: Some(held.session.id.clone()),
            ..given.child_session(&mine.session)
        },
    ] {
        let mut work = fixture.a.write().await;
        let refused = work.sessions().create(&foreign).await;
        assert!(
            matches!(refused, Err(Error::MissingReference)),
            "a session with a foreign end: {refused:?}"
        );
    }

    let own = given.delegation(&mine.session, &mine.other_session);
    let mut foreign = [own.clone(), own.clone(), own.clone(), own.clone(), own.clone()];
    foreign[0].source_session_id = held.session.id.clone();
    foreign[1].target_session_id = held.other_session.id.clone();
    foreign[2].parent_edge_id = Some(held.delegation.id.clone());
    foreign[3].resource_id = Some(held.resource.id.clone());
    foreign[4].receiver_application_id = held.application.id.clone();
    for (which, delegation) in foreign.iter().enumerate() {
        let mut work = fixture.a.write().await;
        let refused = work.delegations().create(delegation).await;
        assert!(
            matches!(refused, Err(Error::MissingReference)),
            "delegation {which}: {refused:?}"
        );
    }

    let mut work = fixture.a.write().await;
    let refused = work
        .policies()
        .add_version(&given.policy_version(&held.policy))
        .await;
    assert!(
        refused.is_err(),
        "a version of a foreign policy got number {refused:?}"
    );
    drop(work);
    let mut work = fixture.a.write().await;
    let refused = work
        .policy_sets()
        .add_version(&given.policy_set_version(&held.set, &[]))
        .await;
    assert!(
        refused.is_err(),
        "a version of a foreign set got number {refused:?}"
    );
    drop(work);
    untouched(&fixture, &held).await;
}

pub async fn a_manifest_cannot_pull_in_another_zones_policy(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let set = fixture.a.given.policy_set();
    let version = fixture.a.given.policy_set_version(&set, &[&held.policy_version]);
    let mut work = fixture.a.write().await;
    work.policy_sets().create(&set).await.unwrap();
    if work.policy_sets().add_version(&version).await.is_err() {
        return; // Refused at the door.
    }
    work.policy_sets()
        .activate(&set.id, &version.id, fixture.world.now())
        .await
        .unwrap();
    if let Ok(Some(active)) = work.policy_sets().active().await {
        assert!(
            active.policies.is_empty(),
            "the source of a foreign policy came into force"
        );
    }
}

pub async fn a_row_that_claims_another_zone_never_lands_there(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let smuggled = Everything::new(&fixture.b.given);
    let b = &fixture.b;

    /// Runs one write in zone `a`; whether it is refused or rehomed, zone `b` must stay empty.
    macro_rules! smuggle {
        ($($work:ident => $write:expr;)+) => {$({
            let mut $work: Box<dyn ZoneWork> = fixture.a.write().await;
            match $write.await {
                Ok(_) => drop($work.commit().await),
                Err(_) => drop($work),
            }
            let seen = smuggled.visible(b.read().await.as_mut(), &b.given).await;
            assert!(seen.is_empty(), "{} wrote {seen:?} into another zone", stringify!($write));
        })+};
    }
    smuggle! {
        work => work.applications().create(&smuggled.application);
        work => work.workloads().create(&smuggled.workload);
        work => work.subject_issuers().create(&smuggled.issuer);
        work => work.notifications().create(&smuggled.sink);
        work => work.providers().create(&smuggled.provider);
        work => work.policies().create(&smuggled.policy, &smuggled.policy_version);
        work => work.policy_sets().create(&smuggled.set);
        work => work.authority_records().create(&smuggled.record);
        work => work.approvals().open(&smuggled.approval);
        work => work.ledger().append(std::slice::from_ref(&smuggled.entry), fixture.world.now());
        work => work.admin_audit().append(&smuggled.admin);
    }
}

pub async fn an_id_used_in_one_zone_cannot_reach_the_row_of_another(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let mut work = fixture.a.write().await;
    let twin = Application {
        zone_id: fixture.a.id().clone(),
        name: "twin".into(),
        ..held.application.clone()
    };
    match work.applications().create(&twin).await {
        // Ids may be unique over the deployment, or per zone; both keep the rows apart.
        Err(Error::Conflict { .. }) => drop(work),
        Ok(()) => {
            assert!(
                work.applications()
                    .archive(&twin.id, fixture.world.now())
                    .await
                    .unwrap()
            );
            work.commit().await.unwrap();
        }
        Err(other) => panic!("an unexpected failure: {other:?}"),
    }
    untouched(&fixture, &held).await;
}

pub async fn rows_with_the_same_ids_live_apart_in_each_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut held = fill(&fixture.b).await;
    // More of zone b below the shared ids, which nothing done in zone a may find.
    let child_record = fixture.b.given.child_record(&held.record);
    let child = fixture.b.given.child_session(&held.session);
    let narrowed = fixture.b.given.narrowed(&held.delegation, &held.session);
    let mut work = fixture.b.write().await;
    work.authority_records().create(&child_record).await.unwrap();
    work.sessions().create(&child).await.unwrap();
    work.delegations().create(&narrowed).await.unwrap();
    for expected in [2, 3] {
        let (policy, set) = (&held.policy, &held.set);
        let version = fixture.b.given.policy_version(policy);
        assert_eq!(work.policies().add_version(&version).await.unwrap(), expected);
        let version = fixture.b.given.policy_set_version(set, &[]);
        assert_eq!(work.policy_sets().add_version(&version).await.unwrap(), expected);
    }
    work.commit().await.unwrap();
    held.session.child_count = 1;

    let twin = held.twin(&fixture.a.given);
    let mut work = fixture.a.write().await;
    match twin.try_store(work.as_mut(), &fixture.a.given).await {
        Ok(()) => work.commit().await.unwrap(),
        // A backend may keep ids unique over the deployment instead.
        Err(Error::Conflict { .. }) => return,
        Err(other) => panic!("an unexpected failure: {other:?}"),
    }
    let now = fixture.world.now();
    let end = TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: "own".into(),
        at: now,
    };
    let mut work = fixture.a.write().await;
    let version = fixture.a.given.policy_set_version(&twin.set, &[]);
    assert_eq!(work.policy_sets().add_version(&version).await.unwrap(), 2);
    assert_eq!(
        work.policies()
            .add_version(&fixture.a.given.policy_version(&twin.policy))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        work.delegations()
            .lineage(&twin.delegation.id, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.delegations()
            .descendants(&twin.delegation.id, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let (live, total) = work
        .delegations()
        .live_descendants(&twin.delegation.id, now, 9)
        .await
        .unwrap();
    assert_eq!((live.len(), total), (1, 1));
    let holders = work
        .delegations()
        .holders_below(&twin.delegation.id)
        .await
        .unwrap();
    assert_eq!(holders.len(), 1);
    let anchored = work
        .authority_records()
        .of_sessions(std::slice::from_ref(&twin.session.id))
        .await
        .unwrap();
    assert_eq!(anchored.len(), 1);
    assert_eq!(
        work.delegations().inbound(&twin.session.id).await.unwrap().len(),
        0
    );
    let from = work
        .delegations()
        .inbound_from(&twin.session.id, &twin.application.id)
        .await;
    assert!(from.unwrap().is_empty(), "a delegation of zone b was found");
    assert_eq!(
        work.sessions()
            .suspend_tree(&twin.session.id, now)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.sessions()
            .resume_tree(&twin.session.id, now, now)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.sessions()
            .acquire_lease(&twin.other_session.id, 1, now, now)
            .await
            .unwrap(),
        Some(2)
    );
    assert!(
        work.sessions()
            .heartbeat(&twin.other_session.id, 2, now, now)
            .await
            .unwrap()
    );
    assert_eq!(
        work.sessions()
            .end_tree(&twin.session.id, &end)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.delegations()
            .revoke_tree(&twin.delegation.id, now)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.authority_records()
            .revoke_tree(&twin.record.id, "own", now)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(work.resources().archive(&twin.resource.id, now).await.unwrap());
    assert!(work.workloads().delete(&twin.workload.id).await.unwrap());
    assert!(
        work.subject_issuers()
            .archive(&twin.issuer.id, now)
            .await
            .unwrap()
    );
    assert!(work.notifications().delete(&twin.sink.id).await.unwrap());
    assert!(work.providers().archive(&twin.provider.id, now).await.unwrap());
    assert!(work.policies().archive(&twin.policy.id, now).await.unwrap());
    assert_eq!(
        work.policy_sets().archive(&twin.set.id, now).await.unwrap(),
        Some(true)
    );
    work.signing_keys().retire_before(i64::MAX, now).await.unwrap();
    work.secrets().put(SECRET, b"own", now).await.unwrap();
    work.commit().await.unwrap();

    untouched(&fixture, &held).await;
    let mut work = fixture.b.read().await;
    let (record, session, delegation) = (&child_record.id, &child.id, &narrowed.id);
    assert_eq!(
        work.authority_records().get(record).await.unwrap().as_ref(),
        Some(&child_record)
    );
    assert_eq!(work.sessions().get(session).await.unwrap().as_ref(), Some(&child));
    assert_eq!(
        work.delegations().get(delegation).await.unwrap().as_ref(),
        Some(&narrowed)
    );
    assert_eq!(
        work.policies()
            .versions(&held.policy.id, &ALL, 0)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
}

pub async fn archived_and_short_lived_rows_stay_in_their_zone_too(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = fill(&fixture.b).await;
    let now = fixture.world.now();
    let short_lived = Application {
        registration_method: RegistrationMethod::Dcr,
        expires_at: Some(now.plus(Duration::from_secs(9))),
        ..fixture.b.given.application()
    };
    let mut work = fixture.b.write().await;
    work.applications().create(&short_lived).await.unwrap();
    assert!(
        work.applications()
            .archive(&held.application.id, now)
            .await
            .unwrap()
    );
    assert!(work.resources().archive(&held.resource.id, now).await.unwrap());
    assert!(work.providers().archive(&held.provider.id, now).await.unwrap());
    work.commit().await.unwrap();
    for (zone, expected) in [(&fixture.b, 1), (&fixture.a, 0)] {
        let mut work = zone.read().await;
        assert_eq!(work.applications().count_live_dcr(now).await.unwrap(), expected);
        let registered = work.applications().hold_registrations(now).await.unwrap();
        assert_eq!(registered, expected);
        let ended = work
            .applications()
            .ended_dcr(now.plus(Duration::from_secs(9)), 9)
            .await;
        assert_eq!(ended.unwrap().len() as u64, expected);
        let archived = [
            work.applications()
                .list(&Registered::ARCHIVED, &ALL)
                .await
                .unwrap()
                .items
                .len(),
            work.resources()
                .list(&Registered::ARCHIVED, &ALL)
                .await
                .unwrap()
                .items
                .len(),
            work.providers()
                .list(&Registered::ARCHIVED, &ALL)
                .await
                .unwrap()
                .items
                .len(),
        ];
        assert!(
            archived.iter().all(|count| *count as u64 == expected),
            "{archived:?}"
        );
        let taken = work
            .resources()
            .identifier_taken(&held.resource.identifier, None, true)
            .await
            .unwrap();
        assert_eq!(u64::from(taken), expected);
    }
}

pub async fn a_zones_admin_audit_cannot_be_read_from_another(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    fill(&fixture.b).await;
    let mut work = fixture.a.read().await;
    let listed = work
        .admin_audit()
        .list(fixture.b.id(), &AdminAuditFilter::default(), &ALL)
        .await;
    assert!(listed.is_err() || listed.is_ok_and(|page| page.items.is_empty()));
}

/// Everything in zone `b` is as it was stored.
async fn untouched(fixture: &Fixture, held: &Everything) {
    let now = fixture.world.now();
    let mut work = fixture.b.read().await;
    assert_eq!(
        held.visible(work.as_mut(), &fixture.b.given).await.len(),
        SIGHTINGS
    );
    assert_eq!(
        work.applications()
            .get(&held.application.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&held.application)
    );
    assert_eq!(
        work.workloads().get(&held.workload.id).await.unwrap().as_ref(),
        Some(&held.workload)
    );
    assert_eq!(
        work.subject_issuers()
            .get(&held.issuer.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&held.issuer)
    );
    assert_eq!(
        work.providers().get(&held.provider.id).await.unwrap().as_ref(),
        Some(&held.provider)
    );
    assert_eq!(
        work.resources().get(&held.resource.id).await.unwrap().as_ref(),
        Some(&held.resource)
    );
    assert_eq!(
        work.secrets().get(SECRET).await.unwrap().as_deref(),
        Some(b"sealed".as_slice())
    );
    assert_eq!(
        work.policy_sets().active().await.unwrap().unwrap().version.id,
        held.set_version.id
    );
    assert_eq!(
        work.signing_keys().list(now).await.unwrap(),
        vec![held.key.clone()]
    );
    assert_eq!(
        work.authority_records()
            .get(&held.record.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&held.record)
    );
    assert_eq!(
        work.sessions().get(&held.session.id).await.unwrap().as_ref(),
        Some(&held.session)
    );
    assert_eq!(
        work.sessions()
            .get(&held.other_session.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&held.other_session)
    );
    assert_eq!(
        work.delegations()
            .get(&held.delegation.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&held.delegation)
    );
    assert_eq!(work.delegations().epoch().await.unwrap(), 1);
    assert_eq!(work.ledger().head().await.unwrap().size, 1);
    let receipt = &held.receipt;
    assert_eq!(
        work.receipts()
            .count(&receipt.operation, &receipt.scope_id, now)
            .await
            .unwrap(),
        1
    );
}
