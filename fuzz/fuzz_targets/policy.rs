//! A policy source, as somebody saves it.

#![no_main]

use caracal_authz::document::{Interrupt, validate};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(source) = std::str::from_utf8(data) else {
        return;
    };
    if let Err(problems) = validate(source, &Interrupt::default()) {
        assert!(!problems.is_empty(), "a refusal says why");
        let lines = u32::try_from(source.split('\n').count()).unwrap_or(u32::MAX);
        for problem in problems {
            assert!(
                problem.line.is_none_or(|line| (1..=lines).contains(&line)),
                "{problem:?} is in no line"
            );
        }
    }
});
