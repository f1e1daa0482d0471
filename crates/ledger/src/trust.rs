//! Whom a verifier believes: the log's own keys, and how many of which witnesses.

use std::collections::BTreeMap;

use crate::{checkpoint::SignedCheckpoint, note::NoteKey, prune::SignedPrune};

/// Keys of a log and its witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    origin: String,
    log: Vec<NoteKey>,
    witnesses: Vec<NoteKey>,
    threshold: usize,
}

/// More witnesses are asked for than are known, or no key of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a log has a key, and no more witnesses are needed than there are")]
pub struct InvalidTrust;

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is of another log.
    #[error("the checkpoint is of the log `{0}`")]
    Origin(String),
    /// A line under the name and the id of a known key is not its signature.
    #[error("the signature of `{0}` does not verify")]
    BadSignature(String),
    /// No key of the log signed.
    #[error("no known key of the log signed")]
    NotSigned,
    /// Too few witnesses signed.
    #[error("{got} witnesses signed where {needed} are needed")]
    Witnesses {
        /// How many did.
        got: usize,
        /// How many have to.
        needed: usize,
    },
}

impl Trust {
    /// Believes checkpoints of the log `origin` that one of the keys `log` and `threshold` of the `witnesses` signed. A
    /// key that is named by the host of the log stands for [that of the log](NoteKey::of_log). Witnesses are counted by
    /// name: several keys of one are one.
    ///
    /// # Errors
    /// [`InvalidTrust`].
    pub fn new(
        origin: &str,
        log: Vec<NoteKey>,
        witnesses: Vec<NoteKey>,
        threshold: usize,
    ) -> Result<Self, InvalidTrust> {
        let mut names: Vec<&str> = witnesses.iter().map(NoteKey::name).collect();
        names.sort_unstable();
        names.dedup();
        let log: Vec<NoteKey> = log
            .into_iter()
            .map(|key| key.of_log(origin).unwrap_or(key))
            .collect();
        if log.is_empty() || threshold > names.len() {
            return Err(InvalidTrust);
        }
        Ok(Self {
            origin: origin.to_owned(),
            log,
            witnesses,
            threshold,
        })
    }

    /// As [`Self::new`], from keys of both kinds: those named by the log or its host are the log's, all others belong to
    /// witnesses.
    ///
    /// # Errors
    /// [`InvalidTrust`].
    pub fn of_keys(
        origin: &str,
        keys: impl IntoIterator<Item = NoteKey>,
        threshold: usize,
    ) -> Result<Self, InvalidTrust> {
        let (log, witnesses) = keys.into_iter().partition(|key| key.of_log(origin).is_some());
        Self::new(origin, log, witnesses, threshold)
    }

    /// The log that is believed.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Which witnesses signed, by name, and when (seconds of the Unix epoch) where they say so.
    ///
    /// # Errors
    /// [`Distrust`]; with it, nothing that the checkpoint says may be used.
    pub fn check<'a>(
        &'a self,
        signed: &SignedCheckpoint,
    ) -> Result<BTreeMap<&'a str, Option<u64>>, Distrust> {
        let origin = &signed.checkpoint().origin;
        if *origin != self.origin {
            return Err(Distrust::Origin(origin.clone()));
        }
        if signers(&self.log, signed)?.is_empty() {
            return Err(Distrust::NotSigned);
        }
        let witnesses = signers(&self.witnesses, signed)?;
        if witnesses.len() < self.threshold {
            return Err(Distrust::Witnesses {
                got: witnesses.len(),
                needed: self.threshold,
            });
        }
        Ok(witnesses)
    }
}

impl Trust {
    /// Whether a key of the log signed the prune checkpoint. Witnesses do not sign those.
    ///
    /// # Errors
    /// [`Distrust`]; with it, nothing may be missing.
    pub fn check_prune(&self, signed: &SignedPrune) -> Result<(), Distrust> {
        let origin = &signed.prune().origin;
        if *origin != self.origin {
            return Err(Distrust::Origin(origin.clone()));
        }
        let said = || self.log.iter().map(|key| (key, signed.verify(key)));
        if let Some((key, _)) = said().find(|(_, said)| *said == Some(false)) {
            return Err(Distrust::BadSignature(key.name().to_owned()));
        }
        if said().any(|(_, said)| said == Some(true)) {
            Ok(())
        } else {
            Err(Distrust::NotSigned)
        }
    }
}

