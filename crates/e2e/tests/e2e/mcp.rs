//! A client of MCP that knows nothing of Caracal, through the real binaries to a real server, and what its tools may be
//! called with.

use std::time::Duration;

use caracal_e2e::{Agent, Application, Document, Reply, Role, Stack, Zone, installed, on_every_deployment};
use caracal_testkit::{process::Process, upstream::Upstream};
use caracal_wire::control::resources::CreateResource;
use serde_json::{Value, json};

on_every_deployment!(
    an_ordinary_client_finds_its_way_from_an_address_to_a_tool,
    a_tool_is_called_with_what_policy_allows_and_nothing_else,
    what_calls_use_up_together_stays_within_their_budget,
);

/// Longest wait for Node.js: the first start installs the SDK.
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) const CONNECT: &str = "tools:connect";
pub(crate) const SEARCH: &str = "tools:search";
const DELETE: &str = "tools:delete";

pub(crate) async fn script(name: &str) -> caracal_testkit::process::ProcessOptions {
    let directory = tokio::task::spawn_blocking(|| installed("e2e-mcp"))
        .await
        .expect("it runs");
    Process::options("node").arg(directory.join(name))
}

pub(crate) async fn line_of(process: &mut Process) -> String {
    process
        .until("it says something", LIMIT, async |process| {
            process.stdout().ends_with('\n')
        })
        .await;
    process.stdout().trim().to_owned()
}

/// The resource at an address, in front of the server at `port`; returns the address.
pub(crate) async fn tools(zone: &Zone<'_>, port: &str) -> String {
    let identifier = format!("{}/r/{}/tools", zone.stack.url(Role::Gateway), zone.id);
    let provider = zone.api_key("X-Api-Key", "key-of-the-server").await;
    let operations = [
        ("MCP", "initialize", CONNECT),
        ("MCP", "notifications/initialized", CONNECT),
        ("MCP", "tools/list", CONNECT),
        ("MCP", "tools/call:search", SEARCH),
        ("MCP", "tools/call:delete", DELETE),
        ("GET", "/", CONNECT),
        ("DELETE", "/", CONNECT),
    ];
    let upstream = format!("http://127.0.0.1:{port}");
    let tools = CreateResource::forwarding(&identifier, upstream, provider, &operations);
    zone.resource(&tools).await;
    identifier
}

/// An agent of `application` with `scopes` on one resource.
pub(crate) async fn agent(
    zone: &Zone<'_>,
    application: &Application,
    resource: &str,
    scopes: &[&str],
) -> Agent {
    zone.agent(application, &["agent"], scopes, &[resource]).await
}

async fn an_ordinary_client_finds_its_way_from_an_address_to_a_tool(stack: &Stack) {
    let mut server = script("server.mjs").await.start();
    let port = line_of(&mut server).await;
    let zone = Zone::create(stack).await;
    let application = zone.application("desk").await;
    let address = tools(&zone, &port).await;
    let grants = json!({
        &address: {"application": "desk", "roles": {"agent": [CONNECT, SEARCH]}},
    });
    let policy = Document::empty()
        .rule("app_ids", &json!({"desk": application.id}))
        .rule("grants", &grants);
    zone.activate(&[policy.into()]).await;

    let scopes = [CONNECT, SEARCH];
    let agent = agent(&zone, &application, &address, &scopes).await;
    let mut client = script("ordinary.mjs")
        .await
        .env("SERVER", &address)
        .env("ISSUER", stack.url(Role::Sts))
        .env("APPLICATION", &application.id)
        .env("SECRET", &application.secret)
        .env("ZONE", &zone.id)
        .env("SESSION", &agent.session)
        .env("DELEGATION", &agent.delegation)
        .env("SCOPE", scopes.join(" "))
        .start();
    let ended = client.ended(LIMIT).await;
    assert!(ended.success(), "{} {}", client.stdout(), client.stderr());
    let seen: Value = serde_json::from_str(&client.stdout()).expect("JSON");
    assert_eq!(seen["tools"], json!(["search"]), "{seen:#}");
    assert_eq!(seen["called"], "search done", "{seen:#}");
    let refused = seen["refused"].as_str().unwrap_or_default();
    assert!(refused.contains("403 after trying upscoping"), "{seen:#}");
    assert_eq!(
        seen["told"],
        json!({
            "resource": address, "authorization_servers": [stack.url(Role::Sts)],
            "scopes_supported": [CONNECT, DELETE, SEARCH], "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "Ed25519"],
        })
    );
    let metadata = format!(
        "{}/.well-known/oauth-protected-resource/r/{}/tools",
        stack.url(Role::Gateway),
        zone.id
    );
    assert_eq!(
        seen["challenges"],
        json!([
            format!("401 Bearer resource_metadata=\"{metadata}\", scope=\"{CONNECT}\""),
            format!(
                "403 Bearer error=\"insufficient_scope\", resource_metadata=\"{metadata}\", scope=\"{CONNECT} {DELETE}\""
            ),
        ])
    );
    let sent = seen["sent"].as_array().expect("a list");
    let ours = |name: &&Value| name.as_str().is_some_and(|name| name.contains("caracal"));
    assert_eq!(sent.iter().find(ours), None, "{seen:#}");
}

