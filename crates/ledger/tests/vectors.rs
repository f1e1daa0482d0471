//! The vectors beside the handbook: what any verifier of the evidence has to say to each of them.
//!
//! `CARACAL_REGENERATE=1 cargo test -p caracal-ledger --test vectors` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::single_range_in_vec_init, reason = "what is kept may be one range")]

use std::{env, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::Timestamp;
use caracal_crypto::{Digest32, LogAlgorithm, LogSigningKey};
use caracal_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    entry::Entry,
    merkle::{
        Frontier, consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency, verify_inclusion,
    },
    note::{NoteKey, NoteSigner, SignatureKind},
    prune::{Prune, SignedPrune},
    receipt::Receipt,
    verify::{Fault, Progress, Verifier},
};
use serde_json::{Value, json};

#[path = "support/trust.rs"]
mod trust;

use self::trust::trust;

const LOG: &str = "ledger/z-1";
const ORIGIN: &str = "caracal.example/ledger/z-1";
const HOST: &str = "caracal.example";
const AT: i64 = 1_764_331_200_000_001;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger/vectors.json")
}

fn signer(name: &str, kind: SignatureKind, seed: u8) -> NoteSigner {
    let algorithm = match kind {
        SignatureKind::CosignatureMlDsa44 => LogAlgorithm::MlDsa44,
        _ => LogAlgorithm::Ed25519,
    };
    let key = LogSigningKey::from_seed(algorithm, &[seed; 32]).unwrap();
    NoteSigner::new(name, kind, key).unwrap()
}

struct Signers {
    log: NoteSigner,
    quantum: NoteSigner,
    witnesses: [NoteSigner; 2],
}

impl Signers {
    fn new() -> Self {
        Self {
            log: signer(ORIGIN, SignatureKind::Ed25519, 1),
            quantum: signer(ORIGIN, SignatureKind::CosignatureMlDsa44, 1),
            witnesses: [
                signer("witness.example/1", SignatureKind::CosignatureEd25519, 2),
                signer("witness.example/2", SignatureKind::CosignatureMlDsa44, 3),
            ],
        }
    }

    fn trust(&self, threshold: usize) -> Value {
        let of = |signers: &[&NoteSigner]| -> Vec<String> {
            signers.iter().map(|signer| signer.public().encode()).collect()
        };
        let [first, second] = &self.witnesses;
        json!({
            "origin": ORIGIN, "log": of(&[&self.log, &self.quantum]), "witnesses": of(&[first, second]),
            "threshold": threshold,
        })
    }

    fn sign(&self, size: usize, leaves: &[Digest32]) -> SignedCheckpoint {
        let mut signed = SignedCheckpoint::new(Checkpoint {
            origin: ORIGIN.to_owned(),
            size: size as u64,
            root: root(&leaves[..size]),
        })
        .unwrap();
        signed.sign(&self.log, 0).unwrap();
        signed
    }
}

/// The prune checkpoint of `leaves`, signed by `log`.
fn prune(log: &[&NoteSigner], leaves: &[Digest32], kept: Vec<std::ops::Range<u64>>) -> String {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    let mut signed = SignedPrune::new(Prune {
        origin: ORIGIN.to_owned(),
        frontier,
        time: 1_700_000_002,
        reason: String::from("older than 90 days"),
        kept,
    })
    .unwrap();
    for log in log {
        signed.sign(log).unwrap();
    }
    signed.encode()
}

