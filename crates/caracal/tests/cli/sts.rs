//! Stands in for the STS: answers what a test says, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What was asked: the path, and the body.
pub(crate) type Asked = (String, String);
/// Status and body of the answer to the n-th question of a kind.
type Answers = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

pub(crate) struct Sts {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Sts {
    pub(crate) fn answering(answers: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, log): (Arc<Answers>, _) = (Arc::new(answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                std::thread::spawn(move || serve(&stream, answers.as_ref(), &log));
            }
        });
        Self { url, asked }
    }

    /// A manifest with these bindings, and for each variable the credential `value-of-NAME`.
    pub(crate) fn of(bindings: &str) -> Self {
        let bindings = bindings.to_owned();
        Self::answering(move |path, body| match path {
            "/v1/run/manifest" => (200, manifest(&bindings)),
            _ => (200, credential(&variable(body), None)),
        })
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) fn manifest(bindings: &str) -> String {
    format!(r#"{{"zone_id":"z1","workload_id":"w1","bindings":[{bindings}]}}"#)
}

pub(crate) fn credential(name: &str, expires_at: Option<u64>) -> String {
    let ends = expires_at.map_or_else(String::new, |end| format!(r#","expires_at":{end}"#));
    format!(r#"{{"env":"{name}","credential":"value-of-{name}"{ends}}}"#)
}

/// The variable that a form asks for.
pub(crate) fn variable(form: &str) -> String {
    let field = form.split('&').find_map(|field| field.strip_prefix("env="));
    field.unwrap_or_default().to_owned()
}

fn serve(mut stream: &TcpStream, answers: &Answers, log: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|count| *count > 0)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        let path = first.split(' ').nth(1)?.to_owned();
        let (status, text) = answers(&path, &body);
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((path, body));
        write!(
            stream,
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nLocation: http://127.0.0.1:1/\r\n\
             Content-Length: {}\r\n\r\n{text}",
            text.len()
        )
        .ok()?;
    }
}
