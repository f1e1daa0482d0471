//! `caracal run --gateway` against the real services: programs that know an address on their machine, and nothing else.

use std::{collections::BTreeMap, path::Path, time::Duration};

use caracal_e2e::{
    Application, Document, Fixture, READ, Reply, Role, Stack, TICKETS, Zone, installed, on_every_deployment,
};
use caracal_testkit::{deployed::program, process::Process};
use serde_json::{Value, json};

use crate::{mcp, support::Untouched};

on_every_deployment!(
    an_unchanged_client_speaks_to_a_resource_and_holds_nothing,
    an_unchanged_mcp_client_speaks_to_its_server_and_holds_nothing,
    the_local_address_is_for_the_program_alone_and_ends_with_its_session,
);

/// Longest wait for a program, the first start of one in Node.js included.
const LIMIT: Duration = Duration::from_mins(2);

/// `caracal run --gateway` of a program, for an application, whose sessions have the label `label`.
fn through_gateway(
    zone: &Zone<'_>,
    application: &Application,
    directory: &Path,
    (gateway, label): (&str, &str),
    command: &[&str],
) -> Process {
    let stack = zone.stack;
    let path = std::env::var_os("PATH").and_then(|path| path.into_string().ok());
    let variables: BTreeMap<&str, String> = BTreeMap::from([
        ("CARACAL_ZONE_ID", zone.id.clone()),
        ("CARACAL_APPLICATION_ID", application.id.clone()),
        ("CARACAL_APP_CLIENT_SECRET", application.secret.clone()),
        ("CARACAL_STS_URL", stack.url(Role::Sts)),
        ("CARACAL_COORDINATOR_URL", stack.url(Role::Coordinator)),
        ("CARACAL_GATEWAY_URL", stack.url(Role::Gateway)),
        ("CARACAL_HOME", directory.display().to_string()),
        ("PATH", path.expect("programs have a path")),
    ]);
    Process::options(program("caracal"))
        .args(["run", "--gateway", gateway, "--label", label, "--"])
        .args(command)
        .envs(variables)
        .start()
}

/// The same of a shell script that finds the tickets at `$API`, for reading.
fn script_through_gateway(fixture: &Fixture<'_>, directory: &Path, script: &str) -> Process {
    through_gateway(
        &fixture.zone,
        &fixture.application,
        directory,
        (&format!("API={TICKETS} {READ}"), "writer"),
        &["/bin/sh", "-c", script],
    )
}

async fn an_unchanged_mcp_client_speaks_to_its_server_and_holds_nothing(stack: &Stack) {
    let mut server = mcp::script("server.mjs").await.start();
    let port = mcp::line_of(&mut server).await;
    let zone = Zone::create(stack).await;
    let application = zone.application("desk").await;
    let address = mcp::tools(&zone, &port).await;
    let scopes = [mcp::CONNECT, mcp::SEARCH];
    let grants = json!({&address: {"application": "desk", "roles": {"agent": scopes}}});
    let policy = Document::empty()
        .rule("app_ids", &json!({"desk": application.id}))
        .rule("grants", &grants);
    zone.activate(&[policy.into()]).await;

    let directory = tempfile::tempdir().expect("a directory");
    let client = tokio::task::spawn_blocking(|| installed("e2e-mcp"))
        .await
        .expect("it runs")
        .join("plain.mjs");
    let mut process = through_gateway(
        &zone,
        &application,
        directory.path(),
        (&format!("TOOLS={address} {}", scopes.join(" ")), "agent"),
        &["node", &client.display().to_string()],
    );
    let status = process.ended(LIMIT).await;
    let said = process.stdout();
    assert_eq!(status.code(), Some(0), "{said} {}", process.stderr());
    let seen: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(seen["called"], "search done", "{seen:#}");
    let tools = seen["tools"].as_array().expect("a list");
    assert!(tools.contains(&json!("search")), "{seen:#}");
    // No more than was named, whatever the server offers.
    let refused = seen["refused"].as_str().unwrap_or_default();
    assert!(refused.contains("operation_not_permitted"), "{seen:#}");
    assert!(
        !said.contains(application.secret.as_str()) && !said.contains("eyJ"),
        "{said}"
    );
}

