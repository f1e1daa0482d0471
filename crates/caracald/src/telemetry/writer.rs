//! Where log lines wait to be written, so that nobody who logs ever waits for a disk, a pipe or a reader.
//!
//! A line is copied into a bounded queue; one thread writes. A line that finds no room, or that cannot be written, is
//! counted and forgotten. Nothing here fails, panics or blocks for the caller.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    sync::Arc,
    time::Duration,
};

use metrics::Counter;
use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

use crate::metrics::LOG_LINES_LOST;

/// Bytes that may wait: some ten thousand lines.
const CAPACITY: usize = 4 * 1024 * 1024;
/// Longest wait for the last lines when the process ends.
pub(super) const FLUSH: Duration = Duration::from_secs(1);
/// Pause before a pipe that takes nothing is tried again.
const RETRY: Duration = Duration::from_millis(10);

/// What lines are written to.
pub(super) enum Sink {
    /// Standard error.
    Stderr,
    /// A file, opened to append.
    File(File),
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }
}

/// Lines lost so far, by why.
#[derive(Clone)]
pub(super) struct Lost {
    queue_full: Counter,
    write_failed: Counter,
}

impl Lost {
    /// Counted in the process's metrics; the recorder must be installed before.
    pub(super) fn in_metrics() -> Self {
        let counter = |reason: &'static str| metrics::counter!(LOG_LINES_LOST, "reason" => reason);
        let lost = Self {
            queue_full: counter("queue_full"),
            write_failed: counter("write_failed"),
        };
        // Shown from the start, so that an alert on its rise sees the first one.
        lost.queue_full.increment(0);
        lost.write_failed.increment(0);
        lost
    }
}

#[derive(Default)]
struct Queue {
    lines: Vec<u8>,
    /// What to write to from now on.
    sink: Option<Sink>,
    /// Whether the thread is writing lines that it took.
    writing: bool,
    /// Lines that found no room and were not told of yet.
    untold: u64,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// There is something to do.
    more: Condvar,
    /// Everything was written.
    idle: Condvar,
    lost: Lost,
}

/// Takes log lines. Clones share one queue.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

impl LogQueue {
    /// Starts the thread that writes to `sink`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(sink: Sink, lost: Lost) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            more: Condvar::new(),
            idle: Condvar::new(),
            lost,
        });
        let of_thread = shared.clone();
        std::thread::Builder::new()
            .name(String::from("log"))
            .spawn(move || write_lines(&of_thread, sink))?;
        Ok(Self(shared))
    }

    /// Writes to `sink` from now on.
    pub(super) fn replace(&self, sink: Sink) {
        self.0.queue.lock().sink = Some(sink);
        self.0.more.notify_one();
    }

    /// Waits a short while until what was logged is written, and ends the thread after it.
    pub(super) fn close(&self) {
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        self.0.more.notify_one();
        self.0.idle.wait_while_for(
            &mut queue,
            |queue| queue.writing || !queue.lines.is_empty(),
            FLUSH,
        );
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.0.queue.lock();
        if queue.lines.len().saturating_add(line.len()) > CAPACITY {
            queue.untold = queue.untold.saturating_add(1);
            drop(queue);
            self.0.lost.queue_full.increment(1);
            return;
        }
        queue.lines.extend_from_slice(line);
        drop(queue);
        self.0.more.notify_one();
    }
}

impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The life of the writing thread.
fn write_lines(shared: &Shared, mut sink: Sink) {
    let mut batch = Vec::new();
    let mut torn = false;
    let mut untold: u64 = 0;
    loop {
        {
            let mut queue = shared.queue.lock();
            queue.writing = false;
            if queue.lines.is_empty() {
                shared.idle.notify_all();
            }
            while queue.lines.is_empty() && queue.sink.is_none() && !queue.closed {
                shared.more.wait(&mut queue);
            }
            if queue.lines.is_empty() && queue.closed {
                return;
            }
            if let Some(next) = queue.sink.take() {
                sink = next;
                torn = false;
            }
            batch.clear();
            std::mem::swap(&mut queue.lines, &mut batch);
            queue.writing = true;
            untold = untold.saturating_add(std::mem::take(&mut queue.untold));
        }
        if batch.is_empty() {
            continue;
        }
        let rest = write_all(&mut sink, &batch, torn);
        let failed = rest.split(|byte| *byte == b'\n').skip(1).count() as u64;
        if failed == 0 {
            torn = false;
            if untold > 0 {
                // The gap is told where it is: in the log.
                tracing::warn!(
                    lines = std::mem::take(&mut untold),
                    "log lines were lost before this one"
                );
            }
        } else {
            // What was cut off must not run into the next line that goes through.
            let written = batch.len() - rest.len();
            torn |= written > 0 && batch.get(written - 1).is_some_and(|last| *last != b'\n');
            shared.lost.write_failed.increment(failed);
            untold = untold.saturating_add(failed);
        }
    }
}

