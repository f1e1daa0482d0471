//! Declared operations: which scope a method on a path needs.
//!
//! A path is literal, or an RFC 6570 level 1 template: `{id}` stands for one segment, `{rest+}`, as the last segment,
//! for one or more. Of several operations that a path meets, the one whose segments are more exact from the left on
//! decides: a literal segment before `{id}`, `{id}` before `{rest+}`. So a literal path always wins over a template.
//!
//! A variable meets no empty segment and none with `;`, `%2F` or `%25`: servers differ in what they make of these, and
//! a path that one of them takes for another operation's must not be decided by a variable.
//!
//! `MCP`, `GRPC` and `WEBSOCKET` in place of the method declare [messages](mcp) to an MCP server, gRPC calls and the
//! opening of WebSockets. A resource speaks what it declares: to one with messages a POST to its root is one, and is read
//! before it is decided.

mod mcp;

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use caracal_core::{Operation, entity::DeclaredOperation};

pub use mcp::McpPattern;
use mcp::Messages;

/// What stands in place of the method of a message to an MCP server.
pub const MCP: &str = "MCP";
/// What stands in place of the method of a gRPC call.
pub const GRPC: &str = "GRPC";
/// What stands in place of the method of the opening of a WebSocket.
pub const WEBSOCKET: &str = "WEBSOCKET";

/// Methods an operation may have: those registered for HTTP, without the ones that no proxy forwards.
const METHODS: [&str; 37] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Whether an operation may be declared for `method`, in upper case.
pub fn is_method(method: &str) -> bool {
    METHODS.binary_search(&method).is_ok()
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(Box<str>),
    /// One segment.
    One,
    /// One or more segments, to the end.
    Rest,
}

/// A path as it is declared. Equal templates meet the same paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    segments: Vec<Segment>,
}

impl PathTemplate {
    /// Reads a declared path.
    ///
    /// # Errors
    /// What is wrong with it, for the one who declares it.
    pub fn parse(path: &str) -> Result<Self, &'static str> {
        let segments = path.strip_prefix('/').ok_or("must begin with /")?;
        if path.contains(['*', '?', '#', '\\', '^', '|', '<', '>', '[', ']']) {
            return Err(
                "has a character that no path is matched with; write {id} for one segment, {rest+} for the rest",
            );
        }
        if !escapes_are_as_read(path) {
            return Err("must be written decoded, except %2F and %25");
        }
        let segments: Vec<Segment> = segments.split('/').map(segment).collect::<Result<_, _>>()?;
        match segments.iter().position(|segment| *segment == Segment::Rest) {
            Some(at) if at.saturating_add(1) < segments.len() => Err("has segments behind {rest+}"),
            _ => Ok(Self { segments }),
        }
    }

    fn is_literal(&self) -> bool {
        (self.segments.iter()).all(|segment| matches!(segment, Segment::Literal(_)))
    }

    /// Whether `path`, as policies read it, is one of those this stands for.
    pub fn meets(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else {
            return false;
        };
        let mut sent = path.split('/');
        for declared in &self.segments {
            let met = match (declared, sent.next()) {
                (_, None) => false,
                (Segment::Literal(text), Some(segment)) => text.as_ref() == segment,
                (Segment::One, Some(segment)) => is_plain(segment),
                (Segment::Rest, Some(segment)) => return is_plain(segment) && sent.all(is_plain),
            };
            if !met {
                return false;
            }
        }
        sent.next().is_none()
    }

    /// The more exact one first.
    fn precedence(&self, other: &Self) -> Ordering {
        self.segments.cmp(&other.segments)
    }
}

/// Whether every server reads the segment as one segment, and as this one.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && !segment.contains(';') && !segment.contains('%')
}