const BANK: &str = "resource://bank";
const PAY: &str = "bank:pay";

/// A bank behind an MCP server that says nothing, an agent that may pay, and a policy with one more rule.
struct Bank<'s> {
    stack: &'s Stack,
    upstream: Upstream,
    zone: Zone<'s>,
    application: Application,
    agent: Agent,
}

impl<'s> Bank<'s> {
    async fn with(stack: &'s Stack, rule: &str, value: &Value) -> Self {
        let upstream = Upstream::start_at(stack.near()).await;
        let zone = Zone::create(stack).await;
        let application = zone.application("desk").await;
        let provider = zone.api_key("X-Api-Key", "key-of-the-server").await;
        let operations = [("MCP", "tools/call:pay", PAY), ("POST", "/legacy", PAY)];
        let bank = CreateResource::forwarding(BANK, upstream.url(), provider, &operations);
        zone.resource(&bank).await;
        let policy = Document::empty()
            .rule("app_ids", &json!({"desk": application.id}))
            .rule(
                "grants",
                &json!({BANK: {"application": "desk", "roles": {"agent": [PAY]}}}),
            )
            .rule(rule, value);
        zone.activate(&[policy.into()]).await;
        let agent = agent(&zone, &application, BANK, &[PAY]).await;
        Self {
            stack,
            upstream,
            zone,
            application,
            agent,
        }
    }

    /// Calls the tool, with a mandate of its own.
    async fn call(&self, path: &str, arguments: Value) -> Reply {
        let fields = [
            ("resource", BANK),
            ("scope", PAY),
            ("agent_session_id", self.agent.session.as_str()),
            ("delegation_edge_id", self.agent.delegation.as_str()),
        ];
        let minted = self.zone.exchange(&self.application, &fields).await.expect(200);
        let message = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "pay", "arguments": arguments},
        });
        let request = self.stack.request(Role::Gateway, "POST", path);
        let request = request
            .bearer_auth(minted.text_of("access_token"))
            .header("X-Caracal-Resource", BANK);
        Reply::of(request.json(&message)).await
    }
}

