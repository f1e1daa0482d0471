//! A server outside that the Control API asks over TLS: the token endpoint of an OAuth server, and an upstream.

use std::sync::Arc;

use caracal_api::ApiDeps;
use caracal_service::{
    egress::{Egress, EgressPolicy},
    front::Route,
};
use caracal_testkit::tls::TlsIdentity;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{connections::settings, evidence::Made, stack::Stack};

/// The one code that it gives tokens for.
const CODE: &str = "a-code-of-somebody";

/// The server. It runs as long as the test.
pub(crate) struct Outside {
    url: String,
    authority: String,
}

impl Outside {
    pub(crate) async fn start() -> Self {
        let TlsIdentity { acceptor, authority } = TlsIdentity::localhost();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { answer(stream, acceptor).await });
            }
        });
        Self {
            url: format!("https://localhost:{port}"),
            authority,
        }
    }

    /// Goes there and nowhere else.
    pub(crate) fn egress(&self) -> Arc<Egress> {
        let policy = EgressPolicy {
            allow_loopback: true,
            ..EgressPolicy::default()
        };
        Egress::trusting(policy, Some(self.authority.as_bytes())).unwrap()
    }

    /// What a route is about is outside; the path of the route then.
    pub(crate) async fn under_way(&self, stack: &Stack, route: &Route<ApiDeps>, made: &Made) -> String {
        let zone = format!("/v1/zones/{}", made.zone);
        let unique = stack.parts.world.uuid_v7();
        let people = || {
            let mut body = settings(&json!({"token_endpoint": format!("{}/token", self.url)}));
            body["name"] = json!(format!("people {unique}"));
            body
        };
        let of_zone = |path: &str| path.replace("{zoneId}", &made.zone);
        match route.name {
            "provider_connections.finish" => {
                let provider = stack.provider(&zone, people()).await;
                let begin = format!("{zone}/provider-connections/oauth/authorize");
                let body = json!({"provider_id": provider, "subject_id": "alice"});
                let state = stack.post(&begin, body).await.expect(200).text("state");
                format!("{}?state={state}&code={CODE}", of_zone(route.path))
            }
            "providers.test" => {
                let provider = stack.provider(&zone, people()).await;
                of_zone(route.path).replace("{id}", &provider)
            }
            "resources.test" => {
                let mandates = json!({"name": format!("mandates {unique}"), "kind": "caracal_mandate"});
                let provider = stack.provider(&zone, mandates).await;
                let body = json!({
                    "identifier": format!("resource://outside-{unique}"), "upstream_url": self.url,
                    "scopes": ["a"], "credential_provider_id": provider,
                });
                let made = stack.post(&format!("{zone}/resources"), body).await.expect(201);
                of_zone(route.path).replace("{id}", &made.text("id"))
            }
            other => panic!("{other} asks nobody"),
        }
    }
}

/// One request: a token for the code, a refusal for another, and of everything else that it is not for strangers.
async fn answer(stream: TcpStream, acceptor: TlsAcceptor) -> std::io::Result<()> {
    let mut stream = BufStream::new(acceptor.accept(stream).await?);
    let (mut asked, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if asked.is_empty() {
            asked = line;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8_lossy(&body);
    let (status, told) = if !asked.contains("/token") {
        ("401 Unauthorized", json!({"error": "invalid_token"}))
    } else if body.contains(CODE) {
        let token = json!({
            "access_token": "at-canary", "refresh_token": "rt-canary", "token_type": "Bearer", "expires_in": 3600,
        });
        ("200 OK", token)
    } else {
        ("400 Bad Request", json!({"error": "invalid_grant"}))
    };
    let told = told.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        told.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(told.as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
}
