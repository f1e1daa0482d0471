//! How many there are, without counting them.

use std::time::Duration;

use caracal_core::entity::{OperationEnforcement, Resource};

use crate::{CountedPolicySets, Lock};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    race::{race, retry},
};

async fn live(zone: &InZone) -> u64 {
    zone.read().await.resources().count_live().await.unwrap()
}

/// Commits a provider and resources of it.
async fn resources(zone: &InZone, count: usize) -> Vec<Resource> {
    let provider = zone.given.provider();
    let made: Vec<Resource> = (0..count).map(|_| zone.given.resource(&provider)).collect();
    let mut work = zone.write().await;
    work.providers().create(&provider).await.unwrap();
    for resource in &made {
        work.resources().create(resource).await.unwrap();
    }
    work.commit().await.unwrap();
    made
}

pub async fn resources_are_counted_as_they_come_and_go(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    assert_eq!(live(&fixture.a).await, 0);
    let made = resources(&fixture.a, 3).await;
    resources(&fixture.b, 1).await;
    assert_eq!((live(&fixture.a).await, live(&fixture.b).await), (3, 1));
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    assert!(work.resources().archive(&made[0].id, now).await.unwrap());
    assert!(!work.resources().archive(&made[0].id, now).await.unwrap());
    let renamed = Resource {
        name: String::from("another"),
        ..made[1].clone()
    };
    assert!(work.resources().update(&renamed).await.unwrap());
    assert_eq!(
        work.resources().count_live().await.unwrap(),
        2,
        "its own changes count"
    );
    drop(work);
    assert_eq!(live(&fixture.a).await, 3, "what was given up does not");
    let mut work = fixture.a.write().await;
    for resource in &made[..2] {
        let open = Resource {
            operation_enforcement: OperationEnforcement::TransportUniform,
            ..resource.clone()
        };
        assert!(work.resources().update(&open).await.unwrap());
    }
    assert!(work.resources().archive(&made[0].id, now).await.unwrap());
    assert_eq!(work.resources().count_unenforced().await.unwrap(), 1);
}

pub async fn live_records_are_counted_up_to_a_bound(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let live = async |zone: &InZone, now, most| {
        let mut work = zone.read().await;
        work.authority_records().count_live(now, most).await.unwrap()
    };
    assert_eq!(live(&fixture.a, now, 9).await, 0);
    let first = fixture.a.party().await.record;
    for _ in 0..3 {
        fixture.a.party().await;
    }
    fixture.b.party().await;
    assert_eq!(live(&fixture.a, now, 9).await, 4);
    assert_eq!(
        live(&fixture.a, now, 3).await,
        3,
        "no further than it is asked to"
    );
    assert_eq!(live(&fixture.b, now, 9).await, 1);
    let mut work = fixture.a.write().await;
    work.authority_records()
        .revoke_tree(&first.id, "test", now)
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(live(&fixture.a, now, 9).await, 3);
    let end = first.expires_at;
    let before = end.minus(Duration::from_micros(1));
    assert_eq!(live(&fixture.a, before, 9).await, 3);
    assert_eq!(
        live(&fixture.a, end, 9).await,
        0,
        "over, whether or not it was reaped"
    );
}

pub async fn policy_sets_are_counted_and_the_one_in_force_is_named(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let now = fixture.world.now();
    let (policy, version) = zone.given.policy();
    let sets = [(); 3].map(|()| zone.given.policy_set());
    let active = zone.given.policy_set_version(&sets[1], &[&version]);
    let mut work = zone.write().await;
    assert_eq!(
        work.policy_sets().count().await.unwrap(),
        CountedPolicySets::default()
    );
    work.policies().create(&policy, &version).await.unwrap();
    for set in &sets {
        work.policy_sets().create(set).await.unwrap();
    }
    work.policy_sets().add_version(&active).await.unwrap();
    let counted = work.policy_sets().count().await.unwrap();
    assert_eq!((counted.total, counted.in_force), (3, None));
    assert!(
        work.policy_sets()
            .activate(&sets[1].id, &active.id, now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut elsewhere = fixture.b.read().await;
    assert_eq!(elsewhere.policy_sets().count().await.unwrap().total, 0);
    drop(elsewhere);
    let mut work = zone.write().await;
    assert!(
        work.policy_sets()
            .archive(&sets[0].id, now)
            .await
            .unwrap()
            .is_some()
    );
    let counted = work.policy_sets().count().await.unwrap();
    assert_eq!((counted.total, counted.in_force), (2, Some(sets[1].name.clone())));
    assert!(
        work.policy_sets()
            .archive(&sets[1].id, now)
            .await
            .unwrap()
            .is_some()
    );
    let counted = work.policy_sets().count().await.unwrap();
    assert_eq!((counted.total, counted.in_force), (1, None));
}

pub async fn rivals_who_make_and_archive_lose_no_count(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let there = resources(&fixture.a, 8).await;
    let settled = race(16, |runner| {
        let zone = fixture.a.clone();
        let now = fixture.world.now();
        let mut new = there[0].clone();
        let fresh = zone.given.resource(&zone.given.provider());
        (new.id, new.identifier) = (fresh.id, fresh.identifier);
        let gone = there[runner / 2].id.clone();
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                if runner % 2 == 0 {
                    work.resources().archive(&gone, now).await?;
                } else {
                    work.resources().create(&new).await?;
                }
                work.commit().await
            })
            .await
        }
    })
    .await;
    assert!(settled.iter().all(Result::is_ok), "{settled:?}");
    assert_eq!(live(&fixture.a).await, 8, "8 were there, 8 went, 8 came");
}

pub async fn of_16_rivals_for_the_last_places_as_many_win_as_there_are(backend: Backend) {
    const MOST: u64 = 7;
    let fixture = Fixture::new(backend).await;
    let there = resources(&fixture.a, 2).await;
    let won = race(16, |_| {
        let zone = fixture.a.clone();
        let mut new = there[0].clone();
        let fresh = zone.given.resource(&zone.given.provider());
        (new.id, new.identifier) = (fresh.id, fresh.identifier);
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                work.lock(Lock::ZoneState).await?;
                if work.resources().count_live().await? >= MOST {
                    return Ok(false);
                }
                work.resources().create(&new).await?;
                work.commit().await?;
                Ok(true)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(won.iter().filter(|won| **won).count(), 5);
    assert_eq!(live(&fixture.a).await, MOST);
}
