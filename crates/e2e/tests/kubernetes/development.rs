//! `profiles/dev.yaml`: the chart with stores and secrets of its own.

use std::collections::BTreeSet;

use caracal_e2e::{Fixture, READ};

use crate::cluster::{Release, beside, given};

#[tokio::test]
#[ignore = "needs a cluster: make test-kubernetes"]
async fn the_development_profile_comes_up_from_itself_protects_a_call_and_leaves_its_volumes_alone() {
    let release = Release::of(
        "caracal-dev",
        &[Release::profile("dev"), beside("cluster-dev.yaml")],
    )
    .await;
    let image = [
        &format!("--set=global.registry={}", given("CARACAL_TEST_REGISTRY")),
        "--set=global.tag=v0.0.1-test",
        "--set=secrets.seed=0123456789abcdef0123456789abcdef",
    ];
    let took = release.upgrade(&image).await;
    println!(
        "figure: the development profile is ready after {} s",
        took.as_secs()
    );
    for line in release.test().await {
        println!("canary: {line}");
    }

    let stack = release.stack("caracal-runtime").await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    fixture.call(&mandate).await.expect(200);
    assert_eq!(
        fixture.upstream.only().header("x-api-key"),
        Some(fixture.key.as_str())
    );
    fixture
        .call(&mandate)
        .await
        .assert_refused(401, "invalid_token", "token_replay");

    // The same values again change nothing but the migration that ran.
    let before = release.pods().await;
    release.upgrade(&image).await;
    let kept: BTreeSet<_> = release.pods().await.into_values().collect();
    for (name, id) in before {
        assert!(
            kept.contains(&id),
            "{name} was replaced by an upgrade that changes nothing"
        );
    }
    let mandate = fixture.mandate(&agent, READ).await;
    fixture.call(&mandate).await.expect(200);

    release.helm(&["uninstall", "caracal", "--wait"]).await;
    let left = release
        .names("deployments,statefulsets,jobs,services,networkpolicies,secrets,persistentvolumeclaims,poddisruptionbudgets")
        .await;
    assert!(
        left.iter().all(|name| name.starts_with("persistentvolumeclaim/")),
        "uninstalling leaves {left:?}"
    );
    release.remove().await;
}
