//! Delegations: what is stored and listed, lineage, reach, and the epoch.

use std::time::Duration;

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, ScopeSet, SessionId,
    entity::{Constraints, Delegation, DelegationStatus, Session},
};

use crate::{DelegationDirection, DelegationFilter, Error};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, walk},
    race::{give_way, race, retry},
};

/// Commits `count` root tasks of one party.
pub(super) async fn sessions(zone: &InZone, count: usize) -> Vec<Session> {
    let party = zone.party().await;
    let sessions: Vec<_> = (0..count).map(|_| party.task()).collect();
    zone.start(&sessions.iter().collect::<Vec<_>>()).await;
    sessions
}

/// Commits the delegations, in order.
pub(super) async fn store(zone: &InZone, delegations: &[&Delegation]) {
    let mut work = zone.write().await;
    for delegation in delegations {
        work.delegations().create(delegation).await.unwrap();
    }
    work.commit().await.unwrap();
}

/// A line of delegations through `sessions`, each narrowing the one before.
pub(super) async fn line(zone: &InZone, sessions: &[Session]) -> Vec<Delegation> {
    let mut line = vec![zone.given.delegation(&sessions[0], &sessions[1])];
    for target in &sessions[2..] {
        line.push(zone.given.narrowed(line.last().unwrap(), target));
    }
    store(zone, &line.iter().collect::<Vec<_>>()).await;
    line
}

fn ids(delegations: &[Delegation]) -> Vec<DelegationId> {
    delegations
        .iter()
        .map(|delegation| delegation.id.clone())
        .collect()
}

pub async fn a_delegation_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let provider = fixture.a.given.provider();
    let resource = fixture.a.given.resource(&provider);
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let root = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let full = Delegation {
        resource_id: Some(resource.id.clone()),
        constraints: Constraints {
            resources: vec!["resource://b".into(), "resource://a".into()],
            ttl_seconds: Some(300),
            max_depth: Some(4),
            max_hops: Some(3),
            budget: Some(64),
            policy_approved: Some(true),
            expires_at: Some(fixture.world.now().plus(Duration::from_mins(1))),
            broad_reason: Some("\"why\"".into()),
        },
        ..fixture.a.given.narrowed(&root, &sessions[0])
    };
    let bare = Delegation {
        scopes: ScopeSet::default(),
        constraints: Constraints::default(),
        ..fixture.a.given.delegation(&sessions[0], &sessions[1])
    };
    store(&fixture.a, &[&root, &full, &bare]).await;
    let mut work = fixture.a.read().await;
    for delegation in [root, full, bare] {
        assert_eq!(
            work.delegations().get(&delegation.id).await.unwrap(),
            Some(delegation)
        );
    }
    assert_eq!(
        work.delegations()
            .get(&DelegationId::generate(&fixture.world))
            .await
            .unwrap(),
        None
    );
}

pub async fn a_delegation_needs_everything_it_refers_to(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let own = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let nowhere = SessionId::generate(&fixture.world);
    for orphan in [
        Delegation {
            source_session_id: nowhere.clone(),
            ..own.clone()
        },
        Delegation {
            target_session_id: nowhere,
            ..own.clone()
        },
        Delegation {
            parent_edge_id: Some(DelegationId::generate(&fixture.world)),
            ..own.clone()
        },
        Delegation {
            issuer_application_id: fixture.a.given.application().id,
            ..own.clone()
        },
        Delegation {
            resource_id: Some(fixture.a.given.resource(&fixture.a.given.provider()).id),
            ..own
        },
    ] {
        let mut work = fixture.a.write().await;
        let refused = work.delegations().create(&orphan).await;
        assert!(matches!(refused, Err(Error::MissingReference)), "{refused:?}");
    }
}

