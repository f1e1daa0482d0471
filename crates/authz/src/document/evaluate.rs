//! Turns checked sources into plain data, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use caracal_core::policy::PolicyWarning;
use regorus::{Engine, Value as RegoValue, utils::limits::ExecutionTimerConfig};
use serde_json::{Map, Number, Value};

use super::{
    DOCUMENTS, Interrupt, MAX_SET_BYTES, Origins, PACKAGE, PolicyDocuments, PolicyProblem,
    PolicyVersionSource, Position,
    engine::{engine, engine_problem},
    first,
    lint::{Linted, MAX_WARNINGS, ZoneNames, lint},
    path::{Lookups, Path},
    rules::{self, Checked, WholeValues},
    text,
};

/// Most tokens that the parser may read for one policy set, going back included.
const MAX_SET_WORK: u64 = 4_000_000;

/// Most values in the outcome of one policy set. Values may share parts, so this is checked while they unfold.
const MAX_VALUES: usize = 2_000_000;

/// Deepest nesting of a value. Documents need four levels.
const MAX_DEPTH: usize = 32;

/// Time to evaluate one document, more for each kibibyte of source, and never more than the last.
const BASE_TIME: Duration = Duration::from_millis(500);
const TIME_PER_KIBIBYTE: Duration = Duration::from_millis(4);
const MAX_TIME: Duration = Duration::from_secs(2);

/// What sources evaluate to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The documents.
    pub documents: PolicyDocuments,
    /// Conditions that ask for what is not there.
    never: Vec<Linted>,
}

impl Evaluated {
    /// What looks mistyped; names are compared where those of a zone are given.
    pub fn warnings(&self, names: Option<&ZoneNames>) -> Vec<PolicyWarning> {
        self.linted(names).map(|linted| linted.warning).collect()
    }

    pub(super) fn linted(&self, names: Option<&ZoneNames>) -> impl Iterator<Item = Linted> {
        let named = names.map_or_else(Vec::new, |names| lint(&self.documents, names));
        let all = self.never.iter().cloned().chain(named);
        all.take(MAX_WARNINGS)
    }
}

