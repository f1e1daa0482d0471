//! Traits: words that give an application more than its zone's policy does.

use std::collections::HashSet;

use caracal_core::{ControlTrait, SignInTrait, text::excerpt};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, Issue, Issues};

const MAX_TRAITS: usize = 64;

/// Whether the set may be given by a caller who reaches the whole deployment (`global`) or one zone.
///
/// # Errors
/// 403 with a `trait_*` code that names the trait.
pub(in crate::routes) fn check(traits: &[String], global: bool) -> Result<(), Refusal> {
    if traits.len() > MAX_TRAITS {
        return Err(refused(
            ErrorCode::TraitCountExceeded,
            "",
            "an application has at most 64 traits",
        ));
    }
    let mut seen = HashSet::new();
    let mut once = HashSet::new();
    let mut signs_in_once = HashSet::new();
    for name in traits {
        if !is_word(name) {
            return Err(refused(
                ErrorCode::TraitInvalid,
                name,
                "must begin with a letter; letters, digits and . _ : - follow",
            ));
        }
        if !seen.insert(name) {
            return Err(refused(ErrorCode::TraitDuplicate, name, "is named twice"));
        }
        if !global && is_reserved(name) {
            return Err(refused(
                ErrorCode::TraitForbidden,
                name,
                "can only be given by a token of the whole deployment",
            ));
        }
        if ControlTrait::is_one(name) {
            let kind = ControlTrait::parse(name)
                .ok_or_else(|| refused(ErrorCode::TraitInvalid, name, "is no control trait"))?;
            let bound = matches!(kind, ControlTrait::MaxTtl(_) | ControlTrait::Expires(_));
            if bound && !once.insert(std::mem::discriminant(&kind)) {
                return Err(refused(ErrorCode::TraitInvalid, name, "may be given once"));
            }
        }
        if SignInTrait::is_one(name) {
            let kind = SignInTrait::parse(name)
                .ok_or_else(|| refused(ErrorCode::TraitInvalid, name, "is no trait of signing in"))?;
            let one = matches!(kind, SignInTrait::Provider(_) | SignInTrait::MaxAge(_));
            if one && !signs_in_once.insert(std::mem::discriminant(&kind)) {
                return Err(refused(ErrorCode::TraitInvalid, name, "may be given once"));
            }
        }
    }
    Ok(())
}

/// Whether it gives reach beyond the zone.
pub(in crate::routes) fn is_reserved(name: &str) -> bool {
    let (namespace, _) = name.split_once(':').unwrap_or((name, ""));
    matches!(namespace, "control" | "caracal.sys")
}

fn is_word(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

fn refused(code: ErrorCode, name: &str, message: &str) -> Refusal {
    Refusal::of(code)
        .describe(if name.is_empty() {
            message.to_owned()
        } else {
            format!("{}: {message}", excerpt(name))
        })
        .with_details(&Issues {
            issues: vec![Issue {
                path: vec![String::from("traits")],
                message: message.to_owned(),
            }],
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(traits: &[&str], global: bool) -> Option<String> {
        let traits: Vec<String> = traits.iter().map(|name| (*name).to_owned()).collect();
        check(&traits, global)
            .err()
            .map(|refusal| refusal.code.to_string())
    }

    #[test]
    fn zone_tokens_cannot_give_control() {
        assert_eq!(
            code(&["control:invoke"], false).as_deref(),
            Some("trait_forbidden")
        );
        assert_eq!(
            code(&["caracal.sys:x"], false).as_deref(),
            Some("trait_forbidden")
        );
        assert_eq!(code(&["team:billing"], false), None);
    }

    #[test]
    fn control_traits_follow_their_grammar() {
        let good = [
            "control:invoke",
            "control:scope:control:app:write",
            "control:scope:control:audit:read",
            "control:max-ttl:300",
            "control:expires:2026-05-21T12:00:00Z",
        ];
        assert_eq!(code(&good, true), None);
        for bad in [
            "control",
            "control:scope:control:audit:write",
            "control:max-ttl:30",
            "control:expires:soon",
            "control:x",
        ] {
            assert_eq!(code(&[bad], true).as_deref(), Some("trait_invalid"), "{bad}");
        }
        assert_eq!(
            code(&["control:max-ttl:60", "control:max-ttl:61"], true).as_deref(),
            Some("trait_invalid")
        );
        let signs_in = [
            "sign-in:provider:company",
            "sign-in:resource:tools",
            "sign-in:redirect-host:claude.ai",
        ];
        assert_eq!(code(&signs_in, false), None);
        for bad in [
            "sign-in",
            "sign-in:x:y",
            "sign-in:provider:A",
            "sign-in:redirect-scheme:data",
            "sign-in:max-age:1",
        ] {
            assert_eq!(code(&[bad], false).as_deref(), Some("trait_invalid"), "{bad}");
        }
        for twice in [
            ["sign-in:provider:company", "sign-in:provider:other"],
            ["sign-in:max-age:600", "sign-in:max-age:601"],
        ] {
            assert_eq!(code(&twice, false).as_deref(), Some("trait_invalid"), "{twice:?}");
        }
        assert_eq!(code(&["a", "a"], true).as_deref(), Some("trait_duplicate"));
        assert_eq!(code(&["1a"], true).as_deref(), Some("trait_invalid"));
        assert_eq!(code(&["a"; 65], true).as_deref(), Some("trait_count_exceeded"));
    }
}
