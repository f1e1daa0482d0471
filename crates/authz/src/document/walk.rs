//! Walks a parsed policy and collects what the rules ask about.
//!
//! The recursion is bounded: `scan` has limited nesting and chains before the tree was built.

mod expression;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{
    ArithOp, AssignOp, Expr, ExprRef, Literal, Module, Query, Rule, RuleAssign, RuleHead, Span,
};

pub(super) use self::expression::start_of;
use self::expression::{builds, keys_lookup, lookup, member_of, path_of};
use super::{DOCUMENTS, PACKAGE, Position};

impl From<&Span> for Position {
    fn from(span: &Span) -> Self {
        Self {
            line: span.line,
            column: span.col,
        }
    }
}

/// One rule of a module.
#[derive(Debug)]
pub(super) struct RuleFacts {
    /// First component of its head.
    pub(super) name: String,
    /// Second component, where it is stated.
    pub(super) member: Option<String>,
    /// Where its head stands.
    pub(super) place: Position,
    /// Whether it takes arguments.
    pub(super) is_function: bool,
    /// Whether it is a `default`.
    pub(super) is_default: bool,
    /// Documents it reads.
    pub(super) reads: BTreeSet<String>,
    /// Where an element is looked up that would be left out without a word if it were undefined: in the term of a
    /// comprehension, or in the head of a rule that adds one member.
    pub(super) may_lose: Option<Position>,
    /// How many values it offers for the whole document; none when it adds a member.
    pub(super) whole_values: usize,
    /// Where such a value looks something up.
    pub(super) looks_up: Option<Position>,
}

/// What a module contains.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Rules in order of appearance.
    pub(super) rules: Vec<RuleFacts>,
    /// Calls, by dotted name.
    pub(super) calls: Vec<(String, Position)>,
    /// `input` paths read.
    pub(super) inputs: Vec<(String, Position)>,
    /// `data` paths read.
    pub(super) data: BTreeSet<String>,
    /// Literal members named `decision`.
    pub(super) decisions: BTreeSet<String>,
    /// Uses of constructs that documents may not use.
    pub(super) constructs: Vec<(&'static str, Position)>,
    /// Whether anything is computed rather than stated.
    pub(super) computes: bool,
    /// Where each text first stands.
    pub(super) texts: BTreeMap<String, Position>,
}

/// Collects the facts of `module`.
pub(super) fn facts(module: &Module) -> Facts {
    let mut walker = Walker::default();
    for import in &module.imports {
        let path = path_of(&import.refr);
        match path.split('.').next() {
            Some("input") => walker.facts.inputs.push((path, Position::from(&import.span))),
            Some("data") => {
                walker.facts.data.insert(path);
            }
            _ => {}
        }
    }
    for rule in &module.policy {
        walker.rule(rule);
    }
    walker.facts
}

#[derive(Default)]
struct Walker {
    facts: Facts,
    reads: BTreeSet<String>,
    may_lose: Option<Position>,
}

