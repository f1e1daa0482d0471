//! What stops something stops it each time that it is asked: no key, no earlier answer and no earlier end is in its way.

use caracal_api::{ApiConfig, ApiDeps, table};
use caracal_core::{
    AuthorityRecordId, ZoneId,
    entity::{Approval, AuthorityRecordStatus},
};
use caracal_service::front::Route;
use caracal_storage::conformance::given::Given;
use caracal_testkit::{client::Answer, parts::Backends};
use http::Method;
use serde_json::{Value, json};

use crate::{
    connections, endings, grants,
    sent_twice::stops,
    stack::{ADMIN, Stack},
    subjects,
};

/// Something that runs, and the switch that stops it.
struct Switch<'s> {
    stack: &'s Stack,
    name: &'static str,
    method: Method,
    zone: String,
    path: String,
    body: Value,
    /// Whose sessions end.
    token: String,
}

const EMAIL: &str = "ada@example.com";

impl<'s> Switch<'s> {
    /// The switch that a route is; one that this does not know fails the test.
    async fn of(stack: &'s Stack, route: &Route<ApiDeps>) -> Self {
        let zone = subjects::fixture(stack).await;
        let (mut body, mut token) = (json!({}), String::new());
        let path = match route.name {
            "zones.freeze" => format!("{zone}/freeze"),
            "sessions.suspend" => format!("{zone}/sessions/ses-user/suspend"),
            "sessions.terminate" => format!("{zone}/sessions/ses-user/terminate"),
            "delegations.revoke" => format!("{zone}/delegations/del-1/revoke"),
            "subjects.revoke" => {
                body = json!({"subject_id": "ada"});
                format!("{zone}/subjects/revoke")
            }
            "grants.revoke" => {
                let crm = endings::id_of(stack, &zone, "crm").await;
                let resource = grants::resource(stack, &zone).await;
                let granted = grants::grant(&crm, &resource, "ada");
                let made = stack.post(&format!("{zone}/grants"), granted).await.expect(201);
                format!("{zone}/grants/{}", made.text("id"))
            }
            "applications.archive" => {
                let crm = endings::id_of(stack, &zone, "crm").await;
                hold(stack, &zone, &crm).await;
                format!("{zone}/applications/{crm}")
            }
            "workloads.delete" => {
                let made = stack
                    .post(&format!("{zone}/workloads"), json!({"name": "nightly"}))
                    .await;
                let id = made.expect(201).text("id");
                hold(stack, &zone, &id).await;
                format!("{zone}/workloads/{id}")
            }
            "provider_connections.revoke" => {
                let provider = stack.provider(&zone, connections::settings(&json!({}))).await;
                body = json!({"provider_id": provider, "subject_id": "ada"});
                format!("{zone}/provider-connections/revoke")
            }
            "accounts.end_sessions" => {
                token = stack.account(EMAIL, "viewer", None).await;
                let me = stack
                    .call(Some(&token), &[], Method::GET, "/v1/console/me", None)
                    .await;
                let me = me.expect(200);
                format!(
                    "/v1/accounts/{}/end-sessions",
                    me["account"]["id"].as_str().unwrap()
                )
            }
            other => panic!("{other} is not known here"),
        };
        let switch = Self {
            stack,
            name: route.name,
            method: route.method.clone(),
            zone,
            path,
            body,
            token,
        };
        if switch.name == "provider_connections.revoke" {
            switch.connect().await;
        }
        switch
    }

    async fn connect(&self) {
        let mut body = self.body.clone();
        body["access_token"] = json!("at-canary");
        let path = format!("{}/provider-connections", self.zone);
        self.stack.post(&path, body).await.expect(201);
    }

    async fn pull(&self, key: &str) -> Answer {
        let headers = [("idempotency-key", key)];
        let body = (self.method == Method::POST).then_some(&self.body);
        self.stack
            .call(Some(ADMIN), &headers, self.method.clone(), &self.path, body)
            .await
    }

