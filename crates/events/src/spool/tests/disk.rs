//! Disks that are full, read-only, failing, slow, and a small one of our own.

use std::{fs::File, io::Write, process::Command, sync::mpsc};

use caracal_testkit::fault::{Fault, Faults};
use nix::errno::Errno;

use super::*;

/// A disk with a fault that can be switched.
#[derive(Debug, Default)]
struct Faulty {
    fault: Mutex<Option<Fault>>,
    /// Every sync waits for a word.
    gate: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Faults for Faulty {
    /// Without space, files can be overwritten within the room they have, and nothing else; removing one makes room.
    fn fail(&self, fault: Fault) {
        *self.fault.lock() = Some(fault);
    }

    fn mend(&self) {
        *self.fault.lock() = None;
    }
}

impl Disk for Faulty {
    fn before(&self, operation: DiskOperation) -> io::Result<()> {
        if operation == DiskOperation::Sync
            && let Some(gate) = &*self.gate.lock()
        {
            gate.recv().map_err(io::Error::other)?;
        }
        let mut fault = self.fault.lock();
        if *fault == Some(Fault::NoSpace) && operation == DiskOperation::Remove {
            *fault = None;
        }
        let met = match *fault {
            None => false,
            Some(Fault::NoSpace) => matches!(operation, DiskOperation::Create | DiskOperation::Reserve),
            Some(Fault::SyncError) => operation == DiskOperation::Sync,
            Some(Fault::ReadOnly | Fault::WriteError) => true,
            Some(other) => panic!("this disk is never {other:?}"),
        };
        match *fault {
            Some(fault) if met => Err(fault.errno().into()),
            _ => Ok(()),
        }
    }
}

/// A spool in `dir` each of whose syncs waits for a word.
pub(crate) fn with_held_syncs(dir: &Path, key: HmacKey) -> (Arc<Spool>, mpsc::Sender<()>) {
    let disk = Arc::new(Faulty::default());
    let (word, gate) = mpsc::channel();
    *disk.gate.lock() = Some(gate);
    let mode = SyncMode::Interval(Duration::from_mins(1));
    let spool = Spool::open_on(disk, &World::for_tests(), dir, mode, key.into(), 256 << 10).unwrap();
    (spool, word)
}

fn open_on(disk: &Arc<Faulty>, dir: &Path, mode: SyncMode) -> Arc<Spool> {
    // A child that another test is about to start has the files of this process, locks among them, until it is itself.
    for _ in 0..500 {
        match Spool::open_on(
            disk.clone(),
            &World::for_tests(),
            dir,
            mode,
            key().into(),
            256 << 10,
        ) {
            Err(SpoolError::InUse) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened.unwrap(),
        }
    }
    panic!("the spool stays in use");
}

/// Appends from `from` on until one is refused; how many were taken, and why no more.
fn append_until_refused(spool: &Spool, from: usize) -> (usize, SpoolError) {
    let mut taken = from;
    loop {
        match spool.append(&[event(&format!("evt-{taken}"))]) {
            Ok(()) => taken += 1,
            Err(error) => return (taken, error),
        }
    }
}

fn is_for(error: &SpoolError, errno: Errno) -> bool {
    matches!(error, SpoolError::Io(error) if error.raw_os_error() == Some(errno as i32))
}

#[test]
fn a_full_volume_is_drained_and_then_takes_events_again() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), NEVER);
    append(&spool, 0..3);
    disk.fail(Fault::NoSpace);
    let (taken, refused) = append_until_refused(&spool, 3);
    assert!(is_for(&refused, Errno::ENOSPC), "{refused:?}");
    assert!(taken > 10, "what was reserved ahead is used: {taken}");
    assert!(is_for(&spool.probe().unwrap_err(), Errno::ENOSPC));
    assert_eq!(drain(&spool), ids(0..taken));
    spool.probe().unwrap();
    append(&spool, taken..taken + 3);
    assert_eq!(drain(&spool), ids(taken..taken + 3));
    assert_eq!(spool.stats().pending_bytes, 0);
}

#[test]
fn a_full_volume_whose_only_segment_has_arrived_makes_room_by_itself() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), NEVER);
    disk.fail(Fault::NoSpace);
    let (mut taken, mut from) = (0, 0);
    // Whenever a segment has arrived before the next is needed, nothing is ever refused.
    while spool.counters.drained.load(Ordering::Relaxed) < 1_000 {
        append(&spool, taken..taken + 10);
        taken += 10;
        assert_eq!(drain(&spool), ids(from..taken));
        from = taken;
        if disk.fault.lock().is_none() {
            disk.fail(Fault::NoSpace);
        }
    }
    assert!(spool.stats().segments <= 2);
}

#[test]
fn a_restart_opens_a_spool_on_a_full_volume_and_hands_over_what_it_has() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), NEVER);
    disk.fail(Fault::NoSpace);
    let (taken, _) = append_until_refused(&spool, 0);
    drop(spool);
    let spool = open_on(&disk, dir.path(), NEVER);
    assert!(is_for(
        &spool.append(&[event("evt-no")]).unwrap_err(),
        Errno::ENOSPC
    ));
    assert!(spool.probe().is_err());
    assert_eq!(drain(&spool), ids(0..taken));
    spool.probe().unwrap();
    append(&spool, taken..taken + 1);
    drop(spool);
    let spool = open_on(&disk, dir.path(), NEVER);
    assert_eq!(drain(&spool), ids(taken..taken + 1), "the position was stored");
}

