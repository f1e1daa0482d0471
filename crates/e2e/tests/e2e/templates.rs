//! Operations whose paths are templates, from the save to the upstream.

use caracal_e2e::{Call, Fixture, READ, Stack, WRITE, on_every_deployment};
use caracal_wire::control::resources::CreateResource;
use serde_json::json;

use crate::support::{Untouched, assert_passed};

on_every_deployment!(
    a_template_governs_what_it_meets_and_nothing_else,
    the_most_exact_operation_decides_at_the_gateway,
    a_path_that_only_looks_like_a_pattern_is_refused_at_save,
    a_message_to_an_mcp_server_is_decided_by_its_tool,
);

const ORDERS: &str = "resource://orders";

/// A fixture with a resource whose operations are `operations`, and an agent who may read and write there.
async fn with_operations<'s>(
    stack: &'s Stack,
    operations: &[(&str, &str, &str)],
) -> (Fixture<'s>, caracal_e2e::Agent) {
    let fixture = Fixture::without_policy(stack).await;
    let provider = fixture.zone.api_key(caracal_e2e::KEY_HEADER, &fixture.key).await;
    let orders = CreateResource::forwarding(ORDERS, fixture.upstream.url(), provider, operations);
    fixture.zone.resource(&orders).await;
    let document = caracal_e2e::Document::empty()
        .rule("app_ids", &json!({"desk": fixture.application.id}))
        .rule(
            "grants",
            &json!({ORDERS: {"application": "desk", "roles": {"reader": [READ], "writer": [READ, WRITE]}}}),
        );
    fixture.zone.activate(&[document.into()]).await;
    let application = &fixture.application;
    let (zone, scopes) = (&fixture.zone, [READ, WRITE]);
    let agent = zone.agent(application, &["writer"], &scopes, &[ORDERS]).await;
    (fixture, agent)
}

/// One governed call of `path` under a fresh mandate for `scope`: the mint and the Gateway as agents use them.
async fn call(
    fixture: &Fixture<'_>,
    agent: &caracal_e2e::Agent,
    scope: &str,
    method: &str,
    path: &str,
) -> caracal_e2e::Reply {
    let mandate = mandate(fixture, agent, scope).await;
    fixture.call_with(&mandate, &to(method, path)).await
}

async fn mandate(fixture: &Fixture<'_>, agent: &caracal_e2e::Agent, scope: &str) -> String {
    let fields = [
        ("resource", ORDERS),
        ("scope", scope),
        ("agent_session_id", agent.session.as_str()),
        ("delegation_edge_id", agent.delegation.as_str()),
    ];
    let minted = fixture.zone.exchange(&fixture.application, &fields).await;
    minted.expect(200).text_of("access_token")
}

const fn to<'c>(method: &'c str, path: &'c str) -> Call<'c> {
    Call {
        method,
        path,
        resource: ORDERS,
        request_id: None,
    }
}

async fn a_template_governs_what_it_meets_and_nothing_else(stack: &Stack) {
    let operations = [
        ("GET", "/orders/{id}", READ),
        ("GET", "/files/{rest+}", READ),
        ("POST", "/orders/{id}/notes", WRITE),
    ];
    let (fixture, agent) = with_operations(stack, &operations).await;
    for (scope, method, path) in [
        (READ, "GET", "/orders/7"),
        (READ, "GET", "/orders/A-7.json"),
        (READ, "GET", "/orders/7?expand=lines"),
        (READ, "GET", "/files/a"),
        (READ, "GET", "/files/a/b/c.txt"),
        (WRITE, "POST", "/orders/7/notes"),
    ] {
        let before = fixture.upstream.requests();
        assert_passed(&call(&fixture, &agent, scope, method, path).await);
        let received = fixture.upstream.received();
        assert_eq!(received.len(), before + 1, "{path}");
        let last = received.last().expect("one more");
        assert_eq!(
            (last.method.as_str(), last.target.to_string().as_str()),
            (method, path)
        );
    }
    let untouched = Untouched::from_now(&fixture);
    for (scope, method, path) in [
        // Not met by any template.
        (READ, "GET", "/orders"),
        (READ, "GET", "/orders/"),
        (READ, "GET", "/orders/7/lines"),
        (READ, "GET", "/orders/7%2Fnotes"),
        (READ, "GET", "/orders/7/notes"),
        (READ, "GET", "/files"),
        // Met, by another method or with another scope.
        (READ, "DELETE", "/orders/7"),
        (READ, "POST", "/orders/7/notes"),
        (WRITE, "GET", "/orders/7"),
    ] {
        let reply = call(&fixture, &agent, scope, method, path).await;
        assert!(
            matches!(reply.status, 400 | 403 | 404),
            "{method} {path} with {scope}: {reply:#?}"
        );
    }
    untouched.check();
}