/// Evaluates `sources` together, without input, to the documents they define.
///
/// # Errors
/// The first problem: of a single source (as [`super::validate`]), two sources that contradict each other, a document
/// that is defined and has no value, or one whose value does not have the shape the decision contract reads.
pub fn evaluate(sources: &[PolicyVersionSource<'_>]) -> Result<PolicyDocuments, PolicyProblem> {
    evaluate_unless(sources, &Interrupt::default()).map(|evaluated| evaluated.documents)
}

/// As [`evaluate`], with what looks mistyped, given up soon after `interrupt` says so.
///
/// # Errors
/// As [`evaluate`], and `policy_evaluation_interrupted`.
pub fn evaluate_unless(
    sources: &[PolicyVersionSource<'_>],
    interrupt: &Interrupt,
) -> Result<Evaluated, PolicyProblem> {
    let bytes = sources
        .iter()
        .map(|source| source.content.len())
        .fold(0, usize::saturating_add);
    if bytes > MAX_SET_BYTES {
        let message = format!("the policy set has {bytes} bytes of source, the limit is {MAX_SET_BYTES}");
        return Err(PolicyProblem::new("policy_set_too_large", message));
    }
    let mut engine = engine();
    let mut reads: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    let mut defaults = BTreeSet::new();
    let mut wholes: BTreeMap<String, WholeValues> = BTreeMap::new();
    let mut lookups = Vec::new();
    let mut work = 0_u64;
    let mut origins = Origins::default();
    for source in sources {
        interrupt.check()?;
        let checked = rules::check(&mut engine, source.version_id, text(source.content))
            .map_err(|problems| first(problems).in_version(source.version_id))?;
        work = work.saturating_add(checked.work);
        if work > MAX_SET_WORK {
            let message = "the policy set takes too much to read: its policies nest too much for its length";
            return Err(PolicyProblem::new("policy_set_too_large", message));
        }
        lookups.push((source.version_id, checked.lookups));
        for (name, member) in &checked.states {
            origins.note(source.version_id, name, member.as_deref());
        }
        for (name, read) in checked.reads {
            let known = reads.entry(name).or_default();
            known.extend(read.into_iter().map(|name| (name, source.version_id)));
        }
        for name in checked.defaults {
            if !defaults.insert(name.clone()) {
                return Err(rules::second_default(&name).in_version(source.version_id));
            }
        }
        for (name, whole) in checked.wholes {
            let known = wholes.entry(name.clone()).or_default();
            known.add(whole);
            if let Some(problem) = known.problem(&name) {
                return Err(problem.in_version(source.version_id));
            }
        }
    }
    one_level_of_reading(&reads)?;
    let (mut documents, values) = collect(
        &mut engine,
        reads.keys().map(String::as_str),
        &BTreeSet::new(),
        bytes,
        interrupt,
    )?;
    let mut never = Vec::new();
    for (version_id, lookups) in &lookups {
        let found = led_somewhere(lookups, &values, &[], interrupt);
        let found = found.map_err(|problem| problem.in_version(version_id))?;
        // A place says nothing without its source.
        never.extend(found.into_iter().map(|(warning, _)| warning));
    }
    documents.check()?;
    documents.origins = origins;
    Ok(Evaluated { documents, never })
}

/// Evaluates one source by itself, which `engine` holds already. Documents it reads but does not define are undefined,
/// and so may be what reads them.
pub(super) fn alone(
    engine: &mut Engine,
    checked: &Checked,
    content: &str,
    interrupt: &Interrupt,
) -> Result<Evaluated, PolicyProblem> {
    let absent: Vec<&str> = DOCUMENTS
        .into_iter()
        .filter(|name| !checked.reads.contains_key(*name))
        .collect();
    if !absent.is_empty() {
        let mut stub = format!("package {PACKAGE}\n");
        for name in &absent {
            // A rule that exists, so that its name resolves, and never holds.
            stub.extend([name, " := null if false\n"]);
        }
        engine.add_policy(String::from("absent"), stub).map_err(|error| {
            engine_problem(&error.to_string(), error.downcast_ref(), "policy_syntax_error")
        })?;
    }
    let reads = checked
        .reads
        .iter()
        .map(|(name, read)| (name.clone(), read.iter().map(|name| (name.clone(), "")).collect()))
        .collect();
    one_level_of_reading(&reads)?;
    let incomplete = (checked.reads.iter())
        .filter(|(_, read)| read.iter().any(|name| absent.contains(&name.as_str())))
        .map(|(name, _)| name.clone())
        .collect();
    let (documents, values) = collect(
        engine,
        checked.reads.keys().map(String::as_str),
        &incomplete,
        content.len(),
        interrupt,
    )?;
    let never = led_somewhere(&checked.lookups, &values, &absent, interrupt)?;
    documents.check_shapes()?;
    // Another source may declare tiers.
    if documents.approval_tiers.is_some() {
        documents.check_tiers()?;
    }
    let never = never.into_iter().map(|(warning, place)| warning.at(place));
    Ok(Evaluated {
        documents,
        never: never.collect(),
    })
}

/// A document may read others, but not ones that read in their turn: each level of reading could multiply the
/// size of the outcome by the length of the text.
fn one_level_of_reading(reads: &BTreeMap<String, BTreeMap<String, &str>>) -> Result<(), PolicyProblem> {
    for (name, read) in reads {
        for (source, version_id) in read {
            if reads.get(source).is_some_and(|further| !further.is_empty()) {
                let message = format!("`{name}` reads `{source}`, which itself reads another document");
                let problem = PolicyProblem::new("policy_too_complex", message);
                return Err(if version_id.is_empty() {
                    problem
                } else {
                    problem.in_version(version_id)
                });
            }
        }
    }
    Ok(())
}

/// What a restriction binds is there, unless the same bodies ask for something that is not. Nothing is known of what
/// begins in one of the documents `absent`. The conditions that ask for what is not there, with their places.
fn led_somewhere(
    lookups: &Lookups,
    values: &Values<'_>,
    absent: &[&str],
    interrupt: &Interrupt,
) -> Result<Vec<(Linted, Position)>, PolicyProblem> {
    let leads_nowhere = |path: &Path| match path.document {
        None => true,
        Some(name) if absent.contains(&name) => false,
        Some(name) => !values.get(name).is_some_and(|value| path.leads_somewhere(value)),
    };
    for binding in &lookups.bindings {
        interrupt.check()?;
        let mut guards = binding.guards.iter().flat_map(|paths| paths.iter());
        if leads_nowhere(&binding.path) && !guards.any(leads_nowhere) {
            let name = &binding.name;
            let message = format!(
                "a body of `{name}` binds or goes through `{}`, which is not there, so what it restricts would be left \
                 out without a word; state it, or ask for it with a condition of its own",
                binding.path.text()
            );
            let code = format!("data_document_binds_nothing:{name}");
            return Err(PolicyProblem::new(code, message).at(binding.place));
        }
    }
    let never = lookups.asked.iter().filter(|asked| leads_nowhere(&asked.path));
    let told = never.map(|asked| (Linted::never_holds(asked), asked.place));
    Ok(told.take(MAX_WARNINGS).collect())
}

/// Values by the name of their document.
type Values<'n> = BTreeMap<&'n str, RegoValue>;

/// The values of the documents `names`. Those of `incomplete` may have none.
fn collect<'a>(
    engine: &mut Engine,
    names: impl Iterator<Item = &'a str>,
    incomplete: &BTreeSet<String>,
    bytes: usize,
    interrupt: &Interrupt,
) -> Result<(PolicyDocuments, Values<'a>), PolicyProblem> {
    let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
    let limit = BASE_TIME.saturating_add(TIME_PER_KIBIBYTE.saturating_mul(kibibytes));
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: limit.min(MAX_TIME),
        check_interval: NonZeroU32::new(64).unwrap_or(NonZeroU32::MIN),
    });
    let (mut documents, mut values) = (PolicyDocuments::default(), Values::new());
    let mut budget = MAX_VALUES;
    for name in names {
        interrupt.check()?;
        // A query rather than a rule path: documents may be made of parts, such as `grants["…"] := …`.
        let results = engine
            .eval_query(format!("data.{PACKAGE}.{name}"), false)
            .map_err(|error| {
                let text = error.to_string();
                let contradicts = ["multiple outputs", "conflict", "previous value"]
                    .iter()
                    .any(|sign| text.contains(sign));
                let code = if contradicts {
                    "data_document_conflict"
                } else {
                    "data_document_failed"
                };
                engine_problem(&text, error.downcast_ref(), &format!("{code}:{name}"))
            })?;
        let value = results
            .result
            .first()
            .and_then(|row| row.expressions.first())
            .map(|expr| &expr.value)
            .filter(|value| !matches!(value, RegoValue::Undefined));
        match value {
            Some(value) => {
                documents.set(name, to_json(name, value, MAX_DEPTH, &mut budget)?);
                values.insert(name, value.clone());
            }
            None if incomplete.contains(name) => {}
            None => return Err(undefined(name)),
        }
    }
    Ok((documents, values))
}

