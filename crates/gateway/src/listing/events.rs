//! A stream of events (HTML, 9.2), each passed on once it is whole.

use std::borrow::Cow;

use super::Unreadable;

/// The events of one answer.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// What came of the event that is not whole.
    seen: Vec<u8>,
    /// Where in it the line begins whose end is looked for.
    line: usize,
    /// A line ended with CR, and the LF that may belong to it has not come.
    cr: bool,
}

impl Events {
    /// The events that are whole with a further piece, their messages put through `message`. One has at most `most` bytes.
    pub(super) fn take(
        &mut self,
        piece: &[u8],
        most: usize,
        message: impl Fn(&str) -> Result<Cow<'_, str>, Unreadable>,
    ) -> Result<Vec<u8>, Unreadable> {
        let mut passed = Vec::new();
        for byte in piece.iter().copied() {
            if std::mem::take(&mut self.cr) && byte == b'\n' {
                // The other half of a line's end; behind an event's, it is nothing.
                continue;
            }
            if self.seen.len() >= most {
                return Err(Unreadable);
            }
            self.seen.push(if byte == b'\r' { b'\n' } else { byte });
            if byte != b'\r' && byte != b'\n' {
                continue;
            }
            self.cr = byte == b'\r';
            let is_blank = self.line.saturating_add(1) == self.seen.len();
            self.line = self.seen.len();
            if is_blank {
                let event = std::mem::take(&mut self.seen);
                self.line = 0;
                passed.extend(rewritten(event, &message)?);
            }
        }
        Ok(passed)
    }
}

/// One event, its lines ended by LF, with its message put through `message`.
fn rewritten(
    event: Vec<u8>,
    message: &impl Fn(&str) -> Result<Cow<'_, str>, Unreadable>,
) -> Result<Vec<u8>, Unreadable> {
    let text = std::str::from_utf8(&event).map_err(|_| Unreadable)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let data_of = |line: &'_ str| -> Option<String> {
        let rest = line.strip_prefix("data")?;
        match rest.strip_prefix(':') {
            Some(value) => Some(value.strip_prefix(' ').unwrap_or(value).to_owned()),
            None => rest.is_empty().then(String::new),
        }
    };
    let data: Vec<String> = text.split('\n').filter_map(data_of).collect();
    let data = data.join("\n");
    if data.trim().is_empty() {
        return Ok(event);
    }
    let passed = match message(&data)? {
        Cow::Borrowed(_) => return Ok(event),
        Cow::Owned(passed) => passed,
    };
    let mut lines: Vec<String> = text
        .split('\n')
        .filter(|line| !line.is_empty() && data_of(line).is_none())
        .map(str::to_owned)
        .collect();
    lines.extend(passed.split('\n').map(|line| ["data: ", line].concat()));
    Ok([lines.join("\n").as_str(), "\n\n"].concat().into_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shout(data: &str) -> Result<Cow<'_, str>, Unreadable> {
        match data {
            "broken" => Err(Unreadable),
            "same" => Ok(Cow::Borrowed(data)),
            data => Ok(Cow::Owned(data.to_uppercase())),
        }
    }

    fn taken(pieces: &[&[u8]]) -> Result<String, Unreadable> {
        let mut events = Events::default();
        let mut passed = Vec::new();
        for piece in pieces {
            passed.extend(events.take(piece, 100, shout)?);
        }
        Ok(String::from_utf8(passed).unwrap())
    }

    #[test]
    fn an_event_is_passed_on_once_it_is_whole() {
        for (sent, passed) in [
            ("data: a\n\n", "data: A\n\n"),
            (
                "event: message\nid: 7\ndata: a\ndata:b\n\n",
                "event: message\nid: 7\ndata: A\ndata: B\n\n",
            ),
            (
                "data: a\r\n\r\ndata: b\r\rdata: c\n\n",
                "data: A\n\ndata: B\n\ndata: C\n\n",
            ),
            (": ping\n\ndata: same\n\n", ": ping\n\ndata: same\n\n"),
            ("id: 1\ndata:\n\n", "id: 1\ndata:\n\n"),
            ("\u{feff}data: a\n\n", "data: A\n\n"),
            ("dataset: a\n\n", "dataset: a\n\n"),
            ("data: a\n\ndata: cut off", "data: A\n\n"),
        ] {
            assert_eq!(taken(&[sent.as_bytes()]).as_deref(), Ok(passed), "{sent:?}");
        }
        assert_eq!(taken(&[b"data: broken\n\n"]), Err(Unreadable));
        assert_eq!(taken(&[b"data: \xff\n\n"]), Err(Unreadable));
        assert_eq!(taken(&[&[b'a'; 101]]), Err(Unreadable));
    }

    proptest! {
        #[test]
        fn pieces_change_nothing(sent in "(data|id|:)(: ?)?[ab]{0,3}(\r\n|\n|\r){1,2}(data: ?[ab]{1,3}\n\n){0,3}", cut in 1_usize..8) {
            let pieces: Vec<&[u8]> = sent.as_bytes().chunks(cut).collect();
            prop_assert_eq!(taken(&pieces), taken(&[sent.as_bytes()]));
        }
    }
}
