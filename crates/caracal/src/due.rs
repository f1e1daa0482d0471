//! Whether an upgrade is due.

use serde::Serialize;

use crate::Outcome;
use crate::hint::Hint;
use crate::output::answer;

/// The answer for programs.
#[derive(Serialize)]
struct Told<'a> {
    running: Option<&'a str>,
    installed: &'a str,
    due: bool,
}

/// A version as people are told of it.
pub(crate) fn shown(version: Option<&str>) -> String {
    version.map_or_else(|| String::from("an unknown version"), str::to_owned)
}

/// Says it of a stack that runs as `running`, where it tells its version. What is due is a bad answer.
///
/// # Errors
/// When it cannot be said.
pub(crate) fn tell(
    running: Option<&str>,
    installed: &str,
    hint: &Hint,
    json: bool,
) -> anyhow::Result<Outcome> {
    let due = running != Some(installed);
    let words = if due {
        let upgrade = hint.command("upgrade");
        format!(
            "{} runs and {installed} is installed; {upgrade} puts it in place",
            shown(running)
        )
    } else {
        format!("{installed} runs already")
    };
    say(running, installed, due, &words, json)?;
    Ok(if due { Outcome::Bad } else { Outcome::Good })
}

/// Says that nothing runs that could be replaced.
///
/// # Errors
/// When it cannot be said.
pub(crate) fn tell_of_nothing(installed: &str, hint: &Hint, json: bool) -> anyhow::Result<Outcome> {
    let up = hint.command("up");
    let words = format!("nothing runs from this state; {up} starts {installed}");
    say(None, installed, false, &words, json)?;
    Ok(Outcome::Good)
}

fn say(running: Option<&str>, installed: &str, due: bool, words: &str, json: bool) -> anyhow::Result<()> {
    let told = Told {
        running,
        installed,
        due,
    };
    let line = serde_json::to_string(&told)?;
    Ok(answer(if json { &line } else { words })?)
}
