//! Many at once who want the same: one gets it, the others are told so, and nobody meets an outage.

use caracal_api::{ApiConfig, table};
use caracal_testkit::{client::Answer, parts::Backends};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cuts::{done_since, lengths, unhurried},
    evidence::{Made, under_way},
    stack::{ADMIN, Stack, grants},
    versions::{shown, subject_of},
};

/// How many want the same.
const RIVALS: usize = 64;

/// A kind of write that only one of several may make.
struct Contest {
    name: &'static str,
    method: Method,
    /// Of the n-th rival: mostly that of all of them.
    path: Box<dyn Fn(usize) -> String>,
    /// The body of the n-th rival, where there is one.
    body: Box<dyn Fn(usize) -> Option<Value>>,
    /// The version that all of them saw, where the object has one.
    seen: Option<String>,
    /// Refusals of those who lose.
    codes: &'static [&'static str],
    /// Who they are; every rival has a token of their own where the many would not be let ask as one.
    tokens: Vec<String>,
}

/// One path for all.
fn at(path: impl Into<String>) -> Box<dyn Fn(usize) -> String> {
    let path = path.into();
    Box::new(move |_| path.clone())
}

/// Objects of one kind, one for each rival.
async fn one_each(stack: &Stack, path: &str, body: impl Fn(usize) -> Value) -> Box<dyn Fn(usize) -> String> {
    let mut paths = Vec::new();
    for n in 0..RIVALS {
        let made = stack.post(path, body(n)).await.expect(201);
        paths.push(format!("{path}/{}", made.text("id")));
    }
    Box::new(move |n| paths[n].clone())
}

/// Every kind of write with a rule that only one may meet, about a zone with one of everything.
async fn contests(stack: &Stack, made: &Made) -> Vec<Contest> {
    let zone = format!("/v1/zones/{}", made.zone);
    let content = grants(&made.application);
    let key = json!({"auth_location": "header", "header_name": "X-Key", "api_key": "k"});
    let provider = made.provider.clone();
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
            path: at(path),
            body: Box::new(move |n| Some(body(n))),
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
    // Where no shadow is, which the contest above leaves behind.
    let unwatched = Made::of(stack).await;
    make(
        "the canary of a zone",
        under_way_of(stack, &unwatched, "policy_canary.begin").await,
        &["conflict"],
        Box::new(|n| json!({"share_percent": 1 + n % 50})),
    );
    // The last place where there is a bound: the others are taken.
    for n in 0..18 {
        let sink = json!({"name": format!("s {n}"), "url": "https://hooks.example/"});
        let sinks = format!("{zone}/notification-sinks");
        stack.post(&sinks, sink).await.expect(201);
    }
    // The first contest takes one.
    for n in 0..17 {
        let issuer = format!("https://login.example/{n}");
        let issuer = json!({"issuer": issuer, "jwks_url": "https://login.example/k", "audience": "a"});
        let issuers = format!("{zone}/subject-issuers");
        stack.post(&issuers, issuer).await.expect(201);
    }
    make(
        "the last sink",
        format!("{zone}/notification-sinks"),
        &["sink_limit_reached"],
        Box::new(|n| json!({"name": format!("last {n}"), "url": "https://hooks.example/"})),
    );
    make(
        "the last issuer of subjects",
        format!("{zone}/subject-issuers"),
        &["subject_issuer_limit_reached"],
        Box::new(|n| {
            let issuer = format!("https://login.example/last-{n}");
            json!({"issuer": issuer, "jwks_url": "https://login.example/k", "audience": "a"})
        }),
    );
    make(
        "the last short-lived application",
        format!("{zone}/applications/dcr"),
        &["dcr_limit_exceeded"],
        Box::new(|n| json!({"name": format!("short {n}")})),
    );
    let mut many = Vec::new();
    for _ in 0..RIVALS {
        many.push(stack.token("global", None, "write").await);
    }
    for contest in &mut contests {
        let compiled = [
            "the name of a policy",
            "the shadow of a zone",
            "the canary of a zone",
        ];
        if compiled.contains(&contest.name) {
            contest.tokens.clone_from(&many);
        }
    }
    // Which of the two it is decides the first.
    let approve = stack.token("zone", Some(&made.zone), "approve").await;
    contests.push(Contest {
        name: "a decision",
        method: Method::POST,
        path: at(format!("{zone}/approvals/{}/approve", made.approval)),
        body: Box::new(|_| Some(json!({}))),
        seen: None,
        codes: &["approval_not_decidable"],
        tokens: vec![approve],
    });
    contests.extend(renamings(stack, made).await);
    contests
}

