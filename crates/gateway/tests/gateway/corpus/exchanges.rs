//! The corpus: what is asked and what is answered, each exchange of another kind than the rest.

use super::{
    answers::ScriptedAnswer,
    clients::CorpusClient::{self, Curl, Go, Python},
    wire::Fields,
};

/// One exchange.
#[derive(Debug, Clone)]
pub(super) struct CorpusExchange {
    /// Its place and what it is about.
    pub(super) name: String,
    pub(super) method: String,
    pub(super) target: String,
    /// A character is a byte.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) chunked: bool,
    pub(super) trailers: Vec<(String, String)>,
    pub(super) answer: ScriptedAnswer,
    /// Clients that cannot say it, or cannot read the answer without a Gateway either.
    not_by: &'static [CorpusClient],
}

impl CorpusExchange {
    fn new(method: &str, target: &str) -> Self {
        Self {
            name: format!("{method} {target}"),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![
                ("User-Agent".into(), "corpus".into()),
                ("Accept".into(), "*/*".into()),
            ],
            body: Vec::new(),
            chunked: false,
            trailers: Vec::new(),
            answer: ScriptedAnswer::ok("text/plain", b"here"),
            not_by: &[],
        }
    }

    fn get(answer: ScriptedAnswer) -> Self {
        Self::new("GET", "/").answered(answer)
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    fn trailer(mut self, name: &str, value: &str) -> Self {
        self.trailers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn answered(mut self, answer: ScriptedAnswer) -> Self {
        self.answer = answer;
        self
    }

    fn not_by(mut self, clients: &'static [CorpusClient]) -> Self {
        self.not_by = clients;
        self
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(super) fn is_by(&self, client: CorpusClient) -> bool {
        !self.not_by.contains(&client)
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    /// Every header that is sent, with how the body is framed.
    pub(super) fn sent(&self, further: &Fields) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        headers.extend(further.pairs());
        if self.chunked {
            headers.push(("Transfer-Encoding".into(), "chunked".into()));
            if !self.trailers.is_empty() {
                let names: Vec<&str> = self.trailers.iter().map(|(name, _)| name.as_str()).collect();
                headers.push(("Trailer".into(), names.join(", ")));
            }
        } else if !(self.body.is_empty() && matches!(&*self.method, "GET" | "HEAD" | "DELETE" | "OPTIONS")) {
            headers.push(("Content-Length".into(), self.body.len().to_string()));
        }
        headers
    }
}

/// Bytes of every value, in no order that a coding would like.
fn noise(length: usize) -> Vec<u8> {
    let byte = |place: usize| u8::try_from((place.wrapping_mul(2_654_435_761) >> 7) & 0xff).unwrap();
    (0..length).map(byte).collect()
}

pub(super) fn corpus() -> Vec<CorpusExchange> {
    let parts = [
        methods(),
        targets(),
        request_bodies(),
        request_headers(),
        statuses(),
        answer_bodies(),
        answer_headers(),
        kinds_of_content(),
        connections(),
    ];
    let mut corpus = parts.concat();
    for (place, exchange) in corpus.iter_mut().enumerate() {
        exchange.name = format!("{place}: {}", exchange.name);
    }
    corpus
}

fn methods() -> Vec<CorpusExchange> {
    let asked = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "SEARCH", "PURGE", "LINK",
        "MKCOL", "M-SEARCH", "LOCK", "QUERY", "COPY",
    ];
    let mut all: Vec<_> = asked
        .iter()
        .map(|method| CorpusExchange::new(method, "/"))
        .collect();
    let head = |fields: &[&str], status: &str| {
        CorpusExchange::new("HEAD", "/").answered(ScriptedAnswer::bare(status, fields))
    };
    all.extend([
        head(&["Content-Length: 12345", "Content-Type: text/html"], "200 OK").named("HEAD with a length"),
        head(&["Transfer-Encoding: chunked"], "200 OK").named("HEAD of what would come in chunks"),
        head(&["Content-Length: 9", "ETag: \"a\""], "404 Not Found").named("HEAD of what is not there"),
        head(&["Content-Length: 0"], "200 OK").named("HEAD of nothing"),
        head(&["Accept-Ranges: bytes"], "200 OK").named("HEAD without a length"),
        CorpusExchange::new("GET", "/")
            .body("text/plain", "asked with a body")
            .named("GET with a body"),
        CorpusExchange::new("DELETE", "/")
            .body("application/json", "{\"ids\":[1]}")
            .named("DELETE with a body"),
        CorpusExchange::new("GET", "/")
            .body("text/plain", "in chunks")
            .chunked()
            .named("GET with chunks"),
    ]);
    all
}

fn targets() -> Vec<CorpusExchange> {
    let long = format!("/{}", "long/".repeat(600));
    let wide = format!("/?{}", "k=v&".repeat(1500));
    let targets = [
        "/a",
        "/a/",
        "/a/b/c.d",
        "/a%20b",
        "/a%2Fb",
        "/a%2fb",
        "/%C3%A9",
        "/%c3%a9",
        "/%E2%82%AC/%F0%9F%A6%AB",
        "//a//b",
        "/a;v=1;w=2/b",
        "/~user",
        "/a+b",
        "/a:b@c",
        "/a!$&'()*,=b",
        "/100%25",
        "/%41%42",
        "/%7Ea",
        "/a%3Fb%23c",
        "/...",
        "/.hidden",
        "/?",
        "/a?a=1",
        "/a?b=2&a=1&b=3",
        "/a?q=%2F%26%3D",
        "/a?x=a+b",
        "/a?%C3%A9=%C3%BC",
        "/a?a[]=1&a[]=2",
        "/a?=&&",
        "/a?flag",
        "/a?a=b=c",
        "/a?u=http://x.test/?y=1",
        "/a?q=a;b",
        "/a?path=../../x",
        "/a?{}|",
        &long,
        &wide,
    ];
    targets
        .iter()
        .map(|target| CorpusExchange::new("GET", target))
        .collect()
}

fn request_bodies() -> Vec<CorpusExchange> {
    let mut all = Vec::new();
    for length in [0, 1, 699, 700, 701, 4096, 16_384, 65_537, 1 << 20] {
        let sent = CorpusExchange::new("POST", "/").body("application/octet-stream", noise(length));
        all.push(sent.clone().named(&format!("a body of {length} bytes")));
        all.push(
            sent.chunked()
                .named(&format!("a body of {length} bytes in chunks")),
        );
    }
    let form = "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nä\r\n--b\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n\u{0}\u{1}\r\n--b--\r\n";
    let text = |content_type: &str, body: &str| CorpusExchange::new("POST", "/").body(content_type, body);
    all.extend([
        text("multipart/form-data; boundary=b", form),
        text("multipart/mixed; boundary=\"b c\"", "--b c\r\n\r\none\r\n--b c--"),
        text("application/x-www-form-urlencoded", "a=1&b=%20+c&%C3%A9=2&empty="),
        text(
            "application/json",
            "{\"a\": [1, 2.50, null], \"é\": \"\\u00e9\"}\n",
        ),
        text("application/json; charset=utf-8", "\u{feff}[]"),
        text("application/xml", "<?xml version=\"1.0\"?>\n<a b='c'/>"),
        text("application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n"),
        text("text/plain; charset=utf-8", "Grüße, 你好\n"),
        text("application/graphql", "{ a(b: 1) { c } }"),
        CorpusExchange::new("POST", "/")
            .body("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe".as_slice())
            .named("a body of latin1"),
        CorpusExchange::new("POST", "/")
            .body("text/plain; charset=utf-16", b"\xff\xfeA\0".as_slice())
            .named("a body of UTF-16"),
        CorpusExchange::new("PUT", "/")
            .body("text/plain", GZIP)
            .header("Content-Encoding", "gzip")
            .named("a body with a coding"),
        CorpusExchange::new("PATCH", "/")
            .body(
                "application/json-patch+json",
                "[{\"op\":\"remove\",\"path\":\"/a\"}]",
            )
            .header("If-Match", "\"v1\"")
            .named("a change of what is known"),
        CorpusExchange::new("PUT", "/")
            .body("text/plain", "part")
            .header("Content-Range", "bytes 0-3/10")
            .named("a part of a body"),
        CorpusExchange::new("PUT", "/")
            .body("text/plain", "whole")
            .header("Content-MD5", "8a/bCk1jVOKRCYx7OFXz6A==")
            .header("Digest", "sha-256=AAAA")
            .header("Content-Language", "de, en")
            .header("Content-Location", "/other")
            .named("a body that is described"),
        CorpusExchange::new("POST", "/")
            .body("text/plain", "said before")
            .chunked()
            .trailer("X-Sum", "7")
            .trailer("X-Other", "b")
            .not_by(&[Curl])
            .named("trailers behind a body"),
        CorpusExchange::new("POST", "/")
            .body("text/plain", noise(2000))
            .header("Expect", "100-continue")
            .not_by(&[Go, CorpusClient::Node, Python])
            .named("a body that waits to be asked for"),
    ]);
    all
}

fn request_headers() -> Vec<CorpusExchange> {
    let long = "v".repeat(6000);
    let one = |name: &str, value: &str| {
        CorpusExchange::new("GET", "/")
            .header(name, value)
            .named(&format!("{name} sent"))
    };
    let mut all: Vec<_> = [
        ("Accept-Encoding", "gzip, deflate;q=0.5, *;q=0"),
        ("Accept-Language", "de-CH, de;q=0.9, *;q=0.1"),
        ("Accept-Charset", "utf-8, iso-8859-1;q=0.5"),
        ("Range", "bytes=0-4, -1"),
        ("If-Range", "\"v1\""),
        ("If-None-Match", "\"v1\", W/\"v2\""),
        ("If-Match", "*"),
        ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"),
        ("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"),
        ("Cache-Control", "no-cache, max-age=0"),
        ("Pragma", "no-cache"),
        ("Origin", "https://app.test"),
        ("Referer", "https://app.test/a?b=c"),
        ("Cookie", "a=1; b=\"2\""),
        ("From", "a@b.test"),
        ("Max-Forwards", "3"),
        ("Prefer", "return=minimal; foo=\"bar\""),
        ("Idempotency-Key", "\"8e03978e\""),
        ("x-API-key2", "odd case of a name"),
        ("X-Spaces", "a  b \t c"),
        ("X-Quoted", "\"a, b\"; c=\"\\\"\""),
        ("X-Comma", "a,,b, ,c"),
        ("X_Under_Score", "1"),
        ("X-!#$%&'*+.^`|~", "every character of a name"),
        ("X-Latin", "Gr\u{fc}\u{df}e"),
        ("X-Utf8", "Gr\u{c3}\u{bc}"),
        ("Link", "</a>; rel=prefetch"),
        ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Mode", "cors"),
        ("Via", "1.0 proxy.test"),
        ("X-Long", &long),
    ]
    .iter()
    .map(|(name, value)| one(name, value))
    .collect();
    let twice = |name: &str| {
        CorpusExchange::new("GET", "/")
            .header(name, "one")
            .header(name, "two")
    };
    let many = (0..70).fold(CorpusExchange::new("GET", "/"), |exchange, number| {
        exchange.header(&format!("X-Field-{number}"), &"w".repeat(150))
    });
    all.extend([
        twice("X-Twice").named("a header twice"),
        twice("Accept-Language").named("a list in two headers"),
        CorpusExchange::new("GET", "/")
            .header("X-Empty", "")
            .named("a header without a value"),
        many.named("many headers"),
        CorpusExchange::new("OPTIONS", "/")
            .header("Origin", "https://app.test")
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "x-a, x-b")
            .answered(ScriptedAnswer::bare(
                "204 No Content",
                &[
                    "Access-Control-Allow-Origin: *",
                    "Access-Control-Allow-Methods: PUT, GET",
                ],
            ))
            .named("a question of a browser"),
    ]);
    all
}

fn statuses() -> Vec<CorpusExchange> {
    let lines = [
        "201 Created",
        "202 Accepted",
        "203 Non-Authoritative Information",
        "207 Multi-Status",
        "208 Already Reported",
        "226 IM Used",
        "299 Whatever",
        "300 Multiple Choices",
        "305 Use Proxy",
        "306 Unused",
        "400 Bad Request",
        "401 Unauthorized",
        "402 Payment Required",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "406 Not Acceptable",
        "407 Proxy Authentication Required",
        "408 Request Timeout",
        "409 Conflict",
        "410 Gone",
        "411 Length Required",
        "412 Precondition Failed",
        "413 Content Too Large",
        "414 URI Too Long",
        "415 Unsupported Media Type",
        "416 Range Not Satisfiable",
        "417 Expectation Failed",
        "418 I'm a teapot",
        "420 Enhance Your Calm",
        "421 Misdirected Request",
        "422 Unprocessable Content",
        "423 Locked",
        "424 Failed Dependency",
        "425 Too Early",
        "426 Upgrade Required",
        "428 Precondition Required",
        "429 Too Many Requests",
        "431 Request Header Fields Too Large",
        "451 Unavailable For Legal Reasons",
        "499 Client Closed Request",
        "500 Internal Server Error",
        "501 Not Implemented",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "505 HTTP Version Not Supported",
        "506 Variant Also Negotiates",
        "507 Insufficient Storage",
        "508 Loop Detected",
        "510 Not Extended",
        "511 Network Authentication Required",
        "520 Web Server Returned an Unknown Error",
        "599 Network Connect Timeout Error",
        "600 Beyond",
        "799 Far Beyond",
        "999 Request Denied",
    ];
    let mut all: Vec<_> = (lines.iter())
        .map(|line| {
            let answer = ScriptedAnswer::sized(line, &["Content-Type: text/plain"], line.as_bytes());
            CorpusExchange::get(answer).named(line)
        })
        .collect();
    for line in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let answer = ScriptedAnswer::sized(line, &["Location: /next?a=%20b#part"], b"gone there");
        all.push(CorpusExchange::get(answer).named(line));
    }
    let bare =
        |line: &str, fields: &[&str]| CorpusExchange::get(ScriptedAnswer::bare(line, fields)).named(line);
    let reason = |reason: &str| {
        let answer = ScriptedAnswer::sized(&format!("200 {reason}"), &[], b"ok");
        CorpusExchange::get(answer).named("a reason of its own")
    };
    all.extend([
        bare("204 No Content", &["ETag: \"x\""]),
        bare("205 Reset Content", &["Content-Length: 0"]),
        bare("304 Not Modified", &["ETag: \"x\"", "Cache-Control: max-age=5"]),
        CorpusExchange::get(ScriptedAnswer::sized("201 Created", &["Location: items/5"], b""))
            .named("201 to a place beside"),
        CorpusExchange::get(ScriptedAnswer::sized("302 Found", &[], b"nowhere")).named("302 to nowhere"),
        reason(
            "Everything is quite all right here, thank you; and how are you? "
                .repeat(4)
                .trim(),
        ),
        reason("o.k. (\"fine\") 100%"),
        reason(""),
    ]);
    all
}

