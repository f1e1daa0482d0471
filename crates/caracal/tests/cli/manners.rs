//! Every command there is, asked to be brief: `--json --quiet`.

use serde_json::Value;

use crate::bench::{Bench, Run};
use crate::sts::Sts;

/// How a command answers a program.
enum Answer {
    /// Lines of JSON on stdout and nothing on stderr.
    Json,
    /// A script or a page for something else, and nothing on stderr.
    Text,
    /// Here it cannot be done: nothing on stdout, one sentence on stderr. What it answers where it can is looked at in the
    /// end-to-end tests.
    Refused,
}

/// The commands that the help names.
pub(crate) fn commands(bench: &Bench) -> Vec<String> {
    let help = bench.run(&["--help"]);
    let listed = help.assert_good().stdout.lines();
    listed
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // Further lines of a description stand farther to the right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn check(arguments: &[&str], run: &Run, answer: &Answer) {
    match answer {
        Answer::Refused => {
            assert_ne!(run.code, 0, "{arguments:?}: {run:?}");
            assert_eq!(run.stdout, "", "{arguments:?}");
            assert_eq!(run.stderr.lines().count(), 1, "{arguments:?}: {run:?}");
            return;
        }
        Answer::Json => {
            assert_ne!(run.stdout, "", "{arguments:?}: {run:?}");
            for line in run.stdout.lines() {
                let parsed: Result<Value, _> = serde_json::from_str(line);
                assert!(parsed.is_ok(), "{arguments:?}: {line}");
            }
        }
        Answer::Text => assert_ne!(run.stdout, "", "{arguments:?}: {run:?}"),
    }
    assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
    assert_eq!(run.stderr, "", "{arguments:?}");
}

#[test]
fn every_command_answers_programs_in_json_and_says_nothing_else() {
    let sts = Sts::of(r#"{"env":"API_KEY","resource":"resource://tickets"}"#);
    let bench = Bench::new()
        .with("CARACAL_STS_URL", &sts.url)
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET", "ws_0123456789abcdef0123456789abcdef")
        // No checkout, so that `web` has nothing to serve.
        .with("CARACAL_REPO_ROOT", "/nowhere");
    let file = bench.directory().join("b.tar").display().to_string();
    let again = bench.directory().join("again").display().to_string();
    let (file, again) = (file.as_str(), again.as_str());
    // In an order in which each has something to do.
    let cases: &[(&str, &[&str], Answer)] = &[
        ("version", &[], Answer::Json),
        ("doctor", &["--preflight"], Answer::Json),
        ("config", &[], Answer::Json),
        ("up", &[], Answer::Json),
        ("up", &[], Answer::Json),
        ("status", &["--ready"], Answer::Json),
        ("doctor", &[], Answer::Json),
        ("logs", &["-n", "5"], Answer::Json),
        ("backup", &[file], Answer::Json),
        ("restore", &[file, "--home", again, "--dry-run"], Answer::Json),
        ("restore", &[file, "--home", again], Answer::Json),
        ("upgrade", &[], Answer::Json),
        ("run", &["--print-env", "--", "/bin/true"], Answer::Json),
        ("purge", &["all", "--dry-run"], Answer::Json),
        ("down", &[], Answer::Json),
        ("down", &[], Answer::Json),
        ("purge", &["all", "--yes"], Answer::Json),
        ("completions", &["bash"], Answer::Text),
        ("man", &[], Answer::Text),
        ("help", &[], Answer::Text),
        ("allowlist", &["list"], Answer::Refused),
        ("web", &[], Answer::Refused),
    ];
    for (command, more, answer) in cases {
        if *command == "backup" {
            std::fs::write(bench.home().join("caracal.db"), "rows").unwrap();
        }
        let arguments = [&[*command], *more, &["--json", "--quiet"]].concat();
        // What stands after the program of `run` is the program's.
        let arguments = match *command {
            "run" => [&["--json", "--quiet", "run"], *more].concat(),
            "help" => vec!["help"],
            _ => arguments,
        };
        check(&arguments, &bench.run(&arguments), answer);
    }
    for command in commands(&bench) {
        assert!(
            cases.iter().any(|(known, ..)| *known == command),
            "`caracal {command}` is new: say here what it answers programs"
        );
    }
}