#[test]
fn a_read_only_or_failing_disk_refuses_names_its_cause_and_is_ready_again_by_itself() {
    for fault in [Fault::ReadOnly, Fault::WriteError] {
        let errno = fault.errno();
        let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
        let spool = open_on(&disk, dir.path(), NEVER);
        append(&spool, 0..3);
        disk.fail(fault);
        assert!(is_for(&spool.probe().unwrap_err(), errno), "before any write");
        let (taken, refused) = append_until_refused(&spool, 3);
        assert_eq!(taken, 3);
        assert!(is_for(&refused, errno), "{refused:?}");
        assert!(is_for(&spool.probe().unwrap_err(), errno));
        // What is there is still handed over, though nothing can be removed.
        assert_eq!(drain(&spool), ids(0..3));
        disk.mend();
        spool.probe().unwrap();
        append(&spool, 3..6);
        assert_eq!(drain(&spool), ids(3..6));
    }
}

#[test]
fn a_failed_sync_is_told_with_its_cause_and_readiness_follows() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), SyncMode::Always);
    append(&spool, 0..1);
    disk.fail(Fault::SyncError);
    let refused = spool.append(&[event("evt-1")]).unwrap_err();
    assert!(refused.to_string().contains("Input/output"), "{refused}");
    assert!(spool.probe().is_err());
    disk.mend();
    spool.probe().unwrap();
    append(&spool, 2..3);
}

#[test]
fn a_disk_that_does_not_sync_is_noticed_before_any_event_where_events_are_synced() {
    for (mode, noticed) in [(SyncMode::Always, true), (NEVER, false)] {
        let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
        let spool = open_on(&disk, dir.path(), mode);
        spool.probe().unwrap();
        disk.fail(Fault::SyncError);
        assert_eq!(spool.probe().is_err(), noticed, "{mode:?}");
        assert_eq!(spool.probe().is_err(), noticed, "{mode:?}, again");
        assert_eq!(spool.stats().failing, noticed, "{mode:?}");
        disk.mend();
        spool.probe().unwrap();
        assert!(!spool.stats().failing);
        append(&spool, 0..1);
    }
}

#[test]
fn of_many_probes_of_a_disk_that_hangs_one_waits() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), SyncMode::Always);
    append(&spool, 0..1);
    let (word, gate) = mpsc::channel();
    *disk.gate.lock() = Some(gate);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| spool.probe());
        while spool.probes.try_lock().is_some() {
            std::thread::yield_now();
        }
        for _ in 0..3 {
            spool.probe().unwrap();
        }
        word.send(()).unwrap();
        first.join().unwrap().unwrap();
    });
    drop(word);
}

#[tokio::test]
async fn a_disk_that_syncs_slowly_blocks_no_asynchronous_worker() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::new(Faulty::default()));
    let spool = open_on(&disk, dir.path(), SyncMode::Always);
    let (open_gate, gate) = mpsc::channel();
    *disk.gate.lock() = Some(gate);
    // One thread for both: were it blocked by the sync, nobody would open the gate.
    let (appended, ()) = tokio::join!(async { spool.append_async(&[event("evt-0")]).await }, async {
        tokio::task::yield_now().await;
        for _ in 0..8 {
            open_gate.send(()).unwrap();
        }
    });
    appended.unwrap();
    drop(open_gate);
}

/// Where the small volume is mounted, for the test that runs on it.
const VOLUME: &str = "CARACAL_TEST_SPOOL_VOLUME";

#[test]
#[cfg(target_os = "linux")]
fn a_small_volume_that_others_fill_is_never_a_trap() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new("unshare")
        .args(["--map-root-user", "--mount", "--propagation", "private", "sh", "-c"])
        .arg("mount -t tmpfs -o size=8m spool \"$0\" || exit 77; exec \"$1\" --exact \"$2\" --ignored --nocapture")
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .arg("spool::tests::disk::on_a_volume_of_its_own")
        .env(VOLUME, dir.path())
        .output();
    match ran {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "{said}");
        }
        // Without the right to mount, the tests above stand for it.
        Ok(output) if output.status.code() == Some(77) || output.stdout.is_empty() => {
            eprintln!("no volume: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => eprintln!("no volume: {error}"),
    }
}

#[test]
#[ignore = "runs on a volume of its own, by the test above"]
fn on_a_volume_of_its_own() {
    let volume = PathBuf::from(std::env::var_os(VOLUME).expect("a volume"));
    let dir = volume.join("sts");
    let spool = open(&dir, NEVER, 1 << 30);
    append(&spool, 0..10);
    let mut filler = File::create(volume.join("filler")).unwrap();
    while filler.write_all(&[7; 4_096]).is_ok() {}
    let (taken, refused) = append_until_refused(&spool, 10);
    assert!(is_for(&refused, Errno::ENOSPC), "{refused:?}");
    assert!(spool.probe().is_err());
    drop(spool);
    let spool = open(&dir, NEVER, 1 << 30);
    assert!(spool.probe().is_err());
    assert_eq!(drain(&spool), ids(0..taken), "nothing of what was taken is lost");
    spool.probe().unwrap();
    // The others keep the rest of the volume: what has arrived is room enough.
    while filler.write_all(&[7; 512]).is_ok() {}
    let mut from = taken;
    for _ in 0..20 {
        append(&spool, from..from + 200);
        assert_eq!(drain(&spool), ids(from..from + 200));
        from += 200;
    }
    drop(spool);
    let spool = open(&dir, NEVER, 1 << 30);
    assert_eq!(drain(&spool), ids(0..0), "the position was stored");
}