/// Exports of a log whose beginning was pruned.
fn pruned_exports(signers: &Signers, entries: &[Entry<'_>]) -> Vec<Value> {
    let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
    let gone = |range: std::ops::Range<usize>| {
        let hashes = STANDARD.encode(leaves[range.clone()].concat());
        json!({"log": LOG, "index": range.start, "leaves": hashes})
    };
    let there = |range: std::ops::Range<usize>| entries[range].iter().map(as_json).collect::<Vec<_>>();
    let by_hashes = [vec![gone(0..6)], there(6..11)].concat();
    let with_held = [vec![gone(0..2)], there(2..4), vec![gone(4..6)], there(6..11)].concat();
    let without_held = [vec![gone(0..6)], there(6..11)].concat();
    let log = &signers.log;
    let signed = |kept| prune(&[log, &signers.quantum], &leaves[..6], kept);
    let good = signed(vec![]);
    let mut others = leaves.clone();
    others[2] = [7; 32];
    let stranger = prune(
        &[&signer(ORIGIN, SignatureKind::Ed25519, 9)],
        &leaves[..6],
        vec![],
    );
    let case = |what: &str, entries: &[Value], sizes: &[usize], pruned: Option<&str>, fault: Option<&str>| {
        let notes: Vec<_> = sizes
            .iter()
            .map(|size| signers.sign(*size, &leaves).encode())
            .collect();
        json!({
            "what": what, "log": LOG, "entries": entries, "checkpoints": notes, "trust": signers.trust(0),
            "pruned": pruned, "fault": fault,
        })
    };
    vec![
        case(
            "pruned, with the hashes",
            &by_hashes,
            &[4, 6, 11],
            Some(&good),
            None,
        ),
        case(
            "pruned, without the hashes",
            &there(6..11),
            &[6, 11],
            Some(&good),
            None,
        ),
        case(
            "pruned, with what is held",
            &with_held,
            &[4, 11],
            Some(&signed(vec![2..4])),
            None,
        ),
        case(
            "pruned, without what is held",
            &without_held,
            &[11],
            Some(&signed(vec![2..4])),
            Some("missing"),
        ),
        case(
            "pruned, without what is held and the hashes",
            &there(6..11),
            &[11],
            Some(&signed(vec![2..4])),
            Some("missing"),
        ),
        case(
            "hashes without a prune checkpoint",
            &by_hashes,
            &[11],
            None,
            Some("missing"),
        ),
        case(
            "begun later without a prune checkpoint",
            &there(6..11),
            &[11],
            None,
            Some("gap"),
        ),
        case(
            "pruned further than was signed",
            &[vec![gone(0..7)], there(7..11)].concat(),
            &[11],
            Some(&good),
            Some("missing"),
        ),
        case(
            "begun behind the prune checkpoint",
            &there(7..11),
            &[11],
            Some(&good),
            Some("gap"),
        ),
        case(
            "a checkpoint that is pruned away",
            &there(6..11),
            &[4, 11],
            Some(&good),
            Some("unproved"),
        ),
        case(
            "hashes of others",
            &[
                vec![json!({"log": LOG, "index": 0, "leaves": STANDARD.encode(others[..6].concat())})],
                there(6..11),
            ]
            .concat(),
            &[11],
            Some(&good),
            Some("forked"),
        ),
        case(
            "pruned to another tree",
            &there(6..11),
            &[11],
            Some(&prune(&[log], &others[..6], vec![])),
            Some("forked"),
        ),
        case(
            "pruned to another tree than was signed",
            &by_hashes,
            &[6],
            Some(&prune(&[log], &others[..6], vec![])),
            Some("split_view"),
        ),
        case(
            "pruned by a stranger",
            &by_hashes,
            &[11],
            Some(&stranger),
            Some("trust"),
        ),
        case(
            "pruned, and the note changed",
            &by_hashes,
            &[11],
            Some(&good.replacen("90 days", "91 days", 1)),
            Some("trust"),
        ),
        case(
            "pruned, and the note is a checkpoint",
            &by_hashes,
            &[11],
            Some(&signers.sign(6, &leaves).encode()),
            Some("form"),
        ),
        case(
            "pruned with a root of another size",
            &by_hashes,
            &[11],
            Some(&good.replacen("\n6\n", "\n7\n", 1)),
            Some("form"),
        ),
        case("pruned but whole", &there(0..11), &[4, 11], Some(&good), None),
    ]
}

fn entries() -> Vec<Entry<'static>> {
    let bodies = [
        "{}",
        r#"{"id":"a"}"#,
        r#"{"id": "a"}"#,
        "{\"label\":\"\\u0000\"}",
        "{\"name\":\"gr\u{fc}n \u{1f7e2}\"}",
        "",
        "x",
        r#"{"n":7}"#,
        r#"{"n":8}"#,
        r#"{"n":9}"#,
        r#"{"n":10}"#,
    ];
    let entry = |(index, body): (u64, &'static str)| Entry {
        log: LOG,
        index,
        body,
        taken_at: Timestamp::from_micros(AT + i64::try_from(index).unwrap() * 1000),
        producer_key: if index == 3 { "" } else { "k1" },
    };
    (0..).zip(bodies).map(entry).collect()
}

fn as_json(entry: &Entry<'_>) -> Value {
    json!({
        "log": entry.log, "index": entry.index, "body": entry.body, "taken_at": entry.taken_at.as_micros(),
        "producer_key": entry.producer_key,
    })
}

fn hexes(hashes: &[Digest32]) -> Vec<String> {
    hashes.iter().map(hex::encode).collect()
}

