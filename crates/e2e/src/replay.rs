//! Decisions made again from their evidence alone: the event that the Control API shows, and the policies that its
//! manifest names.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use caracal_authz::{
    PolicyIdentity, PolicySnapshot,
    document::{PolicyVersionSource, evaluate},
    record::replay,
};
use caracal_core::audit::AuditEvent;
use serde_json::{Value, json};

use crate::{Reply, Role, Stack};

/// Most denied requests of a zone that are explained.
const EXPLAINED: usize = 12;

/// Longest wait for an answer: a test may have left roles that hang.
const WITHIN: Duration = Duration::from_secs(5);

/// How many decisions of each kind were replayed: `allow`, or the reason of the denial.
pub type Replayed = BTreeMap<String, usize>;

/// Replays every decision that the ledger has. What the Control API cannot show now, because of what a test did to it,
/// is passed over.
///
/// # Panics
/// When a decision cannot be replayed to what was recorded.
pub async fn every_decision(stack: &Stack) -> Replayed {
    let mut replayed = Replayed::new();
    let zones = listed(stack, "/v1/zones").await.unwrap_or_default();
    for zone in zones.iter().filter_map(|zone| zone["id"].as_str()) {
        let Some(events) = listed(stack, &format!("/v1/zones/{zone}/audit")).await else {
            continue;
        };
        let mut policies = Policies {
            stack,
            zone,
            known: HashMap::new(),
        };
        for event in &events {
            if let Some(kind) = policies.replay(event).await {
                *replayed.entry(kind).or_default() += 1;
            }
        }
        for request in denied_requests(&events) {
            explained_inputs_decide_again(stack, zone, &events, request).await;
        }
    }
    replayed
}

/// Requests that were denied something, a few of them.
fn denied_requests(events: &[Value]) -> BTreeSet<&str> {
    let denied = events.iter().filter(|event| event["decision"] == "deny");
    let requests = denied.filter_map(|event| event["request_id"].as_str());
    let plain = |request: &&str| {
        let mut letters = request.chars();
        !request.is_empty() && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    requests.filter(plain).take(EXPLAINED).collect()
}

/// What a denial is explained with is an input to simulate, as it is, and policy says of it what it said.
async fn explained_inputs_decide_again(stack: &Stack, zone: &str, events: &[Value], request: &str) {
    let zone = format!("/v1/zones/{zone}");
    let Some(explained) = get(stack, &format!("{zone}/audit/by-request/{request}/explain")).await else {
        return;
    };
    for denial in explained["denied"].as_array().into_iter().flatten() {
        let Some(event) = events.iter().find(|event| event["id"] == denial["event_id"]) else {
            continue;
        };
        if denial["reason"] == "policy_unusable" {
            continue;
        }
        let (Some(set), Some(version)) = (
            event["policy_set_id"].as_str(),
            event["policy_set_version_id"].as_str(),
        ) else {
            continue;
        };
        let body = json!({"version_id": version, "input": denial["policy_input"]});
        let path = format!("{zone}/policy-sets/{set}/simulate");
        let simulate = stack.request(Role::Api, "POST", &path).json(&body);
        let Some(reply) = Reply::attempt(simulate.bearer_auth(stack.admin_token()).timeout(WITHIN)).await
        else {
            continue;
        };
        // The set may be archived by now.
        if reply.status == 404 {
            continue;
        }
        let reply = reply.expect(200);
        let recorded = &event["record"]["decision"];
        assert_eq!(reply.json["explanation"]["evaluation"], "executed", "{denial:#}");
        assert_eq!(reply.json["result"]["decision"], recorded["effect"], "{denial:#}");
        assert_eq!(reply.json["result"]["reason"], recorded["reason"], "{denial:#}");
    }
}

async fn get(stack: &Stack, path: &str) -> Option<Value> {
    let request = stack.request(Role::Api, "GET", path);
    let reply = Reply::attempt(request.bearer_auth(stack.admin_token()).timeout(WITHIN)).await?;
    (reply.status == 200).then_some(reply.json)
}

/// All items of a listing.
async fn listed(stack: &Stack, path: &str) -> Option<Vec<Value>> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(stack, &format!("{path}?limit=100{cursor}")).await?;
        items.extend(page["items"].as_array().cloned()?);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(items),
        }
    }
}

/// The policies of a zone, by the digest of their manifest.
struct Policies<'s> {
    stack: &'s Stack,
    zone: &'s str,
    known: HashMap<String, Option<PolicySnapshot>>,
}

impl Policies<'_> {
    async fn replay(&mut self, shown: &Value) -> Option<String> {
        let event: AuditEvent = serde_json::from_str(&shown.to_string()).expect("an event");
        let Some(manifest) = &event.manifest_sha else {
            assert!(event.record.is_none(), "a record without policy: {shown:#}");
            return None;
        };
        assert!(event.record.is_some(), "a decision without a record: {shown:#}");
        if !self.known.contains_key(manifest) {
            let policy = self.named(&event).await;
            self.known.insert(manifest.clone(), policy);
        }
        let policy = self.known.get(manifest)?.as_ref()?;
        let decision = match replay(&event, policy) {
            Ok(decision) => decision.expect("it has a record"),
            Err(error) => panic!("{error}: {shown:#}"),
        };
        Some(
            decision
                .reason
                .map_or("allow", |reason| reason.as_str())
                .to_owned(),
        )
    }

    /// The policy that an event names, from its sources; nothing where the Control API does not show them now.
    async fn named(&self, event: &AuditEvent) -> Option<PolicySnapshot> {
        let (Some(set), Some(version)) = (&event.policy_set_id, &event.policy_set_version_id) else {
            return Some(PolicySnapshot::no_active_policy_set());
        };
        let zone = format!("/v1/zones/{}", self.zone);
        let version = get(
            self.stack,
            &format!("{zone}/policy-sets/{set}/versions/{version}"),
        )
        .await?;
        let manifest = version["manifest_json"].as_array().expect("a manifest");
        let sources: Vec<&str> = (manifest.iter())
            .map(|entry| entry["policy_version_id"].as_str().unwrap_or_default())
            .collect();
        // The digest that the event names is that of these very versions.
        let entries: Vec<Value> = (sources.iter())
            .map(|id| json!({ "policy_version_id": id }))
            .collect();
        let compact = Value::Array(entries).to_string();
        let named = hex::encode(digest(&SHA256, compact.as_bytes()));
        assert_eq!(event.manifest_sha.as_ref(), Some(&named));
        let mut contents = HashMap::new();
        for policy in listed(self.stack, &format!("{zone}/policies")).await? {
            let path = format!("{zone}/policies/{}/versions", policy["id"].as_str()?);
            for listed in listed(self.stack, &path).await? {
                let id = listed["id"].as_str()?.to_owned();
                if sources.contains(&id.as_str()) {
                    let whole = get(self.stack, &format!("{path}/{id}")).await?;
                    contents.insert(id, whole["content"].as_str()?.to_owned());
                }
            }
        }
        let sources: Option<Vec<PolicyVersionSource<'_>>> = (sources.into_iter())
            .map(|version_id| {
                let content = contents.get(version_id)?;
                Some(PolicyVersionSource { version_id, content })
            })
            .collect();
        let documents = evaluate(&sources?).expect("it was in force");
        let identity = PolicyIdentity {
            policy_set_id: None,
            policy_set_version_id: None,
            manifest_sha256: named.into(),
        };
        Some(PolicySnapshot::build(identity, &documents))
    }
}
