//! Turns checked sources into plain data, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};

use regorus::{Engine, LimitError, Value as RegoValue, utils::limits::ExecutionTimerConfig};
use serde_json::{Map, Number, Value};

use super::{
    DOCUMENTS, MAX_SET_BYTES, PACKAGE, Place, PolicyDocuments, PolicyProblem, PolicySource, first,
    rules::{self, Checked},
};

/// Most values in the outcome of one policy set. Values may share parts, so this is checked while they unfold.
const MAX_VALUES: usize = 2_000_000;

/// Deepest nesting of a value. Documents need four levels.
const MAX_DEPTH: usize = 32;

/// Time to evaluate any set, and more for each kibibyte of its source.
const BASE_TIME: Duration = Duration::from_millis(500);
const TIME_PER_KIBIBYTE: Duration = Duration::from_millis(4);

/// Evaluates `sources` together, without input, to the documents they define.
///
/// # Errors
/// The first problem: of a single source (as [`super::validate`]), two sources that contradict each other, or a
/// document whose value does not have the shape the decision contract reads.
pub fn evaluate(sources: &[PolicySource<'_>]) -> Result<PolicyDocuments, PolicyProblem> {
    let bytes = sources
        .iter()
        .map(|source| source.content.len())
        .fold(0, usize::saturating_add);
    if bytes > MAX_SET_BYTES {
        let message = format!("the policy set has {bytes} bytes of source, the limit is {MAX_SET_BYTES}");
        return Err(PolicyProblem::new("policy_set_too_large", message));
    }
    let mut engine = rules::engine();
    let mut reads: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    let mut defaults = BTreeSet::new();
    for source in sources {
        let checked =
            rules::check(source.content).map_err(|problems| first(problems).in_version(source.version_id))?;
        for (name, read) in checked.reads {
            let known = reads.entry(name).or_default();
            known.extend(read.into_iter().map(|name| (name, source.version_id)));
        }
        for name in checked.defaults {
            if !defaults.insert(name.clone()) {
                return Err(rules::second_default(&name).in_version(source.version_id));
            }
        }
        load(&mut engine, source.version_id, source.content)
            .map_err(|problem| problem.in_version(source.version_id))?;
    }
    one_level_of_reading(&reads)?;
    collect(&mut engine, reads.keys().map(String::as_str), bytes)
}

/// Evaluates one source by itself. Documents it reads but does not define are undefined.
pub(super) fn alone(checked: &Checked, content: &str) -> Result<(), PolicyProblem> {
    let mut engine = rules::engine();
    load(&mut engine, "policy", content)?;
    let absent: Vec<&str> = DOCUMENTS
        .into_iter()
        .filter(|name| !checked.reads.contains_key(*name))
        .collect();
    if !absent.is_empty() {
        let mut stub = format!("package {PACKAGE}\n");
        for name in absent {
            // A rule that exists, so that its name resolves, and never holds.
            stub.extend([name, " := null if false\n"]);
        }
        load(&mut engine, "absent", &stub)?;
    }
    let reads = checked
        .reads
        .iter()
        .map(|(name, read)| (name.clone(), read.iter().map(|name| (name.clone(), "")).collect()))
        .collect();
    one_level_of_reading(&reads)?;
    collect(
        &mut engine,
        checked.reads.keys().map(String::as_str),
        content.len(),
    )
    .map(drop)
}

fn load(engine: &mut Engine, name: &str, content: &str) -> Result<(), PolicyProblem> {
    engine
        .add_policy(name.to_owned(), content.to_owned())
        .map(drop)
        .map_err(|error| engine_problem(&error.to_string(), error.downcast_ref(), "policy_syntax_error"))
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

fn collect<'a>(
    engine: &mut Engine,
    names: impl Iterator<Item = &'a str>,
    bytes: usize,
) -> Result<PolicyDocuments, PolicyProblem> {
    let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: BASE_TIME.saturating_add(TIME_PER_KIBIBYTE.saturating_mul(kibibytes)),
        check_interval: NonZeroU32::new(64).unwrap_or(NonZeroU32::MIN),
    });
    let mut documents = PolicyDocuments::default();
    let mut budget = MAX_VALUES;
    for name in names {
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
            .map(|expr| &expr.value);
        if let Some(json) = value
            .map(|value| to_json(name, value, MAX_DEPTH, &mut budget))
            .transpose()?
            .flatten()
        {
            documents.set(name, json);
        }
    }
    documents.check()?;
    Ok(documents)
}

/// Unfolds a value into JSON; sets become arrays. `None` when undefined.
fn to_json(
    name: &str,
    value: &RegoValue,
    depth: usize,
    budget: &mut usize,
) -> Result<Option<Value>, PolicyProblem> {
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
            array.extend(to_json(name, item, depth, budget)?);
        }
        Ok(Some(Value::Array(array)))
    };
    match value {
        RegoValue::Undefined => Ok(None),
        RegoValue::Null => Ok(Some(Value::Null)),
        RegoValue::Bool(value) => Ok(Some(Value::Bool(*value))),
        RegoValue::String(text) => Ok(Some(Value::String(text.to_string()))),
        RegoValue::Number(_) => {
            let number = (value.as_u64().map(Number::from))
                .or_else(|_| value.as_i64().map(Number::from))
                .ok()
                .or_else(|| value.as_f64().ok().and_then(Number::from_f64));
            number
                .map(|number| Some(Value::Number(number)))
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
                if let Some(value) = to_json(name, value, depth, budget)? {
                    object.insert(key.to_string(), value);
                }
            }
            Ok(Some(Value::Object(object)))
        }
    }
}

/// Reads the place and the reason out of an engine's error.
pub(super) fn engine_problem(text: &str, limit: Option<&LimitError>, code: &str) -> PolicyProblem {
    if let Some(limit) = limit {
        return PolicyProblem::new(
            "policy_too_complex",
            format!("evaluating the policy took too much: {limit}"),
        );
    }
    let message = text.rsplit("error: ").next().unwrap_or(text).trim();
    let code = if message.contains("nesting too deep") {
        "policy_too_complex"
    } else {
        code
    };
    let message = if message.is_empty() {
        "the policy could not be read"
    } else {
        message
    };
    let problem = PolicyProblem::new(code, message.chars().take(512).collect::<String>());
    match place_in(text) {
        Some((source, place)) => {
            let problem = problem.at(place);
            if matches!(source, "policy" | "absent") {
                problem
            } else {
                problem.in_version(source)
            }
        }
        None => problem,
    }
}

/// Finds the last `--> source:line:column` of an engine's message.
fn place_in(text: &str) -> Option<(&str, Place)> {
    let (_, rest) = text.rsplit_once("--> ")?;
    let mut parts = rest.lines().next()?.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, Place { line, column }))
}
