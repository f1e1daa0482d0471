//! Whoever guesses at the console closes it for themselves: not for whoever else signs in.

use caracal_core::entity::AccountRole;
use caracal_e2e::{
    Deployment, Reply, Role, Stack,
    account::{invite, sign_in, use_link},
};
use caracal_wire::control::{Line, accounts::ReadLink};
use serde::Serialize;
use serde_json::Value;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// What the console asks for a browser.
async fn at_the_console(web: &str, path: &str, body: &impl Serialize) -> Reply {
    let request = reqwest::Client::new()
        .post(format!("{web}{path}"))
        .header("origin", web)
        .header("sec-fetch-site", "same-origin")
        .header("x-caracal-console", "1");
    Reply::of(request.json(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_refused_at_the_console_keeps_nobody_else_out() {
    let stack = Stack::start(Deployment::Embedded).await;
    let endpoints = std::fs::read_to_string(stack.home().join("endpoints.json")).expect("a running stack");
    let endpoints: Value = serde_json::from_str(&endpoints).expect("JSON");
    let web = endpoints["web"].as_str().expect("the role web");
    let made = invite(&stack, EMAIL, AccountRole::Viewer, None).await;
    let used = use_link(&made.link.link, PASSWORD);
    at_the_console(web, "/api/session/link", &used).await.expect(201);
    let right = sign_in(EMAIL, PASSWORD);
    // What is right is not counted.
    for _ in 0..3 {
        at_the_console(web, "/api/session", &right).await.expect(200);
    }
    let guess = sign_in("nobody@example.com", "a guess that is wrong");
    let link = ReadLink {
        link: Line(String::from("nothing-that-was-ever-made")),
    };
    for _ in 0..10 {
        at_the_console(web, "/api/session", &guess).await.expect(401);
        at_the_console(web, "/api/control/v1/console/links/read", &link)
            .await
            .expect(404);
    }
    let shut = at_the_console(web, "/api/session", &right).await;
    shut.assert_refused(429, "rate_limited", "");
    assert!(shut.headers.contains_key("retry-after"), "{shut:#?}");
    // The Control API, which saw all that from one address, goes on for whoever comes from there.
    let elsewhere = stack.request(Role::Api, "POST", "/v1/console/sign-in");
    Reply::of(elsewhere.json(&right)).await.expect(200);
    stack.stop().await;
}
