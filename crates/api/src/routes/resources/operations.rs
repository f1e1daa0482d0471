//! Declared operations: which scope a method on a path needs.

use caracal_authz::operations::{PathTemplate, is_method};
use caracal_core::{ScopeSet, entity::Operation};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use super::CODE;

const MAX_OPERATIONS: usize = 256;

/// Trims, and upper-cases methods. Lengths are checked here, meaning in [`check`].
pub(super) fn normalise(operations: Vec<Operation>) -> Result<Vec<Operation>, Refusal> {
    if operations.len() > MAX_OPERATIONS {
        return Err(Refusal::invalid_field(
            CODE,
            "operations",
            "must hold at most 256 operations",
        ));
    }
    operations
        .into_iter()
        .enumerate()
        .map(|(position, operation)| {
            let Operation { method, path, scope } = operation;
            let (method, path) = (method.trim().to_ascii_uppercase(), path.trim().to_owned());
            for (name, value, most) in [
                ("method", &method, 16),
                ("path", &path, 512),
                ("scope", &scope, 200),
            ] {
                if value.chars().count() > most || value.chars().any(char::is_control) {
                    let field = format!("operations.{position}.{name}");
                    return Err(Refusal::invalid_field(
                        CODE,
                        &field,
                        format!("must have at most {most} characters"),
                    ));
                }
            }
            Ok(Operation { method, path, scope })
        })
        .collect()
}

/// What a list of operations must be for the Gateway to decide with it.
pub(super) fn check(operations: &[Operation], scopes: &ScopeSet) -> Result<(), Refusal> {
    let mut seen: Vec<(&String, PathTemplate)> = Vec::with_capacity(operations.len());
    for (position, operation) in operations.iter().enumerate() {
        let field = |name: &str| format!("operations.{position}.{name}");
        let method = &operation.method;
        if method.is_empty()
            || operation.path.is_empty()
            || !method
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        {
            let path = if operation.path.is_empty() {
                field("path")
            } else {
                field("method")
            };
            return Err(Refusal::invalid_field(
                ErrorCode::OperationMethodAndPathRequired,
                &path,
                "an operation is an HTTP method and a path",
            ));
        }
        if !is_method(method) {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationMethodUnknown,
                &field("method"),
                "is no HTTP method that can be forwarded",
            ));
        }
        if !operation.path.starts_with('/') {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationPathMustBeAbsolute,
                &field("path"),
                "must begin with /",
            ));
        }
        let template = PathTemplate::parse(&operation.path)
            .map_err(|why| Refusal::invalid_field(ErrorCode::OperationPathInvalid, &field("path"), why))?;
        if !scopes.contains(&operation.scope) {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationScopeNotInResourceScopes,
                &field("scope"),
                "must be one of the resource's scopes",
            ));
        }
        // Two templates that differ in names alone are one.
        if seen
            .iter()
            .any(|(other, path)| *other == method && *path == template)
        {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationDuplicate,
                &field("path"),
                "is declared twice",
            ));
        }
        seen.push((method, template));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(operations: &[(&str, &str, &str)]) -> Option<String> {
        let operations = operations
            .iter()
            .map(|(method, path, scope)| Operation {
                method: (*method).to_owned(),
                path: (*path).to_owned(),
                scope: (*scope).to_owned(),
            })
            .collect();
        normalise(operations)
            .and_then(|operations| check(&operations, &ScopeSet::parse("a b")))
            .err()
            .map(|refusal| refusal.code.to_string())
    }

    #[test]
    fn operations_are_normalised_and_checked() {
        assert_eq!(code(&[(" get ", " /x ", "a"), ("POST", "/x", "b")]), None);
        for (bad, why) in [
            (("", "/x", "a"), "operation_method_and_path_required"),
            (("GET", "", "a"), "operation_method_and_path_required"),
            (("G T", "/x", "a"), "operation_method_and_path_required"),
            (("GET", "x", "a"), "operation_path_must_be_absolute"),
            (("GET", "/x", "c"), "operation_scope_not_in_resource_scopes"),
            (("FETCH", "/x", "a"), "operation_method_unknown"),
            (("GET", "/x/:id", "a"), "operation_path_invalid"),
            (("GET", "/x/*", "a"), "operation_path_invalid"),
            (("GET", "/x/{id}.json", "a"), "operation_path_invalid"),
        ] {
            assert_eq!(code(&[bad]).as_deref(), Some(why), "{bad:?}");
        }
        assert_eq!(
            code(&[
                ("GET", "/x/{id}", "a"),
                ("GET", "/x/{rest+}", "b"),
                ("GET", "/x/y", "b")
            ]),
            None
        );
        assert_eq!(
            code(&[("GET", "/x/{id}", "a"), ("GET", "/x/{key}", "b")]).as_deref(),
            Some("operation_duplicate")
        );
        assert_eq!(
            code(&[("get", "/x", "a"), ("GET", "/x", "b")]).as_deref(),
            Some("operation_duplicate")
        );
    }
}
