//! Policies, policy sets and signing keys: numbering, activation, archives.

use std::time::Duration;

use caracal_core::{
    KeyId, PolicyId, PolicySetId,
    entity::{ListedPolicyVersion, Policy, PolicySet, PolicySetVersion, PolicyVersion},
};

use crate::{Error, Order, PageRequest, PolicyFilter, PrivateHalf, SigningKeyRow, Total};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, walk, walk_from},
    providers::conflict,
    race::{race, retry},
};

async fn stored_policy(zone: &InZone) -> (Policy, PolicyVersion) {
    let (policy, first) = zone.given.policy();
    let mut work = zone.write().await;
    work.policies().create(&policy, &first).await.unwrap();
    work.commit().await.unwrap();
    (policy, first)
}

/// A set with one version whose manifest is `manifest`.
async fn stored_set(zone: &InZone, manifest: &[&PolicyVersion]) -> (PolicySet, PolicySetVersion) {
    let set = zone.given.policy_set();
    let version = zone.given.policy_set_version(&set, manifest);
    let mut work = zone.write().await;
    work.policy_sets().create(&set).await.unwrap();
    assert_eq!(work.policy_sets().add_version(&version).await.unwrap(), 1);
    work.commit().await.unwrap();
    (set, version)
}

pub async fn a_policy_and_its_versions_come_back_as_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (mut policy, first) = stored_policy(&fixture.a).await;
    let second = fixture.a.given.policy_version(&policy);
    let mut work = fixture.a.write().await;
    assert_eq!(work.policies().add_version(&second).await.unwrap(), 2);
    work.commit().await.unwrap();
    // What is added to it is a change of it.
    policy.attribution.version = 2;
    let mut work = fixture.a.read().await;
    assert_eq!(
        work.policies().get(&policy.id).await.unwrap().as_ref(),
        Some(&policy)
    );
    assert_eq!(
        work.policies()
            .list(&PolicyFilter::default(), &ALL)
            .await
            .unwrap()
            .items,
        std::slice::from_ref(&policy)
    );
    let second = PolicyVersion { version: 2, ..second };
    assert_eq!(
        work.policies().version(&second.id).await.unwrap().as_ref(),
        Some(&second)
    );
    let size = |version: &PolicyVersion| version.content.len() as u64;
    let listed = |version: &PolicyVersion, content: bool| ListedPolicyVersion {
        id: version.id.clone(),
        policy_id: version.policy_id.clone(),
        version: version.version,
        content: content.then(|| version.content.clone()),
        content_bytes: size(version),
        content_sha256: version.content_sha256.clone(),
        schema_version: version.schema_version.clone(),
        created_by: version.created_by.clone(),
        created_at: version.created_at,
    };
    // Sources come newest first, as many as fit.
    for (budget, with) in [
        (0, [false, false]),
        (size(&second), [true, false]),
        (size(&second) + size(&first), [true, true]),
    ] {
        let page = work.policies().versions(&policy.id, &ALL, budget).await.unwrap();
        assert_eq!(page.items, [listed(&second, with[0]), listed(&first, with[1])]);
        assert_eq!(page.next, None);
    }
    let pages = walk(1, async |page| {
        fixture
            .a
            .read()
            .await
            .policies()
            .versions(&policy.id, &page, 0)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(pages, [listed(&second, false), listed(&first, false)]);
}

pub async fn a_policy_name_is_unique_among_the_active(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (policy, first) = stored_policy(&fixture.a).await;
    let (twin, version) = fixture.a.given.policy();
    let twin = Policy {
        name: policy.name.clone(),
        ..twin
    };
    let mut work = fixture.a.write().await;
    conflict(work.policies().create(&twin, &version).await, "policies_name");
    drop(work);
    let mut work = fixture.a.write().await;
    assert!(
        work.policies()
            .archive(&policy.id, fixture.world.now())
            .await
            .unwrap()
    );
    assert!(
        !work
            .policies()
            .archive(&policy.id, fixture.world.now())
            .await
            .unwrap()
    );
    assert!(
        !work
            .policies()
            .archive(&PolicyId::generate(&fixture.world), fixture.world.now())
            .await
            .unwrap()
    );
    work.policies().create(&twin, &version).await.unwrap();
    assert_eq!(work.policies().get(&policy.id).await.unwrap(), None);
    assert_eq!(
        work.policies().version(&first.id).await.unwrap(),
        Some(first),
        "its versions stay readable"
    );
    assert_eq!(
        work.policies()
            .list(&PolicyFilter::default(), &ALL)
            .await
            .unwrap()
            .items,
        [twin]
    );
    work.commit().await.unwrap();
}

pub async fn policy_versions_are_numbered_without_gaps_under_16_writers(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (policy, _) = stored_policy(&fixture.a).await;
    let mut numbers = race(16, |writer| {
        let zone = fixture.a.clone();
        let version = zone.given.policy_version(&policy);
        async move {
            if writer % 4 == 0 {
                // A work that gives up must not use a number.
                let _ = retry(|| async {
                    let mut work = zone.try_write().await?;
                    work.policies().add_version(&version).await
                })
                .await;
            }
            retry(|| async {
                let mut work = zone.try_write().await?;
                let number = work.policies().add_version(&version).await?;
                work.commit().await?;
                Ok(number)
            })
            .await
            .unwrap()
        }
    })
    .await;
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=17).collect::<Vec<_>>());
    let stored = fixture
        .a
        .read()
        .await
        .policies()
        .versions(&policy.id, &ALL, 0)
        .await
        .unwrap()
        .items;
    assert_eq!(
        stored.iter().map(|row| row.version).collect::<Vec<_>>(),
        (1..=17).rev().collect::<Vec<_>>()
    );
    let oldest = PageRequest {
        order: Order::Oldest,
        count: true,
        ..PageRequest::first(5)
    };
    let read = async |page| {
        let mut work = fixture.a.read().await;
        let read = work.policies().versions(&policy.id, &page, 0).await.unwrap();
        let count = 17;
        assert_eq!(read.total, Some(Total { count, exact: true }));
        read
    };
    let stored = walk_from(oldest, read).await.into_iter();
    assert_eq!(
        stored.map(|row| row.version).collect::<Vec<_>>(),
        (1..=17).collect::<Vec<_>>()
    );
}

