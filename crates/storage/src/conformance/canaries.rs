//! Versions that decide for some applications: one at a time, counted exactly, ended once.

use caracal_core::{
    CanaryId,
    entity::{CanaryCounts, CanaryOutcome, PolicyCanary, PolicySet, PolicySetVersion},
};

use crate::Error;

use super::{
    Backend,
    fixture::{Fixture, InZone},
    providers::conflict,
    race::{race, retry},
};

/// A set with two versions, the first in force.
async fn two_versions(zone: &InZone) -> (PolicySet, PolicySetVersion, PolicySetVersion) {
    let (policy, policy_version) = zone.given.policy();
    let set = zone.given.policy_set();
    let [in_force, candidate] = [(); 2].map(|()| zone.given.policy_set_version(&set, &[&policy_version]));
    let mut work = zone.write().await;
    work.policies().create(&policy, &policy_version).await.unwrap();
    work.policy_sets().create(&set).await.unwrap();
    for version in [&in_force, &candidate] {
        work.policy_sets().add_version(version).await.unwrap();
    }
    let at = zone.given.policy_canary(&in_force).started_at;
    assert!(
        work.policy_sets()
            .activate(&set.id, &in_force.id, at)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    (set, in_force, candidate)
}

async fn begun(zone: &InZone, version: &PolicySetVersion) -> PolicyCanary {
    let canary = zone.given.policy_canary(version);
    let mut work = zone.write().await;
    work.canaries().begin(&canary).await.unwrap();
    work.commit().await.unwrap();
    canary
}

async fn last(zone: &InZone) -> PolicyCanary {
    zone.read().await.canaries().last().await.unwrap().unwrap()
}

pub async fn a_canary_comes_back_as_it_was_stored_and_one_runs_at_a_time(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, _, version) = two_versions(zone).await;
    assert_eq!(zone.read().await.canaries().last().await.unwrap(), None);
    let before = zone.read().await.revision().await.unwrap();
    let canary = begun(zone, &version).await;
    assert_eq!(last(zone).await, canary);
    assert!(
        zone.read().await.revision().await.unwrap() > before,
        "whoever holds the zone reads it again"
    );

    let other = zone.given.policy_canary(&version);
    let mut work = zone.write().await;
    conflict(work.canaries().begin(&other).await, "policy_canaries_running");
    drop(work);
    let mut elsewhere = fixture.b.write().await;
    assert_eq!(elsewhere.canaries().last().await.unwrap(), None);
    let foreign = elsewhere.canaries().begin(&other).await;
    assert!(matches!(foreign, Err(Error::MissingReference)), "{foreign:?}");
    drop(elsewhere);
    let mut elsewhere = fixture.b.write().await;
    let counted = elsewhere
        .canaries()
        .count(&canary.id, &CanaryCounts::default())
        .await;
    assert_eq!(counted.unwrap(), None);
    let at = canary.started_at;
    let ended = elsewhere
        .canaries()
        .end(&canary.id, CanaryOutcome::Ended, None, at);
    assert!(!ended.await.unwrap());
    assert!(!elsewhere.canaries().change(&canary).await.unwrap());
    drop(elsewhere);

    let mut work = zone.write().await;
    let ended = work
        .canaries()
        .end(&canary.id, CanaryOutcome::Ended, Some("admin:one"), at);
    assert!(ended.await.unwrap());
    work.commit().await.unwrap();
    let over = PolicyCanary {
        ended_at: Some(at),
        outcome: Some(CanaryOutcome::Ended),
        ended_by: Some(String::from("admin:one")),
        ..canary
    };
    assert_eq!(last(zone).await, over, "it is kept once it is over");
    let next = begun(zone, &version).await;
    assert_eq!(last(zone).await, next, "until another one begins");
}