/// Each has something of its own and gives it the name that all of them want.
async fn renamings(stack: &Stack, made: &Made) -> Vec<Contest> {
    let zone = format!("/v1/zones/{}", made.zone);
    let named = |n: usize| json!({"name": format!("own {n}")});
    let key = json!({"auth_location": "header", "header_name": "X-Key", "api_key": "k"});
    let provider = |n: usize| json!({"name": format!("own {n}"), "kind": "api_key", "config_json": key});
    let resource = |n: usize| {
        json!({
            "name": format!("own {n}"), "identifier": format!("resource://own-{n}"),
            "upstream_url": "https://upstream.example", "scopes": ["crm:read"],
            "credential_provider_id": made.provider,
        })
    };
    let application = |n: usize| json!({"name": format!("own {n}"), "registration_method": "managed"});
    let slug = format!("renamed-{}", &made.zone[24..]);
    let renaming = |name, method, path, wanted: Value, codes| Contest {
        name,
        method,
        path,
        body: Box::new(move |_| Some(wanted.clone())),
        seen: None,
        codes,
        tokens: vec![ADMIN.to_owned()],
    };
    let at = |path: &str| format!("{zone}/{path}");
    vec![
        renaming(
            "a slug by renaming",
            Method::PATCH,
            one_each(stack, "/v1/zones", named).await,
            json!({"slug": slug}),
            &["zone_slug_conflict"],
        ),
        renaming(
            "the name of an application by renaming",
            Method::PATCH,
            one_each(stack, &at("applications"), application).await,
            json!({"name": "renamed"}),
            &["application_name_taken"],
        ),
        renaming(
            "the name of a workload by renaming",
            Method::PUT,
            one_each(stack, &at("workloads"), named).await,
            json!({"name": "renamed"}),
            &["workload_name_taken"],
        ),
        renaming(
            "the identifier of a provider by renaming",
            Method::PATCH,
            one_each(stack, &at("providers"), provider).await,
            json!({"identifier": "provider://renamed"}),
            &["provider_identifier_conflict"],
        ),
        renaming(
            "the identifier of a resource by renaming",
            Method::PATCH,
            one_each(stack, &at("resources"), resource).await,
            json!({"identifier": "resource://renamed"}),
            &["resource_identifier_conflict"],
        ),
    ]
}

async fn under_way_of(stack: &Stack, made: &Made, name: &str) -> String {
    let route = table().into_iter().find(|route| route.name == name).unwrap();
    under_way(stack, &route, made).await
}

/// Whoever changes what somebody else changed is told so: every route that minds a version.
async fn versions_seen(stack: &Stack, tokens: &[String]) -> Vec<Contest> {
    let mut contests = Vec::new();
    for route in table().into_iter().filter(|route| route.minds_version) {
        let (path, body) = subject_of(stack, &route).await;
        let read = stack.get(shown(&route, &path)).await;
        let Some(tag) = read.headers.get("etag") else {
            // Nobody reads with which version an identity was remembered.
            assert_eq!(route.name, "accounts.forget_identity");
            continue;
        };
        let of_state = route.name == "zone_state.apply";
        contests.push(Contest {
            name: route.name,
            method: route.method.clone(),
            path: at(path),
            body: Box::new(move |n| {
                let mut body = body.clone()?;
                if of_state {
                    body["applications"] = json!([{"name": format!("declared {n}")}]);
                }
                Some(body)
            }),
            seen: Some(tag.to_str().unwrap().to_owned()),
            codes: &[],
            tokens: tokens.to_vec(),
        });
    }
    assert!(contests.len() > 25, "{}", contests.len());
    contests
}

