//! Upstreams that ask who is there, and take nobody without a certificate of their authority.

use std::{convert::Infallible, sync::Arc};

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{Secret, entity::OperationEnforcement};
use caracal_service::server::ServerLimits;
use http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use parking_lot::Mutex;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{
    client::Answer,
    stage::{Options, Stage, directive},
};

struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key in PEM form.
struct Issued {
    certificate: String,
    key: String,
}

impl Issued {
    /// As the STS sends it.
    fn identity(&self) -> Secret {
        Secret::new([self.certificate.as_str(), &self.key].concat())
    }

    /// As the upstream tells it: the certificate that was shown.
    fn shown(&self) -> String {
        STANDARD.encode(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap())
    }
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str, until: i32) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// An upstream that lets in whom its authority vouches for, and tells everybody which certificate they showed.
struct StrictUpstream {
    url: String,
    /// The certificate of every connection that was let in.
    connections: Arc<Mutex<Vec<String>>>,
}

impl StrictUpstream {
    async fn start(authority: &Authority) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).unwrap())
            .unwrap();
        let own = authority.issue("localhost", 4000);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let connections: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, log) = (acceptor.clone(), log.clone());
                tokio::spawn(async move {
                    // Who shows nothing that holds is not let in.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let session = stream.get_ref().1;
                    let shown = STANDARD.encode(&session.peer_certificates().unwrap()[0]);
                    let is_http2 = session.alpn_protocol() == Some(b"h2");
                    log.lock().push(shown.clone());
                    let service = hyper::service::service_fn(move |_: Request<Incoming>| {
                        let response = Response::builder()
                            .header("content-type", "text/plain")
                            .body(Body::from(shown.clone()));
                        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
                    });
                    let stream = TokioIo::new(stream);
                    if is_http2 {
                        let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = serving.serve_connection(stream, service).await;
                    } else {
                        let serving = hyper::server::conn::http1::Builder::new();
                        let _ = serving.serve_connection(stream, service).await;
                    }
                });
            }
        });
        Self { url, connections }
    }
}

/// A Gateway that trusts `authority`.
async fn stage(authority: &Authority) -> Stage {
    let limits = ServerLimits {
        http2: true,
        ..ServerLimits::default()
    };
    Stage::with(Options {
        limits,
        roots: Some(authority.0.pem()),
        ..Options::default()
    })
    .await
}

/// From here on calls go to `url` in this identity.
fn direct(stage: &Stage, url: &str, identity: Option<&Issued>) {
    let mut directive = directive(url);
    directive.client_identity = identity.map(Issued::identity);
    *stage.decision.directive.lock() = directive;
}

/// Text of an answer that there must be.
fn passed(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{text}");
    text
}

fn refused(answer: &Answer) -> (u16, String) {
    let reason = answer.json()["reason"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), reason)
}

#[tokio::test]
async fn who_has_no_certificate_that_holds_is_not_let_in() {
    let (authority, other) = (Authority::new("theirs"), Authority::new("another"));
    let upstream = StrictUpstream::start(&authority).await;
    let stage = stage(&authority).await;
    let unreachable = (502, String::from("upstream_unreachable"));
    for (what, identity) in [
        ("none", None),
        ("of another authority", Some(other.issue("agent", 4000))),
        ("over", Some(authority.issue("agent", 2001))),
    ] {
        direct(&stage, &upstream.url, identity.as_ref());
        assert_eq!(refused(&stage.get("/a").await), unreachable, "{what}");
    }
    // A certificate with the key of another, or with none, is shown to nobody.
    let (one, two) = (authority.issue("one", 4000), authority.issue("two", 4000));
    for (what, pem) in [
        (
            "the key of another",
            [one.certificate.as_str(), &two.key].concat(),
        ),
        ("no key", one.certificate.clone()),
        ("no certificate", one.key.clone()),
        ("nothing", String::new()),
    ] {
        direct(&stage, &upstream.url, None);
        stage.decision.directive.lock().client_identity = Some(Secret::new(pem));
        let unbuildable = (400, String::from("request_build_failed"));
        assert_eq!(refused(&stage.get("/a").await), unbuildable, "{what}");
    }
    // In the clear it could not be shown, and elsewhere it is not to be.
    direct(
        &stage,
        &format!("http://{}", stage.upstream.address()),
        Some(&one),
    );
    let not_allowed = (502, String::from("provider_host_not_allowed"));
    assert_eq!(refused(&stage.get("/a").await), not_allowed);
    stage.upstream.assert_untouched();
    direct(&stage, &upstream.url, Some(&one));
    {
        let mut directive = stage.decision.directive.lock();
        directive.provider_token = None;
        directive.auth_mode = caracal_service::exchange::AuthMode::None;
        directive.allowed_token_hosts = vec![String::from("else.test")];
    }
    assert_eq!(refused(&stage.get("/a").await), not_allowed);
    assert!(upstream.connections.lock().is_empty());

    direct(&stage, &upstream.url, Some(&one));
    assert_eq!(passed(&stage.get("/a").await), one.shown());
}