pub async fn what_is_counted_of_a_canary_adds_up_under_16_writers(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, _, version) = two_versions(zone).await;
    let canary = begun(zone, &version).await;
    let before = zone.read().await.revision().await.unwrap();
    let counts = CanaryCounts {
        decisions: 5,
        denied: 4,
        newly_denied: 3,
        newly_held: 2,
        newly_allowed: 1,
    };
    let outcomes = race(16, |_| {
        let (zone, id) = (zone.clone(), canary.id.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let counted = work.canaries().count(&id, &counts).await?;
                work.commit().await?;
                Ok::<_, Error>(counted.is_some())
            })
            .await
        }
    })
    .await;
    assert!(
        outcomes.iter().all(|counted| matches!(counted, Ok(true))),
        "{outcomes:?}"
    );
    let counted = last(zone).await;
    let told = |canary: &PolicyCanary| {
        [
            canary.decisions,
            canary.denied,
            canary.newly_denied,
            canary.newly_held,
            canary.newly_allowed,
            canary.unjudged,
            canary.unjudged_denied,
            canary.unjudged_newly_denied,
        ]
    };
    assert_eq!(told(&counted), [80, 64, 48, 32, 16, 80, 64, 48]);
    assert_eq!(
        zone.read().await.revision().await.unwrap(),
        before,
        "nobody's picture of the zone is another by it"
    );

    let mut work = zone.write().await;
    work.canaries().judged(&canary.id).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(told(&last(zone).await), [80, 64, 48, 32, 16, 0, 0, 0]);

    // Other rules are counted anew, by whoever read the rules that there are.
    let mut changed = last(zone).await;
    changed.share_percent = 50;
    let mut work = zone.write().await;
    assert!(work.canaries().change(&changed).await.unwrap());
    assert!(
        !work.canaries().change(&changed).await.unwrap(),
        "it has another version now"
    );
    work.commit().await.unwrap();
    let now = last(zone).await;
    assert_eq!((now.share_percent, now.version), (50, 2));
    assert_eq!(told(&now), [0; 8]);
}

pub async fn of_many_ends_of_a_canary_exactly_one_ends_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, _, version) = two_versions(zone).await;
    let canary = begun(zone, &version).await;
    let outcomes = race(8, |_| {
        let (zone, canary) = (zone.clone(), canary.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let outcome = CanaryOutcome::TooManyDenials;
                let ended = work
                    .canaries()
                    .end(&canary.id, outcome, None, canary.started_at)
                    .await?;
                work.commit().await?;
                Ok::<_, Error>(ended)
            })
            .await
        }
    })
    .await;
    let won = outcomes.iter().filter(|ended| matches!(ended, Ok(true))).count();
    assert_eq!(won, 1, "{outcomes:?}");
    // Whoever counts late counts for nothing.
    let mut work = zone.write().await;
    let late = CanaryCounts {
        decisions: 1,
        ..CanaryCounts::default()
    };
    assert_eq!(work.canaries().count(&canary.id, &late).await.unwrap(), None);
    let unknown = CanaryId::generate(&fixture.world);
    assert_eq!(work.canaries().count(&unknown, &late).await.unwrap(), None);
    assert!(!work.canaries().change(&last(zone).await).await.unwrap());
}

pub async fn a_canary_ends_with_what_it_stands_beside(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let now = fixture.world.now();
    let (set, _, version) = two_versions(zone).await;
    let (other, other_version, _) = two_versions(&fixture.b).await;
    let untouched = begun(&fixture.b, &other_version).await;
    // Another version in force.
    begun(zone, &version).await;
    let mut work = zone.write().await;
    assert!(
        work.policy_sets()
            .activate(&set.id, &version.id, now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    assert_eq!(last(zone).await.outcome, Some(CanaryOutcome::Superseded));
    // An activation that is none ends nothing.
    let canary = begun(zone, &version).await;
    let mut work = zone.write().await;
    assert!(
        !work
            .policy_sets()
            .activate(&other.id, &version.id, now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    assert_eq!(last(zone).await, canary);
    // Nothing in force any more: then nobody is allowed anything.
    let mut work = zone.write().await;
    assert_eq!(
        work.policy_sets().archive(&set.id, now).await.unwrap(),
        Some(true)
    );
    work.commit().await.unwrap();
    assert_eq!(last(zone).await.outcome, Some(CanaryOutcome::Superseded));

    // The set of the canary alone.
    let (_, _, _) = two_versions(zone).await;
    let idle = zone.given.policy_set();
    let (policy, policy_version) = zone.given.policy();
    let idle_version = zone.given.policy_set_version(&idle, &[&policy_version]);
    let mut work = zone.write().await;
    work.policies().create(&policy, &policy_version).await.unwrap();
    work.policy_sets().create(&idle).await.unwrap();
    work.policy_sets().add_version(&idle_version).await.unwrap();
    work.commit().await.unwrap();
    begun(zone, &idle_version).await;
    let mut work = zone.write().await;
    assert_eq!(
        work.policy_sets().archive(&idle.id, now).await.unwrap(),
        Some(false)
    );
    work.commit().await.unwrap();
    assert_eq!(last(zone).await.outcome, Some(CanaryOutcome::Superseded));
    assert_eq!(last(&fixture.b).await, untouched, "in its own zone alone");
}
