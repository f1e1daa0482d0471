//! `caracald healthcheck`: a readiness probe without curl.

use std::{
    io::{Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use caracal_service::config::Settings;

use crate::config::Role;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks; success means ready.
pub(crate) fn run(url: Option<String>, role: &str) -> anyhow::Result<ExitCode> {
    let url = if let Some(url) = url {
        url
    } else {
        let Some(role) = Role::parse(role) else {
            bail!("unknown role {role:?}")
        };
        let variable = format!("CARACAL_{}_LISTEN", role.as_str().to_ascii_uppercase());
        let configured = Settings::from_process().text(&variable);
        let address = configured.unwrap_or_else(|| format!("127.0.0.1:{}", role.default_port()));
        format!("http://{address}/ready")
    };
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("only http URLs can be asked, not {url:?}")
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, "ready"));
    let address = authority
        .to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .with_context(|| format!("{authority:?} is not an address"))?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .with_context(|| format!("nothing answers at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream
        .take(64 * 1024)
        .read_to_string(&mut answer)
        .with_context(|| format!("no answer from {address}"))?;
    let status = answer.split(' ').nth(1).unwrap_or("");
    if status == "200" {
        println!("ready");
        Ok(ExitCode::SUCCESS)
    } else {
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or("").trim();
        bail!("not ready: HTTP {status} {body}")
    }
}
