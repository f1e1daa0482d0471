//! A call that a person approves, through the real binaries: held for all that it carries, released once, and no more than
//! once when its Gateway dies.

use caracal_e2e::{Agent, Application, Document, Reply, Role, Stack, Zone, on_every_deployment};
use caracal_testkit::upstream::Upstream;
use caracal_wire::control::resources::CreateResource;
use serde_json::{Value, json};

use crate::mcp::agent;

on_every_deployment!(a_call_that_a_person_approves_goes_through_once_and_as_it_was_approved);

const BANK: &str = "resource://bank";
const PAY: &str = "bank:pay";

struct Desk<'s> {
    zone: Zone<'s>,
    application: Application,
    agent: Agent,
}

impl<'s> Desk<'s> {
    async fn new(stack: &'s Stack, upstream: &Upstream) -> Self {
        let zone = Zone::create(stack).await;
        let application = zone.application("desk").await;
        let provider = zone.api_key("X-Api-Key", "key-of-the-server").await;
        let operations = [
            ("MCP", "tools/call:pay", PAY),
            ("MCP", "tools/call:read", PAY),
            ("POST", "/refunds/{id}", PAY),
        ];
        let bank = CreateResource::forwarding(BANK, upstream.url(), provider, &operations);
        zone.resource(&bank).await;
        let risk = |method: &str, path: &str| json!({"resource": BANK, "method": method, "path": path, "tier": "money"});
        let policy = Document::empty()
            .rule("app_ids", &json!({"desk": application.id}))
            .rule(
                "grants",
                &json!({BANK: {"application": "desk", "roles": {"agent": [PAY]}}}),
            )
            .rule(
                "operation_risk",
                &json!([risk("MCP", "tools/call:pay"), risk("POST", "/refunds/{id}")]),
            )
            .rule("approval_tiers", &json!([{"tier": "money", "ttl_seconds": 600}]));
        zone.activate(&[policy.into()]).await;
        let agent = agent(&zone, &application, BANK, &[PAY]).await;
        Self {
            zone,
            application,
            agent,
        }
    }

    async fn call(&self, path: &str, body: &Value, approval: Option<&str>) -> Reply {
        let fields = [
            ("resource", BANK),
            ("scope", PAY),
            ("agent_session_id", self.agent.session.as_str()),
            ("delegation_edge_id", self.agent.delegation.as_str()),
        ];
        let minted = self.zone.exchange(&self.application, &fields).await.expect(200);
        let request = self.zone.stack.request(Role::Gateway, "POST", path);
        let mut request = request
            .bearer_auth(minted.text_of("access_token"))
            .header("X-Caracal-Resource", BANK);
        if let Some(id) = approval {
            request = request.header("X-Caracal-Approval", id);
        }
        Reply::of(request.json(body)).await
    }

    /// Calls, is held, and gives the id of the approval.
    async fn held(&self, path: &str, body: &Value) -> String {
        let held = self.call(path, body, None).await;
        held.assert_refused(401, "interaction_required", "approval_required");
        let id = held.text_of("approval_id");
        let wait = held.text_of("approval_wait_url");
        assert_eq!(
            wait,
            format!("{}/approvals/{id}?wait=25", self.zone.stack.url(Role::Sts))
        );
        id
    }

    async fn decide(&self, id: &str, verb: &str) {
        let path = format!("/approvals/{id}/{verb}");
        self.zone.admin("POST", &path, Some(json!({}))).await.expect(200);
    }
}

async fn a_call_that_a_person_approves_goes_through_once_and_as_it_was_approved(stack: &Stack) {
    let upstream = Upstream::start_at(stack.near()).await;
    let desk = Desk::new(stack, &upstream).await;
    let message = |tool: &str, amount: u32, to: &str| {
        json!({
            "jsonrpc": "2.0", "id": amount, "method": "tools/call",
            "params": {"name": tool, "arguments": {"amount": amount, "to": to}},
        })
    };
    // Something that must be nowhere in the evidence.
    let secret = "GB82-a-secret-account";
    let pay = message("pay", 20, secret);
    let id = desk.held("/", &pay).await;
    let shown = desk
        .zone
        .admin("GET", &format!("/approvals/{id}"), None)
        .await
        .expect(200);
    assert_eq!(shown.json["call"]["call"], "tools/call:pay", "{shown:#?}");
    assert_eq!(shown.json["call"]["arguments"], pay["params"], "{shown:#?}");
    desk.decide(&id, "approve").await;
    let changed = desk.call("/", &message("pay", 21, secret), Some(&id)).await;
    changed.assert_refused(401, "access_denied", "approval_of_other_arguments");
    upstream.assert_untouched();
    assert_eq!(desk.call("/", &pay, None).await.status, 200);
    let again = desk.call("/", &pay, Some(&id)).await;
    again.assert_refused(409, "approval_consumed", "approval_already_consumed");
    // What needs nobody is not held.
    assert_eq!(desk.call("/", &message("read", 1, "x"), None).await.status, 200);

    let refund = json!({"amount": 5.0, "reason": "broken"});
    let id = desk.held("/refunds/7?notify=1", &refund).await;
    desk.decide(&id, "approve").await;
    for (path, reason) in [
        ("/refunds/8?notify=1", "approval_of_other_operation"),
        ("/refunds/7", "approval_of_other_arguments"),
        ("/refunds/7?notify=2", "approval_of_other_arguments"),
    ] {
        let changed = desk.call(path, &refund, Some(&id)).await;
        changed.assert_refused(401, "access_denied", reason);
    }
    desk.decide(&id, "withdraw").await;
    let withdrawn = desk.call("/refunds/7?notify=1", &refund, None).await;
    withdrawn.assert_refused(403, "access_denied", "approval_withdrawn");
    assert_eq!(upstream.requests(), 2);

    let used = |events: &[Value]| {
        events
            .iter()
            .filter(|event| event["event_type"] == "step_up_consumed")
            .count()
    };
    let events = desk.zone.ledger_once(|events| used(events) == 1).await;
    assert!(!json!(events).to_string().contains(secret), "{events:#?}");
}
