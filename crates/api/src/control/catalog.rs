//! The catalogue: every command, the scope it needs, the route that it is, and the flags that make the route's request.

mod affairs;
mod objects;
mod words;

use caracal_core::ScopeSet;

/// Routes that comparing a document reads besides those that are commands, with the scope that lets one.
const ALSO_READ: [(&str, &str); 1] = [("policy_sets.get_version", "control:policy-set:read")];

/// A noun with what can be done to it.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) subcommands: &'static [Subcommand],
}

/// What can be done.
#[derive(Debug)]
pub(crate) struct Subcommand {
    pub(crate) name: &'static str,
    /// The scope that it needs; none where each object of a document needs its own.
    pub(crate) scope: Option<&'static str>,
    pub(crate) action: CommandAction,
    /// In parts, some of which several have.
    flags: &'static [&'static [Flag]],
}

/// What a subcommand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandAction {
    /// The route of this name.
    Route(&'static str),
    /// Makes a route's object, with a member of its body that no flag says.
    Make(&'static str, (&'static str, &'static str)),
    /// Compares a document with what there is, and applies it unless it is only compared.
    Document { applies: bool },
    /// The same with one object of this kind.
    Ensure(&'static str),
    /// Tells the catalogue.
    Describe,
}

/// Something that a command is told.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) target: FlagTarget,
    pub(crate) required: bool,
    pub(crate) summary: &'static str,
}

/// What a flag looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text.
    Text,
    /// Text, or null for none.
    TextOrNull,
    /// Texts, as an array or with commas between them.
    List,
    /// A whole number, as one or as text.
    Number,
    /// True or false, as one or as text.
    Switch,
    /// Text that is JSON.
    Json,
    /// Ids of policy versions.
    Versions,
}

/// Where a flag goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagTarget {
    /// A parameter of the path.
    Path(&'static str),
    /// A parameter of the query string.
    Query(&'static str),
    /// A member of the body.
    Body(&'static str),
    /// Nowhere: the command itself minds it.
    Own,
}

/// All of them.
pub(crate) fn commands() -> impl Iterator<Item = &'static Command> {
    objects::OBJECTS.iter().chain(affairs::AFFAIRS)
}

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    commands().find(|command| command.name == name)
}

impl Command {
    /// What is done to it under this name.
    pub(crate) fn subcommand(&self, name: &str) -> Option<&'static Subcommand> {
        self.subcommands.iter().find(|known| known.name == name)
    }
}

impl Subcommand {
    /// What it may be told.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().flat_map(|part| part.iter())
    }
}

impl CommandAction {
    /// The route that it is.
    pub(crate) const fn route(self) -> Option<&'static str> {
        match self {
            Self::Route(route) | Self::Make(route, _) => Some(route),
            Self::Document { .. } | Self::Ensure(_) | Self::Describe => None,
        }
    }
}

/// Whether the holder of these scopes may run the route of this name at all: the gate before every route that is run for a
/// control key, whichever command ran it.
pub(crate) fn allows(route: &str, scopes: &ScopeSet) -> bool {
    let subcommands = commands().flat_map(|command| command.subcommands);
    let commands = subcommands.filter_map(|known| Some((known.action.route()?, known.scope?)));
    commands
        .chain(ALSO_READ)
        .any(|(known, scope)| known == route && scopes.contains(scope))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::Method;

    use super::*;
    use crate::{Capability, Reach, table};

    #[test]
    fn every_command_is_a_route_that_a_key_of_a_zone_may_run_and_its_scope_says_what_it_does() {
        let table = table();
        for command in commands() {
            let mut names = HashSet::new();
            for known in command.subcommands {
                let what = format!("{} {}", command.name, known.name);
                assert!(names.insert(known.name), "{what} stands twice");
                let Some(name) = known.action.route() else {
                    continue;
                };
                let route = table.iter().find(|route| route.name == name);
                let route = route.unwrap_or_else(|| panic!("{what}: there is no {name}"));
                assert!(
                    matches!(route.needs.reach, Reach::Zone | Reach::Stateless),
                    "{what}"
                );
                let verb = known.scope.and_then(|scope| scope.rsplit(':').next());
                match route.needs.capability {
                    Capability::Read | Capability::ReadEvidence => assert_eq!(verb, Some("read"), "{what}"),
                    // What is tried out changes nothing, and is read.
                    Capability::Write if !route.needs.changes => assert_eq!(verb, Some("read"), "{what}"),
                    Capability::Write | Capability::Stop if route.method == Method::DELETE => {
                        assert_eq!(verb, Some("delete"), "{what}");
                    }
                    Capability::Write | Capability::Stop => {
                        assert!(matches!(verb, Some("write" | "delete")), "{what}");
                    }
                    other => panic!("{what} needs {other:?}"),
                }
                for flag in known.flags() {
                    match flag.target {
                        FlagTarget::Path(parameter) => {
                            assert!(
                                route.path.contains(&format!("{{{parameter}}}")),
                                "{what}: {}",
                                flag.name
                            );
                            assert!(flag.required, "{what}: {}", flag.name);
                        }
                        FlagTarget::Body(_) => assert!(route.method != Method::GET, "{what}: {}", flag.name),
                        FlagTarget::Query(_) | FlagTarget::Own => {}
                    }
                }
                let given = known
                    .flags()
                    .filter(|flag| matches!(flag.target, FlagTarget::Path(_)));
                let wanted = route.path.matches('{').count() - usize::from(route.path.contains("{zoneId}"));
                assert_eq!(given.count(), wanted, "{what}");
            }
        }
        for (name, _) in ALSO_READ {
            let route = table.iter().find(|route| route.name == name).expect(name);
            assert_eq!(
                (route.needs.capability, route.needs.reach),
                (Capability::Read, Reach::Zone)
            );
        }
    }

    #[test]
    fn every_scope_of_a_command_can_be_given_to_a_key() {
        for command in commands() {
            for scope in command.subcommands.iter().filter_map(|known| known.scope) {
                assert!(caracal_core::control_key::is_control_scope(scope), "{scope}");
            }
        }
    }

    #[test]
    fn a_scope_lets_its_holder_run_its_own_routes_and_no_others() {
        let held = ScopeSet::parse("control:app:write");
        assert!(allows("applications.create", &held));
        for other in [
            "applications.list",
            "applications.archive",
            "applications.reveal_secret",
            "resources.create",
            "admin_tokens.create",
            "control.invoke",
            "",
        ] {
            assert!(!allows(other, &held), "{other}");
        }
    }
}