pub async fn a_lineage_runs_from_the_root_and_stops_at_its_limit(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 7).await;
    let line = line(&fixture.a, &sessions).await;
    let sibling = fixture.a.given.narrowed(&line[2], &sessions[0]);
    store(&fixture.a, &[&sibling]).await;
    let mut work = fixture.a.read().await;
    assert_eq!(work.delegations().lineage(&line[5].id, 100).await.unwrap(), line);
    assert_eq!(
        ids(&work.delegations().lineage(&line[2].id, 100).await.unwrap()),
        ids(&line[..3])
    );
    assert_eq!(
        work.delegations().lineage(&line[0].id, 100).await.unwrap(),
        line[..1]
    );
    let cut = work.delegations().lineage(&line[5].id, 3).await.unwrap();
    assert_eq!(
        ids(&cut),
        ids(&line[3..]),
        "the nearest ancestors, still root first"
    );
    assert!(
        cut[0].parent_edge_id.is_some(),
        "a cut lineage shows that it was cut"
    );
    assert!(
        work.delegations()
            .lineage(&DelegationId::generate(&fixture.world), 5)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_delegation_that_is_its_own_parent_loops_nobody(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let mut own = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    own.parent_edge_id = Some(own.id.clone());
    let mut work = fixture.a.write().await;
    match work.delegations().create(&own).await {
        Err(Error::MissingReference | Error::Corrupt(_) | Error::Conflict { .. }) => return,
        Err(other) => panic!("an unexpected failure: {other:?}"),
        Ok(()) => work.commit().await.unwrap(),
    }
    let mut work = fixture.a.write().await;
    assert!(work.delegations().lineage(&own.id, 50).await.unwrap().len() <= 50);
    assert_eq!(work.delegations().descendants(&own.id, 9).await.unwrap().len(), 1);
    assert_eq!(
        work.delegations()
            .revoke_tree(&own.id, fixture.world.now())
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn descendants_come_breadth_first_with_their_distance(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 4).await;
    let root = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let above = fixture.a.given.narrowed(&root, &sessions[2]);
    let (left, right) = (
        fixture.a.given.narrowed(&above, &sessions[0]),
        fixture.a.given.narrowed(&above, &sessions[1]),
    );
    let leaf = fixture.a.given.narrowed(&left, &sessions[3]);
    // The leaf is the oldest, so that an order by creation would be wrong.
    store(&fixture.a, &[&root, &above, &left, &leaf, &right]).await;
    let mut work = fixture.a.read().await;
    let found = work.delegations().descendants(&above.id, 9).await.unwrap();
    let mut distances: Vec<_> = found
        .iter()
        .map(|(row, distance)| (*distance, row.id.clone()))
        .collect();
    assert_eq!(
        distances.iter().map(|row| row.0).collect::<Vec<_>>(),
        [0, 1, 1, 2]
    );
    distances.sort();
    let mut expected = vec![(0, above.id), (1, left.id), (1, right.id), (2, leaf.id)];
    expected.sort();
    assert_eq!(distances, expected);
    assert!(
        work.delegations()
            .descendants(&DelegationId::generate(&fixture.world), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn of_a_graph_the_nearest_are_read_and_the_live_are_counted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 4).await;
    let root = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let children = [(); 4].map(|()| fixture.a.given.narrowed(&root, &sessions[2]));
    let below = fixture.a.given.narrowed(&children[0], &sessions[3]);
    let mut revoked = fixture.a.given.narrowed(&root, &sessions[3]);
    revoked.status = DelegationStatus::Revoked;
    revoked.revoked_at = Some(fixture.world.now());
    // What is live goes on below what has ended: a revocation reaches it, too.
    let mut beneath = fixture.a.given.narrowed(&revoked, &sessions[2]);
    beneath.status = DelegationStatus::Active;
    beneath.revoked_at = None;
    let mut over = beneath.clone();
    over.id = DelegationId::generate(&fixture.world);
    over.expires_at = fixture.world.now();
    let [one, two, three, four] = &children;
    store(
        &fixture.a,
        &[&root, one, &below, &revoked, &over, &beneath, two, three, four],
    )
    .await;

    let mut work = fixture.a.read().await;
    let delegations = work.delegations();
    for (limit, expected) in [
        (0, vec![]),
        (1, vec![0]),
        (3, vec![0, 1, 1]),
        (6, vec![0, 1, 1, 1, 1, 1]),
        (8, vec![0, 1, 1, 1, 1, 1, 2, 2]),
        (9, vec![0, 1, 1, 1, 1, 1, 2, 2, 2]),
    ] {
        let found = delegations.descendants(&root.id, limit).await.unwrap();
        let distances: Vec<u32> = found.iter().map(|(_, distance)| *distance).collect();
        assert_eq!(distances, expected, "the nearest {limit}");
    }
    for (limit, expected) in [(0, 0), (2, 2), (5, 5), (6, 6), (7, 7), (50, 7)] {
        let (found, total) = delegations
            .live_descendants(&root.id, fixture.world.now(), limit)
            .await
            .unwrap();
        assert!(found.iter().all(|(row, _)| row.is_live(fixture.world.now())));
        assert!(found.is_sorted_by_key(|(_, distance)| *distance));
        assert_eq!((found.len(), total), (expected, 7), "the nearest {limit}");
    }
    let unknown = DelegationId::generate(&fixture.world);
    let (found, total) = delegations
        .live_descendants(&unknown, fixture.world.now(), 9)
        .await
        .unwrap();
    assert!(found.is_empty() && total == 0);

    let mut holders: Vec<ApplicationId> = sessions.iter().map(|row| row.application_id.clone()).collect();
    holders.sort();
    holders.dedup();
    assert_eq!(delegations.holders_below(&root.id).await.unwrap(), holders);
    assert!(delegations.holders_below(&unknown).await.unwrap().is_empty());
    let ids: Vec<SessionId> = sessions.iter().map(|row| row.id.clone()).collect();
    let mut records: Vec<AuthorityRecordId> = sessions
        .iter()
        .map(|row| row.subject_authority_record_id.clone())
        .collect();
    records.sort();
    records.dedup();
    assert_eq!(work.authority_records().of_sessions(&ids).await.unwrap(), records);
    assert!(
        work.authority_records()
            .of_sessions(&[])
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn delegations_are_listed_by_their_end(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 3).await;
    let mut made = Vec::new();
    for (source, target) in [(0, 1), (0, 1), (1, 2), (2, 1), (1, 0)] {
        fixture.world.manual_clock().advance(Duration::from_millis(1));
        made.push(fixture.a.given.delegation(&sessions[source], &sessions[target]));
    }
    store(&fixture.a, &made.iter().collect::<Vec<_>>()).await;
    let mut work = fixture.a.write().await;
    work.delegations()
        .revoke_tree(&made[0].id, fixture.world.now())
        .await
        .unwrap();
    work.commit().await.unwrap();
    let inbound = [&made[3].id, &made[1].id, &made[0].id];
    let outbound = [&made[4].id, &made[2].id];
    for (direction, expected) in [
        (DelegationDirection::Inbound, inbound.as_slice()),
        (DelegationDirection::Outbound, outbound.as_slice()),
    ] {
        let read = async |page| {
            fixture
                .a
                .read()
                .await
                .delegations()
                .list(&sessions[1].id, direction, &page)
                .await
                .unwrap()
        };
        let walked = ids(&walk(1, read).await);
        assert_eq!(walked.iter().collect::<Vec<_>>(), expected, "{direction:?}");
    }
    let listed = fixture
        .a
        .read()
        .await
        .delegations()
        .inbound(&sessions[1].id)
        .await
        .unwrap();
    assert_eq!(
        ids(&listed).iter().collect::<Vec<_>>(),
        inbound,
        "whatever their state, newest first"
    );
}

pub async fn at_most_a_hundred_inbound_delegations_are_returned(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let mut work = fixture.a.write().await;
    for _ in 0..103 {
        fixture.world.manual_clock().advance(Duration::from_micros(1));
        let delegation = fixture.a.given.delegation(&sessions[0], &sessions[1]);
        work.delegations().create(&delegation).await.unwrap();
    }
    let newest = fixture.world.now();
    let listed = work.delegations().inbound(&sessions[1].id).await.unwrap();
    assert_eq!(listed.len(), 100);
    assert_eq!(listed[0].created_at, newest);
    assert!(listed.is_sorted_by(|earlier, later| earlier.created_at > later.created_at));
}

pub async fn only_live_delegations_are_listed_as_live(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let short = Delegation {
        expires_at: end,
        ..fixture.a.given.delegation(&sessions[0], &sessions[1])
    };
    let long = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let revoked = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    store(&fixture.a, &[&short, &long, &revoked]).await;
    let mut work = fixture.a.write().await;
    work.delegations()
        .revoke_tree(&revoked.id, fixture.world.now())
        .await
        .unwrap();
    let all = DelegationFilter::default();
    let mut live = async |at| {
        let page = work.delegations().list_live(&all, at, &ALL).await;
        page.unwrap().items.len()
    };
    assert_eq!(live(end.minus(Duration::from_micros(1))).await, 2);
    assert_eq!(live(end).await, 1, "the end itself is past");
}

pub async fn what_one_application_handed_over_is_found_among_what_others_did(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let ours = sessions(&fixture.a, 2).await;
    let strangers = sessions(&fixture.a, 1).await;
    let target = &ours[1];
    let own = fixture.a.given.delegation(&ours[0], target);
    store(&fixture.a, &[&own]).await;
    for _ in 0..101 {
        fixture.world.manual_clock().advance(Duration::from_micros(1));
        store(&fixture.a, &[&fixture.a.given.delegation(&strangers[0], target)]).await;
    }
    let mut work = fixture.a.read().await;
    let found = work
        .delegations()
        .inbound_from(&target.id, &own.issuer_application_id)
        .await
        .unwrap();
    assert_eq!(found, [own]);
    let none = work
        .delegations()
        .inbound_from(&strangers[0].id, &ours[0].application_id)
        .await
        .unwrap();
    assert!(none.is_empty());
}

pub async fn the_epoch_moves_by_one_for_each_of_16_writers(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    assert_eq!(fixture.a.read().await.delegations().epoch().await.unwrap(), 0);
    let mut epochs = race(16, |_| {
        let zone = fixture.a.clone();
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let epoch = work.delegations().advance_epoch(zone.given.world.now()).await?;
                work.commit().await?;
                Ok(epoch)
            })
            .await
            .unwrap()
        }
    })
    .await;
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=16).collect::<Vec<_>>());
    let mut work = fixture.a.write().await;
    assert_eq!(
        work.delegations()
            .advance_epoch(fixture.world.now())
            .await
            .unwrap(),
        17
    );
    drop(work);
    assert_eq!(
        fixture.a.read().await.delegations().epoch().await.unwrap(),
        16,
        "a dropped work moves nothing"
    );
    assert_eq!(
        fixture.b.read().await.delegations().epoch().await.unwrap(),
        0,
        "each zone has its own epoch"
    );
}

pub async fn a_locked_delegation_waits_for_the_work_that_holds_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let delegation = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    store(&fixture.a, &[&delegation]).await;
    let mut holder = fixture.a.write().await;
    assert_eq!(
        holder
            .delegations()
            .get_locked(&delegation.id)
            .await
            .unwrap()
            .as_ref(),
        Some(&delegation)
    );
    let (zone, id) = (fixture.a.clone(), delegation.id.clone());
    let rival = tokio::spawn(async move {
        let read = || async {
            let mut work = zone.try_write().await?;
            work.delegations().get_locked(&id).await
        };
        retry(read).await.unwrap().unwrap().status
    });
    give_way(&rival).await;
    assert!(!rival.is_finished(), "the delegation was held twice");
    holder
        .delegations()
        .revoke_tree(&delegation.id, fixture.world.now())
        .await
        .unwrap();
    holder.commit().await.unwrap();
    assert_eq!(rival.await.unwrap(), DelegationStatus::Revoked);
}