pub async fn set_versions_are_numbered_without_gaps_under_16_writers(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (_, policy) = stored_policy(&fixture.a).await;
    let (set, _) = stored_set(&fixture.a, &[&policy]).await;
    let mut numbers = race(16, |_| {
        let zone = fixture.a.clone();
        let version = zone.given.policy_set_version(&set, &[&policy]);
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let number = work.policy_sets().add_version(&version).await?;
                work.commit().await?;
                Ok(number)
            })
            .await
            .unwrap()
        }
    })
    .await;
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=17).collect::<Vec<_>>());
    let read = async |page| {
        fixture
            .a
            .read()
            .await
            .policy_sets()
            .versions(&set.id, &page)
            .await
            .unwrap()
    };
    let mut stored: Vec<_> = walk(5, read).await.into_iter().map(|row| row.version).collect();
    stored.sort_unstable();
    assert_eq!(stored, (1..=17).collect::<Vec<_>>());
}

pub async fn the_active_set_brings_its_sources_in_manifest_order(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    assert!(
        fixture
            .a
            .read()
            .await
            .policy_sets()
            .active()
            .await
            .unwrap()
            .is_none()
    );
    let mut sources = Vec::new();
    for _ in 0..4 {
        sources.push(stored_policy(&fixture.a).await);
    }
    let manifest: Vec<_> = [2, 0, 3, 1].iter().map(|index| &sources[*index].1).collect();
    let (set, version) = stored_set(&fixture.a, &manifest).await;
    let mut work = fixture.a.write().await;
    assert!(
        work.policy_sets()
            .activate(&set.id, &version.id, fixture.world.now())
            .await
            .unwrap()
    );
    // A policy that is archived later stays in force where a set names it.
    assert!(
        work.policies()
            .archive(&sources[0].0.id, fixture.world.now())
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    let active = work.policy_sets().active().await.unwrap().unwrap();
    assert_eq!(active.version, version);
    assert_eq!(active.policies.iter().collect::<Vec<_>>(), manifest);
    let stored = work.policy_sets().get(&set.id).await.unwrap().unwrap();
    assert_eq!(stored.active_version_id.as_ref(), Some(&version.id));
    assert_eq!(
        work.policy_sets().version(&set.id, &version.id).await.unwrap(),
        Some(version)
    );
}

pub async fn what_the_set_in_force_evaluates_to_is_kept_until_another_is(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (_, policy) = stored_policy(&fixture.a).await;
    let (one, one_version) = stored_set(&fixture.a, &[&policy]).await;
    let (two, two_version) = stored_set(&fixture.a, &[&policy]).await;
    let now = fixture.world.now();
    let kept = "{\"documents\":\"\u{e9}\"}";
    let (sha, other) = (&one_version.manifest_sha256, "another manifest");
    let mut work = fixture.a.write().await;
    let sets = work.policy_sets();
    assert!(
        !sets.keep_evaluated(&one_version.id, sha, kept).await.unwrap(),
        "nothing is in force"
    );
    assert!(sets.activate(&one.id, &one_version.id, now).await.unwrap());
    assert_eq!(sets.evaluated().await.unwrap(), None);
    assert!(!sets.keep_evaluated(&one_version.id, other, kept).await.unwrap());
    assert!(
        !sets
            .keep_evaluated(&two_version.id, &two_version.manifest_sha256, kept)
            .await
            .unwrap()
    );
    assert_eq!(sets.evaluated().await.unwrap(), None);
    assert!(sets.keep_evaluated(&one_version.id, sha, kept).await.unwrap());
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    let stored = work.policy_sets().evaluated().await.unwrap().unwrap();
    assert_eq!((&stored.version, stored.evaluated.as_str()), (&one_version, kept));
    drop(work);
    let mut work = fixture.b.read().await;
    assert_eq!(
        work.policy_sets().evaluated().await.unwrap(),
        None,
        "of another zone"
    );
    drop(work);
    // Another version in force has its own, and so has the same one put in force again.
    let mut work = fixture.a.write().await;
    let sets = work.policy_sets();
    for (set, version) in [(&two, &two_version), (&one, &one_version)] {
        assert!(sets.activate(&set.id, &version.id, now).await.unwrap());
        assert_eq!(sets.evaluated().await.unwrap(), None);
    }
    assert!(sets.keep_evaluated(&one_version.id, sha, kept).await.unwrap());
    assert!(sets.archive(&one.id, now).await.unwrap().is_some());
    assert_eq!(sets.evaluated().await.unwrap(), None);
}

pub async fn one_version_is_a_shadow_until_another_is_or_it_ends(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, policy_version) = stored_policy(zone).await;
    let set = zone.given.policy_set();
    let [one, other] = [(); 2].map(|()| zone.given.policy_set_version(&set, &[&policy_version]));
    let mut work = zone.write().await;
    work.policy_sets().create(&set).await.unwrap();
    for version in [&one, &other] {
        work.policy_sets().add_version(version).await.unwrap();
    }
    assert_eq!(work.policy_sets().shadow().await.unwrap(), None);
    assert!(!work.policy_sets().end_shadow().await.unwrap());
    work.commit().await.unwrap();
    let before = zone.read().await.revision().await.unwrap();
    for version in [&one, &other] {
        let shadow = zone.given.policy_shadow(version);
        let mut work = zone.write().await;
        work.policy_sets().begin_shadow(&shadow).await.unwrap();
        work.commit().await.unwrap();
        let mut work = zone.read().await;
        assert_eq!(work.policy_sets().shadow().await.unwrap(), Some(shadow));
    }
    // Whoever holds the zone in memory reads it again.
    assert!(zone.read().await.revision().await.unwrap() > before);
    let mut elsewhere = fixture.b.write().await;
    assert_eq!(elsewhere.policy_sets().shadow().await.unwrap(), None);
    let foreign = elsewhere
        .policy_sets()
        .begin_shadow(&zone.given.policy_shadow(&one))
        .await;
    assert!(matches!(foreign, Err(Error::MissingReference)), "{foreign:?}");
    drop(elsewhere);
    let mut elsewhere = fixture.b.write().await;
    assert!(!elsewhere.policy_sets().end_shadow().await.unwrap());
    drop(elsewhere);
    let mut work = zone.write().await;
    assert!(work.policy_sets().end_shadow().await.unwrap());
    assert_eq!(work.policy_sets().shadow().await.unwrap(), None);
    work.commit().await.unwrap();
}

