//! Hashes of evidence: what an entry is, where it stands, where its chain ends and which chains there are.
//!
//! Each entry has a content hash over its chain, its position and all that is kept of it as it arrived; each content
//! hash is tied to the one before it by a keyed chain hash; the end of each chain is keyed; and the chains themselves are
//! counted in the order in which they began, under a key. Every part is preceded by its length, so nothing can be read
//! as something else with its borders moved, and every kind of hash has a domain of its own.

mod log_id;

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::{Digest32, HmacKey, VerifiesTag, sha256};

pub use self::log_id::LogId;

/// Scheme of the hashes made here, stored with each row so that a later scheme never rewrites history.
pub const HASH_VERSION: i16 = 3;

const CONTENT: &[u8] = b"caracal.evidence.content.v3";
const HEAD: &[u8] = b"caracal.evidence.head.v1";
const BEGINNING: &[u8] = b"caracal.evidence.beginning.v1";
const CHAINS: &[u8] = b"caracal.evidence.chains.v1";
const PRUNED: &[u8] = b"caracal.evidence.pruned.v1";

/// A chain of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain<'a> {
    /// Events of a zone.
    Ledger(&'a ZoneId),
    /// Administrative records of a zone.
    Admin(&'a ZoneId),
    /// Administrative records of the deployment.
    Deployment,
}

impl<'a> Chain<'a> {
    /// Name of the log of its entries: `ledger/<zone>`, `admin/<zone>` or `admin/`.
    pub fn log(self) -> String {
        match self {
            Self::Ledger(zone) => format!("ledger/{zone}"),
            Self::Admin(zone) => format!("admin/{zone}"),
            Self::Deployment => String::from("admin/"),
        }
    }

    /// Kind and zone. No zone has an empty id.
    fn parts(self) -> [&'a [u8]; 2] {
        match self {
            Self::Ledger(zone) => [b"ledger", zone.as_str().as_bytes()],
            Self::Admin(zone) => [b"admin", zone.as_str().as_bytes()],
            Self::Deployment => [b"admin", b""],
        }
    }
}

/// An event as the ledger took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenEvent<'a> {
    /// The event's JSON, byte for byte as it arrived.
    pub received: &'a str,
    /// When the ledger took it.
    pub ingested_at: Timestamp,
    /// Its frame's signature as it arrived.
    pub signature: Option<&'a str>,
}

/// Content hash of the event at position `seq` (from 1) of the ledger of `zone`.
pub fn event_hash(zone: &ZoneId, seq: u64, taken: &TakenEvent<'_>) -> Digest32 {
    let [kind, zone] = Chain::Ledger(zone).parts();
    let (seq, at) = (seq.to_be_bytes(), taken.ingested_at.as_micros().to_be_bytes());
    let parts: [&[u8]; 6] = [CONTENT, kind, zone, &seq, taken.received.as_bytes(), &at];
    // A frame without a signature has one part less, which no length can imitate.
    let signature = taken.signature.map(str::as_bytes);
    let parts: Vec<&[u8]> = parts.into_iter().chain(signature).collect();
    sha256(&framed(&parts))
}

/// Content hash of the record at position `seq` (from 1) of an administrative chain. `record` is its JSON as stored.
pub fn record_hash(chain: Chain<'_>, seq: u64, record: &str) -> Digest32 {
    let [kind, zone] = chain.parts();
    sha256(&framed(&[
        CONTENT,
        kind,
        zone,
        &seq.to_be_bytes(),
        record.as_bytes(),
    ]))
}

/// Chain hash in lower-case hex: HMAC-SHA256 of `<content hash>|<previous content hash>`, both in hex as stored.
/// The first entry of a chain has an empty `previous`.
pub fn chain_hmac(key: &HmacKey, content: &str, previous: &str) -> String {
    hex::encode(key.sign_parts(&[content.as_bytes(), b"|", previous.as_bytes()]))
}

/// Whether `chain` is the chain hash of `content` after `previous`, in constant time.
pub fn verify_chain(key: &impl VerifiesTag, content: &str, previous: &str, chain: &str) -> bool {
    key.verify_hex(&[content.as_bytes(), b"|", previous.as_bytes()].concat(), chain)
}

