//! Changed exports, each found and told where.

use std::{collections::BTreeMap, fs, ops::Range};

use caracal_audit::{Believed, Journal, KeptCheckpoints};
use caracal_export::{PartFormat, verify_export};
use caracal_ledger::{chain::LogId, merkle::Frontier, prune::Prune, verify::Progress};
use caracal_testkit::parts::Backends;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::fixture::{Fixture, at, keys, public};

type Files = BTreeMap<String, Vec<u8>>;

/// Columns of a table.
const DECISION: usize = 6;
const EVENT: usize = 13;

/// Where the values of a column of a table are.
fn chunk(table: &[u8], column: usize) -> Range<usize> {
    let table = SerializedFileReader::new(bytes::Bytes::from(table.to_vec())).unwrap();
    let (start, length) = table.metadata().row_group(0).column(column).byte_range();
    let start = usize::try_from(start).unwrap();
    start..start + usize::try_from(length).unwrap()
}

/// What a table says; `None` where it cannot be read.
fn said(table: &[u8]) -> Option<Vec<String>> {
    let table = SerializedFileReader::new(bytes::Bytes::from(table.to_vec())).ok()?;
    let rows = table.get_row_iter(None).ok()?;
    rows.map(|row| row.ok().map(|row| row.to_string())).collect()
}

#[tokio::test]
async fn no_column_of_a_table_says_what_the_event_does_not() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Parquet).await;
    let zone = fixture.zone();
    fixture.append(&zone, 3, at(5)).await;
    fixture.export(at(70)).await;
    let good = fixture.files();
    let name = good.keys().find(|name| name.ends_with(".parquet")).unwrap();
    let mut told = 0;
    for place in chunk(&good[name], DECISION) {
        let mut copy = good[name].clone();
        copy[place] ^= 1;
        fs::write(fixture.directory().join(name), &copy).unwrap();
        let found = fixture.verify().await[0].fault.is_some();
        assert!(found || said(&copy) == said(&good[name]), "byte {place}");
        told += usize::from(found && said(&copy).is_some());
    }
    assert!(told > 0, "a word was changed and can be read");
}

fn put(fixture: &Fixture, files: &Files) {
    fs::remove_dir_all(fixture.directory()).unwrap();
    for (name, content) in files {
        let path = fixture.directory().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Goes on where it was.
#[derive(Default)]
struct Remembering(BTreeMap<LogId, Progress>);

impl Journal for Remembering {
    fn earlier(&mut self, log: &LogId) -> Option<Progress> {
        self.0.get(log).cloned()
    }

    fn reached(&mut self, log: &LogId, progress: &Progress) {
        self.0.insert(log.clone(), progress.clone());
    }
}

#[tokio::test]
async fn a_verification_goes_on_with_the_part_at_which_an_earlier_one_ended() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Ndjson).await;
    let zone = fixture.zone();
    fixture.append(&zone, 40, at(5)).await;
    fixture.export(at(70)).await;
    let mut journal = Remembering::default();
    let verify = async |journal: &mut Remembering| {
        let kept = KeptCheckpoints::default();
        let mut found = verify_export(&fixture.target(), &public(), &kept, journal)
            .await
            .unwrap();
        let found = found.remove(0);
        (found.parts, found.fault.map(|fault| fault.to_string()))
    };
    assert_eq!(verify(&mut journal).await, (3, None));
    fixture.append(&zone, 20, at(75)).await;
    fixture.export(at(140)).await;
    let parts = |files: &Files| files.keys().filter(|name| name.contains("/part-")).count() as u64;
    let (all, good) = (parts(&fixture.files()), fixture.files());
    assert!(all > 3);
    let mut onwards = Remembering(journal.0.clone());
    // What was there is not looked at again.
    assert_eq!(verify(&mut onwards).await, (all - 3, None));
    let mut files = good.clone();
    let early = files.keys().find(|name| name.contains("/part-")).unwrap().clone();
    files.insert(early, Vec::new());
    put(&fixture, &files);
    assert_eq!(verify(&mut Remembering(journal.0.clone())).await.1, None);
    assert!(verify(&mut Remembering::default()).await.1.is_some());
    let log = LogId::Ledger(zone);
    let mut another = journal.0.clone();
    let frontier = another[&log].frontier.clone();
    let mut peaks = frontier.peaks().to_vec();
    peaks[0] = [7; 32];
    let frontier = Frontier::from_parts(frontier.size(), peaks).unwrap();
    another.insert(log.clone(), Progress { frontier, proved: 0 });
    put(&fixture, &good);
    let (_, fault) = verify(&mut Remembering(another)).await;
    assert!(fault.unwrap().contains("signed at 40 entries"));
    // What was there once is there still.
    let mut cut = good.clone();
    cut.retain(|name, _| name.contains("00000000000000000001.") || name.contains("00000000000000000017."));
    put(&fixture, &cut);
    let (_, fault) = verify(&mut journal).await;
    assert!(fault.unwrap().contains("8 entries at the end are missing"));
}