/// `hello`, as gzip has it.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";

fn answer_bodies() -> Vec<CorpusExchange> {
    let mut all = Vec::new();
    for length in [0, 1, 1000, 65_536, 1 << 20] {
        let body = noise(length);
        let named = |how: &str, answer| {
            CorpusExchange::get(answer).named(&format!("an answer of {length} bytes {how}"))
        };
        let pieces: Vec<&[u8]> = body.chunks(9000).collect();
        all.push(named(
            "with a length",
            ScriptedAnswer::sized("200 OK", &[], &body),
        ));
        all.push(named("in chunks", ScriptedAnswer::chunked(&[], &pieces, &[])));
        all.push(named(
            "up to the close",
            ScriptedAnswer::until_close("1.1", &["Connection: close"], &body),
        ));
    }
    let letters = noise(300);
    let single: Vec<&[u8]> = letters.chunks(1).collect();
    let mut extended = ScriptedAnswer::bare("200 OK", &["Transfer-Encoding: chunked"]);
    extended
        .pieces
        .push(b"5;a=b;c=\"d\"\r\nhello\r\n00\r\n\r\n".to_vec());
    let mut capitals = ScriptedAnswer::bare("200 OK", &["Transfer-Encoding: Chunked"]);
    capitals.pieces.push(b"A\r\n0123456789\r\n0\r\n\r\n".to_vec());
    let sum = ["Trailer: X-Sum, X-Signed"];
    all.extend([
        CorpusExchange::get(ScriptedAnswer::chunked(&[], &single, &[])).named("chunks of a byte"),
        CorpusExchange::get(extended).named("chunks with extensions"),
        CorpusExchange::get(capitals).named("a size in capitals"),
        CorpusExchange::get(ScriptedAnswer::ok("text/plain", b"bit by bit").bit_by_bit())
            .named("an answer bit by bit"),
        CorpusExchange::get(ScriptedAnswer::chunked(&[], &[b"bit", b"by", b"bit"], &[]).bit_by_bit())
            .named("chunks bit by bit"),
        CorpusExchange::get(ScriptedAnswer::chunked(
            &sum,
            &[b"summed"],
            &["X-Sum: 7", "X-Signed: a, b"],
        ))
        .header("TE", "trailers")
        .named("trailers behind an answer"),
        CorpusExchange::get(ScriptedAnswer::chunked(&sum, &[], &["X-Sum: 0", "X-Signed: "]))
            .header("TE", "trailers")
            .named("trailers behind nothing"),
    ]);
    all
}