impl Walker {
    fn rule(&mut self, rule: &Rule) {
        self.reads.clear();
        self.may_lose = None;
        let (mut whole_values, mut looks_up) = (0, None);
        let (refr, is_function, is_default) = match rule {
            Rule::Spec {
                head: RuleHead::Func { refr, .. },
                ..
            } => (refr, true, false),
            Rule::Spec {
                head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. },
                ..
            } => (refr, false, false),
            Rule::Default { refr, args, .. } => (refr, !args.is_empty(), true),
        };
        self.head(refr);
        match rule {
            Rule::Spec { head, bodies, .. } => {
                let mut values = (bodies.iter())
                    .filter_map(|body| body.assign.as_ref())
                    .map(|assign| &assign.value);
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        let value = assign.as_ref().map(|assign| &assign.value);
                        let found = value.into_iter().chain(values).find_map(|value| lookup(value));
                        if matches!(refr.as_ref(), Expr::Var { .. }) {
                            (whole_values, looks_up) = (bodies.len().max(1), found);
                        } else {
                            self.may_lose = found.or_else(|| keys_lookup(refr));
                        }
                        self.assign(assign.as_ref());
                    }
                    RuleHead::Set { key, .. } => {
                        if let Some(key) = key {
                            self.may_lose = lookup(key).or_else(|| values.find_map(|value| lookup(value)));
                            self.expr(key);
                        }
                    }
                    RuleHead::Func { args, assign, .. } => {
                        self.exprs(args);
                        self.assign(assign.as_ref());
                    }
                }
                for body in bodies {
                    self.assign(body.assign.as_ref());
                    self.query(&body.query);
                }
            }
            Rule::Default { value, .. } => {
                whole_values = 1;
                self.expr(value);
            }
        }
        let name = path_of(refr).split('.').next().unwrap_or_default().to_owned();
        self.facts.rules.push(RuleFacts {
            name,
            member: member_of(refr),
            place: Position::from(refr.span()),
            is_function,
            is_default,
            reads: std::mem::take(&mut self.reads),
            may_lose: self.may_lose.take(),
            whole_values,
            looks_up,
        });
    }

    /// The head's own name is no reference, its brackets are expressions.
    fn head(&mut self, head: &Expr) {
        match head {
            Expr::RefDot { refr, .. } => self.head(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.head(refr);
                self.expr(index);
            }
            _ => {}
        }
    }

    fn assign(&mut self, assign: Option<&RuleAssign>) {
        if let Some(assign) = assign {
            self.expr(&assign.value);
        }
    }

    fn query(&mut self, query: &Query) {
        if !query.stmts.is_empty() {
            self.facts.computes = true;
        }
        for stmt in &query.stmts {
            if !stmt.with_mods.is_empty() {
                self.facts.constructs.push(("with", Position::from(&stmt.span)));
            }
            match &stmt.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn {
                    key,
                    value,
                    collection,
                    ..
                } => {
                    self.exprs(key);
                    self.expr(value);
                    self.binds(collection);
                    self.expr(collection);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
                Literal::Every { domain, query, .. } => {
                    self.binds(domain);
                    self.expr(domain);
                    self.query(query);
                }
            }
        }
    }

    fn binds(&mut self, value: &Expr) {
        if builds(value) {
            self.facts
                .constructs
                .push(("binding of a computed collection", Position::from(value.span())));
        }
    }

    /// Records a reference and tells whether it was rooted in a name we know.
    fn reference(&mut self, expr: &Expr) {
        let path = path_of(expr);
        let mut parts = path.split('.');
        match parts.next() {
            Some("input") => self.facts.inputs.push((path, start_of(expr))),
            Some("data") => {
                let own = path
                    .strip_prefix("data.")
                    .and_then(|rest| rest.strip_prefix(PACKAGE));
                match own
                    .and_then(|rest| rest.strip_prefix('.'))
                    .and_then(|rest| rest.split('.').next())
                {
                    Some(name) => {
                        self.reads.insert(name.to_owned());
                    }
                    // `data`, `data.caracal` or `data[x]` would read every document at once.
                    None if PACKAGE.starts_with(path.strip_prefix("data.").unwrap_or_default()) => {
                        self.facts
                            .constructs
                            .push(("reference to the whole package", start_of(expr)));
                    }
                    None => {}
                }
                self.facts.data.insert(path);
            }
            Some(name) if DOCUMENTS.contains(&name) => {
                let name = name.to_owned();
                self.reads.insert(name);
            }
            _ => {}
        }
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ExprRef>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::String { span, .. } | Expr::RawString { span, .. } => {
                let mut place = Position::from(span);
                // The span is that of the text without its quotation marks.
                place.column = place.column.saturating_sub(1).max(1);
                self.facts.texts.entry(span.text().to_owned()).or_insert(place);
            }
            Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => {}
            Expr::Var { .. } => self.reference(expr),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.exprs(items);
            }
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    if let (Expr::String { span: name, .. }, Expr::String { span: word, .. }) =
                        (key.as_ref(), value.as_ref())
                        && name.text() == "decision"
                        && matches!(word.text(), "allow" | "deny")
                    {
                        self.facts.decisions.insert(word.text().to_owned());
                    }
                    self.expr(key);
                    self.expr(value);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.facts.computes = true;
                self.may_lose = self.may_lose.or_else(|| lookup(term));
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                self.facts.computes = true;
                self.may_lose = (self.may_lose).or_else(|| lookup(key)).or_else(|| lookup(value));
                self.expr(key);
                self.expr(value);
                self.query(query);
            }
            Expr::Call { fcn, params, .. } => {
                self.facts.computes = true;
                self.facts.calls.push((path_of(fcn), start_of(fcn)));
                self.exprs(params);
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(expr);
                self.steps(expr);
            }
            Expr::ArithExpr {
                span, op, lhs, rhs, ..
            } => {
                if *op == ArithOp::Mul {
                    // Squaring in a loop makes numbers of any length.
                    self.facts
                        .constructs
                        .push(("multiplication", Position::from(span)));
                }
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::BinExpr { lhs, rhs, .. } | Expr::BoolExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::AssignExpr { op, lhs, rhs, .. } => {
                if *op == AssignOp::Eq {
                    self.binds(lhs);
                }
                self.binds(rhs);
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                self.exprs(key);
                self.expr(value);
                self.expr(collection);
            }
        }
    }

    /// Visits what a reference is made of, except its root name, which `reference` has handled.
    fn steps(&mut self, expr: &Expr) {
        match expr {
            Expr::Var { .. } => {}
            Expr::RefDot { refr, .. } => self.steps(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.steps(refr);
                self.expr(index);
            }
            _ => self.expr(expr),
        }
    }
}
