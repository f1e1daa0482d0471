//! What bodies look up, so that a mistyped name in a restriction is not taken for a condition, and is told where it is one.
//!
//! A lookup that leads to nothing leaves its element out. As a condition of its own that is meant; bound to a variable
//! or gone through one by one, it is a mistake that nobody sees, and the restriction is gone. A lookup whose steps all
//! stand in the text leads to the same place whenever it is asked, so it can be told once the documents have values.
//!
//! The recursion is bounded as in [`super::walk`].

use std::sync::Arc;

use regorus::{
    Value,
    unstable::{AssignOp, Expr, Literal, Module, Query, Rule, RuleHead, Span},
};

use super::{
    DOCUMENTS, PACKAGE,
    path::{Binding, ConditionLookup, Lookups, Path},
};

/// Longest path that could lead anywhere, with room for its package: values nest less.
const MAX_STEPS: usize = 48;

/// What the bodies of `module` look up; `restricting` are the documents that take something away.
pub(super) fn lookups(module: &Module, restricting: &[&str]) -> Lookups {
    let mut walker = Walker::default();
    for import in &module.imports {
        let (steps, all) = Walker::default().steps(&import.refr);
        let name = import.r#as.as_ref().map(|name| name.text().to_owned());
        let last = steps.as_ref().and_then(|steps| steps.last()?.as_string().ok());
        if let (Some(name), Some(steps)) = (
            name.or_else(|| last.map(ToString::to_string)),
            steps.filter(|_| all),
        ) {
            walker.known.push((name, Known::Steps(steps)));
        }
    }
    for rule in &module.policy {
        let Rule::Spec { head, bodies, .. } = rule.as_ref() else {
            continue;
        };
        let (refr, value) = match head {
            RuleHead::Compr { refr, assign, .. } => (refr, assign.as_ref().map(|assign| &assign.value)),
            RuleHead::Set { refr, key, .. } => (refr, key.as_ref()),
            RuleHead::Func { .. } => continue,
        };
        let Some(name) = root(refr).and_then(|name| DOCUMENTS.into_iter().find(|known| *known == name))
        else {
            continue;
        };
        walker.name = name;
        walker.expr(refr);
        if let Some(value) = value {
            walker.expr(value);
        }
        for body in bodies {
            if let Some(assign) = &body.assign {
                walker.expr(&assign.value);
            }
            walker.query(&body.query, &[]);
        }
    }
    walker
        .found
        .bindings
        .retain(|binding| restricting.contains(&binding.name));
    walker.found
}

fn root(refr: &Expr) -> Option<&str> {
    match refr {
        Expr::Var { span, .. } => Some(span.text()),
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => root(refr),
        _ => None,
    }
}

/// What a name stands for.
#[derive(Debug, Clone)]
enum Known {
    /// Keys from `data` on.
    Steps(Vec<Value>),
    /// A literal.
    Literal(Value),
    /// It takes any number of values.
    Other,
}

#[derive(Default)]
struct Walker {
    name: &'static str,
    known: Vec<(String, Known)>,
    guards: Vec<Arc<Vec<Path>>>,
    found: Lookups,
}

impl Walker {
    fn known(&self, name: &str) -> Option<&Known> {
        let known = self.known.iter().rev().find(|(known, _)| known == name);
        known.map(|(_, known)| known)
    }

