//! `caracald drill` against deployments of the suite, each in its short form: what an operator runs against their own.

mod faults;
mod machine;
mod moves;
mod stores;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use caracal_e2e::{Deployment, Role, Stack};
use caracal_testkit::{
    deployed::program,
    fault::{Fault, Faults as _},
};
use serde_json::Value;
use tokio::process::Command;

const KEY: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";

/// How long faults last, in seconds.
const LASTS: &str = "2";

/// Where a drill keeps what it makes.
struct Place {
    directory: tempfile::TempDir,
    key: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let key = directory.path().join("key");
        fs::write(&key, KEY).expect("a key");
        Self { directory, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The report of the one drill there was, once its signature held.
    async fn report(&self, said: &str) -> Value {
        let files = fs::read_dir(self.path("reports")).expect("reports");
        let by_ending: BTreeMap<String, PathBuf> = files
            .map(|file| file.expect("an entry").path())
            .map(|path| {
                (
                    path.extension()
                        .expect("an ending")
                        .to_string_lossy()
                        .into_owned(),
                    path,
                )
            })
            .collect();
        let json = &by_ending["json"];
        let page = fs::read_to_string(&by_ending["md"]).expect("the page");
        assert!(page.contains("| Promise |"), "{page}");
        let public = said.rsplit("public key ").next().expect("a key").trim();
        let verify = |trust: String| {
            let mut command = Command::new(program("caracald"));
            command
                .env_clear()
                .args(["drill", "verify"])
                .arg(json)
                .arg("--trust")
                .arg(trust);
            async move { command.output().await.expect("it runs").status.success() }
        };
        assert!(verify(public.to_owned()).await, "{said}");
        assert!(
            !verify(public.chars().rev().collect()).await,
            "another key verifies"
        );
        let text = fs::read_to_string(json).expect("the report");
        serde_json::from_str::<Value>(&text).expect("JSON")["report"].clone()
    }
}

/// Runs a drill of the stack; whether every promise held, and what was said.
async fn drill(stack: &Stack, place: &Place, name: &str, more: &[String]) -> (bool, String) {
    let mut command = Command::new(program("caracald"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("CARACAL_ADMIN_TOKEN", stack.admin_token())
        .env("STS_ADMIN_TOKEN", stack.secret("stsAdminToken"))
        .args(["drill", "run", name, "--for", LASTS]);
    for role in [Role::Api, Role::Sts, Role::Coordinator, Role::Gateway] {
        command.arg(format!("--{}={}", role.name(), stack.url(role)));
    }
    command
        .arg("--report")
        .arg(place.path("reports"))
        .arg("--sign-with")
        .arg(&place.key)
        .args(more);
    let output = command.output().await.expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn target(stack: &Stack) -> Vec<String> {
    [
        String::from("--target"),
        stack.url(Role::Sts),
        String::from("--stable"),
    ]
    .to_vec()
}

/// A command that asks the test to do something, and waits until it is done.
fn ask_for(place: &Place, what: &str) -> String {
    let path = |ending: &str| place.path(&format!("{what}.{ending}")).display().to_string();
    format!(
        "touch {}; while [ ! -e {} ]; do sleep 0.05; done",
        path("asked"),
        path("done")
    )
}

/// Waits until the drill asks for `what`.
async fn asked(place: &Place, what: &str) {
    let asked = place.path(&format!("{what}.asked"));
    let wait = async {
        while !asked.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .expect("it asks");
}

fn done(place: &Place, what: &str) {
    fs::write(place.path(&format!("{what}.done")), "").expect("a file");
}

async fn zones(stack: &Stack) -> usize {
    let listed = stack.admin("GET", "/v1/zones", None).await.expect(200);
    listed.json["items"].as_array().expect("a list").len()
}

fn has_reports(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|files| files.count() > 0)
}

async fn endings_and_keys_are_drilled_under_load(stack: &Stack) {
    for name in ["revocation", "key-rotation"] {
        let place = Place::new();
        let (held, said) = drill(stack, &place, name, &target(stack)).await;
        assert!(held, "{said}");
        let report = place.report(&said).await;
        assert_eq!((&report["holds"], &report["drill"]), (&true.into(), &name.into()));
        assert_eq!(report["promises"].as_array().map(Vec::len), Some(5), "{report}");
    }
    assert_eq!(zones(stack).await, 0, "a zone is left");
}

async fn what_was_not_typed_is_not_touched(stack: &Stack) {
    let place = Place::new();
    let broken = place.path("broken").display().to_string();
    let hooks = [String::from("--break"), format!("touch {broken}")];
    let elsewhere = ["--target", "https://sts.elsewhere.example", "--stable"].map(String::from);
    let (held, said) = drill(
        stack,
        &place,
        "redis-outage",
        &[elsewhere.as_slice(), &hooks].concat(),
    )
    .await;
    assert!(!held && said.contains("nothing was touched"), "{said}");
    let (held, said) = drill(stack, &place, "redis-outage", &target(stack)).await;
    assert!(!held && said.contains("--break"), "{said}");
    assert!(!Path::new(&broken).exists() && !has_reports(&place.path("reports")));
    assert_eq!(zones(stack).await, 0);
}

async fn a_stable_deployment_is_broken_only_by_who_means_it(stack: &Stack) {
    let place = Place::new();
    let typed = [String::from("--target"), stack.url(Role::Sts)];
    let (held, said) = drill(stack, &place, "revocation", &typed).await;
    assert!(!held && said.contains("--stable"), "{said}");
    assert_eq!(zones(stack).await, 0);
}

/// What is found where nothing is broken, or cannot be looked for, breaks nothing; what is not found fails the drill.
async fn what_is_not_found_or_always_found_holds_nothing(stack: &Stack) {
    let place = Place::new();
    let broken = place.path("broken").display().to_string();
    let hooks = [
        target(stack),
        [
            "--break".into(),
            format!("touch {broken}"),
            "--mend".into(),
            "true".into(),
        ]
        .to_vec(),
    ]
    .concat();
    let looking = |command: &str| [hooks.as_slice(), &["--detect".into(), command.into()]].concat();
    let untouched = [
        (hooks.clone(), "needs --detect"),
        (looking("exit 1"), "before anything is broken"),
        (looking("exit 2"), "not with 0 or 1"),
    ];
    for (arguments, why) in untouched {
        let (held, said) = drill(stack, &place, "tamper", &arguments).await;
        assert!(!held && said.contains(why), "{said}");
        assert!(!Path::new(&broken).exists() && !has_reports(&place.path("reports")));
    }
    let (held, said) = drill(stack, &place, "tamper", &looking("true")).await;
    assert!(
        !held && said.contains("BROKEN  what was broken is found"),
        "{said}"
    );
    let report = place.report(&said).await;
    assert_eq!(report["holds"], false, "{report}");
    assert!(Path::new(&broken).exists());
    assert_eq!(zones(stack).await, 0);
}

/// A drill that is broken and mended by the test itself.
async fn broken_by_test(
    stack: &Stack,
    place: &Place,
    name: &str,
    more: &[String],
    (fail, mend): (impl Future<Output = ()>, impl Future<Output = ()>),
) -> (bool, String) {
    let hooks = [
        String::from("--break"),
        ask_for(place, "fail"),
        String::from("--mend"),
        ask_for(place, "mend"),
    ];
    let arguments = [more, hooks.as_slice()].concat();
    let mut drilled = pin!(drill(stack, place, name, &arguments));
    let helper = async {
        asked(place, "fail").await;
        fail.await;
        done(place, "fail");
        asked(place, "mend").await;
        mend.await;
        done(place, "mend");
    };
    tokio::select! {
        // It ends early when something does not hold before anything is broken.
        ended = &mut drilled => return ended,
        () = helper => {}
    }
    drilled.await
}

/// The same, and every promise has to hold; what was reported.
async fn held(
    stack: &Stack,
    name: &str,
    more: &[String],
    faults: (impl Future<Output = ()>, impl Future<Output = ()>),
) -> Value {
    let place = Place::new();
    let arguments = [target(stack).as_slice(), more].concat();
    let (held, said) = broken_by_test(stack, &place, name, &arguments, faults).await;
    assert!(held, "{name}: {said}");
    let report = place.report(&said).await;
    assert_eq!((&report["holds"], &report["drill"]), (&true.into(), &name.into()));
    report
}

/// A drill in which Redis is stopped and started again.
async fn without_redis(stack: &Stack, place: &Place, name: &str) -> (bool, String) {
    let fail = async { stack.production().redis().await.fail(Fault::Gone) };
    let mend = async { stack.production().redis().await.mend() };
    broken_by_test(stack, place, name, &target(stack), (fail, mend)).await
}

async fn a_redis_that_is_away_is_drilled(stack: &Stack) {
    let place = Place::new();
    let (held, said) = without_redis(stack, &place, "redis-outage").await;
    assert!(held, "{said}");
    let report = place.report(&said).await;
    let fault = &report["answers"][1];
    assert_eq!(fault["phase"], "fault", "{report}");
    assert!(fault["refused"].as_u64() > Some(0), "{report}");
}

async fn a_promise_that_does_not_hold_fails_the_drill(stack: &Stack) {
    let place = Place::new();
    // Nobody is to notice an upgrade, and everybody notices that Redis is away.
    let (held, said) = without_redis(stack, &place, "upgrade").await;
    assert!(!held && said.contains("BROKEN  no call is refused"), "{said}");
    let report = place.report(&said).await;
    assert_eq!(report["holds"], false, "{report}");
}

caracal_e2e::on_every_deployment!(
    endings_and_keys_are_drilled_under_load,
    what_was_not_typed_is_not_touched,
);

/// Nothing of a deployment is broken, so the smallest one will do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_looks_has_to_find_what_was_broken() {
    caracal_e2e::run(
        Deployment::Embedded,
        what_is_not_found_or_always_found_holds_nothing,
    )
    .await;
}

/// What needs servers to be stopped, or a mode that refuses.
mod of_published {
    use super::{
        a_promise_that_does_not_hold_fails_the_drill, a_redis_that_is_away_is_drilled,
        a_stable_deployment_is_broken_only_by_who_means_it,
    };

    caracal_e2e::in_production!(
        a_stable_deployment_is_broken_only_by_who_means_it,
        a_redis_that_is_away_is_drilled,
        a_promise_that_does_not_hold_fails_the_drill,
    );
}
