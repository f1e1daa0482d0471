//! From a command to the route that it is.

use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    control::commands::{Catalog, CatalogCommand, CatalogFlag, CatalogSubcommand, Invoke},
};
use serde_json::Value;

use super::{
    catalog::{self, Command, CommandAction, Flag, Subcommand},
    document, flags,
    invocation::Invocation,
    run::{internal, require, run},
};
use crate::{call::Call, metrics};

/// What a command answers.
///
/// # Errors
/// 403 `denied` for what is no command, or beyond the mandate's scopes; 400 `invalid` for a wrong flag; otherwise what the
/// operation refuses with, in the words of commands, its own code as `cause`.
pub(crate) async fn dispatch(call: &Call, invocation: &Invocation, asked: &Invoke) -> Result<Value, Refusal> {
    let outcome = carry_out(call, invocation, asked).await;
    let name = catalog::find(&asked.command).map_or("unknown", |command| command.name);
    metrics::commanded(
        name,
        outcome
            .as_ref()
            .map_or_else(|refusal| refusal.code.as_str(), |_| "ok"),
    );
    outcome
}

async fn carry_out(call: &Call, invocation: &Invocation, asked: &Invoke) -> Result<Value, Refusal> {
    let command = catalog::find(&asked.command).ok_or_else(|| unknown("there is no such command"))?;
    let subcommand = command
        .subcommand(&asked.subcommand)
        .ok_or_else(|| unknown("the command does no such thing"))?;
    flags::check(&asked.flags)?;
    if let Some(scope) = subcommand.scope {
        require(invocation, scope)?;
    }
    let input = flags::parse(subcommand, &asked.flags)?;
    match subcommand.action {
        CommandAction::Route(route) => run(call, route, input).await,
        CommandAction::Make(route, (member, word)) => {
            let mut input = input;
            input.body.insert(member.to_owned(), Value::from(word));
            run(call, route, input).await
        }
        CommandAction::Document { applies } => document::of_flags(call, invocation, &input, applies).await,
        CommandAction::Ensure(kind) => document::of_spec(call, invocation, &input, kind).await,
        CommandAction::Describe => serde_json::to_value(described()).map_err(|_| internal()),
    }
}

fn unknown(what: &'static str) -> Refusal {
    Refusal::of(ErrorCode::Denied)
        .describe(what)
        .remedy("`catalog describe` tells every command")
}

/// The catalogue as it is told.
fn described() -> Catalog {
    let flag = |flag: &Flag| CatalogFlag {
        name: flag.name,
        summary: flag.summary,
        required: flag.required,
    };
    let subcommand = |known: &Subcommand| CatalogSubcommand {
        subcommand: known.name,
        scope: known.scope,
        flags: known.flags().map(flag).collect(),
    };
    let delegates = |known: &Subcommand| {
        matches!(
            known.action,
            CommandAction::Document { .. } | CommandAction::Ensure(_)
        )
    };
    let command = |command: &Command| CatalogCommand {
        command: command.name,
        summary: command.summary,
        delegates_scope: command.subcommands.iter().any(delegates),
        subcommands: command.subcommands.iter().map(subcommand).collect(),
    };
    Catalog {
        commands: catalog::commands().map(command).collect(),
        declarative: document::declarative(),
    }
}
