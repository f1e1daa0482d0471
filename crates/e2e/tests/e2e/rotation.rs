//! Every secret is changed by `caracald secrets rotate`, while governed calls go on and none fails.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use caracal_e2e::{Agent, Call, Deployment, Finished, Fixture, READ, Reply, Role, Stack};
use caracal_testkit::deployed::service_password;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    draining::answered,
    key_rotation::write,
    support::assert_passed,
    tampering::{VERIFY, report},
};

/// Exit code of a change that waits for somebody.
const UNFINISHED: i32 = 3;
/// Most runs of the command until a change is over.
const MOST_RUNS: usize = 10;

/// What the command says.
#[derive(Debug)]
struct Told {
    secrets: Vec<String>,
    phase: String,
    before: Vec<String>,
    restart: Vec<String>,
    waiting: Vec<String>,
    done: bool,
}

fn told(finished: &Finished) -> Told {
    assert!(matches!(finished.code, Some(0 | UNFINISHED)), "{finished:#?}");
    let said: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:#?}"));
    let texts = |value: &Value| -> Vec<String> {
        let texts = value.as_array().into_iter().flatten();
        texts
            .map(|text| text.as_str().expect("text").to_owned())
            .collect()
    };
    let step = &said["steps"][0];
    Told {
        secrets: texts(&said["secrets"]),
        phase: step["phase"].as_str().expect("a phase").to_owned(),
        before: texts(&step["before"]),
        restart: texts(&step["restart"]),
        waiting: texts(&said["waiting"]),
        done: said["done"] == true,
    }
}

/// The secrets by file.
fn values(directory: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(directory).expect("the secrets");
    let files = entries.map(|entry| entry.expect("an entry").path());
    files
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a secret"))
        })
        .collect()
}

/// Whether the server at `url` says that it wants requests, as whoever balances asks it.
async fn is_ready(url: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.ok()?;
        let question = b"GET /ready HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n";
        stream.write_all(question).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200"))
    };
    asked.await.unwrap_or_default()
}

/// A balancer in front of two servers: each connection goes to the first that is ready, they take turns.
async fn balance(backends: [String; 2]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut client, _)) = listener.accept().await {
            turn += 1;
            let mut order = backends.clone();
            order.rotate_left(turn % 2);
            tokio::spawn(async move {
                for backend in order {
                    if !is_ready(&backend).await {
                        continue;
                    }
                    let address = backend.trim_start_matches("http://");
                    if let Ok(mut server) = TcpStream::connect(address).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                        return;
                    }
                }
            });
        }
    });
    url
}

/// Where calls go: each to the next door, and past one that is not ready.
struct Load<'f> {
    fixture: &'f Fixture<'f>,
    agent: &'f Agent,
    doors: Vec<[(Role, String); 2]>,
    over: Cell<bool>,
    passed: RefCell<Vec<String>>,
}

