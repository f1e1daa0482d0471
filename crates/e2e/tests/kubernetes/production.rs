//! `profiles/production.yaml` on stores that are elsewhere.

use std::{fs, path::Path, sync::atomic::Ordering};

use caracal_e2e::{Fixture, READ, Reply, Role};
use tempfile::TempDir;

use crate::{
    cluster::{Release, beside, given, kubectl, kubectl_with, run, until},
    isolation,
    load::during,
};

/// Roles by the object that has their pods.
const OBJECTS: [&str; 6] = [
    "statefulset/caracal-sts",
    "statefulset/caracal-gateway",
    "statefulset/caracal-coordinator",
    "statefulset/caracal-api",
    "deployment/caracal-audit",
    "deployment/caracal-web",
];

/// Makes the secrets as the handbook says, PostgreSQL and Redis with them in a namespace of their own, and the Secrets of the
/// release: a right one, and one with a password that PostgreSQL does not take.
async fn stores(release: &Release, secrets: &Path) {
    let daemon = given("CARACAL_TEST_DAEMON");
    let directory = secrets.to_string_lossy();
    let made = run(
        &daemon,
        &[
            "secrets",
            "init",
            &directory,
            "--postgres",
            "postgres://postgres.caracal-stores:5432/caracal?sslmode=disable",
            "--redis",
            "redis://redis.caracal-stores:6379",
        ],
        "",
    )
    .await;
    assert!(made.content, "{}", made.err);
    let all = format!("--from-file={directory}");
    run(
        "kubectl",
        &["delete", "namespace", "caracal-stores", "--timeout=120s"],
        "",
    )
    .await;
    kubectl(&["create", "namespace", "caracal-stores"]).await;
    kubectl(&[
        "--namespace=caracal-stores",
        "create",
        "secret",
        "generic",
        "stores",
        &all,
    ])
    .await;
    let manifest = fs::read_to_string(beside("cluster-stores.yaml")).expect("the manifest");
    kubectl_with(
        &["--namespace=caracal-stores", "apply", "--filename=-"],
        &manifest,
    )
    .await;
    kubectl(&[
        "--namespace=caracal-stores",
        "wait",
        "--for=condition=Ready",
        "pod",
        "--all",
        "--timeout=180s",
    ])
    .await;
    release
        .kubectl(&["create", "secret", "generic", "caracal-runtime", &all])
        .await;
    let wrong = TempDir::new().expect("a directory");
    for entry in fs::read_dir(secrets).expect("the secrets") {
        let entry = entry.expect("a secret");
        fs::copy(entry.path(), wrong.path().join(entry.file_name())).expect("a copy");
    }
    let url = wrong.path().join("databaseUrl");
    fs::remove_file(&url).expect("it was there");
    fs::write(
        &url,
        "postgres://postgres:nobody@postgres.caracal-stores:5432/caracal?sslmode=disable",
    )
    .expect("a file");
    let all = format!("--from-file={}", wrong.path().display());
    release
        .kubectl(&["create", "secret", "generic", "caracal-wrong", &all])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: make test-kubernetes"]
async fn the_production_profile_is_installed_isolated_restarted_upgraded_drained_and_taken_back_under_load() {
    let release = Release::of(
        "caracal",
        &[Release::profile("production"), beside("cluster-production.yaml")],
    )
    .await;
    let secrets = TempDir::new().expect("a directory");
    stores(&release, secrets.path()).await;
    let registry = format!("--set=global.registry={}", given("CARACAL_TEST_REGISTRY"));
    let (first, second) = ("--set=global.tag=v0.0.1-test", "--set=global.tag=v0.0.2-test");

    let took = release.upgrade(&[&registry, first]).await;
    println!(
        "figure: the production profile is ready after {} s",
        took.as_secs()
    );
    // The migration came first and is gone, as it worked.
    assert!(release.names("jobs").await.is_empty());
    for line in release.test().await {
        println!("canary: {line}");
    }
    isolation::check(&release).await;

    let stack = release.stack("caracal-runtime").await;
    let fixture = Fixture::set_up(&stack).await;

    for object in OBJECTS {
        let outcomes = during(&fixture, async {
            release.kubectl(&["rollout", "restart", object]).await;
            release.rolled_out(object).await;
        })
        .await;
        outcomes.assert_none_lost(&format!("a rolling restart of {object}"));
    }

    let outcomes = during(&fixture, async {
        release.upgrade(&[&registry, second]).await;
    })
    .await;
    outcomes.assert_none_lost("an upgrade to another version");
    for pod in release.objects("pods").await {
        let (name, runs) = (&pod["metadata"]["name"], &pod["spec"]["containers"][0]["image"]);
        let ours = name.as_str().is_some_and(|name| !name.ends_with("canary"));
        assert!(
            !ours || runs.as_str().is_some_and(|image| image.ends_with("v0.0.2-test")),
            "{name} runs {runs}"
        );
    }

    failed_migration_leaves_what_serves(&release, &fixture, &[&registry, first]).await;

    let outcomes = during(&fixture, async {
        release
            .helm(&["rollback", "caracal", "1", "--wait", "--timeout=8m"])
            .await;
    })
    .await;
    outcomes.assert_none_lost("a rollback to the first version");

    drain(&release, &fixture).await;
    kill(&release, &fixture).await;

    let verified = Reply::of(
        stack
            .request(
                Role::Audit,
                "GET",
                &format!("/api/audit/verify/{}", fixture.zone.id),
            )
            .bearer_auth(stack.secret("auditAdminToken")),
    )
    .await
    .expect(200);
    assert_eq!(verified.json["fault_count"], 0, "{verified:#?}");
    println!("figure: the ledger of it all has no fault");

    release.helm(&["uninstall", "caracal", "--wait"]).await;
    let left = release
        .names("deployments,statefulsets,jobs,services,networkpolicies,horizontalpodautoscalers,ingresses,poddisruptionbudgets")
        .await;
    assert!(left.is_empty(), "uninstalling leaves {left:?}");
    let claims = release.names("persistentvolumeclaims").await;
    assert_eq!(claims.len(), 8, "evidence lies in {claims:?}");
    release.remove().await;
    kubectl(&["delete", "namespace", "caracal-stores", "--timeout=120s"]).await;
}

/// An upgrade whose migration cannot work fails, and nobody who serves was touched.
async fn failed_migration_leaves_what_serves(release: &Release, fixture: &Fixture<'_>, other: &[&str]) {
    let before = release.pods().await;
    let mut arguments = other.to_vec();
    arguments.extend([
        "--set=secrets.runtimeSecretName=caracal-wrong",
        "--set=migrations.backoffLimit=0",
        "--timeout=2m",
    ]);
    let outcomes = during(fixture, async {
        let said = release.try_upgrade(&arguments).await;
        assert!(!said.content, "it was to fail: {}", said.out);
    })
    .await;
    outcomes.assert_none_lost("a migration that fails");
    let after = release.pods().await;
    for (name, id) in before {
        assert_eq!(after.get(&name), Some(&id), "{name} was replaced");
    }
    let log = release.kubectl(&["logs", "job/caracal-migrate"]).await;
    assert!(
        log.contains("password authentication failed"),
        "the Job says why: {log}"
    );
    // It stays for a day to be read, or until the next migration.
    release.kubectl(&["delete", "job", "caracal-migrate"]).await;
}

/// A drain takes one replica of the Gateway and no more while its successor is not there.
async fn drain(release: &Release, fixture: &Fixture<'_>) {
    let outcomes = during(fixture, async {
        let drained = run(
            "kubectl",
            &[
                "drain",
                "node1",
                "--ignore-daemonsets",
                "--delete-emptydir-data",
                "--pod-selector=app.kubernetes.io/component=gateway",
                "--timeout=40s",
            ],
            "",
        )
        .await;
        assert!(!drained.content, "the only node was drained: {}", drained.out);
        assert!(drained.err.contains("disruption budget"), "{}", drained.err);
        kubectl(&["uncordon", "node1"]).await;
        release.rolled_out("statefulset/caracal-gateway").await;
    })
    .await;
    outcomes.assert_none_lost("a drain that a budget holds up");
}

/// A replica that is killed is replaced with the evidence that it had; calls that it held may be lost, no others.
async fn kill(release: &Release, fixture: &Fixture<'_>) {
    let before = release.pods().await;
    let outcomes = during(fixture, async {
        release
            .kubectl(&[
                "delete",
                "pod",
                "caracal-gateway-0",
                "--grace-period=0",
                "--force",
            ])
            .await;
        until("the killed replica is replaced", async || {
            let id = release.pods().await.get("caracal-gateway-0").cloned();
            id.is_some() && id.as_ref() != before.get("caracal-gateway-0")
        })
        .await;
        release.rolled_out("statefulset/caracal-gateway").await;
    })
    .await;
    let (passed, lost) = (
        outcomes.passed.load(Ordering::Relaxed),
        outcomes.lost.load(Ordering::Relaxed),
    );
    println!("figure: a replica of the Gateway is killed: {passed} governed calls, {lost} lost");
    assert!(passed > 0, "no call passed");
    let mandate = fixture.mandate(&fixture.agent().await, READ).await;
    fixture.call(&mandate).await.expect(200);
}