/// Which of `keys` signed. One that did so wrongly spoils all.
fn signers<'a>(
    keys: &'a [NoteKey],
    signed: &SignedCheckpoint,
) -> Result<BTreeMap<&'a str, Option<u64>>, Distrust> {
    let mut names = BTreeMap::new();
    for key in keys {
        match signed.verify(key) {
            None => {}
            Some(None) => return Err(Distrust::BadSignature(key.name().to_owned())),
            Some(Some(said)) => {
                names.insert(key.name(), said.time);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::tests::{checkpoint, signer},
        note::SignatureKind,
    };

    #[test]
    fn a_checkpoint_is_believed_with_the_log_and_enough_witnesses() {
        let log = signer("log", SignatureKind::Ed25519, 1);
        let witnesses = [
            signer("w1", SignatureKind::CosignatureEd25519, 2),
            signer("w1", SignatureKind::CosignatureMlDsa44, 2),
            signer("w2", SignatureKind::CosignatureMlDsa44, 3),
        ];
        let keys: Vec<_> = witnesses.iter().map(|w| w.public().clone()).collect();
        let trust = |threshold| {
            let origin = checkpoint(1).origin;
            Trust::new(&origin, vec![log.public().clone()], keys.clone(), threshold)
        };
        // One witness with two keys counts once.
        assert_eq!(trust(3), Err(InvalidTrust));
        let two = trust(2).unwrap();
        let mut signed = SignedCheckpoint::new(checkpoint(1)).unwrap();
        assert_eq!(two.check(&signed), Err(Distrust::NotSigned));
        signed.sign(&log, 0).unwrap();
        assert_eq!(trust(0).unwrap().check(&signed).unwrap(), BTreeMap::new());
        signed.sign(&witnesses[0], 10).unwrap();
        signed.sign(&witnesses[1], 11).unwrap();
        let few = Distrust::Witnesses { got: 1, needed: 2 };
        assert_eq!(two.check(&signed), Err(few));
        signed.sign(&witnesses[2], 12).unwrap();
        let said = two.check(&signed).unwrap();
        assert_eq!(said, BTreeMap::from([("w1", Some(11)), ("w2", Some(12))]));
    }

    #[test]
    fn keys_of_a_host_stand_for_its_logs_and_the_others_are_witnesses() {
        let host = signer("caracal.example", SignatureKind::Ed25519, 1);
        let witness = signer("w", SignatureKind::CosignatureEd25519, 2);
        let origin = checkpoint(1).origin;
        let keys = [host.public().clone(), witness.public().clone()];
        let trust = Trust::of_keys(&origin, keys.clone(), 1).unwrap();
        let mut signed = SignedCheckpoint::new(checkpoint(1)).unwrap();
        signed.sign(&witness, 5).unwrap();
        // A host's key signs under the name of the log.
        signed.sign(&host, 0).unwrap();
        assert_eq!(trust.check(&signed), Err(Distrust::NotSigned));
        signed.sign(&host.renamed(&origin).unwrap(), 0).unwrap();
        assert_eq!(trust.check(&signed).unwrap().len(), 1);
        assert_eq!(Trust::of_keys("other.example/a", keys, 0), Err(InvalidTrust));
    }

    #[test]
    fn one_wrong_signature_of_a_known_key_spoils_the_checkpoint_and_one_of_an_unknown_key_does_not() {
        let (log, witness) = (
            signer("log", SignatureKind::Ed25519, 1),
            signer("w", SignatureKind::CosignatureEd25519, 2),
        );
        let origin = checkpoint(1).origin;
        let trust = Trust::new(
            &origin,
            vec![log.public().clone()],
            vec![witness.public().clone()],
            0,
        )
        .unwrap();
        let mut signed = SignedCheckpoint::new(checkpoint(1)).unwrap();
        signed.sign(&log, 0).unwrap();
        signed
            .sign(&signer("stranger", SignatureKind::Ed25519, 9), 0)
            .unwrap();
        assert!(trust.check(&signed).is_ok());
        let mut forged = SignedCheckpoint::new(checkpoint(2)).unwrap();
        forged.sign(&witness, 5).unwrap();
        signed.add(forged.signatures()[0].clone());
        assert_eq!(
            trust.check(&signed),
            Err(Distrust::BadSignature(String::from("w")))
        );
        let elsewhere = Trust::new("other", vec![log.public().clone()], vec![], 0).unwrap();
        assert_eq!(elsewhere.check(&signed), Err(Distrust::Origin(origin)));
        assert_eq!(Trust::new("o", vec![], vec![], 0), Err(InvalidTrust));
    }
}