fn answer_headers() -> Vec<CorpusExchange> {
    let long = format!("X-Long: {}", "v".repeat(14_000));
    let many: Vec<String> = (0..60)
        .map(|number| format!("X-Field-{number}: {}", "w".repeat(900)))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let lists: &[&[&str]] = &[
        &[
            "Set-Cookie: a=1; Path=/; HttpOnly",
            "Set-Cookie: b=2; Expires=Wed, 09 Jun 2030 10:18:14 GMT",
        ],
        &[
            "ETag: W/\"a\"",
            "Last-Modified: Sat, 29 Oct 1994 19:43:31 GMT",
            "Age: 5",
            "Expires: 0",
        ],
        &["Vary: Accept, Accept-Encoding", "Vary: Origin"],
        &["Cache-Control: private, max-age=60, stale-while-revalidate=5"],
        &["Link: </a>; rel=next", "Link: </b>; rel=\"prev last\""],
        &["WWW-Authenticate: Basic realm=\"a, b\", Digest realm=\"c\""],
        &["Content-Disposition: attachment; filename=\"a b.txt\"; filename*=UTF-8''%e2%82%ac.txt"],
        &["Content-Language: de, en", "Content-Location: /other"],
        &[
            "Content-Security-Policy: default-src 'self'; img-src *",
            "X-Frame-Options: DENY",
        ],
        &[
            "Access-Control-Allow-Origin: https://app.test",
            "Access-Control-Expose-Headers: X-A",
        ],
        &["Allow: GET, HEAD", "Accept-Ranges: bytes"],
        &["Retry-After: 120", "RateLimit-Remaining: 0"],
        &["X-Empty:", "X-Padded:    a  b   "],
        &["x-lower: 1", "X-UPPER: 2", "X-MiXeD: 3"],
        &["X-Twice: one", "X-Between: 1", "X-Twice: two"],
        &["X-Latin: Gr\u{fc}\u{df}e", "X-Utf8: Gr\u{c3}\u{bc}"],
        &["X-!#$%&'*+.^`|~: every character of a name"],
        &["X-Tab: a\tb"],
        &["Via: 1.1 cache.test", "Warning: 110 - \"stale\""],
        &["Content-Type: text/html; charset=\"UTF-8\"; x=1"],
        &["Content-Type:"],
        &["Timing-Allow-Origin: *", "Server-Timing: db;dur=53"],
        &["X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer"],
        &[&long],
        &many,
    ];
    let one = |fields: &&[&str]| {
        let first = fields[0].split(':').next().unwrap_or_default();
        CorpusExchange::get(ScriptedAnswer::sized("200 OK", fields, b"ok"))
            .named(&format!("{first} answered"))
    };
    lists.iter().map(one).collect()
}

