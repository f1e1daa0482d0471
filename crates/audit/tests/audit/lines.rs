//! What is done to an export on its way, and that both verifiers find it at the same place.

use caracal_audit::{Believed, ExportFormat, ExportSpan, LinesVerifier, export};
use caracal_storage::LogId;

use crate::{
    ledger::{Backends, Ledger},
    second::Second,
};

const ENTRIES: usize = 600;

/// What ours says of these lines.
pub(crate) fn ours(second: &Second, lines: &str) -> (bool, String) {
    let mut believed = Believed {
        checkpoints: second.known.clone(),
        ..Believed::default()
    };
    if let Some(note) = &second.pruned {
        believed.prunes.add(note.as_bytes(), &second.public()).unwrap();
    }
    let mut verifier = LinesVerifier::new(&believed);
    let taken = verifier.lines(&mut lines.as_bytes(), u64::MAX, &mut ());
    match taken.and_then(|()| Ok(verifier.finish()?)) {
        Ok(_) => (true, String::new()),
        Err(fault) => (false, fault.to_string()),
    }
}

/// What is done to lines, and the words in which both tell where.
fn copies(lines: &[&str], is_of_events: bool) -> Vec<(&'static str, String, &'static str)> {
    let with = |at: usize, line: String| {
        let mut copy: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        copy[at] = line;
        copy.join("\n")
    };
    let changed = |from: &str, to: &str| {
        assert!(lines[344].contains(from), "{from}");
        with(344, lines[344].replacen(from, to, 1))
    };
    // Events stand beside their hash, so that the very line is told; entries do not, and are told between two checkpoints.
    let there = if is_of_events {
        "entry 344"
    } else {
        "signed at 400 entries; it was up to 300"
    };
    let time = if is_of_events {
        "\"ingested_at\":\"2"
    } else {
        "\"taken_at\":1"
    };
    let other_time = if is_of_events {
        "\"ingested_at\":\"3"
    } else {
        "\"taken_at\":2"
    };
    let swapped = [&lines[..344], &[lines[345], lines[344]], &lines[346..]].concat();
    vec![
        ("an event changed", changed("tickets", "weather"), there),
        ("its time changed", changed(time, other_time), there),
        (
            "an event deleted",
            [&lines[..344], &lines[345..]].concat().join("\n"),
            "entry 345 stands where 344 is expected",
        ),
        (
            "an event twice",
            [&lines[..345], &lines[344..]].concat().join("\n"),
            "entry 344 stands where 345 is expected",
        ),
        (
            "two exchanged",
            swapped.join("\n"),
            "entry 345 stands where 344 is expected",
        ),
        (
            "the beginning cut",
            lines[1..].join("\n"),
            "entry 1 stands where 0 is expected",
        ),
        (
            "the end cut",
            lines[..512].join("\n"),
            "88 entries at the end are missing",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_an_export_is_found_and_located_by_both_verifiers() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let log = LogId::Ledger(zone.clone());
    ledger.fill(&log, ENTRIES).await;
    let mut second = Second::new(&log);
    second.keep_all(&ledger, ENTRIES as u64).await;
    let store = ledger.deps.store.as_ref();
    let mut of_events = String::new();
    let span = ExportSpan::default();
    export(store, &zone, span, ExportFormat::Ndjson, |line| {
        of_events.push_str(line);
        of_events.push('\n');
        Ok(())
    })
    .await
    .unwrap();
    let of_entries = second.exported(&ledger).await.unwrap();
    let mut wrong = Vec::new();
    for (text, is_of_events) in [(&of_events, true), (&of_entries, false)] {
        assert!(ours(&second, text).0 && second.says_of(text).0);
        let lines: Vec<&str> = text.lines().collect();
        for (what, copy, place) in copies(&lines, is_of_events) {
            for (who, (holds, said)) in [("ours", ours(&second, &copy)), ("theirs", second.says_of(&copy))] {
                if holds || !said.contains(place) {
                    wrong.push(format!("{what}, of events {is_of_events}: {who}: {said}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