impl Contest {
    async fn enter(&self, stack: &Stack, rival: usize) -> Answer {
        let body = (self.body)(rival);
        let seen: Vec<_> = self.seen.iter().map(|seen| ("if-match", seen.as_str())).collect();
        let method = self.method.clone();
        let token = &self.tokens[rival % self.tokens.len()];
        let path = (self.path)(rival);
        stack.call(Some(token), &seen, method, &path, body.as_ref()).await
    }

    /// Whether somebody who lost was told so.
    fn tells(&self, loss: &Answer) -> bool {
        match loss.status.as_u16() {
            409 => self.codes.contains(&loss.code()) || loss.code() == "conflict",
            // A bound that time lifts.
            429 => self.codes.contains(&loss.code()),
            412 => self.seen.is_some(),
            // What was taken away is there no more.
            404 => self.seen.is_some() && self.method != Method::PATCH,
            _ => false,
        }
    }

    async fn held(&self, stack: &Stack) {
        let before = lengths(stack).await;
        let answers = join_all((0..RIVALS).map(|rival| self.enter(stack, rival))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
        let losses: Vec<_> = lost.iter().map(|answer| answer.refusal()).collect();
        assert_eq!(won.len(), 1, "{}: {losses:?}", self.name);
        for loss in &lost {
            assert!(self.tells(loss), "{}: {}", self.name, loss.text);
        }
        // A document has a record for each of its objects, here one.
        let records = if self.name == "zone_state.apply" { 2 } else { 1 };
        assert_eq!(done_since(stack, &before).await, records, "{}", self.name);
        if self.method == Method::PATCH && self.seen.is_some() {
            // One that lost may not be told to have been lost to one that lost as well.
            let read = stack.get(&(self.path)(0)).await;
            assert_eq!(read["name"], won[0]["name"], "{}", self.name);
        }
    }
}

fn config() -> ApiConfig {
    ApiConfig {
        max_live_dcr: 1,
        ..unhurried()
    }
}

async fn one_of_many_wins(backends: Backends) {
    let stack = Stack::over(backends, config()).await;
    let made = Made::of(&stack).await;
    for contest in contests(&stack, &made).await {
        contest.held(&stack).await;
    }
}

async fn one_of_many_changes_what_all_saw(backends: Backends) {
    let stack = Stack::over(backends, config()).await;
    let mut tokens = Vec::new();
    for _ in 0..RIVALS {
        tokens.push(stack.token("global", None, "write").await);
    }
    for contest in versions_seen(&stack, &tokens).await {
        contest.held(&stack).await;
    }
}

/// Registration is closed in the moment that many register: nobody is let live that nobody decided about.
async fn closing_registration_sees_whoever_registers(backends: Backends) {
    let stack = Stack::over(backends, unhurried()).await;
    for _ in 0..4 {
        let body = json!({"name": "open", "dcr_enabled": true});
        let zone = stack.post("/v1/zones", body).await.expect(201).text("id");
        let zone = format!("/v1/zones/{zone}");
        let register = async |n: usize| {
            let body = json!({"name": format!("short {n}")});
            stack.post(&format!("{zone}/applications/dcr"), body).await
        };
        let close = stack.patch(&zone, json!({"dcr_enabled": false}));
        let (registered, closed) = tokio::join!(join_all((0..16).map(register)), close);
        let registered = registered.iter().filter(|answer| answer.status == 201).count();
        let status = stack.get(&format!("{zone}/dcr-status")).await.expect(200);
        assert_eq!(status["live_dcr_applications"], registered);
        if closed.status == 200 {
            assert_eq!(registered, 0, "closed over what lives: {}", closed.text);
        } else {
            assert_eq!(closed.refused(409), "dcr_shutdown_required");
            assert_eq!((status["dcr_enabled"].as_bool(), registered), (Some(true), 16));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_registration_sees_whoever_registers_on_sqlite() {
    closing_registration_sees_whoever_registers(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_registration_sees_whoever_registers_on_postgresql() {
    closing_registration_sees_whoever_registers(Backends::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_wins_on_sqlite() {
    one_of_many_wins(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_wins_on_postgresql() {
    one_of_many_wins(Backends::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_changes_what_all_saw_on_sqlite() {
    one_of_many_changes_what_all_saw(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_changes_what_all_saw_on_postgresql() {
    one_of_many_changes_what_all_saw(Backends::Postgres).await;
}
