//! What a large zone costs: lists, filters, searches, and the last of many objects beside the first. Ignored by default: it
//! measures, it does not judge. `make measure-zone` runs it; `RESOURCES` and `APPLICATIONS` say how many.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]

use std::{
    env,
    time::{Duration, Instant},
};

use caracal_api::ApiConfig;
use caracal_core::ZoneId;
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::json;

use crate::stack::{ADMIN, Stack};

/// Requests of a kind.
const REQUESTS: usize = 100;

fn number(name: &str, otherwise: usize) -> usize {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A line of the table: half of the requests took less, and 19 of 20.
fn line(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at =
        |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!("| {what} | {:.1} / {:.1} |", at(50), at(95));
}

async fn gets(stack: &Stack, what: &str, path: impl Fn(usize) -> String) {
    let mut times = Vec::new();
    for n in 0..REQUESTS {
        let begun = Instant::now();
        let answer = stack.get(&path(n)).await;
        times.push(begun.elapsed());
        answer.expect(200);
    }
    line(what, times);
}

async fn creates(stack: &Stack, what: &str, zone: &str, provider: &str, from: usize, keyed: bool) {
    let mut times = Vec::new();
    for n in from..from + REQUESTS {
        let key = format!("made-{n}");
        let headers: &[(&str, &str)] = if keyed { &[("idempotency-key", &key)] } else { &[] };
        let body = json!({
            "name": format!("made {n}"), "identifier": format!("resource://made-{n}"), "scopes": ["crm:read"],
            "upstream_url": "https://upstream.example", "credential_provider_id": provider,
        });
        let begun = Instant::now();
        let path = format!("{zone}/resources");
        let answer = stack
            .call(Some(ADMIN), headers, Method::POST, &path, Some(&body))
            .await;
        times.push(begun.elapsed());
        answer.expect(201);
    }
    line(what, times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_large_zone() {
    let (resources, applications) = (number("RESOURCES", 100_000), number("APPLICATIONS", 10_000));
    let config = ApiConfig {
        max_resources_per_zone: u64::MAX >> 1,
        rate_limit_per_min: 0,
        ..ApiConfig::default()
    };
    let stack = Stack::over(Backends::Postgres, config).await;
    let zone = stack.zone("large").await;
    let provider = json!({"name": "key", "kind": "none"});
    let provider = stack.provider(&zone, provider).await;
    let (application, _) = stack.application(&zone, "first").await;
    println!(
        "| In a zone with {resources} resources and {applications} applications | p50 / p95 in ms |\n|---|---|"
    );
    creates(
        &stack,
        "Make a resource, the first ones",
        &zone,
        &provider,
        0,
        false,
    )
    .await;
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    stack.parts.database().sql(&format!(
        "INSERT INTO resources (zone_id, id, name, identifier, upstream_url, scopes, credential_provider_id, operations, \
            operation_enforcement, cookies, created_via_operator, created_at, updated_via_operator) \
         SELECT zone_id, id || '-' || n, 'Resource ' || n, 'resource://bulk-' || n, upstream_url, scopes, \
            credential_provider_id, operations, operation_enforcement, cookies, FALSE, created_at + n, FALSE \
         FROM resources, generate_series(1, {resources}) n \
         WHERE zone_id = '{id}' AND identifier = 'resource://made-0'; \
         INSERT INTO applications (zone_id, id, name, name_folded, registration_method, traits, created_via_operator, \
            created_at, updated_via_operator) \
         SELECT zone_id, id || '-' || n, 'Application ' || n, 'application ' || n, registration_method, traits, FALSE, \
            created_at + n, FALSE \
         FROM applications, generate_series(1, {applications}) n WHERE zone_id = '{id}' AND id = '{application}'"
    ));
    // As the server does by itself a while after so many rows came.
    for table in ["resources", "applications"] {
        stack.parts.database().vacuum(table);
    }
    let begun = Instant::now();
    let reloaded = stack.parts.zones.reload(&ZoneId::parse(id).unwrap()).await;
    reloaded.unwrap();
    println!(
        "| Read the zone whole | {:.0} |",
        begun.elapsed().as_secs_f64() * 1000.0
    );
    for (what, from, keyed) in [
        ("Make a resource, the last ones", REQUESTS, false),
        ("Make a resource with a key, the last ones", REQUESTS * 2, true),
    ] {
        creates(&stack, what, &zone, &provider, from, keyed).await;
    }
    for (what, query) in [
        ("List resources, a page of 100", "resources?limit=100"),
        ("List applications, a page of 100", "applications?limit=100"),
        ("List archived resources", "resources?status=archived"),
        ("Count what is in the zone", "overview"),
    ] {
        gets(&stack, what, |_| format!("{zone}/{query}")).await;
    }
    for (what, noun, word, more) in [
        (
            "Search resources by a part of the name",
            "resources",
            "Resource%20",
            "",
        ),
        (
            "The same, sorted by name and counted",
            "resources",
            "Resource%20",
            "&sort=name&include_total=true",
        ),
        (
            "Search resources by a part of the identifier",
            "resources",
            "bulk-",
            "",
        ),
        (
            "Search resources for what there is not",
            "resources",
            "nothing-",
            "",
        ),
        (
            "Search applications by a part of the name",
            "applications",
            "Application%20",
            "",
        ),
    ] {
        gets(&stack, what, |n| {
            format!(
                "{zone}/{noun}?limit=100&search={word}{}{more}",
                n * 977 % applications
            )
        })
        .await;
    }
    let page = stack
        .get(&format!("{zone}/resources?limit=100"))
        .await
        .expect(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    gets(&stack, "List resources, the next page", |_| {
        format!("{zone}/resources?limit=100&cursor={cursor}")
    })
    .await;
    gets(&stack, "Read a resource", |n| {
        format!(
            "{zone}/resources/{}",
            page["items"][n % 100]["id"].as_str().unwrap()
        )
    })
    .await;
}