/// Tag of a chain's end in lower-case hex: `seq` entries, the last of which has the content hash `content` (hex).
/// Whoever has the database alone can cut a chain, but cannot say that it ends where it was cut.
pub fn head_hmac(key: &HmacKey, chain: Chain<'_>, seq: u64, content: &str) -> String {
    key.sign_hex(&head(chain, seq, content))
}

/// Whether `tag` is the tag of that end, in constant time.
pub fn verify_head(key: &impl VerifiesTag, chain: Chain<'_>, seq: u64, content: &str, tag: &str) -> bool {
    key.verify_hex(&head(chain, seq, content), tag)
}

fn head(chain: Chain<'_>, seq: u64, content: &str) -> Vec<u8> {
    let [kind, zone] = chain.parts();
    framed(&[HEAD, kind, zone, &seq.to_be_bytes(), content.as_bytes()])
}

/// Where a chain begins once its oldest entries were deleted on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedTo<'a> {
    /// Position of the last entry that is gone.
    pub seq: u64,
    /// Its content hash, lower-case hex: what the next entry names as the one before.
    pub content: &'a str,
    /// When it was deleted.
    pub at: Timestamp,
}

/// Tag of a prune checkpoint in lower-case hex. Whoever has the database alone can cut the beginning of a chain, but
/// cannot say that it was cut on purpose.
pub fn pruned_hmac(key: &HmacKey, chain: Chain<'_>, pruned: &PrunedTo<'_>) -> String {
    key.sign_hex(&pruned_parts(chain, pruned))
}

/// Whether `tag` is the tag of that checkpoint, in constant time.
pub fn verify_pruned(key: &impl VerifiesTag, chain: Chain<'_>, pruned: &PrunedTo<'_>, tag: &str) -> bool {
    key.verify_hex(&pruned_parts(chain, pruned), tag)
}

fn pruned_parts(chain: Chain<'_>, pruned: &PrunedTo<'_>) -> Vec<u8> {
    let [kind, zone] = chain.parts();
    let (seq, at) = (pruned.seq.to_be_bytes(), pruned.at.as_micros().to_be_bytes());
    framed(&[PRUNED, kind, zone, &seq, pruned.content.as_bytes(), &at])
}

/// Digest in lower-case hex of the chains up to this one, the `number`th (from 1) that began, after the digest `before`
/// (empty before the first).
pub fn beginning_digest(before: &str, number: u64, chain: Chain<'_>) -> String {
    let [kind, zone] = chain.parts();
    hex::encode(sha256(&framed(&[
        BEGINNING,
        before.as_bytes(),
        &number.to_be_bytes(),
        kind,
        zone,
    ])))
}

/// Tag of the set of chains in lower-case hex: so many began, with this digest of them. A chain that is erased with its
/// head is missing from the digest.
pub fn chains_hmac(key: &HmacKey, count: u64, digest: &str) -> String {
    key.sign_hex(&chains(count, digest))
}

/// Whether `tag` is the tag of that set, in constant time.
pub fn verify_chains(key: &impl VerifiesTag, count: u64, digest: &str, tag: &str) -> bool {
    key.verify_hex(&chains(count, digest), tag)
}

fn chains(count: u64, digest: &str) -> Vec<u8> {
    framed(&[CHAINS, &count.to_be_bytes(), digest.as_bytes()])
}

