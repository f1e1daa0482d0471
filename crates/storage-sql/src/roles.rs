//! Database roles of the services.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::Secret;
use caracal_crypto::HmacKey;
use caracal_storage::Error;

use crate::sql::Tx;

/// A service with a database role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceRole {
    /// Control API.
    Api,
    /// STS.
    Sts,
    /// Gateway.
    Gateway,
    /// Audit.
    Audit,
    /// Coordinator.
    Coordinator,
}

impl ServiceRole {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Api,
        Self::Sts,
        Self::Gateway,
        Self::Audit,
        Self::Coordinator,
    ];

    /// Its name on the server.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "caracalapi",
            Self::Sts => "caracalsts",
            Self::Gateway => "caracalgateway",
            Self::Audit => "caracalaudit",
            Self::Coordinator => "caracalcoordinator",
        }
    }
}

/// PBKDF2 rounds, PostgreSQL's own default.
const ITERATIONS: u32 = 4096;

/// Lets a role log in with a password. The server gets a verifier (RFC 5803), so that the password itself is in no
/// statement and no log.
pub(crate) async fn provision(
    tx: &Tx,
    role: ServiceRole,
    password: &Secret,
    salt: [u8; 16],
) -> Result<(), Error> {
    // Other characters would need SASLprep (RFC 4013) on both sides to mean the same.
    if password.expose().is_empty() || !password.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Corrupt(String::from(
            "a database password is printable ASCII without spaces",
        )));
    }
    // Two that change one role at once would fail, and two migrators may well do so.
    tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('service_role', 0))",
        Vec::new(),
    )
    .await?;
    // A verifier is base64 with `$` and `:`, so the literal needs no escaping.
    let verifier = scram_verifier(password.expose().as_bytes(), &salt);
    tx.script(&format!("ALTER ROLE {} LOGIN PASSWORD '{verifier}'", role.name()))
        .await
}

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
fn scram_verifier(password: &[u8], salt: &[u8]) -> String {
    let salted = pbkdf2(password, salt);
    let client_key = HmacKey::from_bytes(&salted).sign(b"Client Key");
    let stored_key = caracal_crypto::sha256(&client_key);
    let server_key = HmacKey::from_bytes(&salted).sign(b"Server Key");
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key),
        STANDARD.encode(server_key)
    )
}

/// PBKDF2-HMAC-SHA256 of one block (RFC 8018 §5.2).
fn pbkdf2(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let key = HmacKey::from_bytes(password);
    let mut round = key.sign_parts(&[salt, &1_u32.to_be_bytes()]);
    let mut result = round;
    for _ in 1..ITERATIONS {
        round = key.sign(&round);
        for (byte, other) in result.iter_mut().zip(round) {
            *byte ^= other;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677 §3, whose exchange proves this pair of keys.
    #[test]
    fn the_verifier_is_that_of_the_published_example() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = scram_verifier(b"pencil", &salt);
        assert_eq!(
            verifier,
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }
}
