//! `caracal status`.

use std::path::Path;

use crate::Outcome;
use crate::cli::Status;
use crate::endpoints::{self, Endpoints};
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::lock::Lock;
use crate::output::{Paint, answer, note};
use crate::probe::{self, ProbeResult};

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Status,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    let mode = if options.ready { "ready" } else { "health" };
    let path = format!("/{mode}");
    let answers = match Endpoints::of_live_daemon(&home) {
        Some(endpoints) => probe::ask_all(&endpoints.served(), &path),
        None => probe::ask_all(&endpoints::expected(&environment)?, &path)
            .into_iter()
            .map(ProbeResult::of_a_stranger)
            .collect(),
    };
    let all_good = !answers.is_empty() && answers.iter().all(|answer| answer.ok);

    if options.json {
        answer(&serde_json::json!({ "mode": mode, "services": answers }).to_string())?;
    } else {
        answer(&table(&answers, mode, &Paint::for_stdout(&environment)))?;
        let state = match Lock::holder(&home)? {
            Some(holder) => format!("caracald runs as pid {}", holder.pid),
            None => format!(
                "no caracald was started from here; {} starts one",
                Hint::new(&environment, &home).command("up")
            ),
        };
        note(&format!("home {}: {state}", home.path().display()));
    }
    Ok(if all_good { Outcome::Good } else { Outcome::Bad })
}

fn table(answers: &[ProbeResult], mode: &str, paint: &Paint) -> String {
    let mut lines = vec![format!(
        "{:<12} {:>5}  {:<6}  {:<6}  detail",
        "service", "port", "mode", "status"
    )];
    for answer in answers {
        // Padded before painting: escape codes must not count as width.
        let verdict = paint.verdict(
            answer.ok,
            &format!("{:<6}", if answer.ok { "ok" } else { "down" }),
        );
        lines.push(format!(
            "{:<12} {:>5}  {mode:<6}  {verdict}  {}",
            answer.name, answer.port, answer.detail
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_aligned_row_per_service() {
        let answer = |name, ok, detail: &str| ProbeResult {
            name,
            port: 3000,
            url: String::new(),
            ok,
            detail: detail.to_owned(),
        };
        let paint = Paint::for_stdout(&Environment::from_pairs([("NO_COLOR", "1")]));
        let text = table(
            &[answer("api", true, "200"), answer("sts", false, "unreachable")],
            "ready",
            &paint,
        );
        let expected = "service       port  mode    status  detail\n\
                        api           3000  ready   ok      200\n\
                        sts           3000  ready   down    unreachable";
        assert_eq!(text, expected);
    }
}
