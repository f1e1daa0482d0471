//! How a server is reached: the address, TLS, and what a connection tolerates.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisError, TlsCertificates,
    aio::MultiplexedConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::RedisOptions;
use crate::BusError;

/// The form of address there is, for refusals; none repeats a URL, which may hold a password.
const FORM: &str = "redis[s]://[user[:password]@]host[:port][/db]";

/// A client for the server of `options`. Nothing is connected yet.
///
/// # Errors
/// One sentence when the URL is of a form that this build does not speak, or the CA file holds no certificate.
pub(crate) fn client(options: &RedisOptions) -> Result<Client, BusError> {
    let url = options.url.expose();
    check_form(url).map_err(BusError::Unavailable)?;
    // The driver's own text may repeat the URL with its password.
    let invalid = |_| BusError::Unavailable(format!("the Redis URL is not valid; its form is {FORM}"));
    let info = url
        .into_connection_info()
        .map_err(invalid)?
        .set_tcp_settings(tcp(options.timeout));
    // The driver would tell its name on every connection, which takes a right of its own.
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    let info = info.set_redis_settings(settings);
    if !url.starts_with("rediss://") {
        return Client::open(info).map_err(invalid);
    }
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: options.ca.as_deref().map(with_native_roots).transpose()?,
    };
    Client::build_with_tls(info, certificates).map_err(invalid)
}

/// A peer that is gone without a word is found out: what is sent must be acknowledged in time, and an idle connection
/// is asked.
fn tcp(timeout: Duration) -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(timeout.max(Duration::from_secs(1)))
        .with_interval(Duration::from_secs(1));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(timeout);
    settings
}

/// Refuses the addresses of arrangements whose protocol differs, which would otherwise fail without saying why.
fn check_form(url: &str) -> Result<(), String> {
    let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
    if scheme.contains("sentinel") {
        return Err(String::from(
            "Redis Sentinel is not spoken; give the address of the primary, or of a proxy that follows it",
        ));
    }
    if scheme.contains("cluster") {
        return Err(String::from(
            "Redis Cluster is not spoken; give the address of one server",
        ));
    }
    let authority = url.split("://").nth(1).unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    if hosts
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default()
        .contains(',')
    {
        return Err(String::from(
            "the Redis URL names several servers; Sentinel and Cluster are not spoken, give the address of one",
        ));
    }
    if url.ends_with("#insecure") {
        return Err(String::from(
            "the Redis URL asks not to check the server's certificate; name its CA in CARACAL_TLS_EXTRA_CA_FILE",
        ));
    }
    match scheme.as_str() {
        "redis" | "rediss" | "unix" | "redis+unix" => Ok(()),
        _ => Err(format!("the Redis URL is not valid; its form is {FORM}")),
    }
}

/// The certificates in `pem` and those the system trusts, as one PEM text: the driver takes either its own or ours.
fn with_native_roots(pem: &[u8]) -> Result<Vec<u8>, BusError> {
    if !pem.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
        return Err(BusError::Unavailable(String::from(
            "CARACAL_TLS_EXTRA_CA_FILE holds no certificate in PEM form",
        )));
    }
    let mut bundle = pem.to_vec();
    for certificate in rustls_native_certs::load_native_certs().certs {
        let text = STANDARD.encode(&certificate);
        bundle.extend_from_slice(b"\n-----BEGIN CERTIFICATE-----\n");
        // RFC 7468 §2: lines of 64 characters.
        for line in text.as_bytes().chunks(64) {
            bundle.extend_from_slice(line);
            bundle.push(b'\n');
        }
        bundle.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    Ok(bundle)
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A connection whose commands block for up to `block`. It does not restore itself.
pub(crate) async fn reader(
    client: &Client,
    timeout: Duration,
    block: Duration,
) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout + block));
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Whether another connection may do better: this one is lost or silent, or its server may not write, is not ready or
/// does not know us. `OOM` and `NOPERM` are of the server as it is, but where an address moves to another server they
/// are worth another dial as well.
pub(crate) fn is_spent(error: &RedisError) -> bool {
    error.code().is_none()
        || matches!(
            error.code(),
            Some("READONLY" | "LOADING" | "MASTERDOWN" | "NOAUTH" | "NOPERM" | "OOM" | "MISCONF")
        )
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
pub(crate) fn unavailable(error: RedisError) -> BusError {
    BusError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        client(&RedisOptions::new(url)).unwrap_err().to_string()
    }

    #[test]
    fn an_address_of_another_form_is_refused_with_what_to_give_instead() {
        for (url, part) in [
            (
                "redis+sentinel://:s3cret@a:26379/mymaster",
                "Sentinel is not spoken",
            ),
            ("redis-sentinel://:s3cret@a:26379", "Sentinel is not spoken"),
            ("redis+cluster://:s3cret@a:6379", "Cluster is not spoken"),
            ("redis://:s3cret@a:6379,b:6379/0", "several servers"),
            ("rediss://:s3cret@a:6379/#insecure", "CARACAL_TLS_EXTRA_CA_FILE"),
            ("http://:s3cret@a", "its form is redis[s]://"),
            ("s3cret", "its form is redis[s]://"),
        ] {
            let sentence = refused(url);
            assert!(sentence.contains(part), "{url}: {sentence}");
            assert!(!sentence.contains("s3cret"), "{sentence}");
        }
        // A comma may stand in a password.
        assert!(client(&RedisOptions::new("redis://:a,b@host:6379")).is_ok());
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let options = RedisOptions {
            ca: Some(b"not pem".to_vec()),
            ..RedisOptions::new("rediss://host:6379")
        };
        assert!(
            client(&options)
                .unwrap_err()
                .to_string()
                .contains("no certificate")
        );
    }
}
