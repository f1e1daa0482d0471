//! The keys that a deployment signs its logs with: named by the host that the deployment calls itself, used for each log
//! under the log's own name.

use caracal_crypto::{
    Digest32, LogSigningKey,
    log_key::{InvalidLogKey, LogSigningFailed},
};

use crate::{
    checkpoint::{Checkpoint, InvalidCheckpoint, SignedCheckpoint},
    note::{NoteKey, NoteSigner, SignatureKind, UnusableKey},
    prune::{InvalidPrune, Prune, SignedPrune},
};

/// Most bytes of a host: with the longest name of a log behind it, it is an origin.
pub const MAX_HOST_BYTES: usize = 100;

/// How logs sign: with Ed25519 for the tools of today, with ML-DSA-44 because evidence outlives them.
pub const OF_LOGS: [SignatureKind; 2] = [SignatureKind::Ed25519, SignatureKind::CosignatureMlDsa44];
/// How witnesses sign.
pub const OF_WITNESSES: [SignatureKind; 2] = [
    SignatureKind::CosignatureEd25519,
    SignatureKind::CosignatureMlDsa44,
];

/// The signing keys of a deployment, and the public ones that it signed with before.
#[derive(Debug, Clone)]
pub struct LogKeys {
    host: String,
    current: Vec<NoteSigner>,
    previous: Vec<NoteKey>,
}

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableLogKeys {
    /// The name does not do.
    #[error("an origin has 1 to 100 letters, digits and -._~:/[] without a slash at the end")]
    Host,
    /// The secret is too short.
    #[error(transparent)]
    Secret(#[from] InvalidLogKey),
    /// The key does not fit.
    #[error(transparent)]
    Key(#[from] UnusableKey),
}

/// Why a checkpoint was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The log cannot have a checkpoint of this name.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
    /// Nothing can be pruned so.
    #[error(transparent)]
    Prune(#[from] InvalidPrune),
    /// The log's name cannot name a key.
    #[error(transparent)]
    Key(#[from] UnusableKey),
    /// The library failed.
    #[error(transparent)]
    Failed(#[from] LogSigningFailed),
}

/// Whether a deployment or a witness may call itself so: as a part of a URL, without its scheme.
pub fn is_host(host: &str) -> bool {
    (1..=MAX_HOST_BYTES).contains(&host.len())
        && !host.ends_with('/')
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte))
}

/// The keys called `name` that belong to a secret of 32 bytes or more, one of each of `kinds`.
///
/// # Errors
/// [`UnusableLogKeys`].
pub fn signers(
    name: &str,
    kinds: [SignatureKind; 2],
    secret: &[u8],
) -> Result<Vec<NoteSigner>, UnusableLogKeys> {
    if !is_host(name) {
        return Err(UnusableLogKeys::Host);
    }
    let signer = |kind: SignatureKind| {
        let key = LogSigningKey::derived(kind.algorithm(), secret)?;
        Ok(NoteSigner::new(name, kind, key)?)
    };
    kinds.into_iter().map(signer).collect()
}

impl LogKeys {
    /// The keys of `host` that belong to `secret`, and the public halves of those that belong to `previous`.
    ///
    /// # Errors
    /// [`UnusableLogKeys`].
    pub fn derive(host: &str, secret: &[u8], previous: Option<&[u8]>) -> Result<Self, UnusableLogKeys> {
        let previous = previous
            .map(|secret| signers(host, OF_LOGS, secret))
            .transpose()?;
        Ok(Self {
            host: host.to_owned(),
            current: signers(host, OF_LOGS, secret)?,
            previous: previous
                .iter()
                .flatten()
                .map(|signer| signer.public().clone())
                .collect(),
        })
    }

    /// What the deployment calls itself.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The origin of a log.
    pub fn origin(&self, log: &str) -> String {
        format!("{}/{log}", self.host)
    }

    /// The public keys: those that sign, then those that signed before.
    pub fn public(&self) -> impl Iterator<Item = &NoteKey> {
        self.current.iter().map(NoteSigner::public).chain(&self.previous)
    }

    /// A checkpoint of the log `log` of this deployment, signed at `time` (seconds of the Unix epoch).
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn sign(
        &self,
        log: &str,
        size: u64,
        root: Digest32,
        time: u64,
    ) -> Result<SignedCheckpoint, NotSigned> {
        let origin = self.origin(log);
        let mut signed = SignedCheckpoint::new(Checkpoint {
            origin: origin.clone(),
            size,
            root,
        })?;
        for signer in &self.current {
            signed.sign(&signer.renamed(&origin)?, time)?;
        }
        Ok(signed)
    }

    /// A prune checkpoint of a log of this deployment, signed.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn sign_prune(&self, prune: Prune) -> Result<SignedPrune, NotSigned> {
        let mut signed = SignedPrune::new(prune)?;
        for signer in &self.current {
            let named = signer.renamed(&signed.prune().origin)?;
            signed.sign(&named)?;
        }
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{Distrust, Trust};

    const LOG: &str = "ledger/z-1";

    fn keys(secret: u8, previous: Option<u8>) -> LogKeys {
        let previous = previous.map(|byte| [byte; 32]);
        let previous = previous.as_ref().map(<[u8; 32]>::as_slice);
        LogKeys::derive("a.example", &[secret; 32], previous).unwrap()
    }

    #[test]
    fn current_and_previous_keys_verify_and_no_other() {
        let old = keys(1, None).sign(LOG, 3, [7; 32], 9).unwrap();
        let new = keys(2, Some(1)).sign(LOG, 4, [8; 32], 9).unwrap();
        assert_eq!((old.signatures().len(), new.signatures().len()), (2, 2));
        let trust = |keys: LogKeys| {
            let keys = keys.public().cloned().collect::<Vec<_>>();
            Trust::of_keys("a.example/ledger/z-1", keys, 0).unwrap()
        };
        for signed in [&old, &new] {
            assert!(trust(keys(2, Some(1))).check(signed).is_ok());
        }
        assert_eq!(trust(keys(2, None)).check(&old), Err(Distrust::NotSigned));
        assert_eq!(trust(keys(1, None)).check(&new), Err(Distrust::NotSigned));
    }

    #[test]
    fn a_host_is_a_part_of_a_url() {
        for good in [
            "a.example",
            "localhost:9090",
            "a.example/caracal/eu-1",
            "[::1]:9090",
        ] {
            assert!(is_host(good), "{good}");
        }
        let long = "a".repeat(MAX_HOST_BYTES + 1);
        for bad in ["", "a b", "a+b", "a/", "a\n", "\u{e4}", long.as_str()] {
            let refused = LogKeys::derive(bad, &[1; 32], None).map(|_| ());
            assert_eq!(refused, Err(UnusableLogKeys::Host), "{bad}");
        }
        let short = LogKeys::derive("a.example", &[1; 31], None).map(|_| ());
        assert_eq!(short, Err(UnusableLogKeys::Secret(InvalidLogKey)));
    }
}
