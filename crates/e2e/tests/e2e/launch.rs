//! `caracal run` against a real STS: who gets what, and what starts nothing. Refusals first.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use caracal_core::entity::ProviderKind;
use caracal_e2e::{
    Deployment, Document, Fixture, READ, Reply, Role, Stack, TICKETS,
    oauth::{CLIENT_SECRET, OauthServer, in_front_of_the_tickets},
    on_every_deployment, provider,
};
use caracal_testkit::{deployed::program, process::Process};
use caracal_wire::control::providers::CreateProvider;
use serde_json::{Value, json};

on_every_deployment!(
    a_required_binding_that_is_denied_starts_nothing_and_an_optional_one_is_left_out,
    a_program_gets_the_credentials_of_its_workload_and_no_other_secret,
    what_decides_what_programs_load_is_bound_to_nothing,
    a_launch_waits_for_a_person_and_goes_on_when_they_decide,
    a_launch_that_waits_starts_nothing_once_its_workload_is_deleted,
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
        Self::of(fixture, bindings).await
    }

    /// With the provider that the resources have.
    async fn of(fixture: &'f Fixture<'f>, bindings: Value) -> Self {
        let made = fixture
            .zone
            .admin(
                "POST",
                "/workloads",
                Some(json!({"name": format!("nightly {}", uuid::Uuid::new_v4())})),
            )
            .await
            .expect(201);
        let launched = Self {
            fixture,
            secret: made.text_of("secret"),
            id: made.text_of("id"),
            directory: tempfile::tempdir().expect("a directory"),
        };
        launched.bind(bindings).await.expect(200);
        launched
    }

    async fn bind(&self, bindings: Value) -> Reply {
        let body = json!({"bindings": bindings});
        let path = format!("/workloads/{}", self.id);
        self.fixture.zone.admin("PUT", &path, Some(body)).await
    }

    /// `caracal run` of a shell script, by a caller with an environment of its own.
    fn run(&self, script: &str) -> Process {
        self.run_with(&[], script)
    }

    fn run_with(&self, options: &[&str], script: &str) -> Process {
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
            .arg("run")
            .args(options)
            .args(["--", "/bin/sh", "-c", script])
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

async fn what_decides_what_programs_load_is_bound_to_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let launched = Launched::new(&fixture, json!([binding("TICKET_KEY", READ, false)])).await;
    for name in [
        "PATH",
        "LD_PRELOAD",
        "ld_audit",
        "NODE_OPTIONS",
        "BASH_ENV",
        "GIT_SSH_COMMAND",
        "CARACAL_STS_URL",
        "https_proxy",
    ] {
        let refused = launched.bind(json!([binding(name, READ, false)])).await;
        assert_eq!(refused.status, 400, "{name}: {refused:#?}");
        assert!(refused.text.contains(name), "{name}: {refused:#?}");
    }
    // Nothing of it was kept.
    let mut process = launched.run("env; exit 6");
    assert_eq!(process.ended(LIMIT).await.code(), Some(6), "{}", process.stderr());
    assert!(
        process.stdout().contains("PATH=/usr/bin:/bin\n"),
        "{}",
        process.stdout()
    );
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

/// How long a token lives that a server gives away.
const TOKEN_SECONDS: u32 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_is_fresh_beyond_the_end_of_the_one_that_a_program_was_started_with() {
    let server = OauthServer::start(TOKEN_SECONDS).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let config = json!({
        "token_endpoint": server.token_endpoint(), "client_id": "basic", "client_secret": CLIENT_SECRET,
        "scopes": [READ], "allow_runtime_injection": true,
    });
    let lets_out = provider("let out", ProviderKind::Oauth2ClientCredentials, config);
    in_front_of_the_tickets(&fixture, &lets_out).await;
    let launched = Launched::of(&fixture, json!([binding("TICKET_KEY", READ, false)])).await;
    let file = launched.directory.path().join("fresh.json").display().to_string();
    let script = "echo $TICKET_KEY; echo $TICKET_KEY_EXPIRES_AT; \
                  while [ $(date +%s) -le $TICKET_KEY_EXPIRES_AT ]; do sleep 0.1; done; \
                  cat \"$CARACAL_CREDENTIALS_FILE\"";
    let mut process = launched.run_with(&["--refresh", &file], script);
    let status = process.ended(LIMIT).await;
    let said = process.stdout();
    assert_eq!(status.code(), Some(0), "{said} {}", process.stderr());
    let lines: Vec<&str> = said.lines().collect();
    let [first, ends, fresh] = lines[..] else {
        panic!("{said}");
    };
    let fresh: Value = serde_json::from_str(fresh).expect("JSON");
    let fresh = &fresh["TICKET_KEY"];
    assert_ne!(fresh["value"], first, "{said}");
    assert!(
        fresh["expires_at"].as_i64() > ends.parse().ok(),
        "it ends later: {said}"
    );
    // The server itself knows the one of them, and no longer the other.
    let token = fresh["value"].as_str().expect("a token");
    assert_eq!(server.introspect(token).await["active"], true);
    assert_eq!(server.introspect(first).await["active"], false);
    assert!(
        !std::path::Path::new(&file).exists(),
        "credentials do not outlive the program"
    );
}