    /// Lets it run again, where what was stopped can; whether it does.
    async fn go_on(&mut self) -> bool {
        match self.name {
            "zones.freeze" => {
                let thawed = self.stack.post(&format!("{}/thaw", self.zone), json!({})).await;
                thawed.expect(200);
            }
            "sessions.suspend" => {
                let resume = format!("{}/sessions/ses-user/resume", self.zone);
                self.stack.post(&resume, json!({})).await.expect(200);
            }
            "subjects.revoke" => {
                let zone = ZoneId::parse(self.zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
                let parts = &self.stack.parts;
                let (id, another) = ("rec-user".parse().unwrap(), parts.world.uuid_v7().to_string());
                parts
                    .change(&zone, async |work| {
                        let mut record = work.authority_records().get(&id).await.unwrap().unwrap();
                        record.id = AuthorityRecordId::parse(&another).unwrap();
                        record.status = AuthorityRecordStatus::Active;
                        (record.revoked_at, record.revoked_reason) = (None, None);
                        work.authority_records().create(&record).await.unwrap();
                    })
                    .await;
            }
            "provider_connections.revoke" => self.connect().await,
            "accounts.end_sessions" => self.token = self.stack.sign_in(EMAIL).await,
            _ => return false,
        }
        assert!(!self.is_stopped().await, "{} goes on", self.name);
        true
    }

    async fn is_stopped(&self) -> bool {
        let (stack, zone) = (self.stack, &self.zone);
        let read = async |path: &str| stack.get(&format!("{zone}{path}")).await.expect(200);
        match self.name {
            "zones.freeze" => read("").await["frozen_at"].is_string(),
            "sessions.suspend" => read("/sessions/ses-user").await["status"] == "suspended",
            "sessions.terminate" => read("/sessions/ses-user").await["status"] == "terminated",
            "delegations.revoke" => !read("/delegations").await.text.contains("del-1"),
            "subjects.revoke" => {
                let live = read("/authority-records?subject_id=ada&status=active").await;
                live["items"].as_array().unwrap().is_empty()
            }
            "grants.revoke" => {
                let live = read("/authority-records?subject_id=ada&status=active").await;
                let revoked = read("/grants?status=revoked").await;
                let some = |page: &Answer| !page["items"].as_array().unwrap().is_empty();
                some(&revoked) && !some(&live)
            }
            "applications.archive" | "workloads.delete" => {
                let there = stack.get(&self.path).await.status != 404;
                let waiting = read("/approvals?state=pending").await;
                let waiting = !waiting["items"].as_array().unwrap().is_empty();
                assert_eq!(there, waiting, "what waits goes with whoever it is for");
                let runs = read("/sessions/ses-user").await["status"] == "active";
                assert_eq!(there || self.name == "workloads.delete", runs, "{}", self.name);
                !there
            }
            "provider_connections.revoke" => {
                let live = read("/provider-connections?subject_id=ada&status=active").await;
                live["items"].as_array().unwrap().is_empty()
            }
            _ => {
                let me = stack.call(Some(&self.token), &[], Method::GET, "/v1/console/me", None);
                me.await.status == 401
            }
        }
    }
}

/// Something that a caller waits for.
async fn hold(stack: &Stack, zone: &str, principal: &str) {
    let zone = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let given = Given::in_zone(&stack.parts.world, &zone);
    let approval = Approval {
        principal_id: principal.to_owned(),
        ..given.approval(&given.application())
    };
    stack.open(&zone, &approval).await;
}

/// What an answer has, whatever it says of it.
fn form(answer: &Answer) -> (u16, Vec<String>) {
    let members = answer.body.as_object().into_iter().flatten();
    (
        answer.status.as_u16(),
        members.map(|(name, _)| name.clone()).collect(),
    )
}

async fn stops_again(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let (mut pulled, mut went_on) = (0, 0);
    for route in table().iter().filter(|route| stops(route)) {
        assert!(!route.idempotent, "{}", route.name);
        let mut switch = Switch::of(&stack, route).await;
        assert!(!switch.is_stopped().await, "{}", route.name);
        let first = switch.pull("one key").await;
        assert!(first.status.is_success(), "{}: {first}", route.name);
        assert!(switch.is_stopped().await, "{}", route.name);
        // Whose answer was lost sends the same again, and is answered alike.
        let again = switch.pull("one key").await;
        if route.name == "workloads.delete" {
            // Nothing is left of it that could be told from what never was there.
            assert_eq!(again.refused(404), "workload_not_found");
            pulled += 1;
            continue;
        }
        assert_eq!(form(&again), form(&first), "{}: {again}", route.name);
        assert!(
            again.headers.get("idempotency-replayed").is_none(),
            "{}",
            route.name
        );
        went_on += usize::from(switch.go_on().await);
        let once_more = switch.pull("one key").await;
        assert_eq!(form(&once_more), form(&first), "{}: {once_more}", route.name);
        assert!(
            switch.is_stopped().await,
            "{} was answered and goes on",
            route.name
        );
        // Nothing that is wrong about a key keeps anything running.
        switch.go_on().await;
        switch.pull(&"k".repeat(300)).await;
        assert!(
            switch.is_stopped().await,
            "{} with a key that is none",
            route.name
        );
        pulled += 1;
    }
    assert_eq!((pulled, went_on), (10, 5));
}

#[tokio::test]
async fn a_switch_stops_each_time_that_it_is_pulled() {
    stops_again(Backends::Embedded).await;
}

#[tokio::test]
async fn a_switch_stops_each_time_that_it_is_pulled_over_postgresql() {
    stops_again(Backends::Production).await;
}

#[tokio::test]
async fn a_delegation_that_ended_still_ends_the_session_that_held_it_where_that_is_asked_for() {
    let stack = Stack::start().await;
    let zone = subjects::fixture(&stack).await;
    let revoke = format!("{zone}/delegations/del-1/revoke");
    let revoked = stack.post(&revoke, json!({})).await.expect(200);
    assert_eq!(revoked["terminated_sessions"], 0);
    let body = json!({"terminate_target": true});
    let revoked = stack.post(&revoke, body).await.expect(200);
    assert_eq!(
        (&revoked["revoked_edges"], &revoked["terminated_sessions"]),
        (&json!(0), &json!(1))
    );
    let child = stack.get(&format!("{zone}/sessions/ses-child")).await.expect(200);
    assert_eq!(child["status"], "terminated");
}
