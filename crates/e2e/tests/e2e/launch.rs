//! `caracal run` against a real STS: who gets what, and what starts nothing. Refusals first.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use caracal_e2e::{
    Document, Fixture, READ, Reply, Role, Stack, TICKETS, oauth::in_front_of_the_tickets, on_every_deployment,
};
use caracal_testkit::{deployed::program, process::Process};
use caracal_wire::control::providers::CreateProvider;
use serde_json::{Value, json};

on_every_deployment!(
    a_required_binding_that_is_denied_starts_nothing_and_an_optional_one_is_left_out,
    a_program_gets_the_credentials_of_its_workload_and_no_other_secret,
    a_launch_waits_for_a_person_and_goes_on_when_they_decide,
    a_launch_that_waits_starts_nothing_once_its_workload_is_deleted,
    an_unchanged_client_speaks_to_a_resource_and_holds_nothing,
    the_local_address_is_for_the_program_alone_and_ends_with_its_session,
);

const LIMIT: Duration = Duration::from_mins(1);

/// A workload of the fixture's zone, and a place to launch it from.
struct Launched<'f> {
    fixture: &'f Fixture<'f>,
    id: String,
    secret: String,
    directory: tempfile::TempDir,
}

impl<'f> Launched<'f> {
    /// Binds `TICKET_KEY` to a resource whose provider lets its credential out.
    async fn new(fixture: &'f Fixture<'f>, bindings: Value) -> Self {
        let name = format!("let out {}", uuid::Uuid::new_v4());
        let mut provider = CreateProvider::api_key(&name, "X-Api-Key", &fixture.key);
        let lets_out = String::from("allow_runtime_injection");
        provider.config_json.insert(lets_out, true.into());
        in_front_of_the_tickets(fixture, &provider).await;

        let made = fixture
            .zone
            .admin(
                "POST",
                "/workloads",
                Some(json!({"name": format!("nightly {}", uuid::Uuid::new_v4())})),
            )
            .await
            .expect(201);
        let id = made.text_of("id");
        let body = json!({"bindings": bindings});
        let path = format!("/workloads/{id}");
        fixture.zone.admin("PUT", &path, Some(body)).await.expect(200);
        Self {
            fixture,
            secret: made.text_of("secret"),
            id,
            directory: tempfile::tempdir().expect("a directory"),
        }
    }

