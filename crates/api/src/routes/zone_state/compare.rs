//! One kind of object: what is stored compared with what is declared.

use std::collections::{BTreeMap, HashMap, HashSet};

use caracal_core::{World, entity::StateKind};
use caracal_wire::control::zone_state::{StateAction, StateChange};

use super::{
    desired::Desired,
    export::{Declared, Shown},
    problems::Problems,
};

/// How a document is applied.
pub(super) struct Options {
    pub(super) manager: String,
    pub(super) prune: bool,
    pub(super) take_over: bool,
}

/// What becomes of one object.
pub(super) enum Step<T> {
    /// It is made with this id.
    Create(String, Desired<T>),
    /// These members change.
    Update(String, Desired<T>, Vec<String>),
    /// It comes from this document from here on.
    Adopt(String, String),
    /// It is taken away.
    Delete(String, String),
}

/// What becomes of the objects of one kind.
pub(super) struct Section<T> {
    pub(super) steps: Vec<Step<T>>,
    pub(super) unchanged: usize,
    pub(super) undeclared: usize,
}

impl<T: Declared> Section<T> {
    /// Ids of what is taken away.
    pub(super) fn deleted(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Delete(id, _) => Some(id.as_str()),
            Step::Create(..) | Step::Update(..) | Step::Adopt(..) => None,
        })
    }

    /// How many are made.
    pub(super) fn created(&self) -> usize {
        let created = |step: &&Step<T>| matches!(step, Step::Create(..));
        self.steps.iter().filter(created).count()
    }

    /// What becomes of them, as it is told.
    pub(super) fn changes(&self) -> impl Iterator<Item = StateChange> {
        self.steps.iter().map(|step| {
            let (name, action, fields) = match step {
                Step::Create(_, wanted) => (wanted.object.name(), StateAction::Create, &[][..]),
                Step::Update(_, wanted, fields) => (wanted.object.name(), StateAction::Update, &fields[..]),
                Step::Adopt(_, name) => (name.as_str(), StateAction::Adopt, &[][..]),
                Step::Delete(_, name) => (name.as_str(), StateAction::Delete, &[][..]),
            };
            StateChange {
                kind: T::KIND,
                name: name.to_owned(),
                action,
                fields: fields.to_vec(),
            }
        })
    }
}

/// Compares one kind of object.
pub(super) struct Comparison<'c> {
    pub(super) world: &'c World,
    /// Whose each object is.
    pub(super) owners: HashMap<(StateKind, &'c str), &'c str>,
    pub(super) options: &'c Options,
}

impl Comparison<'_> {
    /// What becomes of the objects of one kind, of which the document may say nothing.
    pub(super) fn of<T: Declared>(
        &self,
        live: &[Shown<T>],
        wanted: Option<Vec<Desired<T>>>,
        problems: &mut Problems,
    ) -> Section<T> {
        let mut section = Section {
            steps: Vec::new(),
            unchanged: 0,
            undeclared: 0,
        };
        let Some(wanted) = wanted else {
            section.undeclared = live.len();
            return section;
        };
        let mut rest: BTreeMap<String, &Shown<T>> =
            live.iter().map(|shown| (shown.object.key(), shown)).collect();
        for wanted in wanted {
            let Some(shown) = rest.remove(&wanted.object.key()) else {
                let id = wanted.id.clone();
                let id = id.unwrap_or_else(|| self.world.uuid_v7().to_string());
                section.steps.push(Step::Create(id, wanted));
                continue;
            };
            let owner = self.owners.get(&(T::KIND, shown.id.as_str())).copied();
            if owner.is_some_and(|owner| owner != self.options.manager) && !self.options.take_over {
                let owner = owner.unwrap_or_default();
                let message = format!("comes from a document of {owner}: leave it out, or take it over");
                problems.add(wanted.at, "", message);
                continue;
            }
            let mut fields = changed(&shown.object, &wanted.object);
            fields.extend(wanted.more.iter().cloned());
            fields.sort_unstable();
            fields.dedup();
            let id = shown.id.clone();
            if !fields.is_empty() {
                section.steps.push(Step::Update(id, wanted, fields));
            } else if owner == Some(self.options.manager.as_str()) {
                section.unchanged += 1;
            } else {
                let name = shown.object.name().to_owned();
                section.steps.push(Step::Adopt(id, name));
            }
        }
        for shown in rest.into_values() {
            let owner = self.owners.get(&(T::KIND, shown.id.as_str())).copied();
            if self.options.prune && owner == Some(self.options.manager.as_str()) {
                let name = shown.object.name().to_owned();
                section.steps.push(Step::Delete(shown.id.clone(), name));
            } else {
                section.undeclared += 1;
            }
        }
        section
    }
}

/// The members that are not equal.
fn changed<T: Declared>(before: &T, after: &T) -> Vec<String> {
    let (before, after) = (before.members(), after.members());
    let names: HashSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    changed.cloned().collect()
}