fn kinds_of_content() -> Vec<CorpusExchange> {
    let ranges = b"--r\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n--r\r\nContent-Range: bytes 8-8/9\r\n\r\ni\r\n--r--\r\n";
    let part = |fields: &[&str], body: &[u8]| ScriptedAnswer::sized("206 Partial Content", fields, body);
    let coded = |coding: &str, body: &[u8]| {
        let coding = format!("Content-Encoding: {coding}");
        ScriptedAnswer::sized("200 OK", &["Content-Type: text/plain", &coding], body)
    };
    let events: &[&[u8]] = &[
        b"data: one\n\n",
        b": a comment\n\n",
        b"event: named\nid: 7\nretry: 1000\ndata: two\ndata: lines\n\n",
        b"data: crlf\r\n\r\n",
        b"data:no space\n\ndata\n\n",
        b"data: half",
        b" of one\n\n",
    ];
    let stream = ["Content-Type: text/event-stream", "Cache-Control: no-store"];
    let content = |content_type: &str, body: &[u8]| ScriptedAnswer::ok(content_type, body);
    let answers = [
        ("a range", part(&["Content-Range: bytes 0-1/9"], b"ab")),
        (
            "ranges",
            part(&["Content-Type: multipart/byteranges; boundary=r"], ranges),
        ),
        (
            "a range of unknown size",
            part(&["Content-Range: bytes 5-6/*"], b"fg"),
        ),
        (
            "a range past the end",
            ScriptedAnswer::sized("416 Range Not Satisfiable", &["Content-Range: bytes */9"], b""),
        ),
        ("gzip", coded("gzip", GZIP)),
        ("a coding that is none", coded("gzip", b"not gzip at all")),
        ("two codings", coded("br, gzip", GZIP)),
        ("a coding nobody knows", coded("x-own", &noise(50))),
        ("identity", coded("identity", b"as it is")),
        (
            "latin1",
            content("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe"),
        ),
        (
            "UTF-16",
            content("text/plain; charset=utf-16", b"\xff\xfeA\0\n\0"),
        ),
        (
            "Shift JIS",
            content("text/html; charset=shift_jis", b"\x93\xfa\x96{"),
        ),
        (
            "a byte order mark",
            content("application/json", b"\xef\xbb\xbf{}"),
        ),
        ("JSON", content("application/json", b"{\"a\": 1.0, \"a\": 2}\r\n")),
        (
            "problem details",
            ScriptedAnswer::sized(
                "400 Bad Request",
                &["Content-Type: application/problem+json"],
                b"{\"type\":\"about:blank\"}",
            ),
        ),
        (
            "lines of JSON",
            ScriptedAnswer::chunked(&["Content-Type: application/x-ndjson"], &[b"{}\n", b"{}\n"], &[]),
        ),
        ("an image", content("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
        (
            "a page",
            content(
                "text/html",
                b"<!doctype html><base href=\"http://up.test/\"><a href=/a>a</a>",
            ),
        ),
        ("a protobuf", content("application/x-protobuf", &noise(40))),
        (
            "gRPC on the web",
            content("application/grpc-web+proto", b"\x80\0\0\0\x0fgrpc-status:0\r\n"),
        ),
        (
            "multipart",
            content("multipart/mixed; boundary=b", b"--b\r\n\r\none\r\n--b--\r\n"),
        ),
        ("no type", ScriptedAnswer::sized("200 OK", &[], b"<html>")),
        ("events", ScriptedAnswer::chunked(&stream, events, &[])),
        (
            "events up to the close",
            ScriptedAnswer::until_close(
                "1.1",
                &["Content-Type: text/event-stream", "Connection: close"],
                &events.concat(),
            ),
        ),
        (
            "events bit by bit",
            ScriptedAnswer::chunked(&stream, events, &[]).bit_by_bit(),
        ),
        ("no event at all", ScriptedAnswer::chunked(&stream, &[], &[])),
    ];
    let named = |(name, answer)| CorpusExchange::get(answer).named(name);
    answers.into_iter().map(named).collect()
}

fn connections() -> Vec<CorpusExchange> {
    let ok = || ScriptedAnswer::sized("200 OK", &[], b"ok");
    let old = |fields: &[&str]| {
        let mut answer = ScriptedAnswer::of_version("1.0", "200 OK", fields);
        answer.pieces.push(b"old".to_vec());
        answer.and_closes()
    };
    let closing = ScriptedAnswer::sized("200 OK", &["Connection: close"], b"ok").and_closes();
    let named = ScriptedAnswer::sized(
        "200 OK",
        &["Connection: keep-alive", "Keep-Alive: timeout=5, max=9"],
        b"ok",
    );
    vec![
        CorpusExchange::get(ok())
            .header("Connection", "close")
            .named("a caller that closes"),
        CorpusExchange::get(closing).named("a server that closes"),
        CorpusExchange::get(named).named("a server that keeps the connection"),
        CorpusExchange::get(old(&["Content-Length: 3"])).named("HTTP/1.0 with a length"),
        CorpusExchange::get(ScriptedAnswer::until_close("1.0", &[], b"old"))
            .named("HTTP/1.0 up to the close"),
        CorpusExchange::get(ScriptedAnswer::until_close(
            "1.0",
            &["Connection: close"],
            &noise(70_000),
        ))
        .named("HTTP/1.0 with much"),
        CorpusExchange::new("POST", "/")
            .body("text/plain", "up")
            .answered(old(&["Content-Length: 3"]))
            .named("a body to HTTP/1.0"),
        CorpusExchange::get(ok().after("100 Continue")).named("100 that nobody asked for"),
        // Python takes every other interim answer for the answer.
        CorpusExchange::get(ok().after("103 Early Hints\r\nLink: </a.css>; rel=preload"))
            .not_by(&[Python])
            .named("103"),
        CorpusExchange::get(ok().after("102 Processing"))
            .not_by(&[Python])
            .named("102"),
        CorpusExchange::get(ok().after("103 Early Hints").after("103 Early Hints"))
            .not_by(&[Python])
            .named("103 twice"),
    ]
}
