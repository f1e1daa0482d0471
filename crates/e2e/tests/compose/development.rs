//! `docker-compose.yml`.

use caracal_e2e::{Fixture, READ};
use tempfile::TempDir;

use crate::{
    engine::{Project, docker, image},
    hardening,
};

#[tokio::test]
#[ignore = "needs a Docker Engine: make test-compose"]
async fn the_development_file_comes_up_from_itself_and_protects_a_call() {
    let mut project = Project::of("caracal-dev-test", "docker-compose.yml");
    project.set("CARACAL_IMAGE", &image("CARACAL_TEST_IMAGE"));
    project.up().await;
    let containers = project.inspected().await;
    // The secrets are in a volume of the project: their maker's container is where they can be read from outside.
    let maker = containers["secrets"]["Id"].as_str().expect("an id");
    let copied = TempDir::new().expect("a directory");
    let secrets = copied.path().join("secrets");
    docker(&[
        "cp",
        &format!("{maker}:/var/lib/caracal"),
        &secrets.to_string_lossy(),
    ])
    .await;
    hardening::check(&containers, &secrets);

    let stack = project.stack(&secrets).await;
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
}
