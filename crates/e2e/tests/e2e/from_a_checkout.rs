//! What somebody types in a checkout: `make install`, `make dev-production`, the first call.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use caracal_e2e::{Role, checkout, program};
use serde_json::Value;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn assert_good(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{}: {said}", output.status);
    said
}

/// `make`, with what was built for this test in place of a release.
fn make(place: &Path) -> Command {
    let built = program("caracald");
    symlink(built.parent().expect("a directory"), place.join("release")).expect("a link");
    let mut make = Command::new("make");
    make.current_dir(checkout())
        .env("CARGO_TARGET_DIR", place)
        .env_remove("CARGO")
        .arg("CARGO=true");
    make
}

#[test]
fn what_is_installed_runs_by_its_name_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let prefix = place.path().join("a prefix");
    let mut install = make(place.path());
    let installed = install.arg("install").arg(format!("PREFIX={}", prefix.display()));
    let said = assert_good(&installed.output().expect("make runs"));
    let bin = prefix.join("bin");
    let told = format!("{} is not on your PATH", bin.display());
    assert!(said.contains(&told), "{said}");
    for name in ["caracal", "caracald"] {
        let mode = fs::metadata(bin.join(name))
            .expect("installed")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755, "{name}");
    }

    let home = place.path().join("home");
    let caracal = |command: &str| {
        let mut typed = Command::new("sh");
        typed.args(["-c", &format!("PATH=\"$BIN:$PATH\"; caracal {command}")]);
        // Ports of its own, and no daemon but the one that was installed.
        typed
            .env("BIN", &bin)
            .env("CARACAL_HOME", &home)
            .env_remove("CARACAL_CARACALD");
        for role in Role::ALL {
            typed.env(role.listen_variable(), "127.0.0.1:0");
        }
        typed.env("CARACAL_WEB_LISTEN", "127.0.0.1:0");
        typed.output().expect("a shell runs")
    };
    assert_good(&caracal("up"));
    let status = assert_good(&caracal("status --ready"));
    assert!(status.contains("gateway"), "{status}");
    let down = assert_good(&caracal("down"));
    assert!(down.contains("stopped caracald"), "{down}");
}

/// `make dev-production`, which stops what it started also when the test fails.
struct DevProduction {
    up: Child,
    home: std::path::PathBuf,
}

impl DevProduction {
    fn script(home: &Path, arguments: &[&str]) -> Command {
        let mut script = Command::new(checkout().join("scripts/dev-production.sh"));
        script.args(arguments).env("CARACAL_PRODUCTION_HOME", home);
        script
    }

    fn up(home: &Path) -> Command {
        let built = program("caracald");
        let directory = built.parent().expect("a directory").display().to_string();
        Self::script(home, &["up", &directory])
    }

    fn start(home: &Path) -> Self {
        let log = fs::File::create(home.with_extension("out")).expect("a file");
        let up = Self::up(home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("the script runs");
        let home = home.to_owned();
        Self { up, home }
    }

    fn shown(&self) -> String {
        fs::read_to_string(self.home.with_extension("out")).unwrap_or_default()
    }

    fn down(&self) -> Output {
        let mut down = Self::script(&self.home, &["down"]);
        down.output().expect("the script runs")
    }
}

impl Drop for DevProduction {
    fn drop(&mut self) {
        let _ = self.down();
        let _ = self.up.kill();
        let _ = self.up.wait();
    }
}

#[test]
fn the_production_deployment_of_a_checkout_starts_serves_a_call_and_stops() {
    let place = tempfile::tempdir().expect("a directory");
    let home = place.path().join("state");
    // For root, PostgreSQL runs under an account that must be able to get there.
    let allow =
        |mode| fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).expect("permissions");
    if fs::metadata(place.path()).expect("it exists").uid() == 0 {
        allow(0o700);
        let closed = DevProduction::up(&home).output().expect("the script runs");
        assert!(!closed.status.success());
        let sentence = said(&closed);
        assert!(
            sentence.contains("name another place in CARACAL_PRODUCTION_HOME"),
            "{sentence}"
        );
        allow(0o711);
    }
    let mut stack = DevProduction::start(&home);
    let deadline = Instant::now() + Duration::from_mins(3);
    while !stack.shown().contains("Ctrl-C stops it") {
        let ended = stack.up.try_wait().expect("a child");
        assert!(
            ended.is_none() && Instant::now() < deadline,
            "{ended:?}: {}",
            stack.shown()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let endpoints = fs::read_to_string(home.join("endpoints.json")).expect("endpoints");
    let endpoints: Value = serde_json::from_str(&endpoints).expect("JSON");
    let pids: Vec<u64> = (endpoints["pids"].as_array().expect("pids").iter())
        .filter_map(Value::as_u64)
        .collect();
    assert_eq!(pids.len(), 5, "{endpoints}");

    let second = DevProduction::up(&home).output().expect("the script runs");
    assert!(!second.status.success());
    assert!(said(&second).contains("already running"), "{}", said(&second));

    let mut first_call = Command::new(checkout().join("scripts/first-call.sh"));
    let called = first_call
        .env("CARACAL_HOME", &home)
        .output()
        .expect("the script runs");
    let shown = assert_good(&called);
    assert!(shown.contains("Done: one call allowed"), "{shown}");

    assert_good(&stack.down());
    let ended = stack.up.wait().expect("a child");
    assert!(!ended.success(), "it was told to stop");
    for pid in pids {
        assert!(
            !Path::new(&format!("/proc/{pid}")).exists(),
            "{pid} still runs: {}",
            stack.shown()
        );
    }
    assert!(!home.join("endpoints.json").exists());
}
