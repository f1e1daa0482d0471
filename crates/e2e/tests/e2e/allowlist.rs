//! `caracal allowlist` against a real stack: the list is that of the accounts.

use std::time::Duration;

use caracal_e2e::{Deployment, Reply, Role, Stack};
use caracal_testkit::{deployed::program, process::Process};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(1);

/// Whether it went well, and what it said.
async fn allowlist(stack: &Stack, arguments: &[&str]) -> (bool, String) {
    let mut process = Process::options(program("caracal"))
        .arg("allowlist")
        .args(arguments)
        .env("CARACAL_HOME", stack.home())
        .start();
    let status = process.ended(LIMIT).await;
    (
        status.success(),
        format!("{}{}", process.stdout(), process.stderr()),
    )
}

async fn sign_in(stack: &Stack, email: &str, password: &str) -> Reply {
    let request = stack.request(Role::Api, "POST", "/v1/console/sign-in");
    Reply::of(request.json(&json!({"email": email, "password": password}))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_on_the_allowlist_signs_in_and_nobody_else() {
    let stack = Stack::with(Deployment::Embedded, &[]).await;
    let password = "correct horse battery staple";
    let (good, said) = allowlist(&stack, &["add", " Ada@Example.com ", "--role", "auditor"]).await;
    assert!(good && said.contains("ada@example.com is active"), "{said}");
    let (_, link) = said.split_once("/link#").expect("a link");
    let body = json!({"link": link.trim(), "password": password});
    let request = stack.request(Role::Api, "POST", "/v1/console/links/use");
    let used = Reply::of(request.json(&body)).await.expect(201);
    assert_eq!(used.json["account"]["role"], "auditor");

    // Again is no error, and makes no other link.
    let (good, said) = allowlist(&stack, &["add", "ada@example.com", "--json"]).await;
    let json: Value = serde_json::from_str(&said).expect("JSON");
    assert!(good);
    assert_eq!(
        json,
        json!({"entry": "ada@example.com", "status": "active", "changed": false, "link": null})
    );

    let (good, said) = allowlist(&stack, &["lock", "ada@example.com"]).await;
    assert!(good && said.contains("ada@example.com is locked"), "{said}");
    sign_in(&stack, "ada@example.com", password).await.expect(401);
    let (good, said) = allowlist(&stack, &["add", "ada@example.com"]).await;
    assert!(!good && said.contains("is locked; unlock it instead"), "{said}");
    assert!(allowlist(&stack, &["unlock", "ada@example.com"]).await.0);
    sign_in(&stack, "ada@example.com", password).await.expect(200);
    let (_, said) = allowlist(&stack, &["list"]).await;
    assert!(said.contains("ada@example.com  auditor   active"), "{said}");

    assert!(allowlist(&stack, &["remove", "ada@example.com"]).await.0);
    sign_in(&stack, "ada@example.com", password).await.expect(401);
    for arguments in [
        ["remove", "ada@example.com"],
        ["lock", "ada@example.com"],
        ["add", "@example.com"],
        ["add", "ada"],
        ["add", "a@b@c"],
    ] {
        let (good, said) = allowlist(&stack, &arguments).await;
        assert!(!good, "{arguments:?}: {said}");
    }
}