/// The parts end to end, each after its length (8 bytes, big endian).
pub(crate) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len().saturating_add(8)).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> HmacKey {
        HmacKey::from_hex(&"00112233445566778899aabbccddeeff".repeat(2)).unwrap()
    }

    fn zone(id: &str) -> ZoneId {
        ZoneId::parse(id).unwrap()
    }

    #[test]
    fn known_content_hashes_have_their_known_chain_hashes() {
        let genesis = "5da26b7f8e9839229aae1b23eeef67644ed1b3da6164e861a6a74761ec9051e0";
        let second = "eaff90c32502c697668592d9bdeb73fe51ae14b899ec08b70412d597060fd104";
        let admin = "79397070e0dabc671155f87c7e4ca9ccadc3dd5862202e4e5d1080be941a8cf6";
        for (content, previous, chain) in [
            (
                genesis,
                "",
                "02e51f16124f42aff94e52ecbfb8c70d1ab8b44af0d5242db89d209ee1789843",
            ),
            (
                second,
                genesis,
                "e643a02b20d041e2417b4b93a1f4e74739d9cce91d8e9e00614fa13887b66fcf",
            ),
            (
                admin,
                "",
                "62bae0c2dd3bee308e692e79ad93ef7f16d8be81efd01a6a7c4d13d0dc1f3213",
            ),
        ] {
            assert_eq!(chain_hmac(&key(), content, previous), chain);
            assert!(verify_chain(&key(), content, previous, chain));
            assert!(!verify_chain(&key(), content, second, chain) || previous == second);
            assert!(!verify_chain(&key(), content, previous, ""));
        }
    }

    const AT: i64 = 1_764_331_200_000_001;

    fn taken(received: &str) -> TakenEvent<'_> {
        TakenEvent {
            received,
            ingested_at: Timestamp::from_micros(AT),
            signature: Some("ab"),
        }
    }

    /// Computed independently from the definition.
    #[test]
    fn known_entries_have_their_known_hashes_and_tags() {
        let zone = zone("zone-1");
        let event = event_hash(&zone, 1, &taken(r#"{"id":"evt-1"}"#));
        assert_eq!(
            hex::encode(event),
            "7491ce9a97edf704354bae12f3510c178c4d66bb58e6e8a76b8e536fc1f6c267"
        );
        let record = record_hash(Chain::Deployment, 2, "{}");
        assert_eq!(
            hex::encode(record),
            "83aa69f76f5ba3bd931efa89d8986bddec5c1829c93b26b79e040a0ed6bdca35"
        );
        let tag = head_hmac(&key(), Chain::Admin(&zone), 7, "aa");
        assert_eq!(
            tag,
            "4310f0d8b7081c4349073e74fe84ea4eb22add8910c1e5a35ffaf7299a006dac"
        );
        let digest = beginning_digest("", 1, Chain::Deployment);
        assert_eq!(
            digest,
            "4b942c65f4b4954b551983a70408a8ffcdec4cf0ce398130111294bd23caf1ab"
        );
        assert_eq!(
            chains_hmac(&key(), 1, &digest),
            "23d56b8da4417f96ea6437a326a81db88672039074f102b109680a42c789198d"
        );
    }

    #[test]
    fn everything_that_is_kept_of_an_event_changes_its_content_hash() {
        let (zone, other) = (zone("z-1"), zone("z-2"));
        let event = taken(r#"{"id":"a"}"#);
        let base = event_hash(&zone, 7, &event);
        for changed in [
            event_hash(&other, 7, &event),
            event_hash(&zone, 8, &event),
            event_hash(&zone, 7, &taken(r#"{"id":"b"}"#)),
            event_hash(&zone, 7, &taken(r#"{"id": "a"}"#)),
            event_hash(&zone, 7, &taken("")),
            event_hash(
                &zone,
                7,
                &TakenEvent {
                    ingested_at: Timestamp::from_micros(AT + 1),
                    ..event
                },
            ),
            event_hash(
                &zone,
                7,
                &TakenEvent {
                    signature: Some("ac"),
                    ..event
                },
            ),
            event_hash(
                &zone,
                7,
                &TakenEvent {
                    signature: None,
                    ..event
                },
            ),
            record_hash(Chain::Admin(&zone), 7, event.received),
        ] {
            assert_ne!(base, changed);
        }
        let unsigned = |signature| event_hash(&zone, 7, &TakenEvent { signature, ..event });
        assert_ne!(unsigned(None), unsigned(Some("")));
    }

    #[test]
    fn the_tag_of_an_end_belongs_to_its_chain_its_position_and_its_key() {
        let (zone, other) = (zone("z-1"), zone("z-2"));
        let tag = head_hmac(&key(), Chain::Ledger(&zone), 7, "aa");
        assert!(verify_head(&key(), Chain::Ledger(&zone), 7, "aa", &tag));
        for (chain, seq, content) in [
            (Chain::Ledger(&other), 7, "aa"),
            (Chain::Admin(&zone), 7, "aa"),
            (Chain::Deployment, 7, "aa"),
            (Chain::Ledger(&zone), 6, "aa"),
            (Chain::Ledger(&zone), 7, "ab"),
        ] {
            assert!(
                !verify_head(&key(), chain, seq, content, &tag),
                "{chain:?} {seq} {content}"
            );
        }
        let another = HmacKey::from_bytes(b"another key");
        assert!(!verify_head(&another, Chain::Ledger(&zone), 7, "aa", &tag));
        assert!(!verify_head(&key(), Chain::Ledger(&zone), 7, "aa", ""));
        // What stands in the rows is of no use as the tag of an end.
        let link = chain_hmac(&key(), "aa", "");
        assert!(!verify_head(&key(), Chain::Ledger(&zone), 7, "aa", &link));
    }

    #[test]
    fn the_tag_of_a_prune_checkpoint_belongs_to_all_that_it_says() {
        let (zone, other) = (zone("z-1"), zone("z-2"));
        let pruned = PrunedTo {
            seq: 7,
            content: "aa",
            at: Timestamp::from_micros(AT),
        };
        let tag = pruned_hmac(&key(), Chain::Admin(&zone), &pruned);
        // Computed independently from the definition.
        assert_eq!(
            tag,
            "2ced25c3cd10f4212af0bfecee232043960f9bd000ccf7e5f1d5e3eefae0706a"
        );
        assert!(verify_pruned(&key(), Chain::Admin(&zone), &pruned, &tag));
        let later = Timestamp::from_micros(AT + 1);
        for (chain, pruned) in [
            (Chain::Admin(&other), pruned),
            (Chain::Ledger(&zone), pruned),
            (Chain::Deployment, pruned),
            (Chain::Admin(&zone), PrunedTo { seq: 6, ..pruned }),
            (Chain::Admin(&zone), PrunedTo { seq: 8, ..pruned }),
            (
                Chain::Admin(&zone),
                PrunedTo {
                    content: "ab",
                    ..pruned
                },
            ),
            (Chain::Admin(&zone), PrunedTo { at: later, ..pruned }),
        ] {
            assert!(
                !verify_pruned(&key(), chain, &pruned, &tag),
                "{chain:?} {pruned:?}"
            );
        }
        let another = HmacKey::from_bytes(b"another key");
        assert!(!verify_pruned(&another, Chain::Admin(&zone), &pruned, &tag));
        // What else stands in the tables is of no use as the tag of a checkpoint.
        for other in [
            String::new(),
            chain_hmac(&key(), "aa", ""),
            head_hmac(&key(), Chain::Admin(&zone), 7, "aa"),
        ] {
            assert!(!verify_pruned(&key(), Chain::Admin(&zone), &pruned, &other));
        }
    }

    #[test]
    fn the_digest_of_the_chains_knows_their_names_number_and_order() {
        let (one, two) = (zone("z-1"), zone("z-2"));
        let of = |chains: &[Chain<'_>]| {
            let numbered = (1..).zip(chains);
            numbered.fold(String::new(), |before, (number, chain)| {
                beginning_digest(&before, number, *chain)
            })
        };
        let all = [Chain::Deployment, Chain::Ledger(&one), Chain::Ledger(&two)];
        let base = of(&all);
        for changed in [
            of(&all[..2]),
            of(&all[1..]),
            of(&[all[1], all[0], all[2]]),
            of(&[all[0], Chain::Admin(&one), all[2]]),
        ] {
            assert_ne!(base, changed);
        }
        let tag = chains_hmac(&key(), 3, &base);
        assert!(verify_chains(&key(), 3, &base, &tag));
        assert!(!verify_chains(&key(), 2, &base, &tag) && !verify_chains(&key(), 3, &of(&all[..2]), &tag));
    }
}