async fn an_unchanged_client_speaks_to_a_resource_and_holds_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let directory = tempfile::tempdir().expect("a directory");
    let script = "env; curl -sS -w ' %{http_code}\\n' $API/tickets?a=1; \
                  curl -sS -w ' %{http_code}\\n' -H 'Authorization: Bearer mine' $API/tickets; \
                  curl -sS -o /dev/null -w 'written %{http_code}\\n' -d x $API/tickets; exit 5";
    let mut process = script_through_gateway(&fixture, directory.path(), script);
    let status = process.ended(LIMIT).await;
    let said = process.stdout();
    assert_eq!(status.code(), Some(5), "{said} {}", process.stderr());
    assert_eq!(said.matches(" 200\n").count(), 2, "{said}");
    assert!(said.contains("written 403"), "no more than was named: {said}");
    let secret = &fixture.application.secret;
    assert!(!said.contains(secret.as_str()) && !said.contains("eyJ"), "{said}");

    let seen = fixture.upstream.received();
    assert_eq!(seen.len(), 2);
    for request in &seen {
        assert_eq!(
            request.header(caracal_e2e::KEY_HEADER),
            Some(fixture.key.as_str())
        );
        assert_eq!(request.header("authorization"), None);
    }
    assert_eq!(
        (seen[0].target.path(), seen[0].target.query()),
        ("/tickets", Some("a=1"))
    );
    // With the program ended its session.
    let token = fixture.lifecycle().await.expect(200).text_of("access_token");
    let live = fixture
        .zone
        .coordinate(&token, "GET", "/agents?status=active", None)
        .await;
    assert_eq!(live.expect(200).json["items"], json!([]));
}

async fn the_local_address_is_for_the_program_alone_and_ends_with_its_session(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let directory = tempfile::tempdir().expect("a directory");
    let mut process = script_through_gateway(&fixture, directory.path(), "echo $API; sleep 600");
    process
        .until("the program has its address", LIMIT, async |process| {
            process.stdout().ends_with('\n')
        })
        .await;
    let url = process.stdout().trim().to_owned();
    let (address, key) = url.rsplit_once('/').expect("a key");
    let http = reqwest::Client::new();
    let ask = async |url: String, host: Option<&str>| {
        let mut request = http.get(url);
        if let Some(host) = host {
            request = request.header("Host", host);
        }
        Reply::of(request).await
    };
    let untouched = Untouched::from_now(&fixture);
    for stranger in [
        format!("{address}/tickets"),
        format!("{address}/{}/tickets", "0".repeat(key.len())),
        format!("{url}x/tickets"),
        address.to_owned(),
    ] {
        assert_eq!(ask(stranger.clone(), None).await.status, 404, "{stranger}");
    }
    assert_eq!(
        ask(format!("{url}/tickets"), Some("evil.example")).await.status,
        404
    );
    untouched.check();
    assert_eq!(ask(format!("{url}/tickets"), None).await.status, 200);

    // Whoever runs the zone ends it, and nothing starts it again.
    let token = fixture.lifecycle().await.expect(200).text_of("access_token");
    let live = fixture
        .zone
        .coordinate(&token, "GET", "/agents?status=active", None)
        .await;
    let live = live.expect(200);
    let root = live.json["items"].as_array().into_iter().flatten();
    let root = root.clone().find(|session| session["parent_id"].is_null());
    let root = root.unwrap_or_else(|| panic!("{live:#?}"))["agent_session_id"].clone();
    let path = format!("/agents/{}", root.as_str().expect("an id"));
    fixture
        .zone
        .coordinate(&token, "DELETE", &path, None)
        .await
        .expect(204);
    let untouched = Untouched::from_now(&fixture);
    for _ in 0..2 {
        let refused = ask(format!("{url}/tickets"), None).await;
        assert!((401..=403).contains(&refused.status), "{refused:#?}");
    }
    untouched.check();
    process.terminate();
    assert_eq!(
        process.ended(LIMIT).await.code(),
        Some(128 + 15),
        "{}",
        process.stderr()
    );
}
