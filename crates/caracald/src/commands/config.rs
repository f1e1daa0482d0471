//! `caracald config`.

use std::{
    fmt::{self, Write as _},
    process::ExitCode,
};

use caracal_service::config::{Declared, Effective, Origin, Role, Settings};
use serde::Serialize;

use crate::config::{Config, contract, declared};

/// Shows what is in force for `roles`, or with `markdown` what there is to set at all.
pub(crate) fn run(roles: &[Role], json: bool, markdown: bool) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    if markdown {
        page(&mut text)?;
    } else {
        let config = Config::read(Settings::from_process(), roles)?;
        let shown: Vec<&Effective> = declared::all()
            .filter(|setting| is_read_by(*setting, roles))
            .filter_map(|setting| config.effective.iter().find(|one| one.name == setting.name()))
            .collect();
        if json {
            writeln!(text, "{}", serde_json::to_string_pretty(&documents(&shown))?)?;
        } else {
            lines(&mut text, &shown)?;
        }
    }
    super::say(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn is_read_by(setting: &dyn Declared, roles: &[Role]) -> bool {
    setting.users().is_empty() || setting.users().iter().any(|role| roles.contains(role))
}

pub(super) fn origin(one: &Effective) -> String {
    match &one.origin {
        Origin::Default => String::from("default"),
        Origin::Unset(instead) => format!("not set: {instead}"),
        Origin::File(path) => format!("file {path}"),
        Origin::Environment(name) if name == one.name => String::from("environment"),
        Origin::Environment(alias) => format!("environment, as {alias}"),
    }
}

/// A setting as it is in force, for programs.
#[derive(Serialize)]
struct EffectiveSetting<'a> {
    name: &'a str,
    value: Option<&'a str>,
    from: String,
}

fn documents<'a>(shown: &[&'a Effective]) -> Vec<EffectiveSetting<'a>> {
    let document = |one: &&'a Effective| EffectiveSetting {
        name: one.name,
        value: one.value.as_deref(),
        from: origin(one),
    };
    shown.iter().map(document).collect()
}

fn lines(out: &mut String, shown: &[&Effective]) -> fmt::Result {
    let value = |one: &Effective| one.value.clone().unwrap_or_else(|| String::from("-"));
    let names = shown.iter().map(|one| one.name.len()).max().unwrap_or(0);
    // One long value must not push every origin off the screen.
    let values = shown
        .iter()
        .map(|one| value(one).len())
        .max()
        .unwrap_or(0)
        .min(32);
    for one in shown {
        writeln!(
            out,
            "{:names$}  {:values$}  {}",
            one.name,
            value(one),
            origin(one)
        )?;
    }
    Ok(())
}

/// The handbook's page of settings.
fn page(out: &mut String) -> fmt::Result {
    out.push_str(
        "# Settings\n\n\
         The page is printed by `caracald config --markdown`. `caracald config` shows what is in force on a machine and \
         where each value came from; `caracald check-config` says what is wrong.\n\n\
         Settings are environment variables. An empty one counts as unset. A secret may be given as `NAME_FILE`, the \
         path of a file. Durations are `500ms`, `5s`, `2m`, `1h`. A name that is no setting is named at the start, and \
         one that is known elsewhere and not read here is refused with the sentence below.\n",
    );
    for (heading, group) in declared::GROUPS {
        write!(
            out,
            "\n## {heading}\n\n| Variable | For | Default | Meaning |\n|---|---|---|---|\n"
        )?;
        for setting in *group {
            row(out, *setting)?;
        }
    }
    out.push_str("\n## Refused\n\n| Variable | Instead |\n|---|---|\n");
    for (names, instead) in contract::NOT_READ {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "| {} | {instead} |", names.join(", "))?;
    }
    Ok(())
}

fn row(out: &mut String, setting: &dyn Declared) -> fmt::Result {
    let users: Vec<&str> = setting.users().iter().map(|role| role.as_str()).collect();
    let users = match setting.users() {
        // Those of a command.
        [] if setting.name().starts_with("WITNESS_") => String::from("witness"),
        [] => String::from("migrate"),
        all if all.len() == Role::ALL.len() => String::from("all"),
        _ => users.join(", "),
    };
    write!(out, "| `{}`", setting.name())?;
    if let Some(alias) = setting.alias() {
        write!(out, ", `{alias}`")?;
    }
    write!(out, " | {users} | {} | {}", setting.default(), setting.sentence())?;
    write!(out, " Form: {}", setting.form())?;
    match setting.bounds() {
        Some((0, u64::MAX)) | None => {}
        Some((least, u64::MAX)) => write!(out, ", at least {least}")?,
        Some((0, greatest)) => write!(out, ", at most {greatest}")?,
        Some((least, greatest)) => write!(out, ", from {least} to {greatest}")?,
    }
    if let Some(words) = setting.required() {
        write!(out, "; required {words}")?;
    }
    out.push_str(". |\n");
    Ok(())
}
