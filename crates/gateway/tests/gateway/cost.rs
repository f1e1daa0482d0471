//! What one governed call costs this process, printed for people. Run it in release, alone:
//! `cargo test --release -p caracal-gateway --test gateway cost -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Request, Uri};
use http_body_util::BodyExt as _;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use crate::stage::{Options, RESOURCE, Stage};

const CALLS: u32 = 20_000;

/// CPU time of this process so far, user and system.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks: u64 = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

async fn measure(name: &str, requests: Vec<Request<Body>>, expected: u16) -> Duration {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let count = u32::try_from(requests.len()).unwrap();
    let (began, before) = (Instant::now(), cpu());
    for request in requests {
        let response = client.request(request).await.unwrap();
        assert_eq!(response.status(), expected);
        response.into_body().collect().await.unwrap();
    }
    let (wall, cpu) = (began.elapsed() / count, cpu().saturating_sub(before) / count);
    println!("{name}: {wall:?} a call, {cpu:?} of CPU");
    cpu
}

#[tokio::test]
#[ignore = "a measurement, for people"]
async fn cost_of_a_governed_call() {
    let stages = [("proof by signature", false), ("proof of issue", true)];
    for (name, issued) in stages {
        let stage = Stage::with(Options {
            issued,
            ..Options::default()
        })
        .await;
        let direct: Uri = format!("http://{}/a?x=1", stage.upstream.address())
            .parse()
            .unwrap();
        let plain = |uri: &Uri| {
            Request::get(uri.clone())
                .header("authorization", "Bearer x")
                .header("accept", "application/json")
                .header("user-agent", "agent/1.0")
                .header("x-caracal-resource", RESOURCE)
                .body(Body::empty())
                .unwrap()
        };
        let straight = measure(
            "straight to the upstream",
            (0..CALLS).map(|_| plain(&direct)).collect(),
            200,
        )
        .await;
        let governed = || {
            let token = stage.mandate();
            stage
                .request(&token, "/a?x=1")
                .header("accept", "application/json")
                .header("user-agent", "agent/1.0")
                .body(Body::empty())
                .unwrap()
        };
        let calls: Vec<_> = (0..CALLS).map(|_| governed()).collect();
        let through = measure(name, calls, 200).await;
        println!(
            "{name}: the gateway adds {:?} of CPU",
            through.saturating_sub(straight)
        );
        let noise = (0..CALLS)
            .map(|_| plain(&format!("http://{}/a", stage.address).parse().unwrap()))
            .collect();
        measure("a malformed bearer", noise, 401).await;
    }
}
