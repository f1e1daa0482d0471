//! Many at once who want the same: one gets it, the others are told so, and nobody meets an outage.

use caracal_api::ApiConfig;
use caracal_testkit::{client::Answer, parts::Backends};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cuts::done,
    evidence::Made,
    stack::{ADMIN, Stack, grants},
};

/// How many want the same.
const RIVALS: usize = 64;

/// A kind of write that only one of several may make.
struct Contest {
    name: &'static str,
    method: Method,
    path: String,
    /// The body of the n-th rival.
    body: Box<dyn Fn(usize) -> Value>,
    /// The version that all of them saw, where the object has one.
    seen: Option<String>,
    /// Refusals of those who lose.
    codes: &'static [&'static str],
    /// Who they are; every rival has a token of their own where the many would not be let ask as one.
    tokens: Vec<String>,
}

/// Every kind of write with a uniqueness or a version rule, about a zone with one of everything.
async fn contests(stack: &Stack, made: &Made) -> Vec<Contest> {
    let zone = format!("/v1/zones/{}", made.zone);
    let content = grants(&made.application);
    let key = json!({"auth_location": "header", "header_name": "X-Key", "api_key": "k"});
    let (provider, application) = (made.provider.clone(), made.application.clone());
    let resource = move |n: usize| {
        json!({
            "name": format!("r {n}"), "identifier": "resource://wanted", "upstream_url": "https://upstream.example",
            "scopes": ["crm:read"], "credential_provider_id": provider,
        })
    };
    let mut contests = Vec::new();
    let mut make = |name, path: String, codes, body: Box<dyn Fn(usize) -> Value>| {
        contests.push(Contest {
            name,
            method: Method::POST,
            path,
            body,
            seen: None,
            codes,
            tokens: vec![ADMIN.to_owned()],
        });
    };
    let slug = format!("wanted-{}", &made.zone[24..]);
    make(
        "a slug",
        String::from("/v1/zones"),
        &["zone_slug_conflict"],
        Box::new(move |n| json!({"name": format!("z {n}"), "slug": slug})),
    );
    make(
        "the name of an application",
        format!("{zone}/applications"),
        &["application_name_taken"],
        Box::new(|_| json!({"name": "wanted", "registration_method": "managed"})),
    );
    make(
        "the name of a workload",
        format!("{zone}/workloads"),
        &["workload_name_taken"],
        Box::new(|n| json!({"name": if n % 2 == 0 { "wanted" } else { "WANTED" }})),
    );
    make(
        "the identifier of a provider",
        format!("{zone}/providers"),
        &["provider_identifier_conflict"],
        Box::new(
            move |n| json!({"name": format!("p {n}"), "identifier": "provider://wanted", "kind": "api_key", "config_json": key}),
        ),
    );
    make(
        "the identifier of a resource",
        format!("{zone}/resources"),
        &["resource_identifier_conflict"],
        Box::new(resource),
    );
    make(
        "the name of a policy",
        format!("{zone}/policies"),
        &["policy_name_conflict"],
        Box::new(move |_| json!({"name": "wanted", "content": content})),
    );
    make(
        "the name of a policy set",
        format!("{zone}/policy-sets"),
        &["policy_set_name_conflict"],
        Box::new(|n| json!({"name": "wanted", "description": n.to_string()})),
    );
    make(
        "an issuer of subjects",
        format!("{zone}/subject-issuers"),
        &["subject_issuer_exists"],
        Box::new(
            |n| json!({"issuer": "https://login.example/wanted", "jwks_url": "https://login.example/k", "audience": n.to_string()}),
        ),
    );
    let email = format!("{}@example.com", made.zone);
    make(
        "an address",
        String::from("/v1/accounts"),
        &["account_email_taken"],
        Box::new(move |n| json!({"email": email, "name": format!("n {n}"), "role": "viewer"})),
    );
    make(
        "the shadow of a zone",
        format!(
            "{zone}/policy-sets/{}/versions/{}/shadow",
            made.policy_set, made.set_version
        ),
        &["conflict"],
        Box::new(|n| json!({"expires_in_hours": 1 + n % 5})),
    );
    let mut many = Vec::new();
    for _ in 0..RIVALS {
        many.push(stack.token("global", None, "write").await);
    }
    for contest in &mut contests {
        if ["the name of a policy", "the shadow of a zone"].contains(&contest.name) {
            contest.tokens.clone_from(&many);
        }
    }
    // Which of the two it is decides the first.
    let approve = stack.token("zone", Some(&made.zone), "approve").await;
    contests.push(Contest {
        name: "a decision",
        method: Method::POST,
        path: format!("{zone}/approvals/{}/approve", made.approval),
        body: Box::new(|_| json!({})),
        seen: None,
        codes: &["approval_not_decidable"],
        tokens: vec![approve],
    });
    // Whoever changes what somebody else changed is told so.
    for (name, path) in [
        ("a version of the zone", zone.clone()),
        (
            "a version of an application",
            format!("{zone}/applications/{application}"),
        ),
        (
            "a version of a provider",
            format!("{zone}/providers/{}", made.provider),
        ),
        (
            "a version of a resource",
            format!("{zone}/resources/{}", made.resource),
        ),
    ] {
        let seen = stack.get(&path).await.headers["etag"]
            .to_str()
            .unwrap()
            .to_owned();
        contests.push(Contest {
            name,
            method: Method::PATCH,
            path,
            body: Box::new(|n| json!({"name": format!("name {n}")})),
            seen: Some(seen),
            codes: &[],
            tokens: vec![ADMIN.to_owned()],
        });
    }
    contests
}

impl Contest {
    async fn enter(&self, stack: &Stack, rival: usize) -> Answer {
        let body = (self.body)(rival);
        let seen: Vec<_> = self.seen.iter().map(|seen| ("if-match", seen.as_str())).collect();
        let method = self.method.clone();
        let token = &self.tokens[rival % self.tokens.len()];
        stack
            .call(Some(token), &seen, method, &self.path, Some(&body))
            .await
    }
}

async fn one_of_many_wins(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let made = Made::of(&stack).await;
    for contest in contests(&stack, &made).await {
        let before = done(&stack, &made).await;
        let answers = join_all((0..RIVALS).map(|rival| contest.enter(&stack, rival))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
        let losses: Vec<_> = lost.iter().map(|answer| answer.refusal()).collect();
        assert_eq!(won.len(), 1, "{}: {losses:?}", contest.name);
        for loss in &lost {
            let told = match loss.status.as_u16() {
                409 => contest.codes.contains(&loss.code()) || loss.code() == "conflict",
                412 => contest.seen.is_some(),
                _ => false,
            };
            assert!(told, "{}: {}", contest.name, loss.text);
        }
        // One that lost may not be told to have been lost to one that lost as well.
        let after = done(&stack, &made).await;
        let of_zone = contest.path.contains(&made.zone);
        assert_eq!(after - before, usize::from(of_zone), "{}", contest.name);
        if contest.seen.is_some() {
            let read = stack.get(&contest.path).await;
            assert_eq!(read["name"], won[0]["name"], "{}", contest.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_wins_on_sqlite() {
    one_of_many_wins(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_wins_on_postgresql() {
    one_of_many_wins(Backends::Postgres).await;
}
