//! The handbook's pages that are made from this crate.

use std::{fmt::Write as _, fs, path::Path};

use caracal_wire::{ErrorCode, code::Area};

/// The page on error codes.
fn error_codes() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Every error answer is a JSON object with the members `error` (one of these codes), `requestId` and\n\
         `request_id` (the same id under both names), and often `error_description`, `reason` and `details`. A program\n\
         acts on the code, and on `reason` where there is one; descriptions are for people and change.\n\
         Answers with status 429 and 503 carry `Retry-After`.\n",
    );
    for area in Area::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| Code | Status | Meaning |\n|---|---|---|\n",
            area.heading()
        );
        for code in ErrorCode::ALL.iter().filter(|code| code.area() == area) {
            let _ = writeln!(page, "| `{code}` | {} | {} |", code.status(), code.sentence());
        }
    }
    page
}

/// Compares a page with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/src/reference")
        .join(name);
    if std::env::var_os("CARACAL_REGENERATE").is_some() {
        fs::write(&path, page).expect("the handbook is writable");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "{} is not what the code says; run: CARACAL_REGENERATE=1 cargo test -p caracal-wire --test handbook",
        path.display()
    );
}

#[test]
fn the_page_on_error_codes_says_what_the_code_says() {
    check("error-codes.md", &error_codes());
}
