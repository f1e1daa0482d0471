//! Keys that somebody typed instead of generating.

/// Whether `key` follows a pattern no generator produces: one repeated byte (all zero included), two bytes
/// taking turns, or a run that counts up or down by one (wrapping). Shorter than two bytes is weak as well.
///
/// It is a guard against placeholders in configuration, not a measure of entropy.
pub fn is_weak(key: &[u8]) -> bool {
    let steps = |step: u8| {
        key.iter()
            .zip(key.iter().skip(1))
            .all(|(before, after)| after.wrapping_sub(*before) == step)
    };
    let alternates = key
        .iter()
        .zip(key.iter().skip(2))
        .all(|(before, after)| before == after);
    key.len() < 2 || steps(0) || steps(1) || steps(u8::MAX) || alternates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_weak() {
        let up: Vec<u8> = (0..32).collect();
        let wrapping: Vec<u8> = (0..32).map(|step: u8| step.wrapping_add(250)).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        for weak in [
            &[][..],
            &[7],
            &[0; 32],
            &[0xff; 32],
            &up,
            &wrapping,
            &down,
            &[0xde, 0xad].repeat(16),
        ] {
            assert!(is_weak(weak), "{weak:?}");
        }
    }

    #[test]
    fn a_pattern_with_one_flaw_is_not_called_weak() {
        let mut key = [0; 32];
        key[31] = 1;
        assert!(!is_weak(&key));
        assert!(!is_weak(
            &hex::decode("00112233445566778899aabbccddeeff").unwrap()
        ));
    }
}