async fn the_most_exact_operation_decides_at_the_gateway(stack: &Stack) {
    let operations = [
        ("GET", "/{rest+}", WRITE),
        ("GET", "/orders/{id}", READ),
        ("GET", "/orders/export", WRITE),
    ];
    let (fixture, agent) = with_operations(stack, &operations).await;
    assert_passed(&call(&fixture, &agent, READ, "GET", "/orders/7").await);
    assert_passed(&call(&fixture, &agent, WRITE, "GET", "/orders/export").await);
    assert_passed(&call(&fixture, &agent, WRITE, "GET", "/anything/else").await);
    let untouched = Untouched::from_now(&fixture);
    for (scope, path) in [
        (READ, "/orders/export"),
        (WRITE, "/orders/7"),
        (READ, "/anything/else"),
    ] {
        let reply = call(&fixture, &agent, scope, "GET", path).await;
        assert_eq!(reply.status, 403, "{path} with {scope}: {reply:#?}");
    }
    untouched.check();
}

async fn a_path_that_only_looks_like_a_pattern_is_refused_at_save(stack: &Stack) {
    let fixture = Fixture::without_policy(stack).await;
    let provider = fixture.zone.api_key(caracal_e2e::KEY_HEADER, &fixture.key).await;
    for (method, path) in [
        ("GET", "/orders/:id"),
        ("GET", "/orders/*"),
        ("GET", "/orders/{id}.json"),
        ("GET", "/files/{rest+}/x"),
        ("FETCH", "/orders"),
    ] {
        let body = json!({
            "name": "refused", "identifier": "resource://refused", "upstream_url": fixture.upstream.url(),
            "scopes": [READ], "credential_provider_id": provider, "operations": [{"method": method, "path": path, "scope": READ}],
        });
        let reply = fixture.zone.admin("POST", "/resources", Some(body)).await;
        assert_eq!(reply.status, 400, "{method} {path}: {reply:#?}");
        assert!(
            reply.text.contains("operations"),
            "the field is named: {reply:#?}"
        );
    }
}

async fn a_message_to_an_mcp_server_is_decided_by_its_tool(stack: &Stack) {
    let operations = [
        ("MCP", "tools/list", READ),
        ("MCP", "tools/call:search", READ),
        ("MCP", "tools/call:{tool}", WRITE),
    ];
    let (fixture, agent) = with_operations(stack, &operations).await;
    let send = async |scope: &str, body: &str| {
        let mandate = mandate(&fixture, &agent, scope).await;
        let request = fixture.call_request(&mandate, &to("POST", "/"));
        let request = request.header("content-type", "application/json");
        caracal_e2e::Reply::of(request.body(body.to_owned())).await
    };
    let tool = |name: &str| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": {"q": "x"}}}).to_string()
    };
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    for (scope, body) in [(READ, &list), (READ, &tool("search")), (WRITE, &tool("delete"))] {
        assert_passed(&send(scope, body).await);
    }
    let untouched = Untouched::from_now(&fixture);
    for (scope, body, status) in [
        (READ, tool("delete"), 403),
        (WRITE, tool("search"), 403),
        (READ, tool("Search"), 403),
        (READ, list.replace("tools/list", "prompts/list"), 403),
        (READ, format!("[{list}]"), 400),
        (
            READ,
            list.replace("\"id\"", "\"method\":\"tools/call\",\"id\""),
            400,
        ),
    ] {
        let reply = send(scope, &body).await;
        assert_eq!(reply.status, status, "{body} with {scope}: {reply:#?}");
    }
    untouched.check();
}
