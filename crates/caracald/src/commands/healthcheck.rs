//! `caracald healthcheck`: a readiness probe without curl.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use caracal_service::config::Settings;

use crate::config::{Role, declared};

mod pinned;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks; success means ready.
pub(crate) fn run(url: Option<String>, role: &str) -> anyhow::Result<ExitCode> {
    let mut settings = Settings::from_process();
    let certificate = settings.find(&declared::TLS_CERT_FILE);
    let url = if let Some(url) = url {
        url
    } else {
        let Some(role) = Role::parse(role) else {
            bail!("unknown role {role:?}")
        };
        let address = settings
            .find(declared::listen_setting(role))
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, role.default_port())));
        let scheme = if certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}/ready")
    };
    let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (None, rest),
        (None, Some(rest)) => {
            let certificate = certificate.context(
                "an https URL is asked with TLS_CERT_FILE set to the certificate that the role serves",
            )?;
            (Some(certificate), rest)
        }
        (None, None) => bail!("only http and https URLs can be asked, not {url:?}"),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, "ready"));
    let address = authority
        .to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .with_context(|| format!("{authority:?} is not an address"))?;
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .with_context(|| format!("nothing answers at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let question = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let answer = match tls {
        None => ask(stream, &question),
        Some(certificate) => ask(pinned::connect(stream, address.ip(), &certificate)?, &question),
    };
    let answer = answer.with_context(|| format!("no answer from {address}"))?;
    let status = answer.split(' ').nth(1).unwrap_or("");
    if status == "200" {
        super::say("ready")?;
        Ok(ExitCode::SUCCESS)
    } else {
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or("").trim();
        bail!("not ready: HTTP {status} {body}")
    }
}

fn ask(mut stream: impl Read + Write, question: &str) -> std::io::Result<String> {
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