    fn literal(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::String { value, .. }
            | Expr::RawString { value, .. }
            | Expr::Number { value, .. }
            | Expr::Bool { value, .. } => Some(value.clone()),
            Expr::Null { .. } => Some(Value::Null),
            Expr::Var { span, .. } => match self.known(span.text()) {
                Some(Known::Literal(value)) => Some(value.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The keys of a reference from `data` on, as far as they stand in the text, and whether they all do.
    fn steps(&self, expr: &Expr) -> (Option<Vec<Value>>, bool) {
        let (steps, next) = match expr {
            Expr::Var { span, .. } => {
                let name = span.text();
                let steps = match self.known(name) {
                    Some(Known::Steps(steps)) => Some(steps.clone()),
                    None if name == "data" => Some(Vec::new()),
                    None if DOCUMENTS.contains(&name) => {
                        let package = PACKAGE.split('.').chain([name]);
                        Some(package.map(Value::from).collect())
                    }
                    Some(_) | None => None,
                };
                return (steps, true);
            }
            Expr::RefDot { refr, field, .. } => (self.steps(refr), Some(Value::from(field.0.text()))),
            Expr::RefBrack { refr, index, .. } => (self.steps(refr), self.literal(index)),
            _ => return (None, false),
        };
        match (steps, next) {
            ((Some(mut steps), true), Some(next)) => {
                if steps.len() < MAX_STEPS {
                    steps.push(next);
                }
                (Some(steps), true)
            }
            ((steps, _), _) => (steps, false),
        }
    }

    /// Where a reference leads, and whether all of its steps stand in the text. Of what is no document, or of all of
    /// them at once, nothing is said.
    fn path(&self, expr: &Expr) -> Option<(Path, bool)> {
        let (steps, all) = self.steps(expr);
        let mut steps = steps?.into_iter();
        let is_ours = PACKAGE
            .split('.')
            .all(|name| steps.next().is_some_and(|step| step == Value::from(name)));
        let document = if is_ours {
            let name = steps.next()?;
            DOCUMENTS.into_iter().find(|known| name == Value::from(*known))
        } else {
            None
        };
        let path = Path {
            document,
            steps: steps.collect(),
        };
        Some((path, all))
    }

    fn query(&mut self, query: &Query, taken: &[&Span]) {
        let depth = self.known.len();
        for name in taken {
            self.known.push((name.text().to_owned(), Known::Other));
        }
        let mut guards = Vec::new();
        for stmt in &query.stmts {
            match &stmt.literal {
                Literal::SomeVars { vars, .. } => {
                    for name in vars {
                        self.known.push((name.text().to_owned(), Known::Other));
                    }
                }
                Literal::SomeIn { key, value, .. } => {
                    if let Some(key) = key {
                        self.takes(key);
                    }
                    self.takes(value);
                }
                Literal::Expr { expr, .. } => match expr.as_ref() {
                    Expr::AssignExpr { op, lhs, rhs, .. } => self.assigned(op, lhs, rhs),
                    // That it begins somewhere is not asked for by what goes through all that is there.
                    Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                        guards.extend(self.path(expr).filter(|(_, all)| *all).map(|(path, _)| path));
                    }
                    _ => {}
                },
                Literal::NotExpr { .. } | Literal::Every { .. } => {}
            }
        }
        self.guards.push(Arc::new(guards));
        for stmt in &query.stmts {
            match &stmt.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { collection, .. } => self.needed(collection),
                Literal::Expr { expr, .. } => match expr.as_ref() {
                    Expr::AssignExpr { op, lhs, rhs, .. } if self.binds(op, lhs, rhs) => {
                        if *op == AssignOp::Eq {
                            self.needed(lhs);
                        }
                        self.needed(rhs);
                    }
                    _ => {
                        self.asked(expr);
                        self.expr(expr);
                    }
                },
                // That something is not there is what it asks for.
                Literal::NotExpr { expr, .. } => self.expr(expr),
                Literal::Every {
                    key,
                    value,
                    domain,
                    query,
                    ..
                } => {
                    self.needed(domain);
                    let taken: Vec<&Span> = key.iter().chain([value]).collect();
                    self.query(query, &taken);
                }
            }
        }
        self.guards.pop();
        self.known.truncate(depth);
    }

    /// Names that take a value each time.
    fn takes(&mut self, pattern: &Expr) {
        match pattern {
            Expr::Var { span, .. } => self.known.push((span.text().to_owned(), Known::Other)),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.takes(item);
                }
            }
            Expr::Object { fields, .. } => {
                for (_, _, value) in fields {
                    self.takes(value);
                }
            }
            _ => {}
        }
    }

    fn assigned(&mut self, op: &AssignOp, lhs: &Expr, rhs: &Expr) {
        match (lhs, rhs) {
            (Expr::Var { span, .. }, value) => {
                let (steps, all) = self.steps(value);
                let known = match (steps.filter(|_| all), self.literal(value)) {
                    (Some(steps), _) => Known::Steps(steps),
                    (None, Some(literal)) => Known::Literal(literal),
                    (None, None) => Known::Other,
                };
                self.known.push((span.text().to_owned(), known));
            }
            (value, Expr::Var { .. }) if *op == AssignOp::Eq => self.assigned(op, rhs, value),
            (Expr::Array { items, .. }, Expr::Array { items: values, .. }) => {
                for (item, value) in items.iter().zip(values) {
                    self.assigned(op, item, value);
                }
            }
            _ => self.takes(lhs),
        }
    }

    /// An `=` with a literal or with what is known already compares, and a comparison is a condition.
    fn binds(&self, op: &AssignOp, lhs: &Expr, rhs: &Expr) -> bool {
        *op == AssignOp::ColEq || !(self.compares(lhs) || self.compares(rhs))
    }

    fn compares(&self, side: &Expr) -> bool {
        !matches!(side, Expr::Var { .. }) && self.literal(side).is_some()
    }

    /// Everything that `expr` looks up is needed.
    fn needed(&mut self, expr: &Expr) {
        match expr {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                if let Some((path, _)) = self.path(expr) {
                    self.found.bindings.push(Binding {
                        name: self.name,
                        path,
                        guards: self.guards.clone(),
                        place: super::walk::start_of(expr),
                    });
                }
                self.keys_needed(expr);
            }
            _ => {
                let mut parts = Vec::new();
                parts_of(expr, &mut parts);
                for part in parts {
                    self.needed(part);
                }
                self.comprehension(expr);
            }
        }
    }

    /// Everything that `expr` looks up, bodies inside left out, is a condition.
    fn asked(&mut self, expr: &Expr) {
        if matches!(expr, Expr::RefDot { .. } | Expr::RefBrack { .. })
            && let Some((path, _)) = self.path(expr)
        {
            self.found.asked.push(ConditionLookup {
                name: self.name,
                path,
                place: super::walk::start_of(expr),
            });
        }
        let mut parts = Vec::new();
        if let Expr::RefBrack { index, .. } = expr {
            parts.push(index.as_ref());
        } else if !matches!(expr, Expr::RefDot { .. }) {
            parts_of(expr, &mut parts);
        }
        for part in parts {
            self.asked(part);
        }
    }

    /// A key that is looked up is needed as much, and so is what a reference begins in when that is no name.
    fn keys_needed(&mut self, reference: &Expr) {
        match reference {
            Expr::Var { .. } => {}
            Expr::RefDot { refr, .. } => self.keys_needed(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.keys_needed(refr);
                self.needed(index);
            }
            _ => self.needed(reference),
        }
    }

    /// Looks for bodies inside.
    fn expr(&mut self, expr: &Expr) {
        let mut parts = Vec::new();
        parts_of(expr, &mut parts);
        for part in parts {
            self.expr(part);
        }
        self.comprehension(expr);
    }

    fn comprehension(&mut self, expr: &Expr) {
        let (terms, query) = match expr {
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                ([Some(term), None], query)
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => ([Some(key), Some(value)], query),
            _ => return,
        };
        for term in terms.into_iter().flatten() {
            self.expr(term);
        }
        self.query(query, &[]);
    }
}

/// What an expression is made of, bodies left out.
fn parts_of<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => parts.extend(items.iter().map(AsRef::as_ref)),
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                parts.extend([key.as_ref(), value.as_ref()]);
            }
        }
        Expr::Call { params, .. } => parts.extend(params.iter().map(AsRef::as_ref)),
        Expr::UnaryExpr { expr, .. } => parts.push(expr),
        Expr::RefDot { refr, .. } => parts.push(refr),
        Expr::RefBrack { refr, index, .. } => parts.extend([refr.as_ref(), index.as_ref()]),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => parts.extend([lhs.as_ref(), rhs.as_ref()]),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => parts.extend(key.iter().chain([value, collection]).map(AsRef::as_ref)),
        _ => {}
    }
}
