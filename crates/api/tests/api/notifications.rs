//! Notifications as they are sent: real receivers, the clock of the test.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use caracal_api::Notifier;
use caracal_core::{Secret, ZoneId, entity::Approval};
use caracal_crypto::webhook_signature;
use caracal_service::egress::{Egress, EgressPolicy, Resolve, Timeouts};
use caracal_storage::conformance::given::Given;
use caracal_testkit::{
    upstream::{Answer, Received, Upstream},
    wait::eventually,
};
use http::StatusCode;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    connections,
    grants::{grant, resource},
    stack::Stack,
};

const WITHIN: Duration = Duration::from_mins(1);

/// A dispatcher, until it is dropped.
fn dispatch(stack: &Stack) -> DropGuard {
    dispatch_through(stack, stack.deps.egress.clone())
}

fn dispatch_through(stack: &Stack, egress: Arc<Egress>) -> DropGuard {
    let shutdown = CancellationToken::new();
    let parts = &stack.parts;
    let notifier = Notifier::new(
        parts.world.clone(),
        parts.store.clone(),
        parts.keyring.clone(),
        egress,
    );
    tokio::spawn(notifier.run(shutdown.clone()));
    shutdown.drop_guard()
}

/// A sink at `url`: its path and its secret.
async fn sink(stack: &Stack, zone: &str, url: &str) -> (String, Secret) {
    let all = format!("{zone}/notification-sinks");
    let made = stack
        .post(&all, json!({ "name": "pager", "url": url }))
        .await
        .expect(201);
    (
        format!("{all}/{}", made.text("id")),
        Secret::new(made.text("secret")),
    )
}

async fn freeze(stack: &Stack, zone: &str) {
    stack
        .post(&format!("{zone}/freeze"), json!({ "reason": "drill" }))
        .await
        .expect(200);
}

/// The only delivery of the sink once `condition` holds.
async fn delivery_when(stack: &Stack, sink: &str, condition: impl Fn(&Value) -> bool) -> Value {
    eventually("the delivery comes to it", async || {
        let listed = stack.get(&format!("{sink}/deliveries")).await.expect(200);
        let Some([delivery]) = listed["items"].as_array().map(Vec::as_slice) else {
            return None;
        };
        condition(delivery).then(|| delivery.clone())
    })
    .await
}

fn signed(received: &Received, secret: &Secret) -> bool {
    let at = received.header("x-caracal-timestamp").unwrap().parse().unwrap();
    received.header("x-caracal-signature") == Some(&webhook_signature::sign(secret, at, &received.body))
}

#[tokio::test]
async fn what_happens_reaches_its_sinks_signed_and_in_the_words_of_the_change() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (receiver, elsewhere) = (Upstream::start().await, Upstream::start().await);
    let (path, secret) = sink(&stack, &zone, &format!("{}/hook?x=1", receiver.url())).await;
    sink(&stack, &stack.zone("other").await, &elsewhere.url()).await;
    let _running = dispatch(&stack);
    freeze(&stack, &zone).await;
    let delivery = delivery_when(&stack, &path, |delivery| !delivery["delivered_at"].is_null()).await;
    let received = receiver.only();
    assert_eq!(
        (received.method.as_str(), received.target.to_string().as_str()),
        ("POST", "/hook?x=1")
    );
    assert!(signed(&received, &secret));
    assert!(!signed(&received, &Secret::new("nsk_other")));
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!(
        (&body["type"], &body["decision"]),
        (&json!("zone_frozen"), &json!("frozen"))
    );
    assert_eq!(body["occurred_at"], "2026-05-21T12:00:00.000Z");
    assert_eq!(
        (&body["data"]["reason"], body["zone_id"].as_str().unwrap()),
        (&json!("drill"), zone.strip_prefix("/v1/zones/").unwrap())
    );
    assert!(body["data"]["actor"].as_str().unwrap().starts_with("admin:"));
    for (header, value) in [
        ("content-type", "application/json"),
        ("x-caracal-event", "zone_frozen"),
        ("x-caracal-timestamp", "1779364800"),
        ("x-caracal-delivery", delivery["id"].as_str().unwrap()),
        ("x-caracal-sink", path.rsplit('/').next().unwrap()),
    ] {
        assert_eq!(received.header(header), Some(value), "{header}");
    }
    assert_eq!(
        (
            &delivery["attempts"],
            &delivery["response_status"],
            &delivery["event_id"]
        ),
        (&json!(1), &json!(200), &body["id"])
    );
    let one = format!("{path}/deliveries/{}", delivery["id"].as_str().unwrap());
    assert_eq!(stack.get(&one).await.expect(200)["payload"], body);
    elsewhere.assert_untouched();
}