#[tokio::test]
async fn every_changed_export_is_found_and_told_where() {
    for form in [PartFormat::Parquet, PartFormat::Ndjson, PartFormat::Ocsf] {
        let fixture = Fixture::over(Backends::Embedded, form).await;
        let (zone, other) = (fixture.zone(), fixture.zone());
        fixture.append(&zone, 40, at(5)).await;
        fixture.append(&other, 40, at(5)).await;
        fixture.export(at(70)).await;
        let good = fixture.files();
        let named = |files: &Files, of: &str, part: &str, nth: usize| {
            let mut names = files
                .keys()
                .filter(|name| name.contains(of) && name.contains(part));
            names.nth(nth).unwrap().clone()
        };
        let (entries, record) = ("/part-", "/_part-");
        let of = zone.as_str();
        let mut copies: Vec<(&str, Files, &str)> = Vec::new();
        let mut copy = |what, place, change: &dyn Fn(&mut Files)| {
            let mut files = good.clone();
            change(&mut files);
            assert!(files != good, "{what}");
            copies.push((what, files, place));
        };
        copy(
            "an event changed",
            "hour=12/_part-00000000000000000017.json",
            &|files| {
                let name = named(files, of, entries, 1);
                let content = files.get_mut(&name).unwrap();
                if form == PartFormat::Parquet {
                    let chunk = chunk(content, EVENT);
                    content[chunk.end - 20] ^= 1;
                } else {
                    let text = String::from_utf8(content.clone()).unwrap();
                    *content = text.replacen("allow", "deny!", 3).into_bytes();
                }
            },
        );
        copy(
            "entries of another part",
            "hour=12/_part-00000000000000000017.json",
            &|files| {
                let other = files[&named(files, of, entries, 0)].clone();
                files.insert(named(files, of, entries, 1), other);
            },
        );
        copy("entries removed", "the entries of", &|files| {
            files.remove(&named(files, of, entries, 1));
        });
        copy(
            "a part removed",
            "begins at entry 32, and 16 is expected",
            &|files| {
                let names = [named(files, of, entries, 1), named(files, of, record, 1)];
                for name in names {
                    files.remove(&name);
                }
            },
        );
        copy(
            "a record removed",
            "begins at entry 32, and 16 is expected",
            &|files| {
                files.remove(&named(files, of, record, 1));
            },
        );
        copy("the last record removed", "belongs to no record", &|files| {
            files.remove(&named(files, of, record, 2));
        });
        copy("a part of another zone", "cannot be read", &|files| {
            let foreign = files[&named(files, other.as_str(), record, 1)].clone();
            files.insert(named(files, of, record, 1), foreign);
        });
        copy(
            "a tree before it that never was",
            "does not continue the part before",
            &|files| {
                let name = named(files, of, record, 1);
                let mut said: serde_json::Value = serde_json::from_slice(&files[&name]).unwrap();
                said["before"][0] = "00".repeat(32).into();
                files.insert(name, serde_json::to_vec(&said).unwrap());
            },
        );
        copy("a checkpoint changed", "is not believed", &|files| {
            let name = named(files, of, record, 1);
            let text = String::from_utf8(files[&name].clone()).unwrap();
            files.insert(name, text.replace("\\n32\\n", "\\n31\\n").into_bytes());
        });
        copy("a file added", "belongs to no record", &|files| {
            files.insert(format!("zone={of}/date=2026-05-21/more"), Vec::new());
        });
        let [zone_name, other_name] = [&zone, &other].map(|zone| format!("zone={zone}"));
        for (what, files, place) in copies {
            put(&fixture, &files);
            let second = fixture.second(&public(), &[]);
            let said = second[&zone_name].as_deref().unwrap_or("that it holds");
            assert!(said.contains(place), "{what}: the second verifier says {said}");
            assert_eq!(second[&other_name], None, "{what}");
            let verified = fixture.verify().await;
            let of_zone = verified.iter().find(|found| found.zone.contains(of)).unwrap();
            let fault = of_zone.fault.as_ref().expect(what).to_string();
            assert!(fault.contains(place), "{what}: {fault}");
            let untouched = verified
                .iter()
                .find(|found| found.zone.contains(other.as_str()))
                .unwrap();
            assert_eq!(untouched.fault, None, "{what}");
        }
        // What is cut at the end holds by itself, and not against a checkpoint that was kept.
        let mut cut = good.clone();
        for part in [entries, record] {
            cut.remove(&named(&cut, of, part, 2));
        }
        put(&fixture, &cut);
        assert!(fixture.verify().await.iter().all(|found| found.fault.is_none()));
        let note = fixture
            .checkpoints()
            .sign_prefix(&LogId::Ledger(zone.clone()), 40)
            .await
            .unwrap()
            .encode();
        let mut kept = KeptCheckpoints::default();
        kept.add(note.as_bytes(), &public(), 0).unwrap();
        let verified = fixture.verify_with(&kept).await;
        let of_zone = verified.iter().find(|found| found.zone.contains(of)).unwrap();
        let fault = of_zone.fault.as_ref().unwrap().to_string();
        assert!(fault.contains("8 entries at the end are missing"), "{fault}");
        assert!(fixture.second(&public(), &[]).values().all(Option::is_none));
        let second = fixture.second(&public(), &[&note]);
        let said = second[&zone_name].as_deref();
        assert_eq!(said, Some("8 entries at the end are missing"));
        // Keys of somebody else.
        put(&fixture, &good);
        let stranger = caracal_ledger::log_keys::LogKeys::derive(keys().host(), &[2; 32], None).unwrap();
        let stranger: Vec<_> = stranger.public().cloned().collect();
        let verified = verify_export(&fixture.target(), &stranger, &KeptCheckpoints::default(), &mut ())
            .await
            .unwrap();
        assert!(verified.iter().all(|found| found.fault.is_some()));
        assert!(fixture.second(&stranger, &[]).values().all(Option::is_some));
        assert!(fixture.second(&public(), &[&note]).values().all(Option::is_none));
    }
}

