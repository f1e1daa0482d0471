//! Answers, byte by byte.

use super::wire::from_latin1;

/// When they all were made: a server that says so is not spoken for.
const DATE: &str = "Date: Mon, 01 Jan 2024 00:00:00 GMT";

/// What the server writes for one exchange.
#[derive(Debug, Clone, Default)]
pub(super) struct ScriptedAnswer {
    /// Written one by one.
    pub(super) pieces: Vec<Vec<u8>>,
    /// Whether the server hangs up behind it.
    pub(super) closes: bool,
}

impl ScriptedAnswer {
    /// 200 with `body`, whose length is said.
    pub(super) fn ok(content_type: &str, body: &[u8]) -> Self {
        Self::sized("200 OK", &[&format!("Content-Type: {content_type}")], body)
    }

    /// A body whose length is said.
    pub(super) fn sized(status: &str, fields: &[&str], body: &[u8]) -> Self {
        let length = format!("Content-Length: {}", body.len());
        let mut answer = Self::bare(status, &[fields, &[&length]].concat());
        answer.pieces.push(body.to_vec());
        answer
    }

    /// A head alone, with what it says itself.
    pub(super) fn bare(status: &str, fields: &[&str]) -> Self {
        Self::of_version("1.1", status, fields)
    }

    /// A body in these pieces, with `trailers` behind it.
    pub(super) fn chunked(fields: &[&str], pieces: &[&[u8]], trailers: &[&str]) -> Self {
        let mut answer = Self::bare("200 OK", &[fields, &["Transfer-Encoding: chunked"]].concat());
        for piece in pieces {
            let size = format!("{:x}\r\n", piece.len()).into_bytes();
            answer.pieces.push([&size, *piece, b"\r\n"].concat());
        }
        let trailers = trailers.iter().flat_map(|line| [line, "\r\n"]);
        let end = ["0\r\n"].into_iter().chain(trailers).chain(["\r\n"]);
        answer.pieces.push(from_latin1(&end.collect::<String>()));
        answer
    }

    /// A body that ends with the connection, as one of HTTP/1.0 does.
    pub(super) fn until_close(version: &str, fields: &[&str], body: &[u8]) -> Self {
        let mut answer = Self::of_version(version, "200 OK", fields);
        answer.pieces.push(body.to_vec());
        answer.closes = true;
        answer
    }

    /// The same, and then the server hangs up.
    pub(super) fn and_closes(mut self) -> Self {
        self.closes = true;
        self
    }

    /// An interim answer before it.
    pub(super) fn after(mut self, interim: &str) -> Self {
        self.pieces
            .insert(0, from_latin1(&format!("HTTP/1.1 {interim}\r\n\r\n")));
        self
    }

    /// Byte by byte.
    pub(super) fn bit_by_bit(self) -> Self {
        let bytes = self.pieces.concat();
        Self {
            pieces: bytes.chunks(7).map(<[u8]>::to_vec).collect(),
            ..self
        }
    }

    pub(super) fn of_version(version: &str, status: &str, fields: &[&str]) -> Self {
        let lines = [&[DATE], fields].concat().join("\r\n");
        Self {
            pieces: vec![from_latin1(&format!(
                "HTTP/{version} {status}\r\n{lines}\r\n\r\n"
            ))],
            closes: false,
        }
    }
}