impl Load<'_> {
    /// Mints and calls until it is over. Whatever was taken has to pass.
    async fn run(&self) {
        let mut number = 0;
        while !self.over.get() {
            number += 1;
            let id = format!("call-{number}");
            let one = async {
                for turn in 0.. {
                    if self.once(number + turn, &id).await {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_mins(1), one)
                .await
                .expect("somebody listens");
            self.passed.borrow_mut().push(id);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// One mint and call; `false` when nobody took one of them.
    async fn once(&self, door: usize, id: &str) -> bool {
        let stack = self.fixture.zone.stack;
        if let Some(door) = self.doors.get(door % self.doors.len().max(1)) {
            for (role, url) in door {
                if !is_ready(url).await {
                    return false;
                }
                stack.point(*role, url);
            }
        }
        let Some(minted) = answered(self.fixture.mint_request(self.agent, READ, &[])).await else {
            return false;
        };
        let call = Call {
            request_id: Some(id),
            ..Call::default()
        };
        let mandate = minted.expect(200).text_of("access_token");
        let Some(reply) = answered(self.fixture.call_request(&mandate, &call)).await else {
            return false;
        };
        assert_passed(&reply);
        true
    }

    /// Waits for calls that pass after this moment.
    async fn until_more_pass(&self) {
        let enough = self.passed.borrow().len() + 4;
        let wait = async {
            while self.passed.borrow().len() < enough {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait)
            .await
            .expect("calls pass");
    }
}

/// Runs the command with these arguments behind the directory.
async fn rotate(stack: &Stack, directory: &Path, arguments: &[String]) -> Finished {
    let directory = directory.display().to_string();
    let mut all = vec!["secrets", "rotate", directory.as_str(), "--json"];
    all.extend(arguments.iter().map(String::as_str));
    stack.caracald(&all).await
}

/// Nothing is left of a change, and every file is private.
fn assert_tidy(directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("the secrets") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("its metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        assert!(
            !entry.file_name().to_string_lossy().starts_with('.'),
            "{} is left",
            entry.path().display()
        );
    }
}

/// The old bearers open nothing any more, and the new ones what they did.
async fn assert_bearers(stack: &Stack, old: &BTreeMap<String, String>) {
    let doors = [
        (Role::Api, "/v1/zones", "caracalAdminToken"),
        (Role::Audit, "/api/audit/dlq", "auditAdminToken"),
        (Role::Gateway, "/metrics", "metricsBearer"),
    ];
    for (role, path, file) in doors {
        let Some(before) = old.get(file) else { continue };
        for (bearer, status) in [(before.clone(), 401), (stack.secret(file), 200)] {
            let request = stack.request(role, "GET", path).bearer_auth(bearer);
            assert_eq!(Reply::of(request).await.status, status, "{file}");
        }
    }
}

/// Every call is in the ledger, and the ledger holds.
async fn assert_evidence(stack: &Stack, load: &Load<'_>) {
    let passed = load.passed.borrow().clone();
    for id in &passed {
        load.fixture.zone.events_of(id, |events| events.len() >= 2).await;
    }
    let verified = stack.caracald(&VERIFY).await;
    assert_eq!(report(verified.assert_good())["holds"], true, "{verified:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secret_changes_under_load_without_a_failed_call_production() {
    let variables = [("SHUTDOWN_DELAY_MS", "200"), ("SHUTDOWN_GRACE_MS", "30000")];
    let stack = Stack::with(Deployment::ProductionAlone, &variables).await;
    let directory = stack.home().join("secrets");
    // What `secrets init` would have made besides.
    for role in Role::ALL {
        write(
            &directory.join(format!("{}DbPassword", role.name())),
            &service_password(),
        );
    }
    let redis_password = stack.secret("redisUrl");
    let redis_password = redis_password
        .trim_start_matches("redis://:")
        .split('@')
        .next()
        .expect("a password");
    write(&directory.join("redisPassword"), redis_password);
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;

    let sts = [stack.url(Role::Sts), stack.replicate(Role::Sts, &[]).await];
    let balancer = balance(sts.clone()).await;
    let towards = [("STS_URL", balancer.as_str())];
    let gateways = [
        stack.replicate(Role::Gateway, &towards).await,
        stack.replicate(Role::Gateway, &towards).await,
    ];
    let mut processes: Vec<(Role, String)> = [Role::Api, Role::Coordinator, Role::Audit, Role::Gateway]
        .map(|role| (role, stack.url(role)))
        .to_vec();
    processes.extend(sts.iter().map(|url| (Role::Sts, url.clone())));
    processes.extend(gateways.iter().map(|url| (Role::Gateway, url.clone())));
    let mut named: Vec<String> = processes
        .iter()
        .flat_map(|(role, url)| [String::from("--process"), format!("{}={url}", role.name())])
        .collect();
    named.extend(["--without", "web"].map(String::from));
    let load = Load {
        fixture: &fixture,
        agent: &agent,
        doors: sts
            .iter()
            .zip(&gateways)
            .map(|(sts, gateway)| [(Role::Sts, sts.clone()), (Role::Gateway, gateway.clone())])
            .collect(),
        over: Cell::new(false),
        passed: RefCell::default(),
    };
    let before = values(&directory);

    let change = async {
        let mut phases = Vec::new();
        for run in 0..=MOST_RUNS {
            assert!(run < MOST_RUNS, "the change does not end: {phases:?}");
            let mut arguments = named.clone();
            match run {
                0 => arguments.push(String::from("--all")),
                // The console's tokens and nobody else's are left to move; whoever uses a bearer has the new one.
                2.. => arguments.extend(["--drop", "--wait", "40"].map(String::from)),
                _ => {}
            }
            let told = told(&rotate(&stack, &directory, &arguments).await);
            if told.done {
                assert_eq!(told.secrets.len(), 17, "{told:#?}");
                break;
            }
            // Whoever runs it again too early is told so, and nothing happens.
            assert!(!told.waiting.is_empty(), "{told:#?}");
            let again = rotate(&stack, &directory, &named).await;
            assert_eq!(again.code, Some(UNFINISHED), "{again:#?}");
            if phases.last() == Some(&told.phase) {
                // What is sealed is still being moved.
                continue;
            }
            phases.push(told.phase.clone());
            for sentence in &told.before {
                do_by_hand(&stack, &directory, sentence).await;
            }
            for role in &told.restart {
                for (of, url) in processes.iter().filter(|(of, _)| of.name() == role) {
                    let variables: &[_] = if gateways.contains(url) { &towards } else { &[] };
                    stack.restart_at(*of, url, variables).await;
                    load.until_more_pass().await;
                }
            }
        }
        assert_eq!(phases, ["added", "switched", "dropped"]);
        load.over.set(true);
    };
    tokio::join!(change, load.run());

    let after = values(&directory);
    for (name, value) in &before {
        let beside = name.ends_with("Previous");
        let same = after.get(name) == Some(value);
        // These keep what was before, for whoever verifies what was signed in its time.
        let kept = ["auditHmacKeyPrevious", "auditLogKeyPrevious"].contains(&name.as_str());
        assert_eq!(same, beside && !kept, "{name}");
    }
    assert_eq!(after["auditHmacKeyPrevious"], before["auditHmacKey"]);
    assert_tidy(&directory);
    for (role, url) in &processes[..4] {
        stack.point(*role, url);
    }
    assert_bearers(&stack, &before).await;
    assert_evidence(&stack, &load).await;
    stack.stop().await;
}

/// What the command says that people do.
async fn do_by_hand(stack: &Stack, directory: &Path, sentence: &str) {
    if let Some((_, acl)) = sentence.split_once("ACL SETUSER ") {
        let words: Vec<&str> = acl.split(',').next().expect("a command").split(' ').collect();
        let command: Vec<&str> = ["ACL", "SETUSER"].into_iter().chain(words).collect();
        let answer = stack.production().redis().await.command(&command);
        assert_eq!(answer.expect("redis answers"), "+OK\r\n", "{sentence}");
    } else if sentence.contains("caracald migrate") {
        let owner = stack.production();
        let owner = owner.postgres().url(owner.database());
        let daemon = Role::ALL.into_iter().fold(
            caracal_testkit::deployed::Daemon::default()
                .with("CARACAL_STORAGE", "production")
                .with("DATABASE_URL", &owner),
            |daemon, role| {
                let variable = format!("CARACAL_{}_DB_PASSWORD_FILE", role.name().to_uppercase());
                let file: PathBuf = directory.join(format!("{}DbPassword", role.name()));
                daemon.with(&variable, &file.display().to_string())
            },
        );
        daemon.run(&["migrate"]).await.assert_good();
    } else {
        assert!(sentence.contains("audit keys"), "nobody knows how: {sentence}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_secret_changes_under_load_without_a_failed_call_embedded() {
    let variables = [("SHUTDOWN_DELAY_MS", "200"), ("SHUTDOWN_GRACE_MS", "30000")];
    let stack = Stack::with(Deployment::Embedded, &variables).await;
    let directory = stack.home().join("secrets");
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let load = Load {
        fixture: &fixture,
        agent: &agent,
        doors: Vec::new(),
        over: Cell::new(false),
        passed: RefCell::default(),
    };
    let before = values(&directory);
    let change = async {
        let mut last = String::new();
        for run in 0..=MOST_RUNS {
            assert!(run < MOST_RUNS, "the change does not end");
            let arguments: &[&str] = match run {
                0 => &["--all"],
                2.. => &["--drop", "--wait", "40"],
                _ => &[],
            };
            let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            let told = told(&rotate(&stack, &directory, &arguments).await);
            if told.done {
                break;
            }
            if last == told.phase {
                continue;
            }
            last.clone_from(&told.phase);
            // One process, and no other to go to meanwhile: callers wait at the door.
            stack.terminate(Role::Sts).await;
            stack.revive().await;
            load.until_more_pass().await;
        }
        load.over.set(true);
    };
    tokio::join!(change, load.run());
    let after = values(&directory);
    let changed: BTreeSet<&str> = before
        .iter()
        .filter(|(name, value)| after.get(*name) != Some(value))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(changed.len(), 10, "{changed:?}");
    assert_tidy(&directory);
    assert_bearers(&stack, &before).await;
    assert_evidence(&stack, &load).await;
    stack.stop().await;
}