/// What is undefined would count as absent, and an absent restriction restricts nothing.
fn undefined(name: &str) -> PolicyProblem {
    let message = format!(
        "`{name}` is defined and has no value: something it refers to is not there, or none of its conditions holds"
    );
    PolicyProblem::new(format!("data_document_undefined:{name}"), message)
}

/// Unfolds a value into JSON; sets become arrays.
fn to_json(name: &str, value: &RegoValue, depth: usize, budget: &mut usize) -> Result<Value, PolicyProblem> {
    let too_large = || {
        PolicyProblem::new(
            "policy_too_complex",
            format!("the value of `{name}` is too large"),
        )
    };
    let Some(depth) = depth.checked_sub(1) else {
        return Err(too_large());
    };
    *budget = budget.checked_sub(1).ok_or_else(too_large)?;
    let malformed = |what: &str| {
        PolicyProblem::new(
            format!("data_document_malformed:{name}"),
            format!("`{name}` {what}"),
        )
    };
    let mut list = |items: &mut dyn Iterator<Item = &RegoValue>| {
        let mut array = Vec::new();
        for item in items {
            array.push(to_json(name, item, depth, budget)?);
        }
        Ok(Value::Array(array))
    };
    match value {
        RegoValue::Undefined => Err(undefined(name)),
        RegoValue::Null => Ok(Value::Null),
        RegoValue::Bool(value) => Ok(Value::Bool(*value)),
        RegoValue::String(text) => Ok(Value::String(text.to_string())),
        RegoValue::Number(_) => {
            let number = (value.as_u64().map(Number::from))
                .or_else(|_| value.as_i64().map(Number::from))
                .ok()
                .or_else(|| value.as_f64().ok().and_then(Number::from_f64));
            number
                .map(Value::Number)
                .ok_or_else(|| malformed("has an unusable number"))
        }
        RegoValue::Array(items) => list(&mut items.iter()),
        RegoValue::Set(items) => list(&mut items.iter()),
        RegoValue::Object(members) => {
            let mut object = Map::new();
            for (key, value) in members.iter() {
                let RegoValue::String(key) = key else {
                    return Err(malformed("has a member whose name is not a string"));
                };
                object.insert(key.to_string(), to_json(name, value, depth, budget)?);
            }
            Ok(Value::Object(object))
        }
    }
}