/// What follows from the form alone.
fn fixed() -> Value {
    let entries = entries();
    let leaves: Vec<_> = (0..40_u8).map(|n| leaf_hash(&[n])).collect();
    let of_entries = entries.iter().map(|entry| {
        json!({
            "entry": as_json(entry), "bytes": hex::encode(entry.encode()),
            "content": hex::encode(entry.content_hash()), "leaf": hex::encode(entry.leaf()),
        })
    });
    let trees = [0, 1, 2, 3, 7, 8, 13, 40]
        .map(|size| json!({"leaves": hexes(&leaves[..size]), "root": hex::encode(root(&leaves[..size]))}));
    let (mut inclusion, mut consistency) = (Vec::new(), Vec::new());
    for size in [1_usize, 2, 7, 8, 40] {
        for index in [0, size / 2, size - 1] {
            let proof = inclusion_proof(&leaves[..size], index as u64).unwrap();
            let case = |index: usize, proof: &[Digest32], holds: bool| {
                json!({
                    "leaf": hex::encode(leaves[index.min(39)]), "index": index, "size": size, "proof": hexes(proof),
                    "root": hex::encode(root(&leaves[..size])), "holds": holds,
                })
            };
            inclusion.push(case(index, &proof, true));
            inclusion.push(case(index + 1, &proof, false));
            inclusion.push(case(index, &[proof.clone(), vec![[0; 32]]].concat(), false));
        }
        for old in [0, 1, size / 2, size] {
            let proof = consistency_proof(&leaves[..size], old as u64).unwrap();
            let case = |proof: &[Digest32], old_root: Digest32, holds: bool| {
                json!({
                    "old_size": old, "new_size": size, "proof": hexes(proof), "old_root": hex::encode(old_root),
                    "new_root": hex::encode(root(&leaves[..size])), "holds": holds,
                })
            };
            let old_root = root(&leaves[..old]);
            consistency.push(case(&proof, old_root, true));
            consistency.push(case(&proof, [7; 32], false));
            consistency.push(case(&[proof.clone(), vec![[0; 32]]].concat(), old_root, false));
        }
    }
    json!({
        "entries": of_entries.collect::<Vec<_>>(), "trees": trees, "inclusion": inclusion, "consistency": consistency,
    })
}