async fn a_tool_is_called_with_what_policy_allows_and_nothing_else(stack: &Stack) {
    let bound = |argument: Value, more: Value| {
        let mut bound = json!({"resource": BANK, "tool": "pay", "argument": argument});
        let members = more.as_object().expect("an object").clone();
        bound.as_object_mut().expect("an object").extend(members);
        bound
    };
    let bounds = json!([
        bound(
            json!("amount"),
            json!({"type": "number", "minimum": 0, "maximum": 100})
        ),
        bound(json!(["to", "iban"]), json!({"type": "string", "prefix": "DE"})),
    ]);
    let bank = Bank::with(stack, "arguments", &bounds).await;
    // Something that must be nowhere in an answer or in the evidence.
    let secret = "GB82-a-secret-account";
    for (path, arguments, reason, details) in [
        (
            "/",
            json!({"amount": 100.5, "to": {"iban": "DE1"}}),
            "argument_out_of_bounds",
            json!({"tool": "pay", "argument": "amount", "bound": "maximum", "limit": "100"}),
        ),
        (
            "/",
            json!({"amount": "1", "to": {"iban": "DE1"}}),
            "argument_out_of_bounds",
            json!({"tool": "pay", "argument": "amount", "bound": "type", "limit": "number"}),
        ),
        (
            "/",
            json!({"amount": 1, "to": {"iban": secret}}),
            "argument_out_of_bounds",
            json!({"tool": "pay", "argument": "to.iban", "bound": "prefix", "limit": "DE"}),
        ),
        (
            "/",
            json!({"amount": 1}),
            "argument_out_of_bounds",
            json!({"tool": "pay", "argument": "to.iban", "bound": "required", "limit": "it is not there"}),
        ),
        (
            "/legacy",
            json!({"amount": 1, "to": {"iban": "DE1"}}),
            "arguments_not_read",
            json!({"resource": BANK}),
        ),
    ] {
        let answer = bank.call(path, arguments).await;
        answer.assert_refused(403, "access_denied", reason);
        assert_eq!(answer.json["details"]["explanation"], details, "{answer:#?}");
        assert!(!answer.text.contains(secret), "{answer:#?}");
    }
    bank.upstream.assert_untouched();
    // Of any length that a message may have, and with whatever stands between its members.
    let long = "x".repeat(60_000);
    for arguments in [
        json!({"amount": 100, "to": {"iban": "DE1"}}),
        json!({"amount": 0, "to": {"iban": "DE1"}, "purpose": long}),
    ] {
        let answer = bank.call("/", arguments).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
    }
    assert_eq!(bank.upstream.requests(), 2);
    let refusals = |events: &[Value]| {
        let refused = |event: &&Value| event["evaluation_status"] == "argument_out_of_bounds";
        events.iter().filter(refused).count()
    };
    let events = bank.zone.ledger_once(|events| refusals(events) == 4).await;
    assert!(!json!(events).to_string().contains(secret), "{events:#?}");
}

async fn what_calls_use_up_together_stays_within_their_budget(stack: &Stack) {
    let budget = json!([{
        "resource": BANK, "method": "MCP", "path": "tools/call:pay", "per": "session",
        "calls": 3, "argument": "amount", "sum": 100,
    }]);
    let bank = Bank::with(stack, "budgets", &budget).await;
    for amount in [60.5, 39.5] {
        let paid = bank.call("/", json!({"amount": amount})).await;
        assert_eq!(paid.status, 200, "{paid:#?}");
    }
    for (arguments, reason) in [
        (json!({"amount": 0.01}), "budget_exhausted"),
        (json!({"amount": -50}), "argument_out_of_bounds"),
        (json!({}), "argument_out_of_bounds"),
    ] {
        let refused = bank.call("/", arguments).await;
        refused.assert_refused(403, "access_denied", reason);
    }
    let refused = bank.call("/legacy", json!({"amount": 1})).await;
    refused.assert_refused(403, "access_denied", "arguments_not_read");
    let last = bank.call("/", json!({"amount": 0})).await;
    assert_eq!(last.status, 200, "{last:#?}");
    let refused = bank.call("/", json!({"amount": 0})).await;
    refused.assert_refused(403, "access_denied", "budget_exhausted");
    assert_eq!(
        refused.json["details"]["explanation"]["limit"], "calls",
        "{refused:#?}"
    );
    assert_eq!(bank.upstream.requests(), 3);

    let path = format!("/sessions/{}/budgets", bank.agent.session);
    let used = bank.zone.admin("GET", &path, None).await.expect(200);
    let one = &used.json["items"][0];
    assert_eq!(
        (&one["calls"], &one["sum"]),
        (&json!(3), &json!("100")),
        "{used:#?}"
    );
    let path = format!("/delegations/{}/budgets", bank.agent.delegation);
    let none = bank.zone.admin("GET", &path, None).await.expect(200);
    assert_eq!(none.json, json!({"items": []}), "it is the sessions' budget");
    bank.zone
        .ledger_once(|events| {
            let refused = |event: &&Value| event["evaluation_status"] == "budget_exhausted";
            events.iter().filter(refused).count() == 2
        })
        .await;
}
