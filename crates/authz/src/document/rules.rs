//! The rules a document must keep, checked on its syntax tree.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;

use super::{
    DOCUMENTS, DocumentPreview, MAX_COMPUTING_SOURCE_BYTES, PACKAGE, PolicyProblem, Position,
    bound::lookups,
    engine::engine_problem,
    path::Lookups,
    scan::{excerpt, scan},
    walk::{Facts, facts},
};

/// Functions a document may call: pure, and unable to make much out of little. Everything else is refused by
/// name, first of all whatever reaches the network, the clock, chance or the host.
const BUILTINS: [&str; 44] = [
    "abs",
    "array.reverse",
    "array.slice",
    "ceil",
    "contains",
    "count",
    "endswith",
    "floor",
    "indexof",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "lower",
    "max",
    "min",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "round",
    "sort",
    "split",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "substring",
    "sum",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "union",
    "upper",
];

/// A document whose text and rules are sound.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) preview: DocumentPreview,
    /// Which documents each defined document reads.
    pub(super) reads: BTreeMap<String, BTreeSet<String>>,
    /// Each document that is stated here, or the member of it that is.
    pub(super) states: BTreeSet<(String, Option<String>)>,
    /// Documents that have a default here.
    pub(super) defaults: BTreeSet<String>,
    /// What is offered here as the whole of a document that restricts.
    pub(super) wholes: BTreeMap<String, WholeValues>,
    /// What bodies look up.
    pub(super) lookups: Lookups,
    /// Where each text first stands.
    pub(super) texts: BTreeMap<String, Position>,
    /// Tokens the parser read, going back included.
    pub(super) work: u64,
}

/// Values for the whole of one document.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct WholeValues {
    /// How many.
    pub(super) values: usize,
    /// Where one of them looks something up.
    pub(super) looks_up: Option<Position>,
}

impl WholeValues {
    pub(super) fn add(&mut self, other: Self) {
        self.values = self.values.saturating_add(other.values);
        self.looks_up = self.looks_up.or(other.looks_up);
    }

    /// Of several values one that is undefined would be passed over without a word.
    pub(super) fn problem(self, name: &str) -> Option<PolicyProblem> {
        let place = self.looks_up.filter(|_| self.values > 1)?;
        let message = format!("`{name}` has several values, so none of them may look something up");
        Some(PolicyProblem::new(format!("data_document_may_be_undefined:{name}"), message).at(place))
    }
}

/// Most problems of a policy that are told.
const MAX_PROBLEMS: usize = 64;

/// Documents that take something away, so that a missing element would allow more.
const RESTRICTING: [&str; 7] = [
    "approval_tiers",
    "arguments",
    "budgets",
    "confinement",
    "operation_risk",
    "restrict",
    "risk",
];

/// Adds one source to `engine` as `name` and checks its text and rules.
pub(super) fn check(engine: &mut Engine, name: &str, content: &str) -> Result<Checked, Vec<PolicyProblem>> {
    let scanned = scan(content).map_err(|problem| vec![problem])?;
    if let Err(error) = engine.add_policy(name.to_owned(), content.to_owned()) {
        return Err(vec![engine_problem(
            &error.to_string(),
            error.downcast_ref(),
            "policy_syntax_error",
        )]);
    }
    let Some(module) = engine.get_modules().last() else {
        return Err(vec![PolicyProblem::new(
            "policy_syntax_error",
            "the policy has no content",
        )]);
    };
    let facts = facts(module);
    let lookups = lookups(module, &RESTRICTING);
    let package = scanned
        .package
        .as_ref()
        .map(|(name, _)| name.as_str())
        .unwrap_or_default();

    let mut problems = Vec::new();
    forbidden_builtins(&facts, &mut problems);
    if package != PACKAGE {
        let problem = PolicyProblem::new(
            "must_use_package_caracal_authz",
            format!("the package is `{}`, it must be `{PACKAGE}`", excerpt(package)),
        );
        problems.push(match scanned.package {
            Some((_, place)) => problem.at(place),
            None => problem,
        });
    }
    if !scanned.marked_as_data {
        problems.push(PolicyProblem::new(
            "must_be_data_document",
            "the comment line `# caracal:data-document` is missing",
        ));
    }
    rule_names(&facts, &mut problems);
    constructs(&facts, content.len(), &mut problems);
    let wholes = definedness(&facts, &mut problems);
    if !problems.is_empty() {
        return Err(bounded(problems));
    }

    let defaults = facts
        .rules
        .iter()
        .filter(|rule| rule.is_default)
        .map(|rule| rule.name.clone())
        .collect();
    let states = (facts.rules.iter())
        .map(|rule| (rule.name.clone(), rule.member.clone()))
        .collect();
    let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in &facts.rules {
        reads
            .entry(rule.name.clone())
            .or_default()
            .extend(rule.reads.iter().cloned());
    }
    let preview = DocumentPreview {
        package: package.to_owned(),
        rules: reads.keys().cloned().collect(),
        default_result: false,
        decisions: facts.decisions.into_iter().collect(),
        inputs_referenced: Vec::new(),
        data_referenced: facts.data.into_iter().collect(),
    };
    Ok(Checked {
        preview,
        reads,
        states,
        defaults,
        wholes,
        lookups,
        texts: facts.texts,
        work: scanned.work,
    })
}

