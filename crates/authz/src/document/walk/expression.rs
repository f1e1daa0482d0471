//! What an expression says before it is evaluated.

use regorus::unstable::Expr;

use crate::document::{DOCUMENTS, Position};

/// The static part of a reference, dotted: `data.caracal.authz.grants` for `data.caracal.authz.grants[x].y`.
pub(super) fn path_of(expr: &Expr) -> String {
    match expr {
        Expr::Var { span, .. } => span.text().to_owned(),
        Expr::RefDot { refr, field, .. } => join(refr, field.0.text()),
        Expr::RefBrack { refr, index, .. } => match index.as_ref() {
            Expr::String { span, .. } => join(refr, span.text()),
            _ => path_of(refr),
        },
        _ => String::new(),
    }
}

fn join(base: &Expr, field: &str) -> String {
    // A dynamic step ends the static part; whatever follows it is not part of the path.
    if is_static(base) {
        format!("{}.{field}", path_of(base))
    } else {
        path_of(base)
    }
}

/// The member of a document that a rule's head names.
pub(super) fn member_of(head: &Expr) -> Option<String> {
    match head {
        Expr::RefDot { refr, field, .. } if matches!(refr.as_ref(), Expr::Var { .. }) => {
            Some(field.0.text().to_owned())
        }
        Expr::RefBrack { refr, index, .. } if matches!(refr.as_ref(), Expr::Var { .. }) => {
            match index.as_ref() {
                Expr::String { value, .. } => value.as_string().ok().map(ToString::to_string),
                _ => None,
            }
        }
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => member_of(refr),
        _ => None,
    }
}

/// Where a reference begins. Its own span is that of its last step.
pub(in crate::document) fn start_of(expr: &Expr) -> Position {
    match expr {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => start_of(refr),
        _ => Position::from(expr.span()),
    }
}

/// Where a bracket of a rule's head looks something up.
pub(super) fn keys_lookup(head: &Expr) -> Option<Position> {
    match head {
        Expr::RefDot { refr, .. } => keys_lookup(refr),
        Expr::RefBrack { refr, index, .. } => keys_lookup(refr).or_else(|| lookup(index)),
        _ => None,
    }
}

fn is_static(expr: &Expr) -> bool {
    match expr {
        Expr::Var { .. } => true,
        Expr::RefDot { refr, .. } => is_static(refr),
        Expr::RefBrack { refr, index, .. } => {
            matches!(index.as_ref(), Expr::String { .. }) && is_static(refr)
        }
        _ => false,
    }
}

/// Whether `expr` builds a value from anything but literals. Binding such values to variables is what lets a
/// short text describe an exponentially large value.
pub(super) fn builds(expr: &Expr) -> bool {
    match expr {
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => true,
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().any(|item| !is_constant(item)),
        Expr::Object { fields, .. } => fields
            .iter()
            .any(|(_, key, value)| !is_constant(key) || !is_constant(value)),
        Expr::Call { fcn, params, .. } => builds(fcn) || params.iter().any(|param| builds(param)),
        Expr::UnaryExpr { expr, .. } => builds(expr),
        Expr::RefDot { refr, .. } => builds(refr),
        Expr::RefBrack { refr, index, .. } => builds(refr) || builds(index),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => builds(lhs) || builds(rhs),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => key.as_ref().is_some_and(|key| builds(key)) || builds(value) || builds(collection),
        _ => false,
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => true,
        Expr::UnaryExpr { expr, .. } => is_constant(expr),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().all(|item| is_constant(item)),
        Expr::Object { fields, .. } => fields
            .iter()
            .all(|(_, key, value)| is_constant(key) && is_constant(value)),
        _ => false,
    }
}

/// Where `expr` may turn out to be undefined: it refers into a value, or to a document.
pub(super) fn lookup(expr: &Expr) -> Option<Position> {
    match expr {
        Expr::RefDot { .. } | Expr::RefBrack { .. } => Some(start_of(expr)),
        Expr::Var { span, .. } => {
            (span.text() == "data" || DOCUMENTS.contains(&span.text())).then(|| Position::from(span))
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().find_map(|item| lookup(item)),
        Expr::Object { fields, .. } => fields
            .iter()
            .find_map(|(_, key, value)| lookup(key).or_else(|| lookup(value))),
        Expr::Call { params, .. } => params.iter().find_map(|param| lookup(param)),
        Expr::UnaryExpr { expr, .. } => lookup(expr),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => lookup(lhs).or_else(|| lookup(rhs)),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => (key.as_ref().and_then(|key| lookup(key)))
            .or_else(|| lookup(value))
            .or_else(|| lookup(collection)),
        _ => None,
    }
}
