//! Stands in for `caracald` in the tests of the command line: the same contract (arguments,
//! environment, `endpoints.json`, health and readiness, one line before a failing end), nothing behind it.
//!
//! `FAKE_DAEMON` chooses a behaviour: unset serves, `die` ends at once with a reason, `mute` ends at once
//! without one, `unready` never gets its Gateway ready, `deaf` opens no port at all, `spoil` brings the database into a
//! form that only itself reads, and ends. What follows a `-` in the program's name chooses as well, and is its version.
//! `FAKE_STUCK_IN` names a task that says that it began by the file `FAKE_MARK`, and never ends.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

const ROLES: [&str; 6] = ["api", "sts", "gateway", "audit", "coordinator", "web"];

fn main() -> std::io::Result<()> {
    let name = std::env::args().next().unwrap_or_default();
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .rsplit_once('-')
        .map(|(_, after)| after.to_owned());
    let behaviour = variable("FAKE_DAEMON").or_else(|| name.clone().map(OsString::from));
    let behaviour = behaviour.unwrap_or_default();
    let version = name.unwrap_or_else(|| String::from("0.0.7"));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let stuck =
        variable("FAKE_STUCK_IN").is_some_and(|task| arguments.first().is_some_and(|first| task == **first));
    match arguments[..] {
        ["serve", "all"] => {}
        // What is there then is not whole.
        ["copy-database", target] if stuck => {
            std::fs::write(target, "ro")?;
            mark();
        }
        ["audit", "verify"] if stuck => mark(),
        ["secrets", "init" | "check", ..] => return Ok(()),
        ["config", "all", "--json"] => {
            let mode = variable("CARACAL_MODE").unwrap_or_default();
            print!(
                r#"[{{"name":"CARACAL_MODE","value":{:?},"from":"environment"}},
                    {{"name":"LOG_LEVEL","value":"debug","from":"environment"}},
                    {{"name":"SHUTDOWN_DELAY_MS","value":null,"from":"not set: 2000"}}]"#,
                mode.to_string_lossy()
            );
            return Ok(());
        }
        ["check-config"] => {
            if variable("FAKE_UNKNOWN").is_some() {
                eprintln!("caracald: FAKE_UNKNOWN is no setting");
                std::process::exit(1);
            }
            println!("configuration is usable: mode dev, embedded");
            return Ok(());
        }
        ["--version"] => {
            println!("caracald {version}");
            return Ok(());
        }
        ["copy-database", target] => {
            std::fs::copy(home().join("caracal.db"), target)?;
            return Ok(());
        }
        ["audit", "verify"] => {
            let database = std::fs::read_to_string(home().join("caracal.db"))?;
            if database.contains("forged") {
                eprintln!("caracald: entry 7 does not follow entry 6");
                std::process::exit(1);
            }
            return Ok(());
        }
        _ => panic!("arguments {arguments:?}"),
    }
    if behaviour == "mute" {
        std::process::exit(3);
    }
    eprintln!(r#"{{"level":"INFO","fields":{{"message":"starting","role":"api"}}}}"#);
    if behaviour == "die" {
        eprintln!(
            r#"{{"level":"ERROR","fields":{{"message":"cannot open the store","error":"file is not a database"}}}}"#
        );
        std::process::exit(3);
    }
    let database = home().join("caracal.db");
    if behaviour == "spoil" {
        std::fs::write(&database, "of a later form")?;
        eprintln!("caracald: out of memory");
        std::process::exit(3);
    }
    if std::fs::read_to_string(&database).is_ok_and(|text| text == "of a later form") {
        eprintln!("caracald: the database is of a later form");
        std::process::exit(3);
    }
    if behaviour == "deaf" {
        park();
    }

    let home = home();
    let mut urls = vec![format!(
        r#""pid":{},"daemon":{{"version":"{version}","started_at":7}}"#,
        std::process::id()
    )];
    for role in ROLES {
        let name = format!("CARACAL_{}_LISTEN", role.to_uppercase());
        let address = variable(&name)
            .expect("a listen address")
            .into_string()
            .expect("UTF-8");
        let listener = TcpListener::bind(address)?;
        urls.push(format!("\"{role}\":\"http://{}\"", listener.local_addr()?));
        let ready = !(behaviour == "unready" && role == "gateway");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, ready);
            }
        });
    }
    std::fs::write(home.join("endpoints.json"), format!("{{{}}}", urls.join(",")))?;
    eprintln!(
        r#"{{"level":"INFO","target":"caracal_sts","fields":{{"message":"minted for eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}}}}"#
    );
    park();
}

fn home() -> PathBuf {
    PathBuf::from(variable("CARACAL_HOME").expect("CARACAL_HOME"))
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn mark() -> ! {
    let mark = variable("FAKE_MARK").expect("a file to make");
    std::fs::write(mark, "").expect("a file to make");
    park();
}

fn park() -> ! {
    loop {
        std::thread::park();
    }
}

/// A client that went away is its own problem.
fn answer(mut stream: TcpStream, ready: bool) {
    let mut request = String::new();
    for line in BufReader::new(&stream).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        request += &line;
    }
    let (code, body) = if ready || request.starts_with("GET /health ") {
        ("200 OK", r#"{"ok":true}"#)
    } else {
        (
            "503 Service Unavailable",
            r#"{"ok":false,"ready":false,"reason":"sts_unreachable"}"#,
        )
    };
    let _ = write!(
        stream,
        "HTTP/1.0 {code}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}
