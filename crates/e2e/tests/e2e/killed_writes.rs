//! The Control API killed in the middle of writes: every change that was acknowledged has its record, whatever is there has one,
//! and nothing is there by halves.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use caracal_e2e::{Application, Reply, Role, Stack, TICKETS, Zone, on_every_deployment};
use futures_util::future::join_all;
use serde_json::{Value, json};

on_every_deployment!(a_kill_amid_writes_leaves_each_acknowledged_change_on_record_and_none_by_halves);

/// Callers at once.
const WRITERS: usize = 64;
/// Acknowledged writes before each kill.
const BEFORE_KILL: usize = 150;
/// What they make, by its collection.
const KINDS: [&str; 4] = ["applications", "workloads", "policies", "subject-issuers"];

/// A write that was answered with 201.
struct Made {
    request: String,
    kind: &'static str,
    id: String,
    secret: Option<String>,
}

/// What a writer asks for; the name is its own.
fn body(kind: &str, name: &str) -> Value {
    match kind {
        "applications" => json!({"name": name, "registration_method": "managed"}),
        "policies" => {
            let content = format!(
                "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {{\"{name}\": \"{name}\"}}\n"
            );
            json!({"name": name, "content": content})
        }
        "subject-issuers" => {
            let issuer = format!("https://login.example/{name}");
            json!({"issuer": issuer, "jwks_url": "https://login.example/keys", "audience": "caracal"})
        }
        _ => json!({"name": name}),
    }
}

async fn write(
    zone: &Zone<'_>,
    (token, name): (&str, &str),
    kind: &'static str,
    made: &Mutex<Vec<Made>>,
    killed: &AtomicBool,
) {
    for number in 0.. {
        if killed.load(Ordering::SeqCst) {
            return;
        }
        let request = format!("{name}-{number}");
        let path = format!("/v1/zones/{}/{kind}", zone.id);
        let asked = zone.stack.request(Role::Api, "POST", &path);
        let asked = asked
            .bearer_auth(token)
            .header("X-Request-Id", &request)
            .json(&body(kind, &request));
        let Some(answer) = Reply::attempt(asked).await else {
            continue;
        };
        // Of 64 at once some are told that too much is asked at a time, or that there are enough.
        if answer.status != 201 {
            assert!([409, 429, 503].contains(&answer.status), "{answer:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        made.lock().expect("nobody panics here").push(Made {
            request,
            kind,
            id: answer.text_of("id"),
            secret: answer.json["client_secret"].as_str().map(str::to_owned),
        });
    }
}

/// Every item of a listing of the zone.
async fn all(zone: &Zone<'_>, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = zone
            .admin("GET", &format!("{path}?limit=100{cursor}"), None)
            .await
            .expect(200);
        items.extend(page.json["items"].as_array().expect("a list").iter().cloned());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn a_kill_amid_writes_leaves_each_acknowledged_change_on_record_and_none_by_halves(stack: &Stack) {
    let zone = Zone::create(stack).await;
    let token = stack.admin_token();
    let made: Mutex<Vec<Made>> = Mutex::default();
    let acknowledged = || made.lock().expect("nobody panics here").len();
    for round in 0..2 {
        let killed = AtomicBool::new(false);
        let wanted = acknowledged() + BEFORE_KILL;
        let kill = async {
            while acknowledged() < wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stack.kill(Role::Api).await;
            killed.store(true, Ordering::SeqCst);
        };
        let names: Vec<String> = (0..WRITERS).map(|writer| format!("w{round}-{writer}")).collect();
        let writers = names.iter().enumerate().map(|(writer, name)| {
            let kind = KINDS[writer % KINDS.len()];
            write(&zone, (&token, name), kind, &made, &killed)
        });
        tokio::join!(kill, join_all(writers));
        stack.revive().await;
    }
    let made = made.into_inner().expect("nobody panicked");

    // By request: what was acknowledged is on record, once, and names what was made.
    let records = all(&zone, "/admin-audit").await;
    let mut by_request: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in records.iter().filter(|record| record["status_code"] == 201) {
        let request = record["request_id"].as_str().expect("a request id");
        by_request.entry(request).or_default().push(record);
    }
    for write in &made {
        let of = by_request
            .get(write.request.as_str())
            .map_or(&[][..], Vec::as_slice);
        assert_eq!(of.len(), 1, "records of {}: {of:#?}", write.request);
        assert_eq!(of[0]["entity_id"], write.id, "{:#?}", of[0]);
    }
    // What is there was written down, and what was written down is there.
    for kind in KINDS {
        let there: BTreeSet<String> = all(&zone, &format!("/{kind}"))
            .await
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect();
        let recorded: BTreeSet<String> = by_request
            .values()
            .flatten()
            .filter(|record| record["entity_type"] == kind)
            .map(|record| record["entity_id"].as_str().expect("an id").to_owned())
            .collect();
        assert_eq!(there, recorded, "{kind}");
        for id in &there {
            // The parts that an object of the kind has.
            let part = match kind {
                "applications" => format!("/{kind}/{id}/client-secret"),
                "workloads" => format!("/{kind}/{id}/secret"),
                "policies" => format!("/{kind}/{id}/versions"),
                _ => format!("/{kind}/{id}"),
            };
            let whole = zone.admin("GET", &part, None).await.expect(200);
            assert_ne!(whole.json["items"], json!([]), "{part}");
        }
    }
    // And whoever was told a secret logs in with it: what it is told with reached the token service.
    let applications: Vec<_> = made.iter().filter(|write| write.kind == "applications").collect();
    for write in applications.iter().rev().take(10) {
        let application = Application {
            id: write.id.clone(),
            secret: write.secret.clone().expect("a secret"),
        };
        let fields = [("resource", TICKETS), ("scope", "agent:lifecycle")];
        let answer = zone.exchange(&application, &fields).await;
        assert_ne!(answer.status, 401, "{answer:#?}");
    }
    let verified = stack.caracald(&["audit", "verify", "--json"]).await;
    let report: Value = serde_json::from_str(&verified.assert_good().stdout).expect("JSON");
    assert_eq!(report["holds"], true, "{report:#}");
}
