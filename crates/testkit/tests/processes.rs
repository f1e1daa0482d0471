//! Private servers and spawned binaries come up, obey, and never outlive their test.

use std::time::Duration;

use caracal_testkit::{
    fault::{Fault, Faults as _},
    process::{Process, binary},
    redis::Redis,
};
use nix::{sys::signal, unistd::Pid};

const TIMEOUT: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Process {
    Process::options("/bin/sh").args(["-c", script]).start()
}

#[tokio::test]
async fn output_is_captured_and_the_end_is_seen() {
    let mut process = shell("echo out; echo err >&2; exit 7");
    assert_eq!(process.ended(TIMEOUT).await.code(), Some(7));
    assert_eq!(
        (process.stdout().as_str(), process.stderr().as_str()),
        ("out\n", "err\n")
    );
}

#[tokio::test]
async fn nothing_of_the_tests_own_environment_leaks_in() {
    let options = Process::options("/bin/sh")
        .args(["-c", "env; pwd"])
        .env("CARACAL_MODE", "dev");
    std::fs::write(options.directory().join("config"), "x").unwrap();
    let mut process = options.start();
    process.ended(TIMEOUT).await;
    let output = process.stdout();
    assert!(
        output.contains("CARACAL_MODE=dev\n") && !output.contains("CARGO"),
        "{output}"
    );
    let directory = process.directory().to_str().unwrap();
    assert!(output.contains(&format!("HOME={directory}\n")), "{output}");
    assert!(process.directory().join("config").exists());
}

#[tokio::test]
async fn a_condition_is_waited_for() {
    let mut process = shell("sleep 0.05; echo ready >&2; exec sleep 600");
    process
        .until("it is ready", TIMEOUT, async |process| {
            process.stderr().contains("ready")
        })
        .await;
    assert!(process.status().is_none());
    process.terminate();
    assert!(!process.ended(TIMEOUT).await.success());
}

#[tokio::test]
#[should_panic(expected = "no such key")]
async fn a_process_that_ends_early_is_reported_with_its_words() {
    let mut process = shell("echo no such key >&2; exit 1");
    process.until("it is ready", TIMEOUT, async |_| false).await;
}

#[tokio::test]
async fn a_kill_is_final_and_the_output_stays() {
    let mut process = shell("trap '' TERM; echo up; sleep 600");
    process
        .until("it is up", TIMEOUT, async |process| process.stdout() == "up\n")
        .await;
    process.terminate();
    process.kill();
    assert!(process.status().is_some_and(|status| status.code().is_none()));
    assert_eq!(process.stdout(), "up\n");
}

#[test]
#[should_panic(expected = "cargo build --bin no-such-binary")]
fn a_binary_that_was_not_built_is_named() {
    binary("no-such-binary");
}

#[test]
fn redis_keeps_what_it_answered_for_through_a_kill() {
    let redis = Redis::start();
    assert_eq!(redis.command(&["SET", "key", "värde"]).unwrap(), "+OK\r\n");
    let port = redis.port();
    redis.fail(Fault::Gone);
    assert!(redis.command(&["PING"]).is_err(), "a killed server answered");
    redis.mend();
    assert_eq!(redis.port(), port);
    assert_eq!(redis.command(&["GET", "key"]).unwrap(), "$6\r\nvärde\r\n");
    redis.flush();
    assert_eq!(redis.command(&["DBSIZE"]).unwrap(), ":0\r\n");
}

#[test]
fn redis_with_a_password_asks_for_it() {
    let redis = Redis::options()
        .password("s3cret")
        .setting("maxmemory", "4mb")
        .start();
    assert!(redis.url().starts_with("redis://:s3cret@127.0.0.1:"));
    assert!(
        redis
            .command(&["CONFIG", "GET", "maxmemory"])
            .unwrap()
            .contains("4194304")
    );
    let stranger = std::net::TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    let mut stranger = std::io::BufReader::new(stranger);
    std::io::Write::write_all(stranger.get_mut(), b"DBSIZE\r\n").unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stranger, &mut line).unwrap();
    assert!(line.starts_with("-NOAUTH"), "{line}");
}

#[test]
fn a_paused_redis_answers_nothing_until_it_goes_on() {
    let redis = Redis::start();
    redis.fail(Fault::Frozen);
    let mut client = std::net::TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    std::io::Write::write_all(&mut client, b"PING\r\n").unwrap();
    let mut reply = [0; 7];
    assert!(
        std::io::Read::read_exact(&mut client, &mut reply).is_err(),
        "a frozen server answered"
    );
    redis.mend();
    client.set_read_timeout(Some(TIMEOUT)).unwrap();
    std::io::Read::read_exact(&mut client, &mut reply).unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[test]
#[ignore = "started and killed by the next test"]
fn helper_with_a_server_and_a_process() {
    let (redis, process) = (Redis::start(), shell("sleep 600"));
    let info = redis.command(&["INFO", "server"]).unwrap();
    let redis_id = info.split_once("process_id:").unwrap().1.lines().next().unwrap();
    println!("ids {redis_id} {} end", process.id());
    std::thread::sleep(Duration::from_mins(10));
}

#[tokio::test]
async fn servers_and_processes_die_with_a_killed_test() {
    let test = std::env::current_exe().unwrap();
    let helper = [
        "--ignored",
        "--exact",
        "helper_with_a_server_and_a_process",
        "--nocapture",
    ];
    let mut test = Process::options(test).args(helper).start();
    test.until("its children run", TIMEOUT, async |test| {
        test.stdout().contains(" end")
    })
    .await;
    let output = test.stdout();
    let ids = output.split_once("ids ").unwrap().1.split_once(" end").unwrap().0;
    let ids: Vec<i32> = ids.split(' ').map(|id| id.parse().unwrap()).collect();
    let running = |id: &i32| {
        // A zombie that nobody has reaped yet is dead as well.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        signal::kill(Pid::from_raw(*id), None).is_ok() && !stat.contains(") Z ")
    };
    assert_eq!((ids.len(), ids.iter().all(running)), (2, true));
    test.kill();
    let deadline = std::time::Instant::now() + TIMEOUT;
    while ids.iter().any(running) {
        assert!(std::time::Instant::now() < deadline, "a child outlived its test");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
