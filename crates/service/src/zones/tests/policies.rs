//! What is tried beside a policy is read once.

use std::sync::Arc;

use caracal_authz::document::PolicyDocuments;
use caracal_core::entity::{PolicyCanary, Zone};
use caracal_storage::{Access, PolicyShadow};
use caracal_wire::events::DirectoryKind;

use super::Fixture;

#[tokio::test]
async fn a_zone_that_is_frozen_does_not_wait_until_its_candidates_are_read_again() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let (policy, first) = zone.policy();
    let set = zone.policy_set();
    let (version, other) = (
        zone.policy_set_version(&set, &[&first]),
        zone.policy_set_version(&set, &[&first]),
    );
    let evaluated = PolicyDocuments::default().to_stored();
    let canary = PolicyCanary {
        evaluated: evaluated.clone(),
        ..zone.policy_canary(&other)
    };
    let shadow = PolicyShadow {
        evaluated: evaluated.clone(),
        ..zone.policy_shadow(&other)
    };
    let now = fixture.world.now();
    let mut work = fixture.write(&zone).await;
    work.policies().create(&policy, &first).await.unwrap();
    work.policy_sets().create(&set).await.unwrap();
    work.policy_sets().add_version(&version).await.unwrap();
    work.policy_sets().add_version(&other).await.unwrap();
    assert!(
        work.policy_sets()
            .activate(&set.id, &version.id, now)
            .await
            .unwrap()
    );
    let sha = &version.manifest_sha256;
    assert!(
        work.policy_sets()
            .keep_evaluated(&version.id, sha, &evaluated)
            .await
            .unwrap()
    );
    work.policy_sets().begin_shadow(&shadow).await.unwrap();
    work.canaries().begin(&canary).await.unwrap();
    work.commit().await.unwrap();
    let before = fixture.directory.zone(&zone.zone_id).await.unwrap();

    let frozen = Zone {
        frozen_at: Some(now),
        ..before.zone.clone()
    };
    let mut work = fixture.store.global(Access::Write).await.unwrap();
    assert!(work.zones().update(&frozen).await.unwrap());
    work.commit().await.unwrap();
    let after = fixture
        .changed(&zone, DirectoryKind::Zone, zone.zone_id.as_str())
        .await;
    assert!(after.zone.frozen_at.is_some());
    let shadows = (before.shadow.as_ref().unwrap(), after.shadow.as_ref().unwrap());
    assert!(Arc::ptr_eq(&shadows.0.policy, &shadows.1.policy));
    let policies = [&before, &after].map(|state| state.canary().unwrap().policy.clone().unwrap());
    assert!(Arc::ptr_eq(&policies[0], &policies[1]));

    // Another candidate is another policy, and one that has ended is none.
    let mut work = fixture.write(&zone).await;
    let next = PolicyShadow {
        evaluated,
        ..zone.policy_shadow(&version)
    };
    work.policy_sets().begin_shadow(&next).await.unwrap();
    work.commit().await.unwrap();
    let after = fixture
        .changed(&zone, DirectoryKind::Zone, zone.zone_id.as_str())
        .await;
    let identity = after.shadow.as_ref().unwrap().policy.identity().clone();
    assert_eq!(identity.policy_set_version_id, Some(version.id));
    let mut work = fixture.write(&zone).await;
    assert!(work.policy_sets().end_shadow().await.unwrap());
    work.commit().await.unwrap();
    let after = fixture
        .changed(&zone, DirectoryKind::Zone, zone.zone_id.as_str())
        .await;
    assert!(after.shadow.is_none() && after.canary().is_some());
}
