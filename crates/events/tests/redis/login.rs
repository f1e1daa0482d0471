//! How a Redis server is reached, and which ones are turned down at the first look.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use caracal_crypto::{HmacKey, system_world};
use caracal_events::{Bus as _, Fields, RedisBus, RedisOptions, RedisUnusable, StreamSigner, Topic};
use caracal_testkit::redis::Redis;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

fn open(options: RedisOptions) -> RedisBus {
    let signer = StreamSigner::new(HmacKey::from_bytes(b"the key of these tests"));
    RedisBus::open(system_world(), signer, options).expect("a usable address")
}

/// A server that speaks TLS alone, with a certificate of its own authority.
struct TlsRedis {
    directory: tempfile::TempDir,
    port: u16,
    child: Child,
    ca: Vec<u8>,
}

impl TlsRedis {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
            .expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![String::from("localhost")])
            .expect("parameters")
            .signed_by(&key, &authority)
            .expect("a certificate");
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let certificate = write("cert.pem", &certificate.pem());
        let key = write("key.pem", &key.serialize_pem());
        let ca = write("ca.pem", &authority.pem());
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|it| it.local_addr())
            .expect("a port")
            .port();
        let path = |path: &Path| path.display().to_string();
        let child = Command::new("redis-server")
            .args([
                "--port",
                "0",
                "--tls-port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--tls-auth-clients", "no", "--tls-cert-file", &path(&certificate)])
            .args(["--tls-key-file", &path(&key), "--tls-ca-cert-file", &path(&ca)])
            .args(["--dir", &path(directory.path())])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("install redis-server: this test needs it");
        let ca = std::fs::read(ca).expect("the authority");
        Self {
            directory,
            port,
            child,
            ca,
        }
    }

    fn options(&self, ca: Option<&[u8]>) -> RedisOptions {
        RedisOptions {
            ca: ca.map(<[u8]>::to_vec),
            timeout: Duration::from_secs(2),
            ..RedisOptions::new(&format!("rediss://localhost:{}", self.port))
        }
    }
}

impl Drop for TlsRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.directory.path();
    }
}

#[tokio::test]
async fn a_server_behind_tls_is_spoken_to_once_its_authority_is_named() {
    let server = TlsRedis::start();
    let bus = open(server.options(Some(&server.ca)));
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while bus.preflight().await.expect("a server that will do").is_some() {
        assert!(
            std::time::Instant::now() < deadline,
            "redis-server did not come up"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let fields = Fields::new()
        .with("zone_id", "zone-1")
        .with("session_id", "record");
    bus.append(Topic::SessionsRevoke, vec![fields])
        .await
        .expect("an entry");

    // The system does not know the authority, and a certificate that nobody vouches for is not believed.
    let stranger = open(server.options(None));
    assert!(
        stranger
            .preflight()
            .await
            .expect("an outage, as far as it can tell")
            .is_some()
    );
    let plain = RedisOptions {
        timeout: Duration::from_secs(2),
        ..RedisOptions::new(&format!("redis://localhost:{}", server.port))
    };
    assert!(
        open(plain)
            .preflight()
            .await
            .expect("an outage, as far as it can tell")
            .is_some()
    );
}

#[tokio::test]
async fn a_server_that_may_evict_is_turned_down_unless_the_mode_allows_it() {
    let server = Redis::in_memory();
    let client = redis::Client::open(server.url()).expect("an address");
    let mut raw = client
        .get_multiplexed_async_connection()
        .await
        .expect("a connection");
    for (policy, usable) in [
        ("allkeys-lru", false),
        ("volatile-ttl", false),
        ("noeviction", true),
    ] {
        let _: () = redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory-policy", policy])
            .query_async(&mut raw)
            .await
            .expect("a setting");
        let strict = open(RedisOptions::new(&server.url())).preflight().await;
        match strict {
            Ok(None) if usable => {}
            Err(RedisUnusable::Eviction(named)) if !usable => assert_eq!(named, policy),
            other => panic!("{policy}: {other:?}"),
        }
        let lenient = RedisOptions {
            require_noeviction: false,
            ..RedisOptions::new(&server.url())
        };
        assert_eq!(
            open(lenient).preflight().await.expect("a server that will do"),
            None
        );
    }
}
