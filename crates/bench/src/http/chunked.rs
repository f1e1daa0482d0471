//! Chunked bodies (RFC 9112 §7.1), decoded as their bytes arrive.

use super::{HttpError, MAX_BODY_BYTES};

/// Longest size line or trailer line, in bytes.
const MAX_LINE_BYTES: usize = 1024;

/// Where in a chunked body the decoder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Size,
    Data(usize),
    DataEnd,
    Trailer,
    Done,
}

/// Decodes one chunked body.
#[derive(Debug, Default)]
pub struct Decoder(State);

impl Decoder {
    /// Consumes what it can from `input`, appends data to `body`, and says how many bytes were consumed.
    ///
    /// # Errors
    /// [`HttpError::Malformed`], or [`HttpError::TooLong`] for a body or line past its bound.
    pub fn decode(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<usize, HttpError> {
        let mut rest = input;
        loop {
            match self.0 {
                State::Done => break,
                State::Data(left) => {
                    let (data, after) = rest.split_at(left.min(rest.len()));
                    body.extend_from_slice(data);
                    rest = after;
                    if data.len() < left {
                        self.0 = State::Data(left - data.len());
                        break;
                    }
                    self.0 = State::DataEnd;
                }
                State::Size | State::DataEnd | State::Trailer => {
                    let Some((line, after)) = line(rest)? else { break };
                    rest = after;
                    self.0 = match self.0 {
                        State::DataEnd if line.is_empty() => State::Size,
                        State::DataEnd => return Err(HttpError::Malformed("chunk end")),
                        State::Trailer if line.is_empty() => State::Done,
                        State::Trailer => State::Trailer,
                        _ => match size(line)? {
                            0 => State::Trailer,
                            size if size > MAX_BODY_BYTES - body.len().min(MAX_BODY_BYTES) => {
                                return Err(HttpError::TooLong);
                            }
                            size => State::Data(size),
                        },
                    };
                }
            }
        }
        Ok(input.len() - rest.len())
    }

    /// Whether the last chunk and the trailer have been read.
    pub fn is_done(&self) -> bool {
        self.0 == State::Done
    }
}

/// A line without its end, and what follows it.
type LineAndRest<'i> = (&'i [u8], &'i [u8]);

fn line(input: &[u8]) -> Result<Option<LineAndRest<'_>>, HttpError> {
    let searched = input.get(..MAX_LINE_BYTES).unwrap_or(input);
    match searched.windows(2).position(|pair| pair == b"\r\n") {
        Some(at) => Ok(Some((&input[..at], &input[at + 2..]))),
        None if input.len() >= MAX_LINE_BYTES => Err(HttpError::TooLong),
        None => Ok(None),
    }
}

/// The size of a chunk; extensions are ignored (RFC 9112 §7.1.1).
fn size(line: &[u8]) -> Result<usize, HttpError> {
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    let text = std::str::from_utf8(digits).map_err(|_| HttpError::Malformed("chunk size"))?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(HttpError::Malformed("chunk size"));
    }
    usize::from_str_radix(text, 16).map_err(|_| HttpError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8]) -> Result<(Vec<u8>, usize, bool), HttpError> {
        let (mut decoder, mut body) = (Decoder::default(), Vec::new());
        let used = decoder.decode(text, &mut body)?;
        Ok((body, used, decoder.is_done()))
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for text in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            " 3\r\nabc\r\n",
        ] {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert!(matches!(
            decode(b"ffffffffffffffffffff\r\n"),
            Err(HttpError::TooLong)
        ));
        assert!(matches!(decode(b"fffffff\r\n"), Err(HttpError::TooLong)));
        assert!(matches!(
            decode(&vec![b'1'; MAX_LINE_BYTES]),
            Err(HttpError::TooLong)
        ));
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        let text = b"5\r\nhello\r\n1;ext=1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext";
        let whole = decode(text).unwrap();
        assert_eq!(whole, (b"hello 0123456789".to_vec(), text.len() - 4, true));
        for step in 1..text.len() {
            let (mut decoder, mut body) = (Decoder::default(), Vec::new());
            let (mut window, mut fed, mut used) = (Vec::new(), 0, 0);
            while !decoder.is_done() {
                let end = (fed + step).min(text.len());
                window.extend_from_slice(&text[fed..end]);
                fed = end;
                let consumed = decoder.decode(&window, &mut body).unwrap();
                window.drain(..consumed);
                used += consumed;
            }
            assert_eq!((body, used), (whole.0.clone(), whole.1), "{step}");
        }
    }
}
