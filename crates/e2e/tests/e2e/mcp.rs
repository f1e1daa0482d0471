//! A client of MCP that knows nothing of Caracal, through the real binaries to a real server.

use std::time::Duration;

use caracal_e2e::{Document, Role, Stack, Zone, installed, on_every_deployment};
use caracal_testkit::process::Process;
use serde_json::{Value, json};

on_every_deployment!(an_ordinary_client_finds_its_way_from_an_address_to_a_tool);

/// Longest wait for Node.js: the first start installs the SDK.
const LIMIT: Duration = Duration::from_mins(2);

const CONNECT: &str = "tools:connect";
const SEARCH: &str = "tools:search";
const DELETE: &str = "tools:delete";

async fn script(name: &str) -> caracal_testkit::process::ProcessOptions {
    let directory = tokio::task::spawn_blocking(|| installed("e2e-mcp"))
        .await
        .expect("it runs");
    Process::options("node").arg(directory.join(name))
}

async fn line_of(process: &mut Process) -> String {
    process
        .until("it says something", LIMIT, async |process| {
            process.stdout().ends_with('\n')
        })
        .await;
    process.stdout().trim().to_owned()
}

/// The resource at an address, in front of the server at `port`; returns the address.
async fn tools(zone: &Zone<'_>, port: &str) -> String {
    let identifier = format!("{}/r/{}/tools", zone.stack.url(Role::Gateway), zone.id);
    let provider = zone.api_key("X-Api-Key", "key-of-the-server").await;
    let message = |path: &str, scope: &str| json!({"method": "MCP", "path": path, "scope": scope});
    zone.resource(json!({
        "name": "Tools", "identifier": identifier, "upstream_url": format!("http://127.0.0.1:{port}"),
        "credential_provider_id": provider, "scopes": [CONNECT, SEARCH, DELETE],
        "operations": [
            message("initialize", CONNECT), message("notifications/initialized", CONNECT),
            message("tools/list", CONNECT), message("tools/call:search", SEARCH),
            message("tools/call:delete", DELETE),
            {"method": "GET", "path": "/", "scope": CONNECT}, {"method": "DELETE", "path": "/", "scope": CONNECT},
        ],
    }))
    .await;
    identifier
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

    let lifecycle = zone
        .exchange(
            &application,
            &[("resource", &*address), ("scope", "agent:lifecycle")],
        )
        .await
        .expect(200)
        .text_of("access_token");
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let body = json!({"application_id": application.id, "ttl_seconds": 900, "labels": ["agent"]});
        let started = zone.coordinate(&lifecycle, "POST", "/agents", Some(body)).await;
        sessions.push(started.expect(201).text_of("agent_session_id"));
    }
    let scopes = [CONNECT, SEARCH];
    let body = json!({
        "issuer_application_id": application.id, "receiver_application_id": application.id,
        "source_session_id": sessions[0], "target_session_id": sessions[1], "scopes": scopes,
        "constraints": {"resources": [address]}, "ttl_seconds": 900,
    });
    let delegated = zone
        .coordinate(&lifecycle, "POST", "/delegations", Some(body))
        .await;

    let mut client = script("ordinary.mjs")
        .await
        .env("SERVER", &address)
        .env("ISSUER", stack.url(Role::Sts))
        .env("APPLICATION", &application.id)
        .env("SECRET", &application.secret)
        .env("ZONE", &zone.id)
        .env("SESSION", &sessions[1])
        .env("DELEGATION", delegated.expect(201).text_of("delegation_edge_id"))
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
