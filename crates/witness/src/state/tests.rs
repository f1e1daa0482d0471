use caracal_ledger::{
    log_keys::LogKeys,
    merkle::{consistency_proof, leaf_hash, root},
};

use super::*;

const LOG: &str = "ledger/z-1";

fn asked(size: u64, old_size: u64) -> AddCheckpoint {
    let leaves: Vec<_> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let keys = LogKeys::derive("a.example", &[1; 32], None).unwrap();
    AddCheckpoint {
        old_size,
        proof: consistency_proof(&leaves, old_size).unwrap_or_default(),
        checkpoint: keys.sign(LOG, size, root(&leaves), 7).unwrap(),
    }
}

fn declined(outcome: Result<(), NotAdvanced>) -> Option<Declined> {
    match outcome {
        Err(NotAdvanced::Declined(declined)) => Some(declined),
        Ok(()) => None,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_was_seen_is_known_to_the_next_process_and_half_a_file_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::open(directory.path()).unwrap();
    assert_eq!(declined(state.advance(&asked(3, 0))), None);
    assert_eq!(declined(state.advance(&asked(9, 3))), None);
    drop(state);
    // A process that died while it wrote leaves its unfinished file, which counts for nothing.
    let path = file(directory.path(), "a.example/ledger/z-1");
    std::fs::write(path.with_extension("new"), "half").unwrap();
    let state = State::open(directory.path()).unwrap();
    assert_eq!(state.logs(), 1);
    assert_eq!(declined(state.advance(&asked(4, 3))), Some(Declined::Conflict(9)));
    assert_eq!(declined(state.advance(&asked(9, 9))), None);
    drop(state);
    // A file that was cut, or put in the place of another, stops the witness.
    let kept = std::fs::read(&path).unwrap();
    for (name, bytes) in [
        (path.clone(), &kept[..kept.len() / 2]),
        (path.clone(), b"".as_slice()),
        (file(directory.path(), "b.example"), kept.as_slice()),
    ] {
        std::fs::write(&path, &kept).unwrap();
        std::fs::write(&name, bytes).unwrap();
        let refused = State::open(directory.path());
        assert!(matches!(refused, Err(StateError::Unreadable(_))), "{refused:?}");
    }
}

#[test]
fn a_directory_has_one_witness() {
    let directory = tempfile::tempdir().unwrap();
    let first = State::open(directory.path()).unwrap();
    let second = State::open(directory.path());
    assert!(matches!(second, Err(StateError::Taken(_))), "{second:?}");
    drop(first);
    State::open(directory.path()).unwrap();
}

#[test]
fn what_cannot_be_written_down_is_not_cosigned() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::open(directory.path()).unwrap();
    state.advance(&asked(3, 0)).unwrap();
    // Something stands where the file is to be made anew.
    let kept = file(directory.path(), "a.example/ledger/z-1");
    let name = kept.file_name().unwrap().to_str().unwrap();
    let fresh = directory
        .path()
        .join(format!(".{name}.{}.new", std::process::id()));
    std::fs::create_dir(&fresh).unwrap();
    let failed = state.advance(&asked(9, 3));
    assert!(matches!(failed, Err(NotAdvanced::Io(_))), "{failed:?}");
    std::fs::remove_dir(&fresh).unwrap();
    assert_eq!(declined(state.advance(&asked(9, 3))), None);
}

#[test]
fn of_many_at_once_none_takes_a_log_back() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::open(directory.path()).unwrap();
    state.advance(&asked(1, 0)).unwrap();
    let cosigned: Vec<u64> = std::thread::scope(|scope| {
        let state = &state;
        let threads: Vec<_> = (2..10)
            .map(|size| scope.spawn(move || state.advance(&asked(size, 1)).is_ok().then_some(size)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    let [only] = cosigned.as_slice() else {
        panic!("{cosigned:?} were cosigned")
    };
    assert_eq!(
        declined(state.advance(&asked(11, 1))),
        Some(Declined::Conflict(*only))
    );
}
