//! The receiver of the handbook takes what a stack sends, once, and nothing that anybody else does.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    time::Duration,
};

use caracal_core::Secret;
use caracal_crypto::{system_world, webhook_signature};
use caracal_e2e::{Deployment, Reply, Stack, Zone, checkout};
use caracal_testkit::process::Process;
use serde_json::{Value, json};

/// Longest wait for anything to happen.
const LIMIT: Duration = Duration::from_mins(1);

/// The handbook's receiver, with its secret in `file`.
fn receiver(file: &Path, port: u16) -> Process {
    Process::options("python3")
        .arg("-B")
        .arg(checkout().join("docs/notifications/receiver.py"))
        .arg(port.to_string())
        .env("CARACAL_SINK_SECRET_FILE", file)
        .start()
}

/// What the receiver took, once it is `count`.
async fn taken(receiver: &Process, count: usize) -> Vec<Value> {
    let wait = async {
        loop {
            let lines = receiver.stdout();
            if lines.lines().count() >= count {
                let lines = lines.lines();
                return lines
                    .map(|line| serde_json::from_str(line).expect("a notification"))
                    .collect();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let taken = tokio::time::timeout(LIMIT, wait).await;
    taken.unwrap_or_else(|_| panic!("took {:?}: {}", receiver.stdout(), receiver.stderr()))
}

/// What the receiver answers to somebody who signs with `secret` at `at`.
async fn forged(url: &str, secret: &Secret, at: i64, sent: &str) -> u16 {
    let body = r#"{"type":"zone_thawed","id":"forged"}"#;
    let request = reqwest::Client::new()
        .post(url)
        .header("x-caracal-delivery", "forged")
        .header("x-caracal-timestamp", at.to_string())
        .header(
            "x-caracal-signature",
            webhook_signature::sign(secret, at, body.as_bytes()),
        )
        .body(sent.replace("BODY", body));
    Reply::of(request).await.status
}

async fn the_handbooks_receiver_takes_what_is_sent_and_nothing_else(deployment: Deployment) {
    let stack = Stack::with(deployment, &[("CARACAL_PRIVATE_EGRESS_HOSTS", "localhost")]).await;
    let zone = Zone::create(&stack).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let url = format!("http://localhost:{port}/");
    let sink = json!({"name": "pager", "url": url});
    let sink = zone
        .admin("POST", "/notification-sinks", Some(sink))
        .await
        .expect(201);
    let path = format!("/notification-sinks/{}", sink.text_of("id"));
    let files = tempfile::tempdir().expect("a directory for the secret");
    let file = files.path().join("secret");
    fs::write(&file, sink.text_of("secret")).expect("the secret is written");
    let receiver = receiver(&file, port);

    // Not there yet, perhaps: then it comes again.
    zone.admin("POST", "/freeze", Some(json!({"reason": "drill"})))
        .await
        .expect(200);
    let first = taken(&receiver, 1).await;
    assert_eq!(
        (&first[0]["type"], &first[0]["data"]["reason"]),
        (&json!("zone_frozen"), &json!("drill"))
    );
    let listed = zone
        .admin("GET", &format!("{path}/deliveries"), None)
        .await
        .expect(200);
    let delivery = listed.json["items"][0]["id"].as_str().expect("an id").to_owned();
    let again = format!("{path}/deliveries/{delivery}/redeliver");
    zone.admin("POST", &again, None).await.expect(202);

    // Another secret, an old copy, another body.
    let now = system_world().now().unix_seconds();
    let secret = Secret::new(sink.text_of("secret"));
    assert_eq!(forged(&url, &Secret::new("nsk_other"), now, "BODY").await, 401);
    assert_eq!(forged(&url, &secret, now - 301, "BODY").await, 401);
    assert_eq!(forged(&url, &secret, now, "BODY ").await, 401);

    // With another secret, which the receiver learns a moment later than the stack.
    let rotated = zone
        .admin("POST", &format!("{path}/rotate-secret"), None)
        .await
        .expect(200);
    fs::write(&file, rotated.text_of("secret")).expect("the secret is written");
    zone.admin("POST", "/thaw", None).await.expect(200);
    zone.admin("POST", &format!("{path}/test"), None)
        .await
        .expect(202);
    let all = taken(&receiver, 3).await;
    let mut kinds: Vec<_> = all.iter().filter_map(|taken| taken["type"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["sink_test", "zone_frozen", "zone_thawed"], "each once");
    stack.stop().await;
}

#[tokio::test]
async fn the_handbooks_receiver_takes_what_is_sent_embedded() {
    the_handbooks_receiver_takes_what_is_sent_and_nothing_else(Deployment::Embedded).await;
}

#[tokio::test]
async fn the_handbooks_receiver_takes_what_is_sent_production() {
    the_handbooks_receiver_takes_what_is_sent_and_nothing_else(Deployment::Production).await;
}