pub async fn only_a_version_of_the_set_can_be_activated(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (_, policy) = stored_policy(&fixture.a).await;
    let (one, one_version) = stored_set(&fixture.a, &[&policy]).await;
    let (two, two_version) = stored_set(&fixture.a, &[&policy]).await;
    let (_, elsewhere) = stored_policy(&fixture.b).await;
    let (_, foreign) = stored_set(&fixture.b, &[&elsewhere]).await;
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    assert!(
        work.policy_sets()
            .activate(&one.id, &one_version.id, now)
            .await
            .unwrap()
    );
    assert!(work.policy_sets().archive(&two.id, now).await.unwrap().is_some());
    let unknown = PolicySetId::generate(&fixture.world);
    for (set, version) in [
        (&one.id, &two_version.id),
        (&one.id, &foreign.id),
        (&two.id, &two_version.id),
        (&unknown, &one_version.id),
    ] {
        assert!(
            !work.policy_sets().activate(set, version, now).await.unwrap(),
            "{set} {version}"
        );
    }
    assert_eq!(
        work.policy_sets()
            .version(&one.id, &two_version.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        work.policy_sets()
            .version(&two.id, &two_version.id)
            .await
            .unwrap(),
        Some(two_version)
    );
    let active = work.policy_sets().active().await.unwrap().unwrap();
    assert_eq!(
        active.version.id, one_version.id,
        "a refused activation left the set in force"
    );
}

pub async fn at_most_one_set_is_active_under_concurrent_activations(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (_, policy) = stored_policy(&fixture.a).await;
    let mut sets = Vec::new();
    for _ in 0..6 {
        sets.push(stored_set(&fixture.a, &[&policy]).await);
    }
    race(6, |runner| {
        let (zone, (set, version)) = (fixture.a.clone(), sets[runner].clone());
        async move {
            let activate = || async {
                let mut work = zone.try_write().await?;
                assert!(
                    work.policy_sets()
                        .activate(&set.id, &version.id, zone.given.world.now())
                        .await?
                );
                work.commit().await
            };
            retry(activate).await.unwrap();
        }
    })
    .await;
    let mut work = fixture.a.read().await;
    let listed = work.policy_sets().list(&ALL).await.unwrap().items;
    let active: Vec<_> = listed
        .iter()
        .filter_map(|set| set.active_version_id.as_ref())
        .collect();
    assert_eq!(active.len(), 1, "several sets are in force");
    assert_eq!(
        &work.policy_sets().active().await.unwrap().unwrap().version.id,
        active[0]
    );
}

pub async fn archiving_a_set_takes_it_out_of_force(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let (_, policy) = stored_policy(&fixture.a).await;
    let (active, version) = stored_set(&fixture.a, &[&policy]).await;
    let (idle, _) = stored_set(&fixture.a, &[&policy]).await;
    let mut work = fixture.a.write().await;
    assert!(
        work.policy_sets()
            .activate(&active.id, &version.id, now)
            .await
            .unwrap()
    );
    assert_eq!(
        work.policy_sets().archive(&idle.id, now).await.unwrap(),
        Some(false)
    );
    assert!(work.policy_sets().active().await.unwrap().is_some());
    assert_eq!(
        work.policy_sets().archive(&active.id, now).await.unwrap(),
        Some(true)
    );
    assert_eq!(work.policy_sets().archive(&active.id, now).await.unwrap(), None);
    assert_eq!(
        work.policy_sets()
            .archive(&PolicySetId::generate(&fixture.world), now)
            .await
            .unwrap(),
        None
    );
    assert!(work.policy_sets().active().await.unwrap().is_none());
    assert!(work.policy_sets().get(&active.id).await.unwrap().is_none());
    assert!(work.policy_sets().list(&ALL).await.unwrap().items.is_empty());
    // Its name is free again.
    let successor = PolicySet {
        name: active.name.clone(),
        ..fixture.a.given.policy_set()
    };
    work.policy_sets().create(&successor).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    let twin = PolicySet {
        name: active.name,
        ..fixture.a.given.policy_set()
    };
    conflict(work.policy_sets().create(&twin).await, "policy_sets_name");
}

pub async fn of_many_next_signing_keys_exactly_one_is_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    for round in 1..=3 {
        let outcomes = race(8, |_| {
            let zone = fixture.a.clone();
            let key = zone.given.signing_key(round);
            async move {
                retry(|| async {
                    let mut work = zone.try_write().await?;
                    work.signing_keys().create(&key).await?;
                    work.commit().await
                })
                .await
            }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "version {round}");
        for outcome in lost {
            conflict(outcome, "signing_keys_version");
        }
    }
    let keys = fixture
        .a
        .read()
        .await
        .signing_keys()
        .list(fixture.world.now())
        .await
        .unwrap();
    assert_eq!(
        keys.iter().map(|key| key.version).collect::<Vec<_>>(),
        [3, 2, 1],
        "newest first"
    );
}

pub async fn a_signing_key_out_of_turn_is_refused(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let first = fixture.a.given.signing_key(1);
    let mut work = fixture.a.write().await;
    work.signing_keys().create(&first).await.unwrap();
    work.commit().await.unwrap();
    for version in [0, 1, 3, i64::MAX] {
        let mut work = fixture.a.write().await;
        let refused = work
            .signing_keys()
            .create(&fixture.a.given.signing_key(version))
            .await;
        assert!(
            matches!(refused, Err(Error::Conflict { .. })),
            "version {version}: {refused:?}"
        );
    }
    assert_eq!(
        fixture
            .a
            .read()
            .await
            .signing_keys()
            .list(fixture.world.now())
            .await
            .unwrap(),
        [first]
    );
}

pub async fn a_retired_key_verifies_until_its_last_mandate_ended(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let after = |seconds| now.plus(Duration::from_secs(seconds));
    let mut work = fixture.a.write().await;
    for version in 1..=3 {
        work.signing_keys()
            .create(&fixture.a.given.signing_key(version))
            .await
            .unwrap();
        work.signing_keys()
            .retire_before(version, after(u64::try_from(version).unwrap() * 100))
            .await
            .unwrap();
    }
    let mut versions = async |at| {
        let keys = work.signing_keys().list(at).await.unwrap();
        let published = work.signing_keys().published(at).await.unwrap();
        assert!(
            published
                .iter()
                .map(|key| (&key.id, &key.public_key))
                .eq(keys.iter().map(|key| (&key.id, &key.public_key))),
            "the public halves are those of the same keys"
        );
        keys.iter()
            .map(|key| (key.version, key.verifies_until))
            .collect::<Vec<_>>()
    };
    // Version 1 was retired by 2, version 2 by 3; a later retirement does not prolong an earlier one.
    let (third, second, first) = ((3, None), (2, Some(after(300))), (1, Some(after(200))));
    assert_eq!(versions(now).await, [third, second, first]);
    assert_eq!(
        versions(after(200)).await,
        [third, second, first],
        "the last moment still counts"
    );
    assert_eq!(
        versions(after(200).plus(Duration::from_micros(1))).await,
        [third, second]
    );
    assert_eq!(versions(after(301)).await, [third]);
}

pub async fn a_key_held_elsewhere_is_destroyed_once_it_verifies_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let after = |seconds| now.plus(Duration::from_secs(seconds));
    let held = |version, reference: &str| SigningKeyRow {
        private: PrivateHalf::Held(reference.to_owned()),
        ..fixture.a.given.signing_key(version)
    };
    let keys = [
        held(1, "pkcs11:id=%01"),
        fixture.a.given.signing_key(2),
        held(3, "pkcs11:id=%03"),
        held(4, "pkcs11:id=%04"),
    ];
    let mut work = fixture.a.write().await;
    for (key, seconds) in keys.iter().zip([0, 100, 200, 300]) {
        work.signing_keys().create(key).await.unwrap();
        work.signing_keys()
            .retire_before(key.version, after(seconds))
            .await
            .unwrap();
    }
    work.commit().await.unwrap();

    let mut work = fixture.a.write().await;
    let found = work.signing_keys().list(now).await.unwrap();
    let private: Vec<&PrivateHalf> = found.iter().map(|key| &key.private).collect();
    assert!(private.into_iter().eq(keys.iter().rev().map(|key| &key.private)));
    // Only what is sealed is sealed anew.
    let PrivateHalf::Sealed(envelope) = &keys[1].private else {
        panic!("the second is sealed");
    };
    assert_eq!(
        work.signing_keys().sealed().await.unwrap(),
        [(keys[1].id.clone(), envelope.clone())]
    );

    let mut past = async |at| work.signing_keys().held_past(at).await.unwrap();
    let first = (keys[0].id.clone(), String::from("pkcs11:id=%01"));
    let third = (keys[2].id.clone(), String::from("pkcs11:id=%03"));
    assert_eq!(past(after(100)).await, [], "the last moment still counts");
    assert_eq!(past(after(101)).await, std::slice::from_ref(&first));
    // The newest has no end, and what is sealed stays as it is.
    assert_eq!(past(after(1_000_000)).await, [first.clone(), third.clone()]);

    let mut noted =
        async |id: &KeyId, reference: &str| work.signing_keys().destroyed(id, reference).await.unwrap();
    assert!(!noted(&first.0, "pkcs11:id=%03").await, "that is another key");
    assert!(noted(&first.0, &first.1).await);
    assert!(!noted(&first.0, &first.1).await, "noted already");
    assert_eq!(
        work.signing_keys().held_past(after(1_000_000)).await.unwrap(),
        [third]
    );
    let found = work.signing_keys().list(now).await.unwrap();
    assert_eq!(found[3].private, PrivateHalf::Destroyed);
}
