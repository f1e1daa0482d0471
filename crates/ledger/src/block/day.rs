//! Times of a block as microseconds, and back.

use caracal_core::Timestamp;

/// Characters of a time with microseconds.
pub(super) const TIME_CHARS: usize = 27;

/// The day of the last time, as it is written and when it begins: times of one block are mostly of one day, and the
/// calendar is asked once for it.
#[derive(Default)]
pub(super) struct Day {
    text: [u8; DAY_CHARS],
    begins: i64,
}

const DAY_CHARS: usize = 10;
const DAY_MICROS: i64 = 86_400_000_000;

impl Day {
    /// Reads a time that is written back as it stands.
    pub(super) fn read(&mut self, chars: &[u8; TIME_CHARS]) -> Option<i64> {
        let (day, clock) = chars.split_first_chunk()?;
        let within = parse_clock(clock)?;
        if *day != self.text {
            let text = std::str::from_utf8(chars).ok()?;
            let time = Timestamp::parse_rfc3339(text).ok()?;
            if time.to_rfc3339_micros() != text {
                return None;
            }
            (self.text, self.begins) = (*day, time.as_micros().checked_sub(within)?);
        }
        self.begins.checked_add(within)
    }

    pub(super) fn write(&mut self, time: i64, text: &mut Vec<u8>) {
        let within = time.wrapping_sub(self.begins);
        if self.text == [0; DAY_CHARS] || !(0..DAY_MICROS).contains(&within) {
            let written = Timestamp::from_micros(time).to_rfc3339_micros();
            if written.len() == TIME_CHARS
                && let Some(day) = written.as_bytes().first_chunk()
            {
                (self.text, self.begins) = (*day, time.wrapping_sub(time.rem_euclid(DAY_MICROS)));
            }
            return text.extend_from_slice(written.as_bytes());
        }
        let (seconds, micros) = (within / 1_000_000, within % 1_000_000);
        text.extend_from_slice(&self.text);
        text.push(b'T');
        write_number::<2>(seconds / 3_600, text);
        text.push(b':');
        write_number::<2>(seconds / 60 % 60, text);
        text.push(b':');
        write_number::<2>(seconds % 60, text);
        text.push(b'.');
        write_number::<6>(micros, text);
        text.push(b'Z');
    }
}

/// Microseconds since midnight, of what stands behind a day.
fn parse_clock(chars: &[u8]) -> Option<i64> {
    let [b'T', h, hh, b':', m, mm, b':', s, ss, b'.', micros @ .., b'Z'] = chars else {
        return None;
    };
    let below = |digits: &[u8], end| parse_number(digits).filter(|number| *number < end);
    let (hours, minutes) = (below(&[*h, *hh], 24)?, below(&[*m, *mm], 60)?);
    let seconds = hours
        .wrapping_mul(3_600)
        .wrapping_add(minutes.wrapping_mul(60))
        .wrapping_add(below(&[*s, *ss], 60)?);
    let micros = below(micros, 1_000_000)?;
    Some(seconds.wrapping_mul(1_000_000).wrapping_add(micros))
}

fn parse_number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |number, digit| {
        let digit = digit.is_ascii_digit().then_some(digit & 0x0f)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

fn write_number<const DIGITS: usize>(mut number: i64, text: &mut Vec<u8>) {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let [low, ..] = (number % 10).to_le_bytes();
        *digit |= low;
        number /= 10;
    }
    text.extend_from_slice(&digits);
}
