//! Canonical JSON (RFC 8785, JCS): one spelling per value, so that digests can be checked by anybody.
//!
//! Members are sorted by the UTF-16 code units of their names, numbers are written as ECMAScript writes them,
//! strings escape only what they must. One deviation, on purpose: an integer outside ±2⁵³ that fits in 64 bits
//! keeps its digits instead of being rounded to the nearest double, since rounding would give different events
//! the same digest. Events that stay within I-JSON (RFC 7493) are byte for byte RFC 8785.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The canonical bytes of `value`.
pub fn canonical_json(value: &Value) -> Vec<u8> {
    let mut text = String::with_capacity(512);
    write_value(value, &mut text);
    text.into_bytes()
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(number, text),
        Value::String(string) => write_string(string, text),
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write_value(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            // UTF-16 order differs from that of UTF-8 above U+D7FF.
            sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            text.push('{');
            for (position, (name, member)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write_string(name, text);
                text.push(':');
                write_value(member, text);
            }
            text.push('}');
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

fn write_number(number: &Number, text: &mut String) {
    // The serialiser writes the shortest digits that read back to the same double, the even ones of two equally
    // near: the digits that ECMAScript demands. (The formatting of the standard library breaks that tie upwards.)
    let shortest = number.to_string();
    match number.as_f64() {
        Some(double) if number.is_f64() => {
            if double == 0.0 {
                // Both zeros.
                text.push('0');
            } else {
                write_double(&shortest, text);
            }
        }
        // Integers keep their digits.
        _ => text.push_str(&shortest),
    }
}

/// Lays out the digits of `shortest`, a number other than zero, as ECMAScript `Number::toString` does
/// (ECMA-262 §6.1.6.1.20).
fn write_double(shortest: &str, text: &mut String) {
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    let length = |part: &str| i32::try_from(part.len()).unwrap_or(i32::MAX);
    // The decimal point stands after this many of `digits`.
    let leading_zeros = length(&all).saturating_sub(length(significant));
    let point = exponent
        .saturating_add(length(whole))
        .saturating_sub(leading_zeros);
    let count = length(digits);
    text.push_str(sign);
    if (count..=21).contains(&point) {
        text.push_str(digits);
        let zeros = point.saturating_sub(count);
        text.extend(std::iter::repeat_n('0', usize::try_from(zeros).unwrap_or(0)));
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        let _ = write!(text, "{whole}.{fraction}");
    } else if (-5..=0).contains(&point) {
        text.push_str("0.");
        text.extend(std::iter::repeat_n(
            '0',
            usize::try_from(point.saturating_neg()).unwrap_or(0),
        ));
        text.push_str(digits);
    } else {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        let dot = if rest.is_empty() { "" } else { "." };
        let _ = write!(text, "{first}{dot}{rest}e{:+}", point.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn canonical(text: &str) -> String {
        String::from_utf8(canonical_json(&serde_json::from_str(text).unwrap())).unwrap()
    }

    /// RFC 8785 §3.2.2 and §3.2.4.
    #[test]
    fn the_example_of_the_standard() {
        let input = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        assert_eq!(
            canonical(input),
            "{\"literals\":[null,true,false],\
             \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
    }

    /// RFC 8785 §3.2.3.
    #[test]
    fn members_are_sorted_by_utf16_code_units() {
        let input =
            "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}";
        assert_eq!(
            canonical(input),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    /// RFC 8785 appendix B.
    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let value = json!(f64::from_bits(bits));
            assert_eq!(
                String::from_utf8(canonical_json(&value)).unwrap(),
                expected,
                "{bits:x}"
            );
        }
    }

    #[test]
    fn integers_keep_their_digits() {
        assert_eq!(
            canonical("[18446744073709551615,-9223372036854775808,0,-0]").as_str(),
            "[18446744073709551615,-9223372036854775808,0,0]"
        );
        assert_eq!(canonical("[1.0,100e-2,1e2]"), "[1,1,100]");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(value in values()) {
            let once = canonical_json(&value);
            let again = canonical_json(&serde_json::from_slice(&once).unwrap());
            prop_assert_eq!(String::from_utf8(once).unwrap(), String::from_utf8(again).unwrap());
        }
    }
}