fn segment(text: &str) -> Result<Segment, &'static str> {
    if text == "." || text == ".." {
        return Err("has a segment of dots, which no path that is let through has");
    }
    if text.starts_with(':') {
        return Err("has a segment that begins with a colon; write {id} for one segment");
    }
    let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
        if text.contains(['{', '}']) {
            return Err("has braces around part of a segment; a variable stands for whole segments");
        }
        return Ok(Segment::Literal(text.into()));
    };
    let (name, kind) = match name.strip_suffix('+') {
        Some(name) => (name, Segment::Rest),
        None => (name, Segment::One),
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && (name.chars()).all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    if is_name {
        Ok(kind)
    } else {
        Err("has a variable without a name of letters, digits and _")
    }
}

/// Paths are compared decoded, with encoded slashes and percent signs kept: any other escape would meet nothing.
fn escapes_are_as_read(path: &str) -> bool {
    (path.split('%').skip(1)).all(|rest| rest.starts_with("2F") || rest.starts_with("25"))
}

/// The operations of one resource, ready to ask.
#[derive(Debug, Default)]
pub struct OperationTable {
    by_method: HashMap<Box<str>, Paths>,
    grpc: Paths,
    websocket: Paths,
    mcp: Messages,
}

#[derive(Debug, Default)]
struct Paths {
    literal: HashMap<Box<str>, Arc<str>>,
    /// The most exact ones first.
    templates: Vec<(PathTemplate, Arc<str>)>,
}

impl OperationTable {
    /// Indexes declared operations. A path that would not be accepted today stands for itself.
    pub fn new(operations: &[DeclaredOperation]) -> Self {
        let mut table = Self::default();
        for operation in operations {
            let scope: Arc<str> = operation.scope.as_str().into();
            let paths = match operation.method.as_str() {
                MCP => {
                    if let Ok(pattern) = McpPattern::parse(&operation.path) {
                        table.mcp.declare(pattern, scope);
                    }
                    continue;
                }
                GRPC => &mut table.grpc,
                WEBSOCKET => &mut table.websocket,
                method => table.by_method.entry(method.into()).or_default(),
            };
            match PathTemplate::parse(&operation.path) {
                Ok(template) if !template.is_literal() => paths.templates.push((template, scope)),
                _ => {
                    paths.literal.insert(operation.path.as_str().into(), scope);
                }
            }
        }
        let protocols = [&mut table.grpc, &mut table.websocket];
        for paths in table.by_method.values_mut().chain(protocols) {
            paths
                .templates
                .sort_by(|(one, _), (other, _)| one.precedence(other));
        }
        table
    }

    /// Whether a POST to the root is a message to an MCP server.
    pub fn speaks_mcp(&self) -> bool {
        !self.mcp.is_empty()
    }

    /// Whether a POST may be a gRPC call.
    pub fn speaks_grpc(&self) -> bool {
        !self.grpc.literal.is_empty() || !self.grpc.templates.is_empty()
    }

    /// The scope that `operation` needs. `None` when it is not declared.
    pub fn scope(&self, operation: &Operation) -> Option<&str> {
        match operation {
            Operation::Http { method, path } => self.by_method.get(method.as_str())?.scope(path),
            Operation::Grpc { path } => self.grpc.scope(path),
            Operation::WebSocket { path } => self.websocket.scope(path),
            Operation::Mcp { call } => self.mcp.scope(call),
        }
        .map(AsRef::as_ref)
    }
}