/// Writes what can be written and returns the rest; `torn` ends an earlier line first.
fn write_all<'a>(sink: &mut Sink, mut rest: &'a [u8], mut torn: bool) -> &'a [u8] {
    while !rest.is_empty() {
        let next = if torn { b"\n" } else { rest };
        match sink.write(next) {
            Ok(0) => return rest,
            Ok(_) if torn => torn = false,
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Somebody made the pipe non-blocking: its reader may come back, and the queue is bounded.
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
            Err(_) => return rest,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, io::Read as _, os::fd::OwnedFd};

    use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

    use super::*;

    fn queue(sink: Sink) -> (LogQueue, PrometheusHandle) {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let lost = metrics::with_local_recorder(&recorder, Lost::in_metrics);
        (LogQueue::start(sink, lost).expect("a thread"), handle)
    }

    fn counts(metrics: &PrometheusHandle, reason: &str, lines: u64) -> bool {
        let text = format!("caracal_log_lines_lost_total{{reason=\"{reason}\"}} {lines}\n");
        metrics.render().contains(&text)
    }

    fn pipe() -> (io::PipeReader, File) {
        let (reader, writer) = io::pipe().expect("a pipe");
        (reader, File::from(OwnedFd::from(writer)))
    }

    #[test]
    fn lines_arrive_in_order_and_the_last_ones_before_the_end() {
        let (mut reader, writer) = pipe();
        let (mut queue, metrics) = queue(Sink::File(writer));
        for line in 0..1000 {
            writeln!(queue, "line {line}").expect("logging does not fail");
        }
        queue.close();
        drop(queue);
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("text");
        let expected: String = (0..1000).fold(String::new(), |text, line| format!("{text}line {line}\n"));
        assert_eq!(text, expected);
        assert!(counts(&metrics, "queue_full", 0) && counts(&metrics, "write_failed", 0));
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let (reader, broken) = pipe();
        drop(reader);
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full");
        for sink in [broken, full] {
            let (mut queue, metrics) = queue(Sink::File(sink));
            for _ in 0..3 {
                queue.write_all(b"lost\n").expect("logging does not fail");
            }
            queue.close();
            assert!(counts(&metrics, "write_failed", 3), "{}", metrics.render());
        }
    }

    #[test]
    fn a_reader_that_hangs_costs_lines_and_never_a_wait() {
        let (_hung, writer) = pipe();
        let (mut queue, metrics) = queue(Sink::File(writer));
        let line = [b"x".repeat(64 * 1024 - 1), b"\n".to_vec()].concat();
        // More than the pipe, the writing thread and the queue can hold together.
        for _ in 0..3 * CAPACITY / line.len() {
            queue.write_all(&line).expect("logging does not fail");
        }
        assert!(!counts(&metrics, "queue_full", 0), "{}", metrics.render());
        queue.close();
    }

    #[test]
    fn a_full_disk_that_has_room_again_gets_whole_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("log");
        let (mut queue, metrics) = queue(Sink::File(
            OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .expect("/dev/full"),
        ));
        queue.write_all(b"lost\n").expect("logging does not fail");
        while !counts(&metrics, "write_failed", 1) {
            std::thread::yield_now();
        }
        queue.replace(Sink::File(File::create(&path).expect("a file")));
        queue.write_all(b"kept\n").expect("logging does not fail");
        queue.close();
        assert_eq!(std::fs::read_to_string(&path).expect("the log"), "kept\n");
    }
}
