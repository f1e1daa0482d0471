//! Zones.

use std::time::Duration;

use caracal_core::{
    ZoneId,
    entity::{Attribution, Zone},
};

use crate::{Error, ZoneFilter};

use super::{
    Backend,
    fixture::{ALL, Fixture},
    given::Given,
    race::{race, retry},
};

pub async fn a_zone_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = Zone {
        name: String::from("Zürich \"quoted\" 東京 %_\\"),
        dcr_enabled: false,
        operator_coauthor_badge: true,
        operator_governed: true,
        ..Given::new(&fixture.world).zone()
    };
    let mut work = fixture.global_write().await;
    work.zones().create(&zone).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        fixture.global_read().await.zones().get(&zone.id).await.unwrap(),
        Some(zone.clone())
    );
    let mut work = fixture
        .backend
        .store
        .zone(&zone.id, crate::Access::Read)
        .await
        .unwrap();
    assert_eq!(work.zone().await.unwrap(), Some(zone));
}

pub async fn a_slug_is_never_reused(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = Given::new(&fixture.world).zone();
    let twin = Zone {
        slug: zone.slug.clone(),
        ..Given::new(&fixture.world).zone()
    };
    let mut work = fixture.global_write().await;
    work.zones().create(&zone).await.unwrap();
    work.commit().await.unwrap();
    for archived in [false, true] {
        if archived {
            let mut work = fixture.global_write().await;
            assert!(work.zones().archive(&zone.id, fixture.world.now()).await.unwrap());
            work.commit().await.unwrap();
        }
        let mut work = fixture.global_write().await;
        assert!(work.zones().slug_taken(&zone.slug).await.unwrap());
        let refused = work.zones().create(&twin).await;
        assert!(
            matches!(refused, Err(Error::Conflict { ref constraint }) if constraint == "zones_slug"),
            "{refused:?}"
        );
        drop(work);
        let mut work = fixture.global_write().await;
        let renamed = Zone {
            id: fixture.a.id().clone(),
            ..twin.clone()
        };
        let refused = work.zones().update(&renamed).await;
        assert!(
            matches!(refused, Err(Error::Conflict { ref constraint }) if constraint == "zones_slug"),
            "{refused:?}"
        );
    }
    assert!(
        !fixture
            .global_read()
            .await
            .zones()
            .slug_taken("free")
            .await
            .unwrap()
    );
}

pub async fn of_many_zones_with_one_slug_exactly_one_is_created(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let slug = fixture.a.given.unique("contested");
    let outcomes = race(8, |_| {
        let store = fixture.backend.store.clone();
        let zone = Zone {
            slug: slug.clone(),
            ..Given::new(&fixture.world).zone()
        };
        async move {
            retry(|| async {
                let mut work = store.global(crate::Access::Write).await?;
                work.zones().create(&zone).await?;
                work.commit().await
            })
            .await
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(
        outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
            .all(|e| matches!(e, Error::Conflict { .. }))
    );
}

pub async fn an_archived_zone_is_gone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let zone = fixture.a.read().await.zone().await.unwrap().unwrap();
    let mut work = fixture.global_write().await;
    assert!(work.zones().archive(&zone.id, now).await.unwrap());
    assert!(
        !work.zones().archive(&zone.id, now).await.unwrap(),
        "archived twice"
    );
    assert!(
        !work.zones().update(&zone).await.unwrap(),
        "changed after it was archived"
    );
    assert!(
        !work
            .zones()
            .archive(&ZoneId::generate(&fixture.world), now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    let kept = work.zones().get_with_archived(&zone.id).await.unwrap();
    assert_eq!(kept.and_then(|kept| kept.archived_at), Some(now));
    let absent = ZoneId::generate(&fixture.world);
    assert_eq!(work.zones().get_with_archived(&absent).await.unwrap(), None);
    assert_eq!(work.zones().get(&zone.id).await.unwrap(), None);
    let listed = work
        .zones()
        .list(&ZoneFilter::default(), &ALL)
        .await
        .unwrap()
        .items;
    assert_eq!(
        listed.iter().map(|zone| &zone.id).collect::<Vec<_>>(),
        [fixture.b.id()]
    );
    assert_eq!(fixture.a.read().await.zone().await.unwrap(), None);
}

pub async fn an_update_replaces_names_and_flags_and_keeps_the_creation(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = fixture.a.read().await.zone().await.unwrap().unwrap();
    fixture
        .world
        .manual_clock()
        .advance(Duration::from_micros(1_000_001));
    let mut changed = Zone {
        frozen_at: Some(fixture.world.now()),
        mint_limit_per_minute: Some(60),
        name: String::from("Renamed"),
        slug: String::from("renamed"),
        dcr_enabled: !zone.dcr_enabled,
        attribution: Attribution {
            updated_by: Some(String::from("admin:other")),
            updated_at: Some(fixture.world.now()),
            ..zone.attribution.clone()
        },
        ..zone.clone()
    };
    let mut work = fixture.global_write().await;
    assert!(work.zones().update(&changed).await.unwrap());
    work.commit().await.unwrap();
    changed.attribution.version = 2;
    assert_eq!(fixture.a.read().await.zone().await.unwrap(), Some(changed));
    let mut work = fixture.global_write().await;
    assert!(
        !work
            .zones()
            .update(&Given::new(&fixture.world).zone())
            .await
            .unwrap(),
        "there is no such zone"
    );
}
