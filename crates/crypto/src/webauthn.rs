//! Passkeys (Web Authentication Level 3): what a browser presents, read strictly and verified.
//!
//! Attestation is not asked for: whose make an authenticator is decides nothing here. So what a browser says of a new key is
//! its own word, and there is no format to read but the fixed layout of authenticator data (§6.1). A person is verified with
//! every use.

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

use crate::{constant_time_eq, sha256, strict_json};

/// Longest `clientDataJSON`, in bytes.
pub const MAX_CLIENT_DATA: usize = 4096;
/// Longest authenticator data, in bytes.
pub const MAX_AUTHENTICATOR_DATA: usize = 4096;
/// Longest public key in its DER form, in bytes.
pub const MAX_PUBLIC_KEY: usize = 2048;
/// Longest id of a credential (§4, "Credential ID"), in bytes.
pub const MAX_CREDENTIAL_ID: usize = 1023;

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// Why a passkey is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Not what browsers send, or too long.
    #[error("not what a browser sends")]
    Malformed,
    /// Made for something else than was asked.
    #[error("made for another purpose")]
    Purpose,
    /// Of another challenge than ours.
    #[error("challenge is another")]
    Challenge,
    /// Made by the page of another site, or in a frame of one.
    #[error("origin is another")]
    Origin,
    /// For another relying party.
    #[error("relying party is another")]
    RelyingParty,
    /// The authenticator did not verify who was there.
    #[error("nobody was verified")]
    NotVerified,
    /// The key is of a kind that is not taken, or is none.
    #[error("key is not usable")]
    Key,
    /// The signature is not the key's.
    #[error("signature does not verify")]
    Signature,
    /// The counter did not move on: there may be two of the authenticator.
    #[error("counter did not move on")]
    Counter,
    /// What can never change of a credential is another than at its registration.
    #[error("backup eligibility is another than at the registration")]
    Backup,
}

caracal_core::words!(
    /// How a passkey signs: those of the COSE algorithms -7, -8 and -257.
    PasskeyAlgorithm {
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
    }
);

impl PasskeyAlgorithm {
    /// By its number in the registry of COSE.
    pub const fn of_cose(number: i64) -> Option<Self> {
        match number {
            -7 => Some(Self::Es256),
            -8 => Some(Self::EdDsa),
            -257 => Some(Self::Rs256),
            _ => None,
        }
    }

    /// Its number.
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::EdDsa => &signature::ED25519,
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        }
    }

    fn key(self, der: &[u8]) -> Result<ParsedPublicKey, PasskeyError> {
        if der.len() > MAX_PUBLIC_KEY {
            return Err(PasskeyError::Key);
        }
        ParsedPublicKey::new(self.verification(), der).map_err(|_| PasskeyError::Key)
    }
}

/// What must have been asked, where and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Ceremony<'a> {
    /// The challenge in base64url.
    pub challenge: &'a str,
    /// The origin of our pages.
    pub origin: &'a str,
    /// The domain that passkeys are for.
    pub relying_party: &'a str,
}

/// A passkey as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredPasskey {
    /// Its id.
    pub credential_id: Vec<u8>,
    /// How often it says it was used; 0 where it does not count.
    pub counter: u32,
    /// Whether it may be copied to other devices of its holder.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

/// What is known of a passkey that is presented.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// Its public key (`SubjectPublicKeyInfo`, DER).
    pub public_key: &'k [u8],
    /// How it signs.
    pub algorithm: PasskeyAlgorithm,
    /// Its counter at its last use.
    pub counter: u32,
    /// Whether it may be copied, as it said when it was registered.
    pub backup_eligible: bool,
}

/// A passkey that was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// Its counter now.
    pub counter: u32,
    /// Whether it is copied now.
    pub backed_up: bool,
}

/// Takes a new passkey (§7.1).
///
/// # Errors
/// [`PasskeyError`].
pub fn register(
    asked: Ceremony<'_>,
    client_data: &[u8],
    authenticator_data: &[u8],
    public_key: &[u8],
    algorithm: PasskeyAlgorithm,
) -> Result<RegisteredPasskey, PasskeyError> {
    check_client(asked, client_data, "webauthn.create")?;
    let read = AuthenticatorData::read(asked, authenticator_data)?;
    if read.flags & HAS_CREDENTIAL == 0 {
        return Err(PasskeyError::Malformed);
    }
    // 16 bytes name the make, two say how long the id is, and the key follows it.
    let (length, rest) = read.rest.split_at_checked(18).ok_or(PasskeyError::Malformed)?;
    let length = length.last_chunk::<2>().ok_or(PasskeyError::Malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, key) = rest.split_at_checked(length).ok_or(PasskeyError::Malformed)?;
    if id.is_empty() || id.len() > MAX_CREDENTIAL_ID || key.is_empty() {
        return Err(PasskeyError::Malformed);
    }
    algorithm.key(public_key)?;
    Ok(RegisteredPasskey {
        credential_id: id.to_vec(),
        counter: read.counter,
        backup_eligible: read.flags & BACKUP_ELIGIBLE != 0,
        backed_up: read.flags & BACKED_UP != 0,
    })
}

