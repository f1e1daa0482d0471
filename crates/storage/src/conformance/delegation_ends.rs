//! How delegations end: by revocation along their lineage, with a session, and by time.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    DelegationId,
    entity::{Delegation, DelegationStatus},
};

use super::{
    Backend,
    delegations::{line, sessions, store},
    fixture::{Fixture, InZone},
    race::{give_way, race, retry},
};

fn set<'a>(delegations: impl IntoIterator<Item = &'a Delegation>) -> BTreeSet<DelegationId> {
    delegations
        .into_iter()
        .map(|delegation| delegation.id.clone())
        .collect()
}

/// Ids of what a call reported, each once.
fn reported(delegations: &[Delegation]) -> BTreeSet<DelegationId> {
    let distinct = set(delegations);
    assert_eq!(
        distinct.len(),
        delegations.len(),
        "a delegation was reported twice"
    );
    distinct
}

async fn stored(zone: &InZone, delegation: &Delegation) -> Delegation {
    zone.read()
        .await
        .delegations()
        .get(&delegation.id)
        .await
        .unwrap()
        .unwrap()
}

pub async fn revoking_follows_lineage_and_spares_bystanders(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 4).await;
    let line = line(&fixture.a, &sessions).await;
    // Same sessions at both ends, and a root that starts where the revoked one ends: neither descends from it.
    let parallel = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    let adjacent = fixture.a.given.delegation(&sessions[1], &sessions[2]);
    store(&fixture.a, &[&parallel, &adjacent]).await;
    fixture.world.manual_clock().advance(Duration::from_micros(3));

    let mut work = fixture.a.write().await;
    let changed = work
        .delegations()
        .revoke_tree(&line[1].id, fixture.world.now())
        .await
        .unwrap();
    assert!(
        work.delegations()
            .revoke_tree(&line[1].id, fixture.world.now())
            .await
            .unwrap()
            .is_empty()
    );
    work.commit().await.unwrap();
    assert_eq!(reported(&changed), set(&line[1..]));
    assert_eq!(changed[0].id, line[1].id, "the root comes first");
    for delegation in &line[1..] {
        let after = stored(&fixture.a, delegation).await;
        assert_eq!(
            (after.status, after.revoked_at),
            (DelegationStatus::Revoked, Some(fixture.world.now()))
        );
        assert!(
            after.edge_version > delegation.edge_version,
            "the version grows with each change of state"
        );
    }
    for bystander in [&line[0], &parallel, &adjacent] {
        assert_eq!(&stored(&fixture.a, bystander).await, bystander);
    }
}

pub async fn revocation_passes_through_ended_delegations_to_active_ones_below(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 4).await;
    let soon = fixture.world.now().plus(Duration::from_secs(1));
    let root = Delegation {
        expires_at: soon,
        ..fixture.a.given.delegation(&sessions[0], &sessions[1])
    };
    let hour = soon.plus(Duration::from_hours(1));
    let middle = Delegation {
        expires_at: hour,
        ..fixture.a.given.narrowed(&root, &sessions[2])
    };
    let leaf = fixture.a.given.narrowed(&middle, &sessions[3]);
    store(&fixture.a, &[&root, &middle]).await;
    let mut work = fixture.a.write().await;
    assert_eq!(
        reported(&work.delegations().expire_due(soon, 10).await.unwrap()),
        set([&root])
    );
    assert_eq!(
        reported(&work.delegations().revoke_tree(&middle.id, soon).await.unwrap()),
        set([&middle])
    );
    work.delegations().create(&leaf).await.unwrap();
    assert_eq!(
        reported(&work.delegations().revoke_tree(&root.id, soon).await.unwrap()),
        set([&leaf])
    );
    work.commit().await.unwrap();
    assert_eq!(
        stored(&fixture.a, &root).await.status,
        DelegationStatus::Expired,
        "an end is not overwritten"
    );
}