/// What it is, checkpoints and prune checkpoints that somebody kept, and what does not hold.
type Signed<'n> = (&'static str, &'n [&'n str], &'n [&'n str], Option<&'static str>);

#[tokio::test]
async fn two_views_of_one_size_and_what_was_pruned_are_compared_with_an_export() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Ndjson).await;
    let zone = fixture.zone();
    fixture.append(&zone, 40, at(5)).await;
    fixture.export(at(70)).await;
    let log = LogId::Ledger(zone.clone());
    let sign = |size, root| keys().sign(&log.name(), size, root, 0).unwrap().encode();
    let tree = fixture.checkpoints().prefix(&log, 20).await.unwrap();
    let prune = |frontier| {
        let prune = Prune {
            origin: keys().origin(&log.name()),
            frontier,
            time: 1,
            reason: String::from("old"),
            kept: Vec::new(),
        };
        keys().sign_prune(prune).unwrap().encode()
    };
    let mut other = Frontier::default();
    (0..20).for_each(|_| other.append([7; 32]));
    let (good, forked) = (sign(20, tree.root()), sign(20, [7; 32]));
    let at_the_end = sign(40, [7; 32]);
    let (pruned, elsewhere) = (prune(tree), prune(other));
    let two_logs = "two different logs were signed at";
    let cases: [Signed<'_>; 8] = [
        ("one view", &[&good], &[], None),
        ("a fork", &[&forked], &[], Some("signed at 20 entries")),
        ("two views", &[&good, &forked], &[], Some(two_logs)),
        ("another view of the end", &[&at_the_end], &[], Some(two_logs)),
        ("pruned", &[], &[&pruned], None),
        ("pruned and signed", &[&good], &[&pruned], None),
        (
            "another log pruned",
            &[],
            &[&elsewhere],
            Some("signed at 20 entries"),
        ),
        ("pruned of another view", &[&good], &[&elsewhere], Some(two_logs)),
    ];
    for (what, kept, pruned, fault) in cases {
        let mut believed = Believed::default();
        for note in kept {
            believed.checkpoints.add(note.as_bytes(), &public(), 0).unwrap();
        }
        for note in pruned {
            believed.prunes.add(note.as_bytes(), &public()).unwrap();
        }
        let ours = fixture.verify_with(&believed.as_checkpoints()).await.remove(0);
        let ours = ours.fault.map(|fault| fault.to_string());
        let theirs = fixture.second_with(&public(), kept, pruned);
        let theirs = theirs[&format!("zone={zone}")].clone();
        for (who, said) in [("ours", ours), ("theirs", theirs)] {
            let as_expected = match fault {
                None => said.is_none(),
                Some(words) => said.as_deref().is_some_and(|said| said.contains(words)),
            };
            assert!(as_expected, "{what}: {who}: {said:?}");
        }
    }
}
