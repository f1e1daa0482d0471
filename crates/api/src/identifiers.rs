//! Identifiers made from names.

use caracal_core::World;

/// Lower-case letters and digits of `name`, everything between them one `-`; `fallback` when nothing is left.
pub(crate) fn slug(name: &str, fallback: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        fallback.to_owned()
    } else {
        slug.to_owned()
    }
}

/// How many numbered candidates are tried before a random one; each costs a lookup.
const NUMBERED: u32 = 20;

/// `base`, then `base-2`, `base-3`, …, and at last one that cannot be taken.
pub(crate) fn candidates(world: &World, base: String) -> impl Iterator<Item = String> {
    let unique = format!("{base}-{}", world.uuid_v7().simple());
    let numbered = base.clone();
    std::iter::once(base)
        .chain((2..=NUMBERED).map(move |number| format!("{numbered}-{number}")))
        .chain(std::iter::once(unique))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_collapse_and_trim() {
        assert_eq!(slug("  Acme -- Inc. 2! ", "zone"), "acme-inc-2");
        assert_eq!(slug("\u{e9}\u{e9}", "zone"), "zone");
        assert_eq!(slug("", "zone"), "zone");
    }

    #[test]
    fn candidates_end_with_one_that_is_unique() {
        let all: Vec<String> = candidates(&World::for_tests(), String::from("a")).collect();
        assert_eq!(all[..3], ["a", "a-2", "a-3"]);
        assert_eq!(all.len(), 21);
        assert!(all[20].len() > 30);
    }
}