    /// `caracal run` of a shell script, by a caller with an environment of its own.
    fn run(&self, script: &str) -> Process {
        let home = self.directory.path().display().to_string();
        let variables: BTreeMap<&str, String> = BTreeMap::from([
            ("CARACAL_WORKLOAD_ID", self.id.clone()),
            ("CARACAL_WORKLOAD_SECRET", self.secret.clone()),
            ("CARACAL_STS_URL", self.fixture.zone.stack.url(Role::Sts)),
            ("CARACAL_HOME", home),
            ("AWS_SECRET_ACCESS_KEY", "of the caller".to_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ]);
        Process::options(program("caracal"))
            .args(["run", "--", "/bin/sh", "-c", script])
            .envs(variables)
            .start()
    }

    fn mark(&self) -> PathBuf {
        self.directory.path().join("started")
    }
}

fn binding(env: &str, scope: &str, optional: bool) -> Value {
    let mut binding = json!({"env": env, "resource": TICKETS, "scopes": [scope], "optional": optional});
    if optional {
        binding["on_failure"] = json!("warn");
    }
    binding
}

async fn a_required_binding_that_is_denied_starts_nothing_and_an_optional_one_is_left_out(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let bindings = json!([
        binding("TICKET_KEY", READ, false),
        binding("GATE_KEY", "tickets:unheard-of", false)
    ]);
    let launched = Launched::new(&fixture, bindings).await;
    let mark = launched.mark().display().to_string();
    let mut process = launched.run(&format!("touch {mark}"));
    let status = process.ended(LIMIT).await;
    assert_eq!(status.code(), Some(125), "{}", process.stderr());
    assert!(!launched.mark().exists());
    assert!(process.stderr().contains("GATE_KEY"), "{}", process.stderr());

    let bindings = json!([
        binding("TICKET_KEY", READ, false),
        binding("GATE_KEY", "tickets:unheard-of", true)
    ]);
    let launched = Launched::new(&fixture, bindings).await;
    let mut process = launched.run("test -n \"$TICKET_KEY\" && test -z \"$GATE_KEY\" && exit 7");
    let status = process.ended(LIMIT).await;
    assert_eq!(status.code(), Some(7), "{}", process.stderr());
    assert!(process.stderr().contains("GATE_KEY"), "{}", process.stderr());

    // Nobody without its secret.
    let stranger = Launched {
        secret: String::from("ws_0123456789abcdef0123456789abcdef"),
        ..launched
    };
    let mut process = stranger.run("exit 0");
    assert_eq!(process.ended(LIMIT).await.code(), Some(125));
    assert!(
        !process.stderr().contains(&stranger.secret),
        "{}",
        process.stderr()
    );
}

async fn a_program_gets_the_credentials_of_its_workload_and_no_other_secret(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let launched = Launched::new(&fixture, json!([binding("TICKET_KEY", READ, false)])).await;
    let mut process = launched.run("/usr/bin/env");
    let status = process.ended(LIMIT).await;
    assert_eq!(status.code(), Some(0), "{}", process.stderr());
    let given = process.stdout();
    let line = format!("TICKET_KEY={}", fixture.key);
    assert!(given.lines().any(|given| given == line), "{given}");
    for absent in [
        launched.secret.as_str(),
        "CARACAL_WORKLOAD",
        "AWS_SECRET",
        "CARACAL_STS_URL",
    ] {
        assert!(!given.contains(absent), "{absent} in {given}");
    }
    assert!(!process.stderr().contains(&fixture.key), "{}", process.stderr());
    // What was given is on record, and the key is not.
    let given_once = |events: &[Value]| {
        let allowed = events.iter().filter(|event| {
            let text = event.to_string();
            event["decision"] == "allow" && text.contains(&launched.id) && text.contains("TICKET_KEY")
        });
        allowed.count() == 1
    };
    let events = fixture.zone.ledger_once(given_once).await;
    assert!(!json!(events).to_string().contains(&fixture.key));
}

async fn a_launch_waits_for_a_person_and_goes_on_when_they_decide(stack: &Stack) {
    let fixture = Fixture::without_policy(stack).await;
    let tiers = Document::of(&fixture.application)
        .rule("risk", &json!([{"scope": READ, "tier": "high"}]))
        .rule("approval_tiers", &json!([{"tier": "high", "ttl_seconds": 600}]));
    fixture.zone.activate(&[tiers.into()]).await;
    let launched = Launched::new(&fixture, json!([binding("TICKET_KEY", READ, false)])).await;
    for (decision, code) in [("approve", 9), ("reject", 125)] {
        let mut process = launched.run("test -n \"$TICKET_KEY\" && exit 9");
        let mut pending = None;
        process
            .until("the launch is held", LIMIT, async |_| {
                let listed = fixture.zone.admin("GET", "/approvals?state=pending", None).await;
                pending = waiting(&listed.expect(200));
                pending.is_some()
            })
            .await;
        let path = format!("/approvals/{}/{decision}", pending.expect("one"));
        fixture.zone.admin("POST", &path, None).await.expect(200);
        let status = process.ended(LIMIT).await;
        assert_eq!(status.code(), Some(code), "{decision}: {}", process.stderr());
        assert!(
            process.stderr().contains("approval_required"),
            "{}",
            process.stderr()
        );
    }
}

async fn a_launch_that_waits_starts_nothing_once_its_workload_is_deleted(stack: &Stack) {
    let fixture = Fixture::without_policy(stack).await;
    let tiers = Document::of(&fixture.application)
        .rule("risk", &json!([{"scope": READ, "tier": "high"}]))
        .rule("approval_tiers", &json!([{"tier": "high", "ttl_seconds": 600}]));
    fixture.zone.activate(&[tiers.into()]).await;
    let launched = Launched::new(&fixture, json!([binding("TICKET_KEY", READ, false)])).await;
    let mark = launched.mark().display().to_string();
    let mut process = launched.run(&format!("touch {mark}"));
    let mut pending = None;
    process
        .until("the launch is held", LIMIT, async |_| {
            let listed = fixture.zone.admin("GET", "/approvals?state=pending", None).await;
            pending = waiting(&listed.expect(200));
            pending.is_some()
        })
        .await;
    let workload = format!("/workloads/{}", launched.id);
    fixture.zone.admin("DELETE", &workload, None).await.expect(204);
    let status = process.ended(LIMIT).await;
    assert_eq!(status.code(), Some(125), "{}", process.stderr());
    assert!(!launched.mark().exists());
    let approval = format!("/approvals/{}", pending.expect("one"));
    let refused = fixture.zone.admin("GET", &approval, None).await.expect(200);
    assert_eq!(refused.json["state"], "rejected", "{refused:#?}");
    // Nobody approves for nobody.
    let late = fixture
        .zone
        .admin("POST", &format!("{approval}/approve"), None)
        .await;
    assert_eq!(late.status, 409, "{late:#?}");
}

/// The id of the one approval that waits.
fn waiting(listed: &Reply) -> Option<String> {
    let items = listed.json["items"].as_array().or(listed.json.as_array())?;
    items.first()?["id"].as_str().map(str::to_owned)
}

/// `caracal run --gateway` of a shell script that finds the tickets at `$API`, for reading.
fn through_gateway(fixture: &Fixture<'_>, directory: &std::path::Path, script: &str) -> Process {
    let stack = fixture.zone.stack;
    let variables: BTreeMap<&str, String> = BTreeMap::from([
        ("CARACAL_ZONE_ID", fixture.zone.id.clone()),
        ("CARACAL_APPLICATION_ID", fixture.application.id.clone()),
        ("CARACAL_APP_CLIENT_SECRET", fixture.application.secret.clone()),
        ("CARACAL_STS_URL", stack.url(Role::Sts)),
        ("CARACAL_COORDINATOR_URL", stack.url(Role::Coordinator)),
        ("CARACAL_GATEWAY_URL", stack.url(Role::Gateway)),
        ("CARACAL_HOME", directory.display().to_string()),
        ("PATH", "/usr/bin:/bin".to_owned()),
    ]);
    let gateway = format!("API={TICKETS} {READ}");
    Process::options(program("caracal"))
        .args([
            "run",
            "--gateway",
            &gateway,
            "--label",
            "writer",
            "--",
            "/bin/sh",
            "-c",
            script,
        ])
        .envs(variables)
        .start()
}

async fn an_unchanged_client_speaks_to_a_resource_and_holds_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let directory = tempfile::tempdir().expect("a directory");
    let script = "env; curl -sS -w ' %{http_code}\\n' $API/tickets?a=1; \
                  curl -sS -w ' %{http_code}\\n' -H 'Authorization: Bearer mine' $API/tickets; \
                  curl -sS -o /dev/null -w 'written %{http_code}\\n' -d x $API/tickets; exit 5";
    let mut process = through_gateway(&fixture, directory.path(), script);
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
    let mut process = through_gateway(&fixture, directory.path(), "echo $API; sleep 600");
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
    let untouched = crate::support::Untouched::from_now(&fixture);
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
    let untouched = crate::support::Untouched::from_now(&fixture);
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
