//! Declared operations: which scope a method on a path needs.

use caracal_authz::operations::{GRPC, MCP, McpPattern, PathTemplate, WEBSOCKET, is_method};
use caracal_core::{ScopeSet, TextProblem, entity::DeclaredOperation, text::is_unprintable};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use super::CODE;

const MAX_OPERATIONS: usize = 256;

/// Trims, and upper-cases methods. Lengths are checked here, meaning in [`check`].
pub(in crate::routes) fn normalise(
    operations: Vec<DeclaredOperation>,
) -> Result<Vec<DeclaredOperation>, Refusal> {
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
            let DeclaredOperation { method, path, scope } = operation;
            let (method, path) = (method.trim().to_ascii_uppercase(), path.trim().to_owned());
            for (name, value, most) in [
                ("method", &method, 16),
                ("path", &path, 512),
                ("scope", &scope, 200),
            ] {
                let rule = if value.chars().count() > most {
                    format!("must have at most {most} characters")
                } else if value.chars().any(is_unprintable) {
                    TextProblem::Character.to_string()
                } else {
                    continue;
                };
                let field = format!("operations.{position}.{name}");
                return Err(Refusal::invalid_field(CODE, &field, rule));
            }
            Ok(DeclaredOperation { method, path, scope })
        })
        .collect()
}

/// What one operation stands for. Equal ones meet the same calls.
#[derive(PartialEq, Eq)]
enum Meaning<'o> {
    Http(&'o str, PathTemplate),
    Grpc(PathTemplate),
    Mcp(McpPattern),
}

/// What a list of operations must be for the Gateway to decide with it.
pub(in crate::routes) fn check(operations: &[DeclaredOperation], scopes: &ScopeSet) -> Result<(), Refusal> {
    let mut seen: Vec<Meaning<'_>> = Vec::with_capacity(operations.len());
    for (position, operation) in operations.iter().enumerate() {
        let field = |name: &str| format!("operations.{position}.{name}");
        let meaning = meaning(operation)
            .map_err(|(code, name, why)| Refusal::invalid_field(code, &field(name), why))?;
        if !scopes.contains(&operation.scope) {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationScopeNotInResourceScopes,
                &field("scope"),
                "must be one of the resource's scopes",
            ));
        }
        // Two templates that differ in names alone are one.
        if seen.contains(&meaning) {
            return Err(Refusal::invalid_field(
                ErrorCode::OperationDuplicate,
                &field("path"),
                "is declared twice",
            ));
        }
        seen.push(meaning);
    }
    // Every POST to the root is then read as a message: this operation would meet nothing.
    let is_root = |operation: &DeclaredOperation| operation.method == "POST" && operation.path == "/";
    if let Some(position) = operations.iter().position(is_root)
        && seen.iter().any(|meaning| matches!(meaning, Meaning::Mcp(_)))
    {
        return Err(Refusal::invalid_field(
            ErrorCode::OperationPathInvalid,
            &format!("operations.{position}.path"),
            "is where the resource takes the messages of its MCP operations",
        ));
    }
    Ok(())
}

fn meaning(operation: &DeclaredOperation) -> Result<Meaning<'_>, (ErrorCode, &'static str, &'static str)> {
    let DeclaredOperation { method, path, .. } = operation;
    let is_token = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
    if method.is_empty() || path.is_empty() || !method.bytes().all(is_token) {
        let field = if path.is_empty() { "path" } else { "method" };
        let why = "an operation is an HTTP method and a path";
        return Err((ErrorCode::OperationMethodAndPathRequired, field, why));
    }
    let invalid = |why| (ErrorCode::OperationPathInvalid, "path", why);
    if method == MCP {
        return McpPattern::parse(path).map(Meaning::Mcp).map_err(invalid);
    }
    if method != GRPC && method != WEBSOCKET && !is_method(method) {
        let why = "is no HTTP method that can be forwarded";
        return Err((ErrorCode::OperationMethodUnknown, "method", why));
    }
    if !path.starts_with('/') {
        return Err((
            ErrorCode::OperationPathMustBeAbsolute,
            "path",
            "must begin with /",
        ));
    }
    let template = PathTemplate::parse(path).map_err(invalid)?;
    if method != GRPC {
        return Ok(Meaning::Http(method, template));
    }
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", service, method] if !service.is_empty() && !method.is_empty() => Ok(Meaning::Grpc(template)),
        _ => Err(invalid("must be /package.Service/Method")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(operations: &[(&str, &str, &str)]) -> Option<String> {
        let operations = operations
            .iter()
            .map(|(method, path, scope)| DeclaredOperation {
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
            (("MCP", "/mcp", "a"), "operation_path_invalid"),
            (("MCP", "tools/call", "a"), "operation_path_invalid"),
            (
                ("MCP", "tools/call:x", "c"),
                "operation_scope_not_in_resource_scopes",
            ),
            (("WEBSOCKET", "s", "a"), "operation_path_must_be_absolute"),
            (("WEBSOCKET", "/s*", "a"), "operation_path_invalid"),
            (("GRPC", "p.S/M", "a"), "operation_path_must_be_absolute"),
            (("GRPC", "/M", "a"), "operation_path_invalid"),
            (("GRPC", "/p.S/M/", "a"), "operation_path_invalid"),
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

    #[test]
    fn what_other_protocols_ask_for_is_declared_beside_requests() {
        let all = [
            ("mcp", "tools/call:x", "a"),
            ("MCP", "tools/call:{tool}", "b"),
            ("MCP", "tools/list", "a"),
            ("GET", "/", "a"),
            ("POST", "/p.S/M", "a"),
            ("GRPC", "/p.S/M", "a"),
            ("GRPC", "/p.S/{method}", "a"),
            ("websocket", "/", "a"),
            ("WEBSOCKET", "/s/{id}", "b"),
        ];
        assert_eq!(code(&all), None);
        for twice in [
            [("MCP", "tools/call:{a}", "a"), ("MCP", "tools/call:{b}", "a")],
            [("GRPC", "/p.S/M", "a"), ("GRPC", "/p.S/M", "b")],
            [("WEBSOCKET", "/s/{a}", "a"), ("WEBSOCKET", "/s/{b}", "a")],
        ] {
            assert_eq!(code(&twice).as_deref(), Some("operation_duplicate"));
        }
        assert_eq!(
            code(&[("POST", "/", "a"), ("MCP", "tools/list", "a")]).as_deref(),
            Some("operation_path_invalid"),
            "the root takes messages"
        );
    }
}