pub async fn of_many_revocations_exactly_one_reports_each_delegation(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 6).await;
    let line = line(&fixture.a, &sessions).await;
    let reports = race(8, |runner| {
        let (zone, id) = (fixture.a.clone(), line[runner % 3].id.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let changed = work
                    .delegations()
                    .revoke_tree(&id, zone.given.world.now())
                    .await?;
                work.commit().await?;
                Ok(changed)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(reported(&reports.concat()), set(&line));
}

pub async fn revoking_with_a_session_takes_both_ends_and_their_descendants(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 6).await;
    let given = &fixture.a.given;
    let outbound = given.delegation(&sessions[0], &sessions[1]);
    let below = given.narrowed(&outbound, &sessions[2]);
    let far_below = given.narrowed(&below, &sessions[3]);
    let inbound = given.delegation(&sessions[4], &sessions[0]);
    let bystander = given.delegation(&sessions[1], &sessions[2]);
    let above = given.delegation(&sessions[5], &sessions[4]);
    let narrowing = Delegation {
        source_session_id: sessions[4].id.clone(),
        ..given.narrowed(&above, &sessions[0])
    };
    let ended = given.delegation(&sessions[0], &sessions[5]);
    store(
        &fixture.a,
        &[
            &outbound, &below, &far_below, &inbound, &bystander, &above, &narrowing, &ended,
        ],
    )
    .await;
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    work.delegations().revoke_tree(&ended.id, now).await.unwrap();
    assert!(
        work.delegations()
            .revoke_touching(&[], now)
            .await
            .unwrap()
            .is_empty()
    );
    let changed = work
        .delegations()
        .revoke_touching(&[sessions[0].id.clone()], now)
        .await
        .unwrap();
    assert_eq!(
        reported(&changed),
        set([&outbound, &below, &far_below, &inbound, &narrowing])
    );
    assert!(
        work.delegations()
            .revoke_touching(&[sessions[0].id.clone()], now)
            .await
            .unwrap()
            .is_empty()
    );
    work.commit().await.unwrap();
    for kept in [&bystander, &above] {
        assert_eq!(
            &stored(&fixture.a, kept).await,
            kept,
            "an ancestor or a neighbour was revoked"
        );
    }
}

pub async fn delegations_expire_at_their_boundary_and_within_the_limit(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let short = || Delegation {
        expires_at: end,
        ..fixture.a.given.delegation(&sessions[0], &sessions[1])
    };
    let due: Vec<_> = (0..5).map(|_| short()).collect();
    let revoked = short();
    let long = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    store(
        &fixture.a,
        &due.iter().chain([&revoked, &long]).collect::<Vec<_>>(),
    )
    .await;
    let mut work = fixture.a.write().await;
    work.delegations()
        .revoke_tree(&revoked.id, fixture.world.now())
        .await
        .unwrap();
    let early = end.minus(Duration::from_micros(1));
    assert!(
        work.delegations().expire_due(early, 10).await.unwrap().is_empty(),
        "a microsecond early"
    );
    let mut expired = work.delegations().expire_due(end, 3).await.unwrap();
    assert_eq!(expired.len(), 3, "no more than the limit");
    expired.extend(work.delegations().expire_due(end, 3).await.unwrap());
    assert_eq!(reported(&expired), set(&due));
    assert!(work.delegations().expire_due(end, 3).await.unwrap().is_empty());
    work.commit().await.unwrap();
    for delegation in &due {
        let after = stored(&fixture.a, delegation).await;
        assert_eq!(
            (after.status, after.revoked_at),
            (DelegationStatus::Expired, None)
        );
        assert!(after.edge_version > delegation.edge_version);
    }
    assert_eq!(
        stored(&fixture.a, &revoked).await.status,
        DelegationStatus::Revoked
    );
    assert_eq!(stored(&fixture.a, &long).await, long);
}

pub async fn of_many_reapers_exactly_one_expires_each_delegation(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 2).await;
    let due: Vec<_> = (0..12)
        .map(|_| fixture.a.given.delegation(&sessions[0], &sessions[1]))
        .collect();
    store(&fixture.a, &due.iter().collect::<Vec<_>>()).await;
    let late = due[0].expires_at.plus(Duration::from_secs(1));
    let reports = race(4, |_| {
        let zone = fixture.a.clone();
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let expired = work.delegations().expire_due(late, 100).await?;
                work.commit().await?;
                Ok(expired)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(reported(&reports.concat()), set(&due));
}

pub async fn no_delegation_outlives_a_parent_revoked_at_the_same_time(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = sessions(&fixture.a, 3).await;
    let parent = fixture.a.given.delegation(&sessions[0], &sessions[1]);
    store(&fixture.a, &[&parent]).await;
    let child = fixture.a.given.narrowed(&parent, &sessions[2]);
    let mut narrowing = fixture.a.write().await;
    assert!(
        narrowing
            .delegations()
            .get_locked(&parent.id)
            .await
            .unwrap()
            .is_some()
    );
    narrowing.delegations().create(&child).await.unwrap();
    let (zone, id) = (fixture.a.clone(), parent.id.clone());
    let revoking = tokio::spawn(async move {
        retry(|| async {
            let mut work = zone.try_write().await?;
            let changed = work
                .delegations()
                .revoke_tree(&id, zone.given.world.now())
                .await?;
            work.commit().await?;
            Ok(changed)
        })
        .await
        .unwrap()
    });
    give_way(&revoking).await;
    narrowing.commit().await.unwrap();
    assert_eq!(
        reported(&revoking.await.unwrap()),
        set([&parent, &child]),
        "the child was made just in time"
    );
}
