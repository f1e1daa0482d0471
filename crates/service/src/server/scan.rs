//! Finds where each request of a connection begins and ends, before hyper does.
//!
//! The scanner walks over bytes as they come and says how many of them may be passed on. Heads pass whole or not at
//! all; bodies pass as they come. It keeps a few words of state whatever is sent, and sees every byte of a head or of
//! framing once. Line ends are CR LF; that, and refusing whatever is in doubt, is what makes its boundaries hyper's.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::head::{self, Fault, Framing};

/// Most bytes of one chunk line, and of all trailers of a body.
const MAX_CHUNK_LINE: usize = 1024;
const MAX_TRAILERS: usize = 8 * 1024;
/// Largest chunk: no body may be larger, and no sum of sizes overflows.
const MAX_CHUNK: u64 = 1 << 40;

/// Where in the stream the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// In a head, of which so many bytes were searched for its end.
    Head {
        searched: usize,
    },
    /// In a body, with so many bytes to come.
    Body(u64),
    Chunks(Chunks),
    /// Behind a request for another protocol: what comes next depends on its answer.
    Undecided,
    /// Behind a fault or a tunnel: nothing is passed any more.
    Over,
}

/// Where in a chunked body (RFC 9112 §7.1) the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunks {
    Size {
        size: u64,
        digits: usize,
    },
    /// White space behind the size, which only an extension may follow.
    Space {
        size: u64,
        line: usize,
    },
    Extension {
        size: u64,
        line: usize,
        quote: Quote,
    },
    SizeLf {
        size: u64,
    },
    Data(u64),
    DataCr,
    DataLf,
    /// In the trailers; `line` bytes into a line, `total` bytes in all.
    Trailer {
        line: usize,
        total: usize,
    },
    TrailerLf {
        line: usize,
        total: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    Outside,
    Inside,
    Escaped,
}

/// What [`Scanner::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// So many bytes may be passed on.
    pub(super) approved: usize,
    /// What follows them is no request, or not the body of one.
    pub(super) fault: Option<Fault>,
    /// Whether the fault is in a body.
    pub(super) in_body: bool,
}

/// Walks over the bytes of one connection.
#[derive(Debug)]
pub(super) struct Scanner {
    phase: Phase,
    max_head: usize,
    /// Heads passed so far.
    pub(super) heads: u64,
    /// Bytes passed of the body of the latest request, framing included.
    pub(super) body_bytes: u64,
}

impl Scanner {
    pub(super) const fn new(max_head: usize) -> Self {
        Self {
            phase: Phase::Head { searched: 0 },
            max_head,
            heads: 0,
            body_bytes: 0,
        }
    }

    /// Whether the next byte belongs to a body.
    pub(super) const fn in_body(&self) -> bool {
        matches!(self.phase, Phase::Body(_) | Phase::Chunks(_))
    }

    /// Whether nothing more can be read.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Whether it depends on an answer what the next byte is.
    pub(super) const fn is_undecided(&self) -> bool {
        matches!(self.phase, Phase::Undecided)
    }

    /// The protocol stays HTTP: the next byte begins a request.
    pub(super) const fn stays_http(&mut self) {
        self.phase = Phase::Head { searched: 0 };
    }

    /// Looks at bytes; those not approved have to be given again, with more behind them.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Step {
        let mut approved = 0_usize;
        let mut in_body = false;
        let fault = loop {
            let rest = bytes.get(approved..).unwrap_or_default();
            if rest.is_empty() {
                break None;
            }
            let passed = match self.phase {
                Phase::Head { searched } => self.head(rest, searched),
                Phase::Body(left) => Ok(Some(self.body(rest, left))),
                Phase::Chunks(at) => self.chunks(rest, at).map(Some),
                Phase::Undecided | Phase::Over => Ok(None),
            };
            match passed {
                Ok(Some(passed)) => approved = approved.saturating_add(passed),
                Ok(None) => break None,
                Err(fault) => {
                    in_body = self.in_body();
                    self.phase = Phase::Over;
                    break Some(fault);
                }
            }
        };
        Step {
            approved,
            fault,
            in_body,
        }
    }

    /// The whole head with the empty lines before it, or nothing yet.
    fn head(&mut self, bytes: &[u8], searched: usize) -> Result<Option<usize>, Fault> {
        let mut start = 0_usize;
        while bytes.get(start..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            start = start.saturating_add(2);
        }
        // What does not begin as a method does, such as a TLS hello, is answered before its sender has waited.
        let line = bytes.get(start..).unwrap_or_default();
        if !matches!(line, [] | [b'\r'] | [b'!'..=b'~', ..]) {
            return Err(Fault::Malformed("the request head is not HTTP/1.1"));
        }
        let end = end_of_head(bytes, searched.max(start), start)?;
        let length = end.unwrap_or(bytes.len());
        if length > self.max_head {
            return Err(Fault::HeadTooLarge);
        }
        let Some(end) = end else {
            self.phase = Phase::Head {
                searched: bytes.len(),
            };
            return Ok(None);
        };
        let framing = head::check(bytes.get(start..end).unwrap_or_default())?;
        self.heads = self.heads.saturating_add(1);
        self.body_bytes = 0;
        self.phase = match framing {
            Framing::Length(0) => Phase::Head { searched: 0 },
            Framing::Length(length) => Phase::Body(length),
            Framing::Chunked => Phase::Chunks(Chunks::Size { size: 0, digits: 0 }),
            Framing::Upgrade => Phase::Undecided,
            Framing::Tunnel => Phase::Over,
        };
        Ok(Some(end))
    }

    fn body(&mut self, bytes: &[u8], left: u64) -> usize {
        let take = left.min(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let left = left.saturating_sub(take);
        self.phase = if left == 0 {
            Phase::Head { searched: 0 }
        } else {
            Phase::Body(left)
        };
        self.body_bytes = self.body_bytes.saturating_add(take);
        usize::try_from(take).unwrap_or(bytes.len())
    }

    /// As many bytes of chunks as there are, up to the end of the body.
    fn chunks(&mut self, bytes: &[u8], mut at: Chunks) -> Result<usize, Fault> {
        let mut passed = 0_usize;
        while let Some(byte) = bytes.get(passed).copied() {
            if let Chunks::Data(left) = at {
                let there = bytes.len().saturating_sub(passed);
                let take = left.min(u64::try_from(there).unwrap_or(u64::MAX));
                let left = left.saturating_sub(take);
                at = if left == 0 {
                    Chunks::DataCr
                } else {
                    Chunks::Data(left)
                };
                passed = passed.saturating_add(usize::try_from(take).unwrap_or(there));
                continue;
            }
            passed = passed.saturating_add(1);
            let Some(next) = at.step(byte)? else {
                self.phase = Phase::Head { searched: 0 };
                return Ok(passed);
            };
            at = next;
        }
        self.phase = Phase::Chunks(at);
        self.body_bytes = self
            .body_bytes
            .saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        Ok(passed)
    }
}

