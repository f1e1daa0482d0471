//! `caracal logs`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::Outcome;
use crate::cli::Logs;
use crate::compose;
use crate::containers::Containers;
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::roles::Role;
use crate::scrub::{as_record, scrub};

const POLL: Duration = Duration::from_millis(200);
/// The first look at the end of the log; it grows until enough lines are in it.
const FIRST_WINDOW_BYTES: u64 = 64 * 1024;

pub(crate) fn run(
    environment: &Environment,
    home: Option<&Path>,
    options: &Logs,
    json: bool,
) -> anyhow::Result<Outcome> {
    let role = options.of.or(options.role);
    let home = Home::locate(environment, home)?;
    if let Some(containers) = Containers::of(&home)? {
        return compose::logs(environment, &containers, options, json);
    }
    let path = home.log_file();
    let mut log = match File::open(&path) {
        Ok(log) => log,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "there is no log at {} yet; {} starts one",
                path.display(),
                Hint::new(environment, &home).command("up")
            );
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read the log {}", path.display())),
    };
    let (lines, end) = last_lines(&mut log, options.lines, role)?;
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{}", shown(&line, json))?;
    }
    out.flush()?;
    if options.follow {
        follow(&path, log, end, &|line: &str| show(line, role, json), &mut out)?;
    }
    Ok(Outcome::Good)
}

/// The line as it is printed; where JSON is wanted, what is no record becomes one.
fn shown(line: &str, json: bool) -> String {
    if json { as_record(line) } else { scrub(line) }
}

fn show(line: &str, role: Option<Role>, json: bool) -> Option<String> {
    belongs_to(line, role).then(|| shown(line, json))
}

/// The last `count` complete lines of `role`, and the position right after the last complete line.
fn last_lines(log: &mut File, count: usize, role: Option<Role>) -> std::io::Result<(Vec<String>, u64)> {
    let size = log.metadata()?.len();
    let mut window = FIRST_WINDOW_BYTES;
    loop {
        let start = size.saturating_sub(window);
        log.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        (&*log).take(size - start).read_to_end(&mut bytes)?;
        let complete = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        let end = start + complete as u64;
        let text = String::from_utf8_lossy(bytes.get(..complete).unwrap_or_default());
        // Unless the window reaches the beginning, its first line is cut.
        let whole = text.lines().skip(usize::from(start > 0));
        let mut lines: Vec<String> = whole
            .filter(|line| belongs_to(line, role))
            .map(str::to_owned)
            .collect();
        if lines.len() >= count || start == 0 {
            lines.drain(..lines.len().saturating_sub(count));
            return Ok((lines, end));
        }
        window = window.saturating_mul(4);
    }
}

/// Prints what is appended, over rotations and truncations, until the reader goes away.
fn follow(
    path: &Path,
    log: File,
    from: u64,
    show: &impl Fn(&str) -> Option<String>,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let mut reader = BufReader::new(log);
    reader.seek(SeekFrom::Start(from))?;
    let mut line = Vec::new();
    loop {
        // A line may arrive in pieces: keep the piece until its end is there.
        if reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let text = String::from_utf8_lossy(&line);
            if let Some(line) = show(text.trim_end()) {
                writeln!(out, "{line}")?;
                out.flush()?;
            }
            line.clear();
            continue;
        }
        std::thread::sleep(POLL);
        let Ok(now) = std::fs::metadata(path) else {
            continue;
        };
        let open = reader.get_ref().metadata()?;
        if now.ino() != open.ino() || now.dev() != open.dev() {
            reader = BufReader::new(File::open(path)?);
            line.clear();
        } else if now.len() < reader.stream_position()? {
            reader.seek(SeekFrom::Start(0))?;
            line.clear();
        }
    }
}

/// Whether a log line is about `role`: it says so in a `role` field (of the event or of a span around
/// it), or it comes from the role's own crate.
fn belongs_to(line: &str, role: Option<Role>) -> bool {
    let Some(role) = role else {
        return true;
    };
    let Ok(json) = serde_json::from_str::<serde_json::Value>(line) else {
        return false;
    };
    let named = |object: &serde_json::Value| object.get("role").and_then(|r| r.as_str()) == Some(role.name());
    let spans = json
        .get("spans")
        .and_then(|spans| spans.as_array())
        .into_iter()
        .flatten();
    let target = json
        .get("target")
        .and_then(|target| target.as_str())
        .unwrap_or_default();
    named(&json)
        || ["fields", "span"]
            .iter()
            .filter_map(|key| json.get(key))
            .chain(spans)
            .any(named)
        || target.split("::").next() == Some(&format!("caracal_{}", role.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_last_lines_come_in_order_and_without_the_unfinished_one() {
        let (lines, end) = last_lines(&mut log_of("a\nb\nc\nhalf"), 2, None).unwrap();
        assert_eq!(lines, ["b", "c"]);
        assert_eq!(end, 6);
    }

    #[test]
    fn lines_beyond_the_first_window_are_found() {
        let text: String = (0..20_000).fold(String::new(), |text, n| text + &format!("line {n}\n"));
        let (lines, end) = last_lines(&mut log_of(&text), 15_000, None).unwrap();
        assert_eq!(
            (lines.len(), lines[0].as_str(), end),
            (15_000, "line 5000", text.len() as u64)
        );
        assert_eq!(
            last_lines(&mut log_of(&text), 50_000, None).unwrap().0.len(),
            20_000
        );
    }

    #[test]
    fn an_empty_log_has_no_lines() {
        assert_eq!(last_lines(&mut log_of(""), 5, None).unwrap(), (vec![], 0));
        assert_eq!(last_lines(&mut log_of("a\n"), 0, None).unwrap(), (vec![], 2));
    }

    #[test]
    fn a_role_is_recognised_by_field_span_or_crate() {
        for line in [
            r#"{"role":"sts"}"#,
            r#"{"fields":{"role":"sts"}}"#,
            r#"{"span":{"role":"sts"}}"#,
            r#"{"spans":[{"name":"x"},{"role":"sts"}]}"#,
            r#"{"target":"caracal_sts::exchange"}"#,
        ] {
            assert!(belongs_to(line, Some(Role::Sts)), "{line}");
            assert!(!belongs_to(line, Some(Role::Api)), "{line}");
        }
        assert!(!belongs_to("plain text about sts", Some(Role::Sts)));
        assert!(!belongs_to(r#"{"target":"caracal_sts_extra"}"#, Some(Role::Sts)));
    }
}