impl Paths {
    fn scope(&self, path: &str) -> Option<&Arc<str>> {
        let template = || {
            let mut templates = self.templates.iter();
            templates.find_map(|(template, scope)| template.meets(path).then_some(scope))
        };
        self.literal.get(path).or_else(template)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(declared: &[(&str, &str)]) -> OperationTable {
        let operations: Vec<DeclaredOperation> = declared
            .iter()
            .map(|(path, scope)| DeclaredOperation {
                method: String::from("GET"),
                path: (*path).to_owned(),
                scope: (*scope).to_owned(),
            })
            .collect();
        OperationTable::new(&operations)
    }

    fn http<'t>(table: &'t OperationTable, method: &str, path: &str) -> Option<&'t str> {
        table.scope(&Operation::Http {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }

    #[test]
    fn no_protocol_is_taken_for_another() {
        let declared = |method: &str, path: &str| DeclaredOperation {
            method: method.to_owned(),
            path: path.to_owned(),
            scope: [method, path].concat(),
        };
        let table = OperationTable::new(&[
            declared("MCP", "tools/call:x"),
            declared("GRPC", "/p.S/M"),
            declared("POST", "/p.S/N"),
            declared("WEBSOCKET", "/s/{id}"),
            declared("GET", "/t"),
        ]);
        assert!(table.speaks_mcp() && table.speaks_grpc());
        let socket = |path: &str| {
            table.scope(&Operation::WebSocket {
                path: path.to_owned(),
            })
        };
        assert_eq!(socket("/s/1"), Some("WEBSOCKET/s/{id}"));
        assert_eq!((socket("/t"), socket("/p.S/M"), socket("/s")), (None, None, None));
        let mcp = |call: &str| {
            table.scope(&Operation::Mcp {
                call: call.to_owned(),
            })
        };
        let grpc = |path: &str| {
            table.scope(&Operation::Grpc {
                path: path.to_owned(),
            })
        };
        assert_eq!(mcp("tools/call:x"), Some("MCPtools/call:x"));
        assert_eq!(grpc("/p.S/M"), Some("GRPC/p.S/M"));
        assert_eq!(http(&table, "POST", "/p.S/N"), Some("POST/p.S/N"));
        for (method, path) in [
            ("MCP", "tools/call:x"),
            ("GRPC", "/p.S/M"),
            ("WEBSOCKET", "/s/1"),
            ("GET", "/s/1"),
            ("POST", "/p.S/M"),
            ("POST", "/"),
        ] {
            assert_eq!(http(&table, method, path), None, "{method} {path}");
        }
        assert_eq!(
            (grpc("/p.S/N"), mcp("/p.S/M"), grpc("tools/call:x")),
            (None, None, None)
        );
        let plain = OperationTable::new(&[declared("POST", "/")]);
        assert!(!plain.speaks_mcp() && !plain.speaks_grpc());
    }

    #[test]
    fn the_methods_are_in_order() {
        assert!(METHODS.is_sorted());
        assert!(is_method("GET") && !is_method("get") && !is_method("FETCH") && !is_method("CONNECT"));
    }

    #[test]
    fn what_looks_like_another_pattern_is_refused() {
        for path in [
            "orders",
            "",
            "/orders/:id",
            "/:id",
            "/orders/*",
            "/orders/**",
            "/o*",
            "/orders/{id",
            "/orders/id}",
            "/orders/{}",
            "/orders/{+}",
            "/orders/{+rest}",
            "/orders/{id}.json",
            "/orders/a{id}",
            "/orders/{a}{b}",
            "/orders/{rest+}/x",
            "/orders/{rest*}",
            "/orders/{a,b}",
            "/orders/{#id}",
            "/orders/{?id}",
            "/orders?x=1",
            "/orders#x",
            "/orders/<id>",
            "/orders/[id]",
            "/^orders",
            "/a|b",
            "/a\\b",
            "/orders/{1d}",
            "/a%20b",
            "/a%2fb",
            "/a%zz",
            "/a%",
            "/a/../b",
            "/./a",
        ] {
            assert!(PathTemplate::parse(path).is_err(), "{path}");
        }
        for path in [
            "/",
            "//",
            "/orders",
            "/orders/",
            "/v1/users:batch",
            "/$metadata",
            "/Users('x')",
            "/a b",
            "/a%2Fb",
            "/a%252Fb",
            "/é",
            "/orders/{id}",
            "/orders/{id}/items/{item_2}",
            "/files/{rest+}",
            "/{rest+}",
            "/a;v=1",
        ] {
            assert!(PathTemplate::parse(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn the_most_exact_operation_decides() {
        let table = table(&[
            ("/{rest+}", "any"),
            ("/orders/{id}", "one"),
            ("/orders/export", "export"),
            ("/orders/{id}/items", "items"),
            ("/orders/export/{what}", "exported"),
            ("/orders/{rest+}", "below"),
            ("/a%2Fb", "slash"),
        ]);
        for (path, scope) in [
            ("/orders/7", Some("one")),
            ("/orders/export", Some("export")),
            ("/orders/7/items", Some("items")),
            ("/orders/export/items", Some("exported")),
            ("/orders/7/items/1", Some("below")),
            ("/orders", Some("any")),
            ("/a%2Fb", Some("slash")),
            // Not what a variable meets.
            ("/a%252Fb", None),
            ("/orders/", None),
            ("/orders//items", None),
            ("/orders/7/", None),
            ("/orders/export%2Fitems", None),
            ("/orders/export%252Fitems", None),
            ("/orders/export;x", None),
            ("/orders/x%2F..%2Fexport", None),
            ("/", None),
            ("", None),
            ("orders/7", None),
        ] {
            assert_eq!(http(&table, "GET", path), scope, "{path}");
        }
        assert_eq!(http(&table, "POST", "/orders/7"), None);
        assert_eq!(http(&table, "get", "/orders/7"), None);
    }

    #[test]
    fn names_of_variables_do_not_tell_templates_apart() {
        let parse = |path| PathTemplate::parse(path).unwrap();
        assert_eq!(parse("/a/{x}/{r+}"), parse("/a/{y}/{rest+}"));
        assert_ne!(parse("/a/{x}"), parse("/a/{x+}"));
    }

    proptest! {
        #[test]
        fn a_literal_path_meets_itself_and_nothing_else(one in "(/[ab%25F:$]{0,3}){1,3}", other in "(/[ab%25F:$]{0,3}){1,3}") {
            if PathTemplate::parse(&one).is_ok() {
                let table = table(&[(&one, "s")]);
                prop_assert_eq!(http(&table, "GET", &one), Some("s"));
                prop_assert_eq!(http(&table, "GET", &other).is_some(), one == other);
            }
        }

        #[test]
        fn a_variable_meets_one_plain_segment_and_the_rest_all_of_them(path in "(/[ab;%2F]{0,4}){1,4}") {
            let segments: Vec<&str> = path[1..].split('/').collect();
            let plain = segments.iter().all(|segment| !segment.is_empty() && !segment.contains([';', '%']));
            for (declared, length) in [("/{a}", 1), ("/{a}/{b}", 2), ("/{a}/{b}/{c}", 3)] {
                let met = PathTemplate::parse(declared).unwrap().meets(&path);
                prop_assert_eq!(met, plain && segments.len() == length);
            }
            prop_assert_eq!(PathTemplate::parse("/{r+}").unwrap().meets(&path), plain);
        }

        #[test]
        fn the_order_of_declaration_decides_nothing(
            declared in proptest::collection::vec("(/([ab]|\\{x\\})){1,3}(/\\{r\\+\\})?", 1..6), path in "(/[ab]){1,4}",
        ) {
            let with_scopes: Vec<(&str, &str)> = declared.iter().map(|path| (path.as_str(), path.as_str())).collect();
            let reversed: Vec<(&str, &str)> = with_scopes.iter().rev().copied().collect();
            let (one, other) = (table(&with_scopes), table(&reversed));
            prop_assert_eq!(http(&one, "GET", &path), http(&other, "GET", &path));
            let met = declared.iter().any(|declared| PathTemplate::parse(declared).unwrap().meets(&path));
            prop_assert_eq!(http(&one, "GET", &path).is_some(), met);
        }

        #[test]
        fn reading_a_declared_path_never_panics(path in ".{0,64}", sent in ".{0,64}") {
            if let Ok(template) = PathTemplate::parse(&path) {
                let _ = template.meets(&sent);
            }
        }
    }
}