/// Proves a known passkey (§7.2).
///
/// # Errors
/// [`PasskeyError`].
pub fn prove(
    asked: Ceremony<'_>,
    known: Known<'_>,
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
) -> Result<Proven, PasskeyError> {
    check_client(asked, client_data, "webauthn.get")?;
    let read = AuthenticatorData::read(asked, authenticator_data)?;
    let signed = [authenticator_data, &sha256(client_data)].concat();
    let key = known.algorithm.key(known.public_key)?;
    key.verify_sig(&signed, signature)
        .map_err(|_| PasskeyError::Signature)?;
    if (read.flags & BACKUP_ELIGIBLE != 0) != known.backup_eligible {
        return Err(PasskeyError::Backup);
    }
    if (read.counter != 0 || known.counter != 0) && read.counter <= known.counter {
        return Err(PasskeyError::Counter);
    }
    Ok(Proven {
        counter: read.counter,
        backed_up: read.flags & BACKED_UP != 0,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    purpose: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

fn check_client(asked: Ceremony<'_>, client_data: &[u8], purpose: &str) -> Result<(), PasskeyError> {
    if client_data.len() > MAX_CLIENT_DATA {
        return Err(PasskeyError::Malformed);
    }
    strict_json::check(client_data).map_err(|_| PasskeyError::Malformed)?;
    let read: ClientData = serde_json::from_slice(client_data).map_err(|_| PasskeyError::Malformed)?;
    if read.purpose != purpose {
        return Err(PasskeyError::Purpose);
    }
    if !constant_time_eq(read.challenge.as_bytes(), asked.challenge.as_bytes()) {
        return Err(PasskeyError::Challenge);
    }
    if read.origin != asked.origin || read.cross_origin {
        return Err(PasskeyError::Origin);
    }
    Ok(())
}

struct AuthenticatorData<'d> {
    flags: u8,
    counter: u32,
    rest: &'d [u8],
}

impl<'d> AuthenticatorData<'d> {
    fn read(asked: Ceremony<'_>, data: &'d [u8]) -> Result<Self, PasskeyError> {
        const MALFORMED: PasskeyError = PasskeyError::Malformed;
        if data.len() > MAX_AUTHENTICATOR_DATA {
            return Err(MALFORMED);
        }
        let (party, rest) = data.split_first_chunk::<32>().ok_or(MALFORMED)?;
        let (flags, rest) = rest.split_first().ok_or(MALFORMED)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(MALFORMED)?;
        if !constant_time_eq(party, &sha256(asked.relying_party.as_bytes())) {
            return Err(PasskeyError::RelyingParty);
        }
        if flags & PRESENT == 0 || flags & VERIFIED == 0 {
            return Err(PasskeyError::NotVerified);
        }
        // What may not be copied is not (§6.1.3).
        if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
            return Err(MALFORMED);
        }
        Ok(Self {
            flags: *flags,
            counter: u32::from_be_bytes(*counter),
            rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::{Value, json};

    use super::*;

    const ASKED: Ceremony<'static> = Ceremony {
        challenge: "Y2hhbGxlbmdl",
        origin: "https://console.example.com",
        relying_party: "console.example.com",
    };
    const GOOD: u8 = PRESENT | VERIFIED;

    fn client(purpose: &str, changes: Value) -> Vec<u8> {
        let mut data = json!({
            "type": purpose, "challenge": ASKED.challenge, "origin": ASKED.origin, "crossOrigin": false,
        });
        let Value::Object(changes) = changes else {
            unreachable!()
        };
        data.as_object_mut().unwrap().extend(changes);
        data.to_string().into_bytes()
    }

    fn data(party: &str, flags: u8, counter: u32) -> Vec<u8> {
        let mut data = sha256(party.as_bytes()).to_vec();
        data.push(flags);
        data.extend(counter.to_be_bytes());
        data
    }

    fn with_credential(flags: u8, id: &[u8]) -> Vec<u8> {
        let mut data = data(ASKED.relying_party, flags | HAS_CREDENTIAL, 0);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(id);
        data.extend([0xa5]);
        data
    }

    struct Key(EcdsaKeyPair);

    impl Key {
        fn new() -> Self {
            Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
        }

        fn der(&self) -> Vec<u8> {
            let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().unwrap();
            der.as_ref().to_vec()
        }

        fn sign(&self, client_data: &[u8], data: &[u8]) -> Vec<u8> {
            let signed = [data, &sha256(client_data)].concat();
            self.0
                .sign(&SystemRandom::new(), &signed)
                .unwrap()
                .as_ref()
                .to_vec()
        }
    }

    #[test]
    fn a_passkey_is_registered_where_somebody_was_verified() {
        let key = Key::new().der();
        let create = client("webauthn.create", json!({}));
        let take = |client_data: &[u8], data: &[u8], key: &[u8]| {
            register(ASKED, client_data, data, key, PasskeyAlgorithm::Es256)
        };
        let good = with_credential(GOOD | BACKUP_ELIGIBLE | BACKED_UP, b"id");
        let registered = take(&create, &good, &key).unwrap();
        assert_eq!(registered.credential_id, b"id");
        assert!(registered.backup_eligible && registered.backed_up);
        for (data, why) in [
            (with_credential(PRESENT, b"id"), PasskeyError::NotVerified),
            (with_credential(VERIFIED, b"id"), PasskeyError::NotVerified),
            (with_credential(GOOD | BACKED_UP, b"id"), PasskeyError::Malformed),
            (with_credential(GOOD, b""), PasskeyError::Malformed),
            (with_credential(GOOD, &[7; 1024]), PasskeyError::Malformed),
            (data(ASKED.relying_party, GOOD, 0), PasskeyError::Malformed),
            (data("evil.example.com", GOOD, 0), PasskeyError::RelyingParty),
        ] {
            assert_eq!(take(&create, &data, &key), Err(why));
        }
        for cut in 0..good.len() {
            assert!(take(&create, &good[..cut], &key).is_err(), "{cut}");
        }
        assert_eq!(take(&create, &good, b"no key"), Err(PasskeyError::Key));
        let get = client("webauthn.get", json!({}));
        assert_eq!(take(&get, &good, &key), Err(PasskeyError::Purpose));
    }

    #[test]
    fn a_passkey_proves_itself_to_its_own_site_for_its_own_challenge_and_once() {
        let (key, other) = (Key::new(), Key::new());
        let der = key.der();
        let known = |counter, backup_eligible| Known {
            public_key: &der,
            algorithm: PasskeyAlgorithm::Es256,
            counter,
            backup_eligible,
        };
        let tried = |known: Known<'_>, signer: &Key, client_data: Vec<u8>, data: Vec<u8>| {
            let signature = signer.sign(&client_data, &data);
            prove(ASKED, known, &client_data, &data, &signature)
        };
        let get = |changes| client("webauthn.get", changes);
        let at = |flags, counter| data(ASKED.relying_party, flags, counter);
        let proven = tried(known(7, false), &key, get(json!({})), at(GOOD, 8)).unwrap();
        assert_eq!(proven.counter, 8);
        assert!(
            tried(known(0, false), &key, get(json!({})), at(GOOD, 0)).is_ok(),
            "some do not count"
        );
        for (known, signer, client_data, data, why) in [
            (
                known(0, false),
                &other,
                get(json!({})),
                at(GOOD, 0),
                PasskeyError::Signature,
            ),
            (
                known(7, false),
                &key,
                get(json!({})),
                at(GOOD, 7),
                PasskeyError::Counter,
            ),
            (
                known(7, false),
                &key,
                get(json!({})),
                at(GOOD, 0),
                PasskeyError::Counter,
            ),
            (
                known(0, true),
                &key,
                get(json!({})),
                at(GOOD, 0),
                PasskeyError::Backup,
            ),
            (
                known(0, false),
                &key,
                get(json!({"challenge": "b3RoZXI"})),
                at(GOOD, 0),
                PasskeyError::Challenge,
            ),
            (
                known(0, false),
                &key,
                get(json!({"origin": "https://evil.example.com"})),
                at(GOOD, 0),
                PasskeyError::Origin,
            ),
            (
                known(0, false),
                &key,
                get(json!({"crossOrigin": true})),
                at(GOOD, 0),
                PasskeyError::Origin,
            ),
            (
                known(0, false),
                &key,
                client("webauthn.create", json!({})),
                at(GOOD, 0),
                PasskeyError::Purpose,
            ),
            (
                known(0, false),
                &key,
                get(json!({})),
                at(PRESENT, 0),
                PasskeyError::NotVerified,
            ),
            (
                known(0, false),
                &key,
                get(json!({})),
                data("example.com", GOOD, 0),
                PasskeyError::RelyingParty,
            ),
        ] {
            assert_eq!(tried(known, signer, client_data, data), Err(why));
        }
        let twice = br#"{"type":"webauthn.get","type":"webauthn.get"}"#.to_vec();
        assert_eq!(
            tried(known(0, false), &key, twice, at(GOOD, 0)),
            Err(PasskeyError::Malformed)
        );
    }
}
