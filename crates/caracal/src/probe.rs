//! One small HTTP question to a service on this machine.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::scrub::scrub;

/// A local service that needs longer than this is as good as down.
const BUDGET: Duration = Duration::from_millis(1500);
/// Status bodies are tiny; more than this is not one.
const MAX_ANSWER: u64 = 64 * 1024;
/// Characters of a body that fit on a line.
const MAX_DETAIL: usize = 120;

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct ProbeResult {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) url: String,
    pub(crate) ok: bool,
    pub(crate) detail: String,
    /// Whether anybody answered at all.
    #[serde(skip)]
    pub(crate) reached: bool,
}

impl ProbeResult {
    /// The same answer, read without a daemon of ours: whoever speaks there, it is not this home's stack.
    pub(crate) fn of_a_stranger(self) -> Self {
        if self.ok {
            Self {
                ok: false,
                detail: "answers, but was not started from this home".to_owned(),
                ..self
            }
        } else {
            self
        }
    }
}

/// Asks every service for `path` at the same time; answers come back in the order asked.
pub(crate) fn ask_all(services: &[(String, String)], path: &str) -> Vec<ProbeResult> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = services
            .iter()
            .map(|(role, base)| scope.spawn(move || ask(role, base, path)))
            .collect();
        asked
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    })
}

fn ask(role: &str, base: &str, path: &str) -> ProbeResult {
    let authority = base
        .strip_prefix("http://")
        .unwrap_or(base)
        .split('/')
        .next()
        .unwrap_or_default();
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .unwrap_or(80);
    let outcome = get(authority, path);
    let reached = outcome.is_ok();
    let (ok, detail) = match outcome {
        Ok(answer) => read_answer(&answer),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            (false, "timeout".to_owned())
        }
        Err(_) => (false, "unreachable".to_owned()),
    };
    ProbeResult {
        name: role.to_owned(),
        port,
        url: format!("{base}{path}"),
        ok,
        detail,
        reached,
    }
}

/// The raw answer to a GET. HTTP/1.0 on purpose: the peer then neither chunks nor keeps the connection
/// (RFC 9112 §6.1, §9.3), so reading to the end is reading the answer.
fn get(authority: &str, path: &str) -> std::io::Result<String> {
    let deadline = Instant::now() + BUDGET;
    let address = authority.to_socket_addrs()?.next().ok_or(ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, BUDGET)?;
    stream.set_write_timeout(Some(BUDGET))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {authority}\r\nAccept: application/json\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let count = stream.read(&mut part)?;
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
        if count == 0 || bytes.len() as u64 > MAX_ANSWER {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

/// Success and a short text: the status code and, when there is one, the reason the body gives.
fn read_answer(answer: &str) -> (bool, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let Some(code) = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|c| c.parse().ok())
    else {
        return (false, "not an HTTP answer".to_owned());
    };
    let ok = (200..300).contains::<u16>(&code);
    match reason(body).filter(|_| !ok) {
        Some(reason) => (ok, format!("{code} {}", scrub(&reason))),
        None => (ok, code.to_string()),
    }
}

fn reason(body: &str) -> Option<String> {
    let text = match serde_json::from_str::<serde_json::Value>(body) {
        Ok(json) => ["reason", "error", "detail"]
            .iter()
            .find_map(|key| json.get(key)?.as_str())
            .map(str::to_owned),
        Err(_) => body
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map(str::to_owned),
    };
    text.map(|text| {
        text.chars()
            .filter(|c| !c.is_control())
            .take(MAX_DETAIL)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_a_verdict_and_a_short_text() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n{\"ok\":true}", (true, "200")),
            ("HTTP/1.1 204 No Content\r\n\r\n", (true, "204")),
            (
                "HTTP/1.1 503 x\r\n\r\n{\"ready\":false,\"reason\":\"redis_unreachable\"}",
                (false, "503 redis_unreachable"),
            ),
            (
                "HTTP/1.1 503 x\r\n\r\n{\"error\":\"outbox_dead\"}",
                (false, "503 outbox_dead"),
            ),
            (
                "HTTP/1.0 500 x\r\n\r\n\nplain \x1b[31mtext\nmore",
                (false, "500 plain [31mtext"),
            ),
            ("HTTP/1.1 301 x\r\n\r\n", (false, "301")),
            ("SSH-2.0-OpenSSH_9.2\r\n", (false, "not an HTTP answer")),
            ("", (false, "not an HTTP answer")),
        ] {
            assert_eq!(
                read_answer(answer),
                (expected.0, expected.1.to_owned()),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn a_closed_port_is_unreachable() {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let answer = ask("sts", &format!("http://127.0.0.1:{port}"), "/ready");
        assert_eq!(
            (answer.ok, answer.detail.as_str(), answer.port),
            (false, "unreachable", port)
        );
        assert_eq!(answer.url, format!("http://127.0.0.1:{port}/ready"));
    }
}
