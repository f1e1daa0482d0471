//! Heads of requests and responses.

use super::{HttpError, MAX_BODY_BYTES, MAX_HEAD_BYTES};

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes.
    Length(usize),
    /// Chunks up to the last one.
    Chunked,
    /// Not said.
    Absent,
}

/// What both kinds of head say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the head, the empty line included.
    pub len: usize,
    /// How the body ends.
    pub framing: Framing,
    /// Whether the sender closes the connection after this message.
    pub close: bool,
}

/// Status and head of a response, or `None` while `input` does not hold all of it.
///
/// # Errors
/// [`HttpError::Malformed`] or [`HttpError::TooLong`].
pub fn response(input: &[u8]) -> Result<Option<(u16, Head)>, HttpError> {
    let Some(len) = end_of_head(input)? else {
        return Ok(None);
    };
    let mut lines = lines(input.get(..len).unwrap_or_default());
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix(b"HTTP/1.1 "))
        .and_then(|rest| rest.first_chunk::<3>())
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))
        .map(|digits| {
            digits
                .iter()
                .fold(0_u16, |value, digit| value * 10 + u16::from(digit - b'0'))
        })
        .ok_or(HttpError::Malformed("status line"))?;
    let mut head = fields(len, lines)?;
    // RFC 9112 §6.3: these never have a body, whatever the fields say.
    if matches!(status, 100..=199 | 204 | 304) {
        head.framing = Framing::Length(0);
    }
    Ok(Some((status, head)))
}

/// Head of a request, or `None` while `input` does not hold all of it.
///
/// # Errors
/// [`HttpError::Malformed`] or [`HttpError::TooLong`].
pub fn request(input: &[u8]) -> Result<Option<Head>, HttpError> {
    let Some(len) = end_of_head(input)? else {
        return Ok(None);
    };
    let mut lines = lines(input.get(..len).unwrap_or_default());
    let first = lines.next().unwrap_or_default();
    if !first.ends_with(b" HTTP/1.1") {
        return Err(HttpError::Malformed("request line"));
    }
    let mut head = fields(len, lines)?;
    if head.framing == Framing::Absent {
        head.framing = Framing::Length(0);
    }
    Ok(Some(head))
}

/// Value of the first field called `name` (in any case) in a head.
pub fn field<'h>(head: &'h [u8], name: &str) -> Option<&'h [u8]> {
    lines(head)
        .skip(1)
        .filter_map(split)
        .find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
}

fn end_of_head(input: &[u8]) -> Result<Option<usize>, HttpError> {
    let searched = input.get(..MAX_HEAD_BYTES).unwrap_or(input);
    match searched.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => Ok(Some(at + 4)),
        None if input.len() >= MAX_HEAD_BYTES => Err(HttpError::TooLong),
        None => Ok(None),
    }
}

/// Lines of a head without their ends; the empty line ends the head and is not one of them.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty())
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((line.get(..colon)?, line.get(colon + 1..)?.trim_ascii()))
}

fn fields<'h>(len: usize, lines: impl Iterator<Item = &'h [u8]>) -> Result<Head, HttpError> {
    let mut head = Head {
        len,
        framing: Framing::Absent,
        close: false,
    };
    for line in lines {
        let (name, value) = split(line).ok_or(HttpError::Malformed("field"))?;
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).ok_or(HttpError::Malformed("content-length"))?;
            if head.framing != Framing::Absent {
                return Err(HttpError::Malformed("two lengths"));
            }
            head.framing = Framing::Length(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if head.framing != Framing::Absent || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(HttpError::Malformed("transfer-encoding"));
            }
            head.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case(b"connection") {
            head.close |= value
                .split(|byte| *byte == b',')
                .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        }
    }
    match head.framing {
        Framing::Length(length) if length > MAX_BODY_BYTES => Err(HttpError::TooLong),
        _ => Ok(head),
    }
}

/// A decimal number, digits alone.
fn number(text: &[u8]) -> Option<usize> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<(u16, Head)>, HttpError> {
        response(text.as_bytes())
    }

    #[test]
    fn malformed_heads_are_refused() {
        for text in [
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 20\r\n\r\n",
            "200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        ] {
            assert!(matches!(read(text), Err(HttpError::Malformed(_))), "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let endless = "a".repeat(MAX_HEAD_BYTES);
        assert!(matches!(read(&endless), Err(HttpError::TooLong)));
        let body = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            MAX_BODY_BYTES + 1
        );
        assert!(matches!(read(&body), Err(HttpError::TooLong)));
    }

    #[test]
    fn every_prefix_of_a_head_asks_for_more() {
        let whole = "HTTP/1.1 401 Unauthorized\r\ncontent-LENGTH:  12 \r\nconnection: keep-alive\r\n\r\n";
        for end in 0..whole.len() {
            assert!(matches!(read(&whole[..end]), Ok(None)), "{end}");
        }
        let (status, head) = read(whole).unwrap().unwrap();
        assert_eq!((status, head.len), (401, whole.len()));
        assert_eq!((head.framing, head.close), (Framing::Length(12), false));
    }

    #[test]
    fn a_closing_connection_and_chunks_are_seen() {
        let (_, head) = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: x, Close\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!((head.framing, head.close), (Framing::Chunked, true));
    }

    #[test]
    fn statuses_without_a_body_have_none() {
        let (_, head) = read("HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(0));
        let (_, head) = read("HTTP/1.1 200 OK\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.framing, Framing::Absent);
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let text = b"GET /bench HTTP/1.1\r\nHost: x\r\nX-Api-Key: k:1\r\n\r\n";
        let head = request(text).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(0));
        assert_eq!(field(text, "x-api-key"), Some(&b"k:1"[..]));
        assert_eq!(field(text, "x-api"), None);
        assert!(request(b"GET / HTTP/2\r\n\r\n").is_err());
    }
}
