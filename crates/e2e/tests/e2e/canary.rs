//! `caracald canary`: what an operator runs after a rollout.

use caracal_e2e::{Role, Stack};
use caracal_testkit::deployed::program;
use tokio::process::Command;

/// What it said and whether it was content.
async fn canary(stack: &Stack, token: &str, gateway: &str) -> (bool, String) {
    let mut command = Command::new(program("caracald"));
    command
        .env_clear()
        .env("CARACAL_ADMIN_TOKEN", token)
        .arg("canary");
    for role in [Role::Api, Role::Sts, Role::Coordinator] {
        command.arg(format!("--{}={}", role.name(), stack.url(role)));
    }
    let output = command
        .arg(format!("--gateway={gateway}"))
        .output()
        .await
        .expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Zones that were not archived.
async fn zones(stack: &Stack) -> usize {
    let listed = stack.admin("GET", "/v1/zones", None).await.expect(200);
    listed.json["items"].as_array().expect("a list").len()
}

async fn the_canary_tells_a_stranger_nothing_and_makes_nothing(stack: &Stack) {
    let (content, said) = canary(stack, &"x".repeat(40), &stack.url(Role::Gateway)).await;
    assert!(!content && said.contains("/v1/zones answered 401"), "{said}");
    assert_eq!(zones(stack).await, 0);
}

async fn the_canary_notices_that_nobody_enforces(stack: &Stack) {
    // What it calls answers without a Gateway before it: every call passes, and that is what is wrong.
    let (content, said) = canary(stack, &stack.secret("caracalAdminToken"), &stack.url(Role::Sts)).await;
    assert!(
        !content && said.contains("a mandate that was used was to be refused"),
        "{said}"
    );
    assert_eq!(zones(stack).await, 0, "its zone is archived whatever came out");
}

async fn the_canary_makes_a_governed_call_and_cleans_up(stack: &Stack) {
    let (content, said) = canary(
        stack,
        &stack.secret("caracalAdminToken"),
        &stack.url(Role::Gateway),
    )
    .await;
    assert!(content, "{said}");
    for held in [
        "a governed call reached its upstream",
        "a mandate that was used is refused",
        "an operation that nobody declared is refused",
        "a mandate of a session that ended is refused",
        "the ledger has what was allowed and what was refused",
    ] {
        assert!(said.contains(&format!("ok  {held}")), "{held}: {said}");
    }
    assert_eq!(zones(stack).await, 0);
}

caracal_e2e::on_every_deployment!(
    the_canary_tells_a_stranger_nothing_and_makes_nothing,
    the_canary_notices_that_nobody_enforces,
    the_canary_makes_a_governed_call_and_cleans_up,
);