#[tokio::test]
async fn a_call_of_grpc_shows_the_certificate_too() {
    let authority = Authority::new("theirs");
    let upstream = StrictUpstream::start(&authority).await;
    let stage = stage(&authority).await;
    stage
        .declare(OperationEnforcement::Enforced, &[("GRPC", "/chat.Chat/Say")])
        .await;
    let one = authority.issue("one", 4000);
    direct(&stage, &upstream.url, Some(&one));
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Body>();
    let request = stage
        .request(&stage.mandate(), "/chat.Chat/Say")
        .version(Version::HTTP_2)
        .method("POST")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::empty())
        .unwrap();
    let answer = client.request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, one.shown());
}

#[tokio::test]
async fn no_connection_of_one_identity_carries_a_call_of_another() {
    let authority = Authority::new("theirs");
    let upstream = StrictUpstream::start(&authority).await;
    let stage = stage(&authority).await;
    let (other_zone, other_key) = stage.another_zone().await;
    let of_other_zone = async || {
        let mut claims = stage.claims();
        claims.zone_id = other_zone.clone();
        let token = caracal_crypto::mandate::sign(&claims, &other_key).unwrap();
        let request = stage.request(&token, "/a").body(Body::empty()).unwrap();
        stage.send(request).await
    };
    let (one, two) = (authority.issue("one", 4000), authority.issue("two", 4000));
    for _ in 0..3 {
        direct(&stage, &upstream.url, Some(&one));
        assert_eq!(passed(&stage.get("/a").await), one.shown());
        direct(&stage, &upstream.url, Some(&two));
        assert_eq!(passed(&of_other_zone().await), two.shown());
        // Nobody's connection serves who has no certificate.
        direct(&stage, &upstream.url, None);
        assert_eq!(stage.get("/a").await.status, 502);
    }
    // The same certificate in another zone is another identity all the same.
    let before = upstream.connections.lock().len();
    direct(&stage, &upstream.url, Some(&one));
    assert_eq!(passed(&of_other_zone().await), one.shown());
    assert_eq!(upstream.connections.lock().len(), before + 1);
}

#[tokio::test]
async fn a_rotated_certificate_is_shown_from_the_next_call_on() {
    let authority = Authority::new("theirs");
    let upstream = StrictUpstream::start(&authority).await;
    let stage = stage(&authority).await;
    let (old, new) = (authority.issue("agent", 4000), authority.issue("agent", 4000));
    direct(&stage, &upstream.url, Some(&old));
    assert_eq!(passed(&stage.get("/a").await), old.shown());
    direct(&stage, &upstream.url, Some(&new));
    for _ in 0..2 {
        assert_eq!(passed(&stage.get("/a").await), new.shown());
    }
    let connections = upstream.connections.lock();
    assert!(connections[1..].iter().all(|shown| *shown == new.shown()));
}
