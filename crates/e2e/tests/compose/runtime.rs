//! `runtime-compose.yml`.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use caracal_e2e::{Agent, Call, Fixture, READ, Reply, Role};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    engine::{Project, docker, image, near},
    hardening,
};

/// Callers during the upgrade.
const CALLERS: usize = 4;
/// Longest wait for calls to pass again.
const LIMIT: Duration = Duration::from_mins(1);

/// What became of the calls during an upgrade. One container for each role means a moment in which nobody listens: a
/// client notices it before it sent anything, or is told to come back.
#[derive(Debug, Default)]
struct Outcomes {
    passed: AtomicUsize,
    told_later: AtomicUsize,
    not_taken: AtomicUsize,
}

/// The answer, unless nobody took the request or it was refused for now.
async fn answered(request: reqwest::RequestBuilder, outcomes: &Outcomes) -> Option<Reply> {
    let Some(reply) = Reply::attempt(request).await else {
        outcomes.not_taken.fetch_add(1, Ordering::Relaxed);
        return None;
    };
    if reply.status == 503 {
        reply.assert_enveloped();
        outcomes.told_later.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    Some(reply)
}

/// Calls until `over` is set, and then until one passes.
async fn go_on(fixture: &Fixture<'_>, agent: &Agent, over: &AtomicBool, outcomes: &Outcomes) {
    let mut ended = None;
    loop {
        let stopping = over.load(Ordering::Relaxed);
        let since = stopping.then(|| *ended.get_or_insert_with(Instant::now));
        assert!(
            since.is_none_or(|since| since.elapsed() < LIMIT),
            "no call passes: {outcomes:?}"
        );
        if let Some(minted) = answered(fixture.mint_request(agent, READ, &[]), outcomes).await {
            let mandate = minted.expect(200).text_of("access_token");
            if let Some(reply) = answered(fixture.call_request(&mandate, &Call::default()), outcomes).await {
                reply.expect(200);
                outcomes.passed.fetch_add(1, Ordering::Relaxed);
                if stopping {
                    return;
                }
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Makes the secrets as the handbook says.
async fn make_secrets(image: &str, directory: &Path) {
    use std::os::unix::fs::MetadataExt as _;

    let owner = directory.metadata().expect("a directory");
    let user = format!("{}:{}", owner.uid(), owner.gid());
    let volume = format!("{}:/secrets", directory.display());
    docker(&[
        "run",
        "--rm",
        "--user",
        &user,
        "--volume",
        &volume,
        image,
        "secrets",
        "init",
        "/secrets",
        "--postgres",
        "postgres://postgres:5432/caracal?sslmode=disable",
        "--redis",
        "redis://redis:6379",
    ])
    .await;
    docker(&[
        "run", "--rm", "--user", &user, "--volume", &volume, image, "secrets", "check", "/secrets",
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker Engine: make test-compose"]
async fn the_runtime_file_is_installed_hardened_upgraded_under_load_and_comes_back_with_its_data() {
    let secrets = TempDir::new().expect("a directory");
    let (registry, first, second) = (image("CARACAL_TEST_REGISTRY"), "0.0.1-test", "0.0.2-test");
    make_secrets(&format!("{registry}caracal:v{first}"), secrets.path()).await;
    let mut project = Project::of("caracal-test", "runtime-compose.yml");
    project.set("CARACAL_REGISTRY", &registry);
    project.set("CARACAL_VERSION", first);
    project.set("CARACAL_SECRETS_DIR", &secrets.path().to_string_lossy());
    let authorities = TempDir::new().expect("a directory");
    project.set("GATEWAY_PRIVATE_UPSTREAM_HOSTS", &near().await.to_string());
    project.set("CARACAL_CA_DIR", &authorities.path().to_string_lossy());
    project.up().await;
    hardening::check(&project.inspected().await, secrets.path());
    let migrations = project.compose(&["logs", "--no-log-prefix", "migrate"]).await;
    assert_eq!(
        migrations.matches("schema is at version").count(),
        1,
        "{migrations}"
    );

    let stack = project.stack(secrets.path()).await;
    let fixture = Fixture::set_up(&stack).await;
    let agents = join_all((0..CALLERS).map(|_| fixture.agent())).await;
    let (over, outcomes) = (AtomicBool::new(false), Outcomes::default());
    let upgrading = async {
        project.set("CARACAL_VERSION", second);
        project.up().await;
        over.store(true, Ordering::Relaxed);
    };
    let calling = join_all(
        agents
            .iter()
            .map(|agent| go_on(&fixture, agent, &over, &outcomes)),
    );
    tokio::join!(upgrading, calling);
    println!("during the upgrade: {outcomes:?}");
    for (service, container) in project.inspected().await {
        let runs = container["Config"]["Image"].as_str().expect("an image");
        let ours = runs.starts_with(&registry);
        assert!(!ours || runs.ends_with(second), "{service} still runs {runs}");
    }
    // Whatever the upstream did, its caller knows.
    assert_eq!(
        fixture.upstream.requests(),
        outcomes.passed.load(Ordering::Relaxed),
        "{outcomes:?}"
    );

    let noted = fixture.zone.ledger().await.len();
    assert!(noted > 0);
    project.compose(&["down"]).await;
    project.up().await;
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
    assert!(
        fixture.zone.ledger().await.len() >= noted,
        "evidence went with the containers"
    );
    let mandate = fixture.mandate(&fixture.agent().await, READ).await;
    fixture.call(&mandate).await.expect(200);
}
