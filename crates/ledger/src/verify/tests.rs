use super::*;
use crate::{
    entry::tests::entry,
    merkle::{empty_root, root},
};

const LOG: &str = "ledger/z-1";

fn bodies(count: u64) -> Vec<String> {
    (0..count).map(|n| format!(r#"{{"n":{n}}}"#)).collect()
}

fn entries(bodies: &[String]) -> Vec<Entry<'_>> {
    (0..).zip(bodies).map(|(n, body)| entry(n, body)).collect()
}

fn checkpoints(entries: &[Entry<'_>], sizes: &[usize]) -> Vec<Checkpoint> {
    let leaves: Vec<_> = entries.iter().map(Entry::leaf).collect();
    let at = |size: &usize| Checkpoint {
        origin: format!("caracal.example/{LOG}"),
        size: *size as u64,
        root: root(&leaves[..*size]),
    };
    sizes.iter().map(at).collect()
}

fn verify(entries: &[Entry<'_>], known: &[Checkpoint]) -> Result<Progress, Fault> {
    let mut verifier = Verifier::new(LOG, Progress::default(), known)?;
    for entry in entries {
        verifier.push(entry, None)?;
    }
    verifier.finish()
}

#[test]
fn a_log_that_is_whole_holds_from_any_place_on() {
    let bodies = bodies(30);
    let entries = entries(&bodies);
    let known = checkpoints(&entries, &[0, 7, 20, 30]);
    let whole = verify(&entries, &known).unwrap();
    assert_eq!((whole.frontier.size(), whole.proved), (30, 30));
    for stop in 0..=30 {
        let mut first = Verifier::new(LOG, Progress::default(), &known).unwrap();
        for entry in &entries[..stop] {
            first.push(entry, None).unwrap();
        }
        let mut second = Verifier::new(LOG, first.progress().clone(), &known).unwrap();
        for entry in &entries[stop..] {
            second.push(entry, None).unwrap();
        }
        assert_eq!(second.finish().unwrap(), whole, "{stop}");
    }
}

#[test]
fn every_kind_of_tampering_is_found_and_placed() {
    let bodies = bodies(30);
    let good = entries(&bodies);
    let known = checkpoints(&good, &[7, 20, 30]);
    // Changed.
    let mut changed = good.clone();
    changed[9].body = r#"{"n":"nine"}"#;
    assert_eq!(
        verify(&changed, &known),
        Err(Fault::Forked { proved: 7, size: 20 })
    );
    let mut exact = Verifier::new(LOG, Progress::default(), &known).unwrap();
    let found = changed
        .iter()
        .zip(&good)
        .find_map(|(entry, was)| exact.push(entry, Some(&was.leaf())).err());
    assert_eq!(found, Some(Fault::Changed { index: 9 }));
    // Deleted, doubled, exchanged.
    let without = [&good[..9], &good[10..]].concat();
    assert_eq!(
        verify(&without, &known),
        Err(Fault::Gap {
            expected: 9,
            found: 10
        })
    );
    let doubled = [&good[..10], &good[9..]].concat();
    assert_eq!(
        verify(&doubled, &known),
        Err(Fault::Gap {
            expected: 10,
            found: 9
        })
    );
    let mut exchanged = good.clone();
    exchanged.swap(3, 4);
    assert_eq!(
        verify(&exchanged, &known),
        Err(Fault::Gap {
            expected: 3,
            found: 4
        })
    );
    // Numbered anew to hide it.
    for (n, entry) in (0..).zip(&mut exchanged) {
        entry.index = n;
    }
    assert_eq!(
        verify(&exchanged, &known),
        Err(Fault::Forked { proved: 0, size: 7 })
    );
    // Cut at the end, or emptied.
    assert_eq!(verify(&good[..25], &known), Err(Fault::Truncated { missing: 5 }));
    assert_eq!(verify(&[], &known), Err(Fault::Truncated { missing: 30 }));
    // Entries of another log.
    let mut foreign = good.clone();
    foreign[2].log = "ledger/z-2";
    assert_eq!(verify(&foreign, &known), Err(Fault::Log { index: 2 }));
    // Rolled back behind what was seen.
    let seen = verify(&good, &known).unwrap();
    let other = checkpoints(&changed, &[30]);
    assert_eq!(
        Verifier::new(LOG, seen, &other).unwrap_err(),
        Fault::Forked { proved: 30, size: 30 }
    );
}

#[test]
fn a_split_view_is_told_from_its_checkpoints_alone() {
    let bodies = bodies(8);
    let good = entries(&bodies);
    let mut other = good.clone();
    other[5].body = "{}";
    let known = [checkpoints(&good, &[8]), checkpoints(&other, &[8])].concat();
    assert_eq!(verify(&good, &known), Err(Fault::SplitView { size: 8 }));
    let empty = Checkpoint {
        origin: String::from("o"),
        size: 0,
        root: [1; 32],
    };
    assert_eq!(verify(&[], &[empty]), Err(Fault::Forked { proved: 0, size: 0 }));
    assert_eq!(Progress::default().frontier.root(), empty_root());
}

/// The log with nothing but hashes of the first `size` entries, but for those that are kept.
fn verify_pruned(
    entries: &[Entry<'_>],
    known: &[Checkpoint],
    said: &Prune,
    missing: impl Fn(u64) -> bool,
) -> Result<Progress, Fault> {
    let mut verifier = Verifier::new(LOG, Progress::default(), known)?.pruned(said.clone())?;
    for entry in entries {
        if missing(entry.index) {
            verifier.push_pruned(entry.index, entry.leaf())?;
        } else {
            verifier.push(entry, None)?;
        }
    }
    verifier.finish()
}

fn prune(entries: &[Entry<'_>], kept: Vec<std::ops::Range<u64>>) -> Prune {
    let mut frontier = Frontier::default();
    for entry in entries {
        frontier.append(entry.leaf());
    }
    Prune {
        origin: format!("caracal.example/{LOG}"),
        frontier,
        time: 0,
        reason: String::from("old"),
        kept,
    }
}

#[test]
fn a_beginning_may_be_missing_only_as_a_prune_checkpoint_says() {
    let bodies = bodies(30);
    let good = entries(&bodies);
    let known = checkpoints(&good, &[7, 20, 30]);
    let said = prune(&good[..20], vec![8..10]);
    let gone = |index| index < 20 && !(8..10).contains(&index);
    assert_eq!(
        verify_pruned(&good, &known, &said, gone).map(|progress| progress.proved),
        Ok(30)
    );
    // What is held, and what is younger, has to be there.
    let all = |index| index < 20;
    assert_eq!(
        verify_pruned(&good, &known, &said, all),
        Err(Fault::Missing { index: 8 })
    );
    let more = |index| gone(index) || index == 20;
    assert_eq!(
        verify_pruned(&good, &known, &said, more),
        Err(Fault::Missing { index: 20 })
    );
    // Without one, nothing may be missing.
    let mut without = Verifier::new(LOG, Progress::default(), &known).unwrap();
    let refused = without.push_pruned(0, good[0].leaf());
    assert_eq!(refused, Err(Fault::Missing { index: 0 }));
    assert_eq!(without.skip_pruned(), Err(Fault::Missing { index: 0 }));
    // Entries that are held are compared like any others.
    let mut changed = good.clone();
    changed[9].body = "{}";
    assert_eq!(
        verify_pruned(&changed, &known, &said, gone),
        Err(Fault::Forked { proved: 7, size: 20 })
    );
    // One that says another tree contradicts a checkpoint, or the log.
    let other = prune(&changed[..20], vec![8..10]);
    let refused = verify_pruned(&good, &known, &other, gone);
    assert_eq!(refused, Err(Fault::SplitView { size: 20 }));
    let other = prune(&changed[..19], vec![8..10]);
    let refused = verify_pruned(&good, &known, &other, |index| gone(index) && index < 19);
    assert_eq!(refused, Err(Fault::Forked { proved: 7, size: 19 }));
}

#[test]
fn verification_begins_behind_a_prune_checkpoint_unless_that_leaves_something_out() {
    let bodies = bodies(30);
    let good = entries(&bodies);
    let begin = |said: &Prune, sizes: &[usize], entries: &[Entry<'_>]| {
        let known = checkpoints(&good, sizes);
        let mut verifier = Verifier::new(LOG, Progress::default(), &known)?.pruned(said.clone())?;
        verifier.skip_pruned()?;
        entries.iter().try_for_each(|entry| verifier.push(entry, None))?;
        verifier.finish().map(|progress| progress.proved)
    };
    let said = prune(&good[..20], vec![]);
    assert_eq!(begin(&said, &[20, 25, 30], &good[20..]), Ok(30));
    assert_eq!(
        begin(&said, &[7, 30], &good[20..]),
        Err(Fault::Unproved { size: 7 })
    );
    let held = prune(&good[..20], vec![3..4]);
    assert_eq!(begin(&held, &[30], &good[20..]), Err(Fault::Missing { index: 3 }));
    let gap = Fault::Gap {
        expected: 20,
        found: 21,
    };
    assert_eq!(begin(&said, &[30], &good[21..]), Err(gap));
    // A later checkpoint tells a prune checkpoint that is not of this log.
    let mut changed = good.clone();
    changed[9].body = "{}";
    let other = prune(&changed[..20], vec![]);
    let forked = Fault::Forked { proved: 20, size: 30 };
    assert_eq!(begin(&other, &[30], &good[20..]), Err(forked));
}