impl Chunks {
    /// One byte of framing; nothing behind the last.
    fn step(self, byte: u8) -> Result<Option<Self>, Fault> {
        const NOT_A_CHUNK: Fault = Fault::Malformed("a chunk of the body has no usable size line");
        const NOT_A_TRAILER: Fault = Fault::Malformed("the trailers of the body are malformed");
        let next = match self {
            Self::Size { size, digits } => match (byte, char::from(byte).to_digit(16)) {
                (_, Some(digit)) => {
                    let size = size.saturating_mul(16).saturating_add(u64::from(digit));
                    if size > MAX_CHUNK || digits >= 16 {
                        return Err(Fault::Malformed("a chunk of the body is too large"));
                    }
                    let digits = digits.saturating_add(1);
                    Self::Size { size, digits }
                }
                (_, None) if digits == 0 => return Err(NOT_A_CHUNK),
                (b'\r', None) => Self::SizeLf { size },
                (b';', None) => Self::Extension {
                    size,
                    line: 0,
                    quote: Quote::Outside,
                },
                (b' ' | b'\t', None) => Self::Space { size, line: 0 },
                _ => return Err(NOT_A_CHUNK),
            },
            Self::Space { size, line } if line < MAX_CHUNK_LINE => match byte {
                b' ' | b'\t' => Self::Space {
                    size,
                    line: line.saturating_add(1),
                },
                b';' => Self::Extension {
                    size,
                    line,
                    quote: Quote::Outside,
                },
                _ => return Err(NOT_A_CHUNK),
            },
            Self::Extension { size, line, quote } if line < MAX_CHUNK_LINE => match (byte, quote) {
                (b'\r', Quote::Outside) => Self::SizeLf { size },
                // Also a line end within quotes: one reader ends the line there, another one the quotation.
                (0..=8 | 10..=31 | 127, _) => return Err(NOT_A_CHUNK),
                (_, quote) => Self::Extension {
                    size,
                    line: line.saturating_add(1),
                    quote: quote.after(byte),
                },
            },
            Self::Space { .. } | Self::Extension { .. } => return Err(NOT_A_CHUNK),
            Self::SizeLf { size } => match (byte, size) {
                (b'\n', 0) => Self::Trailer { line: 0, total: 0 },
                (b'\n', size) => Self::Data(size),
                _ => return Err(NOT_A_CHUNK),
            },
            Self::Data(left) => Self::Data(left),
            Self::DataCr if byte == b'\r' => Self::DataLf,
            Self::DataLf if byte == b'\n' => Self::Size { size: 0, digits: 0 },
            Self::DataCr | Self::DataLf => {
                return Err(Fault::Malformed("a chunk of the body is longer than its size"));
            }
            Self::Trailer { line, total } => match byte {
                b'\r' => Self::TrailerLf { line, total },
                0 | b'\n' => return Err(NOT_A_TRAILER),
                _ if total >= MAX_TRAILERS => return Err(NOT_A_TRAILER),
                _ => Self::Trailer {
                    line: line.saturating_add(1),
                    total: total.saturating_add(1),
                },
            },
            Self::TrailerLf { line: 0, .. } if byte == b'\n' => return Ok(None),
            Self::TrailerLf { total, .. } if byte == b'\n' && total < MAX_TRAILERS => Self::Trailer {
                line: 0,
                total: total.saturating_add(2),
            },
            Self::TrailerLf { .. } => return Err(NOT_A_TRAILER),
        };
        Ok(Some(next))
    }
}

impl Quote {
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') | (Self::Escaped, _) => Self::Inside,
            (Self::Inside, b'"') => Self::Outside,
            (Self::Inside, b'\\') => Self::Escaped,
            (unchanged, _) => unchanged,
        }
    }
}

/// The position behind CR LF CR LF, looking from `from` on; a line that ends otherwise is refused.
fn end_of_head(bytes: &[u8], from: usize, start: usize) -> Result<Option<usize>, Fault> {
    for at in memchr::memchr_iter(b'\n', bytes.get(from..).unwrap_or_default()) {
        let line_end = from.saturating_add(at);
        let before = bytes.get(start..line_end).unwrap_or_default();
        if !before.ends_with(b"\r") {
            return Err(Fault::Malformed(
                "a line of the request head does not end in CR LF",
            ));
        }
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(line_end.saturating_add(1)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
