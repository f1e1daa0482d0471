//! Mail over the wire: to a server that proves who it is, over TLS, and to no other.

use std::{sync::Arc, time::Duration};

use caracal_api::{ApiDeps, MailConfig, Mailer, router};
use caracal_core::Secret;
use caracal_service::egress::{Egress, EgressPolicy};
use caracal_testkit::tls::TlsIdentity;
use http::Method;
use parking_lot::Mutex;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::stack::Stack;

/// When a mail server begins with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    AtOnce,
    Upgraded,
    Never,
}

/// A mail server that writes down what it is told.
struct MailServer {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    authority: String,
}

impl MailServer {
    async fn start(tls: Tls) -> Self {
        let TlsIdentity { acceptor, authority } = TlsIdentity::localhost();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let told = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, told) = (acceptor.clone(), told.clone());
                tokio::spawn(async move { converse(stream, tls, acceptor, told).await });
            }
        });
        Self {
            port,
            heard,
            authority,
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().clone()
    }
}

async fn converse(
    stream: TcpStream,
    tls: Tls,
    acceptor: TlsAcceptor,
    told: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    if tls == Tls::AtOnce {
        return talk(acceptor.accept(stream).await?, true, Tls::Never, &told)
            .await
            .map(drop);
    }
    let plain = talk(stream, true, tls, &told).await?;
    match plain {
        Some(stream) => talk(acceptor.accept(stream).await?, false, Tls::Never, &told)
            .await
            .map(drop),
        None => Ok(()),
    }
}

/// One conversation; the stream where it is to go on over TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greets: bool,
    tls: Tls,
    told: &Mutex<Vec<String>>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufStream::new(stream);
    if greets {
        stream.write_all(b"220 localhost ESMTP\r\n").await?;
        stream.flush().await?;
    }
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        told.lock().push(line.clone());
        let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "." => {
                in_mail = false;
                b"250 kept\r\n"
            }
            _ if in_mail => continue,
            "EHLO" if tls == Tls::Upgraded => b"250-localhost\r\n250 STARTTLS\r\n",
            "EHLO" => b"250-localhost\r\n250 AUTH PLAIN\r\n",
            "STARTTLS" => b"220 go on\r\n",
            "AUTH" => b"235 it is you\r\n",
            "DATA" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
        stream.flush().await?;
        if line == "STARTTLS" {
            return Ok(Some(stream.into_inner()));
        }
    }
}

/// What a server hears when somebody asks for a code.
async fn asked(server: &MailServer, url: &str, trusted: bool) -> Vec<String> {
    let stack = Stack::start().await;
    stack.account("ada@example.com", "auditor", None).await;
    let authority = trusted.then_some(server.authority.as_bytes());
    let egress = Egress::trusting(EgressPolicy::provisioned(), authority).unwrap();
    let (tasks, world) = (TaskTracker::new(), stack.parts.world.clone());
    let config = MailConfig::Server {
        url: Secret::new(url),
        tls: egress.tls(),
    };
    let mailer = Mailer::new(config, "Caracal <caracal@example.com>", world, tasks.clone()).unwrap();
    let deps = ApiDeps {
        mailer: Some(Arc::new(mailer)),
        ..stack.deps.clone()
    };
    let client = stack.parts.client("api", router(deps));
    let call = client.call(Method::POST, "/v1/console/email-code/begin");
    call.json(&json!({"email": "ada@example.com"}))
        .send()
        .await
        .expect(200);
    tasks.close();
    tokio::time::timeout(Duration::from_mins(1), tasks.wait())
        .await
        .unwrap();
    server.heard()
}

fn url(scheme: &str, server: &MailServer) -> String {
    format!("{scheme}://ada:p%40ss@localhost:{}", server.port)
}

#[tokio::test]
async fn mail_goes_over_tls_to_a_server_that_proves_who_it_is() {
    for (tls, scheme) in [(Tls::AtOnce, "smtps"), (Tls::Upgraded, "smtp")] {
        let server = MailServer::start(tls).await;
        let heard = asked(&server, &url(scheme, &server), true).await;
        let told = |text: &str| heard.iter().any(|line| line.contains(text));
        // `\0ada\0p@ss`, as RFC 4616 has it.
        assert!(told("AUTH PLAIN AGFkYQBwQHNz"), "{heard:?}");
        assert!(
            told("MAIL FROM:<caracal@example.com>") && told("RCPT TO:<ada@example.com>"),
            "{heard:?}"
        );
        assert!(told("Your code for Caracal is "), "{heard:?}");
        if tls == Tls::Upgraded {
            let position = |text: &str| heard.iter().position(|line| line.starts_with(text));
            assert!(position("STARTTLS") < position("AUTH"), "{heard:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_or_with_a_certificate_of_nobody_hears_neither_password_nor_code() {
    for (tls, scheme, trusted) in [
        (Tls::Never, "smtp", true),
        (Tls::Upgraded, "smtp", false),
        (Tls::AtOnce, "smtps", false),
    ] {
        let server = MailServer::start(tls).await;
        let heard = asked(&server, &url(scheme, &server), trusted).await;
        for secret in ["AUTH", "MAIL", "code"] {
            let said = heard.iter().any(|line| line.contains(secret));
            assert!(!said, "{tls:?}, {secret}: {heard:?}");
        }
    }
}
