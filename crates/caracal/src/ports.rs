//! Are the ports free, and if not, who has them.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use anyhow::{anyhow, bail};

use crate::environment::Environment;
use crate::roles::Role;

/// `listening` in the state column of `/proc/net/tcp`.
#[cfg(target_os = "linux")]
const LISTEN: &str = "0A";

/// Checks every role's address before anything is started.
///
/// The daemon binds again a moment later; whoever takes a port in between makes it say so itself.
///
/// # Errors
/// One sentence naming every port that cannot be used, its owner where known, and the way out.
pub(crate) fn check_free(environment: &Environment) -> anyhow::Result<()> {
    // Kept open until all are checked, so that two roles on one port are noticed as well.
    let mut bound: Vec<(Role, SocketAddr, TcpListener)> = Vec::new();
    let mut taken = Vec::new();
    for role in Role::ALL {
        let address = role.listen(environment)?;
        if let Some((other, ..)) = bound
            .iter()
            .find(|(_, theirs, _)| *theirs == address && address.port() != 0)
        {
            bail!(
                "{} and {} both name {address}, but each role needs a port of its own",
                other.listen_variable(),
                role.listen_variable()
            );
        }
        match TcpListener::bind(address) {
            Ok(listener) => bound.push((role, address, listener)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => taken.push((role, address)),
            Err(error) => {
                return Err(anyhow!(
                    "{} cannot listen on {address}: {error}; change {}",
                    role.name(),
                    role.listen_variable()
                ));
            }
        }
    }
    let Some((first, _)) = taken.first() else {
        return Ok(());
    };
    let named: Vec<String> = taken
        .iter()
        .map(|(role, address)| describe(*role, *address))
        .collect();
    let (verb, them) = if taken.len() == 1 {
        ("is", "it")
    } else {
        ("are", "them")
    };
    bail!(
        "{} {verb} already in use; stop what holds {them}, or choose another port, for example {}=127.0.0.1:0",
        named.join(" and "),
        first.listen_variable(),
    );
}

fn describe(role: Role, address: SocketAddr) -> String {
    let owner = owner_of(address.port())
        .map(|owner| format!(", held by {owner}"))
        .unwrap_or_default();
    format!("port {} ({}{owner})", address.port(), role.name())
}

/// `name (pid N)` of the process listening on `port`. Best effort: it takes the right to look.
#[cfg(target_os = "linux")]
pub(crate) fn owner_of(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        holds_any(&process.path(), &inodes).then_some(())?;
        let name = std::fs::read_to_string(process.path().join("comm")).ok()?;
        Some(format!("{} (pid {pid})", name.trim()))
    })
}

#[cfg(target_os = "linux")]
fn holds_any(process: &std::path::Path, inodes: &[String]) -> bool {
    let Ok(descriptors) = std::fs::read_dir(process.join("fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok())
        .any(|target| inodes.iter().any(|inode| target.as_os_str() == inode.as_str()))
}

/// Inodes of the sockets that listen on `port` in a table of proc(5) form.
#[cfg(target_os = "linux")]
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
            listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

/// `name (pid N)` of the process listening on `port`. Best effort: it takes the right to look, and lsof(8).
#[cfg(not(target_os = "linux"))]
pub(crate) fn owner_of(port: u16) -> Option<String> {
    let told = std::process::Command::new("lsof")
        .args(["-nP", &format!("-iTCP:{port}"), "-sTCP:LISTEN", "-Fpc"])
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    first_listed(&String::from_utf8_lossy(&told.stdout))
}

/// The first process of what `lsof -Fpc` prints: a line `p` with the id, and one `c` with the name.
#[cfg(any(test, not(target_os = "linux")))]
fn first_listed(fields: &str) -> Option<String> {
    let field = |letter: char| fields.lines().find_map(|line| line.strip_prefix(letter));
    Some(format!("{} (pid {})", field('c')?, field('p')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything_on_free_ports() -> Environment {
        Environment::from_pairs(Role::ALL.map(|role| (role.listen_variable(), "127.0.0.1:0")))
    }

    #[test]
    fn port_zero_is_free_for_every_role_at_once() {
        check_free(&everything_on_free_ports()).unwrap();
    }

    #[test]
    fn a_taken_port_is_named_with_its_role_and_the_variable() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = holder.local_addr().unwrap().to_string();
        let mut pairs = Role::ALL.map(|role| (role.listen_variable(), "127.0.0.1:0"));
        pairs[2].1 = &address;
        let error = check_free(&Environment::from_pairs(pairs))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("port {} (gateway", holder.local_addr().unwrap().port())),
            "{error}"
        );
        assert!(error.contains("CARACAL_GATEWAY_LISTEN="), "{error}");
        if cfg!(target_os = "linux") {
            assert!(
                error.contains(&format!("(pid {})", std::process::id())),
                "{error}"
            );
        }
    }

    #[test]
    fn two_roles_on_one_port_are_told_apart_from_a_foreign_owner() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let mut pairs = Role::ALL.map(|role| (role.listen_variable(), "127.0.0.1:0"));
        pairs[0].1 = &port;
        pairs[1].1 = &port;
        let error = check_free(&Environment::from_pairs(pairs))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("CARACAL_API_LISTEN and CARACAL_STS_LISTEN both name"),
            "{error}"
        );
    }

    #[test]
    fn the_first_process_that_lsof_lists_is_named() {
        let fields = "p4021\ncpostgres\nf7\np4022\ncother\n";
        assert_eq!(first_listed(fields).as_deref(), Some("postgres (pid 4021)"));
        assert_eq!(first_listed(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 x\n\
            1: 0100007F:0BB8 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1 x\n\
            2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 x\n";
        assert_eq!(listening_inodes(table, 3000), ["111"]);
    }
}