#[tokio::test]
async fn a_sink_that_hangs_delays_no_other() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (hung, sound) = (Upstream::start().await, Upstream::start().await);
    hung.always(Answer::Hang);
    for _ in 0..5 {
        sink(&stack, &zone, &hung.url()).await;
    }
    sink(&stack, &zone, &sound.url()).await;
    let _running = dispatch(&stack);
    freeze(&stack, &zone).await;
    // All of the others hang before the next thing happens.
    hung.until("all hang", WITHIN, |received| received.len() == 5)
        .await;
    stack.post(&format!("{zone}/thaw"), json!({})).await.expect(200);
    sound
        .until("both are there", WITHIN, |received| received.len() == 2)
        .await;
    assert_eq!(hung.requests(), 5, "each is one attempt at a time");
}

#[tokio::test]
async fn of_many_replicas_one_sends_each_delivery() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let receiver = Upstream::start().await;
    for _ in 0..3 {
        sink(&stack, &zone, &receiver.url()).await;
    }
    for _ in 0..10 {
        freeze(&stack, &zone).await;
        stack.post(&format!("{zone}/thaw"), json!({})).await.expect(200);
    }
    let _running: Vec<_> = (0..4).map(|_| dispatch(&stack)).collect();
    receiver
        .until("everything is there", WITHIN, |received| received.len() >= 60)
        .await;
    let received = receiver.received();
    let ids: HashSet<_> = received
        .iter()
        .map(|received| received.header("x-caracal-delivery").unwrap().to_owned())
        .collect();
    assert_eq!((received.len(), ids.len()), (60, 60));
}

/// The end of a lease that is taken now, as deliveries show it while they are under way.
fn leased_until(stack: &Stack) -> String {
    stack
        .parts
        .world
        .now()
        .plus(Duration::from_secs(30))
        .to_rfc3339_millis()
}