/// What carries signatures, some of which differ from run to run.
fn signed() -> Value {
    let signers = Signers::new();
    let entries = entries();
    let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
    let all = entries.len();

    let good = signers.log.public().encode();
    let keys = [
        (good.clone(), true),
        (signers.quantum.public().encode(), true),
        (signers.witnesses[0].public().encode(), true),
        (good.replacen("caracal", "caracol", 1), false),
        (good.replacen('+', "+0", 1), false),
        (format!("{good}="), false),
        (String::from("a+b"), false),
    ]
    .map(|(key, holds)| json!({"key": key, "holds": holds}));

    let plain = signers.sign(all, &leaves);
    let mut witnessed = plain.clone();
    witnessed.sign(&signers.quantum, 1_700_000_000).unwrap();
    for witness in &signers.witnesses {
        witnessed.sign(witness, 1_700_000_001).unwrap();
    }
    let mut by_stranger = SignedCheckpoint::new(plain.checkpoint().clone()).unwrap();
    by_stranger
        .sign(&signer(ORIGIN, SignatureKind::Ed25519, 9), 0)
        .unwrap();
    let (plain, witnessed) = (plain.encode(), witnessed.encode());
    let checkpoint = |what: &str, note: &str, threshold: usize, holds: bool| json!({"what": what, "note": note, "trust": signers.trust(threshold), "holds": holds});
    let by_host = |what: &str, host: &str, note: &str, holds: bool| {
        let host = signer(host, SignatureKind::Ed25519, 1).public().encode();
        let trust = json!({"origin": ORIGIN, "log": [host], "witnesses": [], "threshold": 0});
        json!({"what": what, "note": note, "trust": trust, "holds": holds})
    };
    let mut under_host = SignedCheckpoint::new(by_stranger.checkpoint().clone()).unwrap();
    under_host
        .sign(&signer(HOST, SignatureKind::Ed25519, 1), 0)
        .unwrap();
    let checkpoints = [
        by_host("by the key of the host", HOST, &plain, true),
        by_host("by the key of another host", "caracal.exampl", &plain, false),
        by_host("under the name of the host", HOST, &under_host.encode(), false),
        checkpoint("signed by the log", &plain, 0, true),
        checkpoint("signed by all", &witnessed, 2, true),
        checkpoint("without witnesses where one is needed", &plain, 1, false),
        checkpoint(
            "of another size",
            &witnessed.replacen("\n11\n", "\n12\n", 1),
            2,
            false,
        ),
        checkpoint(
            "with a zero before its size",
            &plain.replacen("\n11\n", "\n011\n", 1),
            0,
            false,
        ),
        checkpoint(
            "of another origin",
            &plain.replacen("z-1\n", "z-2\n", 1),
            0,
            false,
        ),
        checkpoint("signed by a stranger", &by_stranger.encode(), 0, false),
        checkpoint("without its last line end", plain.trim_end(), 0, false),
        checkpoint(
            "with an extension line",
            &plain.replacen("\n\n", "\nextension\n\n", 1),
            0,
            false,
        ),
    ];

    let receipt = |index: usize| Receipt {
        entry: entries[index].encode(),
        index: index as u64,
        proof: inclusion_proof(&leaves, index as u64).unwrap(),
        checkpoint: SignedCheckpoint::parse(witnessed.as_bytes()).unwrap(),
    };
    let receipts: Vec<_> = (0..all)
        .map(|index| json!({"what": format!("entry {index}"), "receipt": receipt(index).encode(), "trust": signers.trust(2), "holds": true}))
        .chain([
            ("with the index of another", receipt(4).encode().replacen("index 4", "index 5", 1)),
            ("with the entry of another", Receipt { entry: entries[5].encode(), ..receipt(4) }.encode()),
            ("with a shorter proof", Receipt { proof: vec![], ..receipt(4) }.encode()),
            ("of a later form", receipt(4).encode().replacen("@v1", "@v2", 1)),
        ].map(|(what, receipt)| json!({"what": what, "receipt": receipt, "trust": signers.trust(2), "holds": false})))
        .collect();

    let notes = |sizes: &[usize]| -> Vec<String> {
        sizes
            .iter()
            .map(|size| signers.sign(*size, &leaves).encode())
            .collect()
    };
    let export = |what: &str, entries: &[Entry<'_>], checkpoints: Vec<String>, fault: Option<&str>| {
        let entries: Vec<_> = entries.iter().map(as_json).collect();
        json!({"what": what, "log": LOG, "entries": entries, "checkpoints": checkpoints, "trust": signers.trust(0), "fault": fault})
    };
    let with = |change: &dyn Fn(&mut Vec<Entry<'static>>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        entries
    };
    let changed = with(&|entries| entries[5].body = "else");
    let forged: Vec<_> = changed.iter().map(Entry::leaf).collect();
    let twice = [notes(&[11]), vec![signers.sign(11, &forged).encode()]].concat();
    let exports = [
        export("whole", &entries, notes(&[0, 4, 11]), None),
        export("whole, and one taken in since", &entries, notes(&[4, 10]), None),
        export("changed", &changed, notes(&[4, 11]), Some("forked")),
        export(
            "with another time",
            &with(&|entries| entries[5].taken_at = Timestamp::from_micros(AT)),
            notes(&[11]),
            Some("forked"),
        ),
        export(
            "deleted",
            &with(&|entries| {
                entries.remove(3);
            }),
            notes(&[11]),
            Some("gap"),
        ),
        export(
            "doubled",
            &with(&|entries| entries.insert(3, entries[3].clone())),
            notes(&[11]),
            Some("gap"),
        ),
        export(
            "exchanged",
            &with(&|entries| entries.swap(2, 3)),
            notes(&[11]),
            Some("gap"),
        ),
        export(
            "of another log",
            &with(&|entries| entries[2].log = "ledger/z-2"),
            notes(&[11]),
            Some("log"),
        ),
        export(
            "cut at the end",
            &entries[..9],
            notes(&[4, 11]),
            Some("truncated"),
        ),
        export("empty", &[], notes(&[11]), Some("truncated")),
        export("two views", &entries, twice, Some("split_view")),
    ];
    let exports = [exports.to_vec(), pruned_exports(&signers, &entries)].concat();
    json!({"keys": keys, "checkpoints": checkpoints, "receipts": receipts, "exports": exports})
}

fn cases<'v>(vectors: &'v Value, of: &str) -> &'v [Value] {
    let cases = vectors[of].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

