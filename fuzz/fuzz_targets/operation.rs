//! A declared operation and a path, apart by a line end: a template meets what it was made of.

#![no_main]

use caracal_authz::operations::{McpPattern, PathTemplate};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (template, path) = text.split_once('\n').unwrap_or((text, "/"));
    let _ = McpPattern::parse(template);
    if let Ok(parsed) = PathTemplate::parse(template) {
        let met = parsed.meets(path);
        if !template.contains('{') {
            assert_eq!(met, template == path, "{template:?} has no variable");
            assert!(parsed.meets(template), "{template:?} does not meet itself");
        }
    }
});