#[tokio::test]
async fn what_is_refused_comes_again_later_and_later_until_it_is_given_up_and_sent_again_by_hand() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let receiver = Upstream::start().await;
    receiver.always(Answer::fixed(StatusCode::INTERNAL_SERVER_ERROR, "no"));
    let (path, _) = sink(&stack, &zone, &receiver.url()).await;
    let _running = dispatch(&stack);
    freeze(&stack, &zone).await;
    for attempt in 1..=8 {
        // Attempted, and no longer under way.
        let failed = delivery_when(&stack, &path, |delivery| {
            let due = delivery["available_at"].as_str().unwrap();
            delivery["attempts"] == attempt
                && (!delivery["abandoned_at"].is_null() || due != leased_until(&stack))
                && !delivery["last_error"].is_null()
        })
        .await;
        assert_eq!(failed["last_error"], "answered with status 500");
        assert_eq!(failed["abandoned_at"].is_null(), attempt < 8, "{attempt}");
        // The longest it takes, with what chance adds.
        stack.parts.world.manual_clock().advance(Duration::from_mins(20));
    }
    let shown = stack.get(&path).await.expect(200);
    assert_eq!(
        (&shown["consecutive_failures"], &shown["last_error"]),
        (&json!(8), &json!("answered with status 500"))
    );
    receiver.always(Answer::Echo);
    let given_up = delivery_when(&stack, &path, |_| true).await;
    let one = format!("{path}/deliveries/{}", given_up["id"].as_str().unwrap());
    let again = stack
        .post(&format!("{one}/redeliver"), json!({}))
        .await
        .expect(202);
    assert_eq!(
        (&again["attempts"], &again["abandoned_at"]),
        (&json!(0), &Value::Null)
    );
    delivery_when(&stack, &path, |delivery| !delivery["delivered_at"].is_null()).await;
    let received = receiver.received();
    assert_eq!(received.len(), 9);
    let ids: HashSet<_> = received
        .iter()
        .map(|received| received.header("x-caracal-delivery").map(str::to_owned))
        .collect();
    let bodies: HashSet<_> = received.iter().map(|received| received.body.clone()).collect();
    assert_eq!((ids.len(), bodies.len()), (1, 1), "the same each time");
    assert_eq!(stack.get(&path).await.expect(200)["consecutive_failures"], 0);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it_and_a_redirect_leads_nowhere() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (busy, moved, target) = (
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    );
    busy.next(Answer::fixed(StatusCode::SERVICE_UNAVAILABLE, "").with_header("retry-after", "120"));
    moved.always(Answer::fixed(StatusCode::PERMANENT_REDIRECT, "").with_header("location", &target.url()));
    let (busy_path, _) = sink(&stack, &zone, &busy.url()).await;
    let (moved_path, _) = sink(&stack, &zone, &moved.url()).await;
    let _running = dispatch(&stack);
    freeze(&stack, &zone).await;
    let failed = |delivery: &Value| !delivery["last_error"].is_null();
    delivery_when(&stack, &busy_path, failed).await;
    let redirected = delivery_when(&stack, &moved_path, failed).await;
    assert_eq!(redirected["response_status"], 308);
    target.assert_untouched();
    stack.parts.world.manual_clock().advance(Duration::from_secs(119));
    moved
        .until("the other one is tried again", WITHIN, |received| {
            received.len() == 2
        })
        .await;
    assert_eq!(busy.requests(), 1);
    stack.parts.world.manual_clock().advance(Duration::from_secs(1));
    busy.until("its time is over", WITHIN, |received| received.len() == 2)
        .await;
}

/// Every name is at one address of the operator's own network.
#[derive(Debug)]
struct Inside;

#[async_trait::async_trait]
impl Resolve for Inside {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![SocketAddr::from(([10, 0, 0, 1], 0)).ip()])
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_dialled() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (path, _) = sink(&stack, &zone, "https://hooks.example/").await;
    let egress = Egress::with(EgressPolicy::default(), Timeouts::default(), Arc::new(Inside));
    let _running = dispatch_through(&stack, egress);
    freeze(&stack, &zone).await;
    let failed = delivery_when(&stack, &path, |delivery| !delivery["last_error"].is_null()).await;
    let told = failed["last_error"].as_str().unwrap();
    assert!(
        told.starts_with("address refused") && !told.contains("10.0"),
        "{told}"
    );
}

#[tokio::test]
async fn a_sink_is_tried_out_on_the_way_of_everything_else_unless_it_is_paused() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let receiver = Upstream::start().await;
    let (path, _) = sink(&stack, &zone, &receiver.url()).await;
    let _running = dispatch(&stack);
    let tried = stack.post(&format!("{path}/test"), json!({})).await.expect(202);
    assert_eq!(tried["event_type"], "sink_test");
    let delivered = delivery_when(&stack, &path, |delivery| !delivery["delivered_at"].is_null()).await;
    assert_eq!(delivered["id"], tried["id"]);
    let body: Value = serde_json::from_slice(&receiver.only().body).unwrap();
    assert_eq!(
        (&body["type"], &body["decision"]),
        (&json!("sink_test"), &json!("test"))
    );
    stack.patch(&path, json!({ "active": false })).await.expect(200);
    let refused = stack.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(refused.refused(409), "sink_paused");
    freeze(&stack, &zone).await;
    stack.patch(&path, json!({ "active": true })).await.expect(200);
    stack.post(&format!("{zone}/thaw"), json!({})).await.expect(200);
    receiver
        .until("what came after", WITHIN, |received| received.len() == 2)
        .await;
    let last = receiver.received().pop().unwrap();
    assert_eq!(last.header("x-caracal-event"), Some("zone_thawed"));
}