fn digest(value: &Value) -> Digest32 {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn digests(value: &Value) -> Vec<Digest32> {
    value.as_array().unwrap().iter().map(digest).collect()
}

fn export_fault(case: &Value) -> Option<&'static str> {
    let trust = trust(&case["trust"]);
    let mut known = Vec::new();
    for note in case["checkpoints"].as_array().unwrap() {
        let signed = SignedCheckpoint::parse(note.as_str().unwrap().as_bytes()).unwrap();
        trust.check(&signed).unwrap();
        known.push(signed.checkpoint().clone());
    }
    let pruned = match case["pruned"]
        .as_str()
        .map(|note| SignedPrune::parse(note.as_bytes()))
    {
        None => None,
        Some(Err(_)) => return Some("form"),
        Some(Ok(signed)) if trust.check_prune(&signed).is_err() => return Some("trust"),
        Some(Ok(signed)) => Some(signed),
    };
    let verifier = || -> Result<Verifier, Fault> {
        let verifier = Verifier::new(case["log"].as_str().unwrap(), Progress::default(), &known)?;
        match &pruned {
            Some(signed) => verifier.pruned(signed.prune().clone()),
            None => Ok(verifier),
        }
    };
    let verify = || -> Result<Progress, Fault> {
        let mut verifier = verifier()?;
        for entry in case["entries"].as_array().unwrap() {
            let index = entry["index"].as_u64().unwrap();
            if let Some(leaves) = entry["leaves"].as_str() {
                for (index, leaf) in (index..).zip(STANDARD.decode(leaves).unwrap().chunks(32)) {
                    verifier.push_pruned(index, leaf.try_into().unwrap())?;
                }
                continue;
            }
            let begins = verifier.progress().frontier.size() == 0;
            if begins
                && pruned
                    .as_ref()
                    .is_some_and(|pruned| pruned.prune().size() == index)
            {
                verifier.skip_pruned()?;
            }
            let entry = Entry {
                log: entry["log"].as_str().unwrap(),
                index,
                body: entry["body"].as_str().unwrap(),
                taken_at: Timestamp::from_micros(entry["taken_at"].as_i64().unwrap()),
                producer_key: entry["producer_key"].as_str().unwrap(),
            };
            verifier.push(&entry, None)?;
        }
        verifier.finish()
    };
    verify().err().map(|fault| match fault {
        Fault::Log { .. } => "log",
        Fault::Gap { .. } => "gap",
        Fault::Changed { .. } => "changed",
        Fault::Forked { .. } => "forked",
        Fault::Missing { .. } => "missing",
        Fault::Truncated { .. } => "truncated",
        Fault::Unreadable { .. } => "unreadable",
        Fault::Unproved { .. } => "unproved",
        Fault::SplitView { .. } => "split_view",
    })
}

#[test]
fn every_vector_is_as_the_file_says() {
    let fixed = fixed();
    if env::var_os("CARACAL_REGENERATE").is_some() {
        let (mut vectors, mut signed) = (fixed.clone(), signed());
        vectors
            .as_object_mut()
            .unwrap()
            .append(signed.as_object_mut().unwrap());
        fs::write(path(), serde_json::to_string_pretty(&vectors).unwrap() + "\n").unwrap();
    }
    let vectors: Value = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    for (part, made) in fixed.as_object().unwrap() {
        assert_eq!(
            &vectors[part], made,
            "{part}: the form changed, or the file needs CARACAL_REGENERATE=1"
        );
    }
    for case in cases(&vectors, "inclusion") {
        let (leaf, root) = (digest(&case["leaf"]), digest(&case["root"]));
        let (index, size) = (case["index"].as_u64().unwrap(), case["size"].as_u64().unwrap());
        let said = verify_inclusion(&leaf, index, size, &digests(&case["proof"]), &root);
        assert_eq!(said, case["holds"], "{case}");
    }
    for case in cases(&vectors, "consistency") {
        let (old, new) = (
            case["old_size"].as_u64().unwrap(),
            case["new_size"].as_u64().unwrap(),
        );
        let (old_root, new_root) = (digest(&case["old_root"]), digest(&case["new_root"]));
        let said = verify_consistency(old, new, &digests(&case["proof"]), &old_root, &new_root);
        assert_eq!(said, case["holds"], "{case}");
    }
    for case in cases(&vectors, "keys") {
        let key = case["key"].as_str().unwrap();
        assert_eq!(NoteKey::parse(key).is_ok(), case["holds"], "{key}");
    }
    for case in cases(&vectors, "checkpoints") {
        let signed = SignedCheckpoint::parse(case["note"].as_str().unwrap().as_bytes());
        let said = signed.is_ok_and(|signed| trust(&case["trust"]).check(&signed).is_ok());
        assert_eq!(said, case["holds"], "{}", case["what"]);
    }
    for case in cases(&vectors, "receipts") {
        let receipt = Receipt::parse(case["receipt"].as_str().unwrap().as_bytes());
        let said = receipt.is_ok_and(|receipt| receipt.verify(&trust(&case["trust"])).is_ok());
        assert_eq!(said, case["holds"], "{}", case["what"]);
    }
    for case in cases(&vectors, "exports") {
        let expected = case["fault"].as_str();
        assert_eq!(export_fault(case), expected, "{}", case["what"]);
    }
}