/// An element that is undefined is no element: where that would take a restriction away, nothing may be undefined.
fn definedness(facts: &Facts, problems: &mut Vec<PolicyProblem>) -> BTreeMap<String, WholeValues> {
    let mut wholes: BTreeMap<String, WholeValues> = BTreeMap::new();
    for rule in (facts.rules.iter()).filter(|rule| RESTRICTING.contains(&rule.name.as_str())) {
        let name = &rule.name;
        if let Some(place) = rule.may_lose {
            let message = format!(
                "an element of `{name}` looks something up, and would be left out if that were not there; state it, \
                 or bind what is there to a variable in the body"
            );
            let code = format!("data_document_may_be_undefined:{name}");
            problems.push(PolicyProblem::new(code, message).at(place));
        }
        wholes.entry(name.clone()).or_default().add(WholeValues {
            values: rule.whole_values,
            looks_up: rule.looks_up,
        });
    }
    problems.extend(wholes.iter().filter_map(|(name, whole)| whole.problem(name)));
    wholes
}

/// As many problems as somebody reads at once, and how many more there are.
fn bounded(mut problems: Vec<PolicyProblem>) -> Vec<PolicyProblem> {
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    problems.truncate(MAX_PROBLEMS);
    if more > 0 {
        problems.push(PolicyProblem::new(
            "more_problems",
            format!("there are {more} more problems, which are told when these are mended"),
        ));
    }
    problems
}

fn forbidden_builtins(facts: &Facts, problems: &mut Vec<PolicyProblem>) {
    for (name, place) in &facts.calls {
        if !BUILTINS.contains(&name.as_str()) {
            let name = excerpt(name);
            let message = format!("`{name}` may not be called in a policy");
            problems.push(PolicyProblem::new(format!("forbidden_builtin:{name}"), message).at(*place));
        }
    }
}

/// A second default would be ignored without a word, so it is refused.
pub(super) fn second_default(name: &str) -> PolicyProblem {
    let message = format!("`{name}` has more than one default");
    PolicyProblem::new(format!("data_document_conflict:{name}"), message)
}

fn rule_names(facts: &Facts, problems: &mut Vec<PolicyProblem>) {
    let mut defaults = BTreeSet::new();
    for rule in facts
        .rules
        .iter()
        .filter(|rule| rule.is_default && rule.name != "result")
    {
        if !defaults.insert(rule.name.as_str()) {
            problems.push(second_default(&excerpt(&rule.name)).at(rule.place));
        }
    }
    if let Some(rule) = facts.rules.iter().find(|rule| rule.name == "result") {
        let message = "`result` belongs to the platform";
        problems.push(PolicyProblem::new("data_document_must_not_define_result", message).at(rule.place));
    }
    if facts.rules.is_empty() {
        let message = format!("the policy defines none of {}", DOCUMENTS.join(", "));
        problems.push(PolicyProblem::new("data_document_must_define_data", message));
    }
    for rule in facts.rules.iter().filter(|rule| rule.name != "result") {
        let name = excerpt(&rule.name);
        if !DOCUMENTS.contains(&rule.name.as_str()) {
            let message = format!("`{name}` is none of {}", DOCUMENTS.join(", "));
            let code = format!("data_document_rule_not_allowed:{name}");
            problems.push(PolicyProblem::new(code, message).at(rule.place));
        } else if rule.is_function {
            let code = format!("data_document_must_not_define_function:{name}");
            let message = format!("`{name}` must be data, not a function");
            problems.push(PolicyProblem::new(code, message).at(rule.place));
        } else if rule.reads.contains(&rule.name) {
            let code = format!("data_document_must_not_read_itself:{name}");
            problems.push(PolicyProblem::new(code, format!("`{name}` is defined by itself")).at(rule.place));
        } else if rule.is_default && rule.reads.iter().next().is_some() {
            let code = "policy_syntax_error";
            problems.push(PolicyProblem::new(code, "a default must be a literal value").at(rule.place));
        }
    }
}

fn constructs(facts: &Facts, length: usize, problems: &mut Vec<PolicyProblem>) {
    for (path, place) in &facts.inputs {
        let message = format!(
            "`{}` is read, but documents are evaluated once, at activation, where there is no request",
            excerpt(path)
        );
        problems.push(PolicyProblem::new("data_document_must_not_read_input", message).at(*place));
    }
    for (construct, place) in &facts.constructs {
        problems.push(too_complex(
            format!("a data document may not use: {construct}"),
            *place,
        ));
    }
    if facts.computes && length > MAX_COMPUTING_SOURCE_BYTES {
        let message = format!(
            "a policy that computes its data may be {MAX_COMPUTING_SOURCE_BYTES} bytes long, this one has {length}"
        );
        problems.push(PolicyProblem::new("policy_too_complex", message));
    }
}

fn too_complex(message: String, place: Position) -> PolicyProblem {
    super::scan::too_complex(message, place)
}