#[tokio::test]
async fn another_secret_signs_what_comes_after_it() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let receiver = Upstream::start().await;
    let (path, first) = sink(&stack, &zone, &receiver.url()).await;
    freeze(&stack, &zone).await;
    let rotated = stack
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .expect(200);
    let second = Secret::new(rotated.text("secret"));
    let _running = dispatch(&stack);
    receiver
        .until("it is there", WITHIN, |received| received.len() == 1)
        .await;
    assert!(signed(&receiver.only(), &second) && !signed(&receiver.only(), &first));
}

#[tokio::test]
async fn every_change_that_sinks_are_told_of_tells_them_and_a_refused_one_does_not() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let receiver = Upstream::start().await;
    sink(&stack, &zone, &receiver.url()).await;
    let (application, _) = stack.application(&zone, "planner").await;
    let (set, version, _) = stack
        .policy_set(&zone, "live", &crate::stack::grants(&application))
        .await;
    let activate = format!("{zone}/policy-sets/{set}/activate");
    stack
        .post(&activate, json!({ "version_id": "unknown" }))
        .await
        .refused(404);
    stack
        .post(&activate, json!({ "version_id": version }))
        .await
        .expect(202);
    let place = resource(&stack, &zone).await;
    let agreed = stack
        .post(&format!("{zone}/grants"), grant(&application, &place, "ada"))
        .await
        .expect(201)
        .text("id");
    stack.delete(&format!("{zone}/grants/{agreed}")).await.expect(204);
    stack
        .delete(&format!("{zone}/applications/{application}"))
        .await
        .expect(204);
    stack
        .delete(&format!("{zone}/applications/never-there"))
        .await
        .refused(404);
    let workload = stack
        .post(&format!("{zone}/workloads"), json!({"name": "nightly"}))
        .await
        .expect(201)
        .text("id");
    stack
        .delete(&format!("{zone}/workloads/{workload}"))
        .await
        .expect(204);
    let people = stack.provider(&zone, connections::settings(&json!({}))).await;
    let of = json!({"provider_id": people, "subject_id": "ada"});
    let mut connected = of.clone();
    connected["access_token"] = json!("at-canary");
    let connected = stack
        .post(&format!("{zone}/provider-connections"), connected)
        .await
        .expect(201)
        .text("id");
    let revoke = format!("{zone}/provider-connections/revoke");
    for _ in 0..2 {
        // What was revoked before is told of no more.
        stack.post(&revoke, &of).await.expect(200);
    }
    let ended = approval(&stack, &zone, |approval| {
        approval.expires_at = approval.created_at.plus(Duration::from_mins(1));
    })
    .await;
    let decided = approval(&stack, &zone, |_| {}).await;
    stack
        .post(
            &format!("{zone}/approvals/{decided}/reject"),
            json!({ "reason": "no" }),
        )
        .await
        .expect(200);
    stack.parts.world.manual_clock().advance(Duration::from_mins(1));
    let _running = dispatch(&stack);
    receiver
        .until("everything is told", WITHIN, |received| received.len() == 7)
        .await;
    let mut told: Vec<_> = receiver
        .received()
        .iter()
        .map(|received| {
            let body: Value = serde_json::from_slice(&received.body).unwrap();
            let about = [
                "policy_set_version_id",
                "application_id",
                "challenge_id",
                "grant_id",
                "workload_id",
                "connection_id",
            ]
            .iter()
            .filter_map(|member| body["data"][member].as_str())
            .next_back()
            .unwrap()
            .to_owned();
            (body["type"].as_str().unwrap().to_owned(), about)
        })
        .collect();
    told.sort();
    let expected = [
        ("application_archived", application),
        ("connection_revoked", connected),
        ("grant_revoked", agreed),
        ("policy_activated", version),
        ("step_up_decided", decided),
        ("step_up_expired", ended),
        ("workload_deleted", workload),
    ];
    assert_eq!(told, expected.map(|(kind, about)| (kind.to_owned(), about)));
}

/// A request of an application of the zone that waits.
async fn approval(stack: &Stack, zone: &str, change: impl FnOnce(&mut Approval)) -> String {
    let zone = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let given = Given::in_zone(&stack.parts.world, &zone);
    let mut approval = given.approval(&given.application());
    change(&mut approval);
    stack.open(&zone, &approval).await
}
