//! A walk over every text that a caller of a role may send, as the document of the role tells them: whatever stands there is
//! refused and named, or taken and told again as it was sent, and never an outage.
//!
//! [`TextWalk`] makes the requests: each member of each body and form, each parameter of each query and path, each header
//! that the document names. As whom a request is sent is the role's own.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    asked::{Asked, Carried, escaped},
    client::Answer,
    made_up::{self, Document, Place},
};

/// What no field takes: a NUL that PostgreSQL cannot store, an escape sequence, texts that show another, tags that only a
/// model reads, and names of nothing.
const UNSEEN: [&str; 8] = [
    "a\u{0}b",
    "a\u{1b}[31mb",
    "a\u{202e}b",
    "a\u{200b}b",
    "a\u{61c}b",
    "a\u{e0041}b",
    "\u{3164}",
    BLANK,
];
/// Prose may be blank.
const BLANK: &str = "\u{2800}";
/// What a field may take, and every writer of SQL, JSON and markup has to escape.
const QUOTED: &str = "a'b\"c\\d$1%s<e>&;--";
/// What a body has no field for, and what a line of a head has no room for.
const ENDLESS_IN_BODY: usize = 300_000;
const ENDLESS_IN_HEAD: usize = 6_000;
/// Largest answer of a refusal, in bytes: nothing is quoted whole.
const LARGEST_REFUSAL: usize = 4_000;

/// How the texts of a role are gone through.
#[derive(Debug)]
pub struct TextWalk<'w> {
    document: Document<'w>,
    unread: &'w [&'w str],
}

/// A request with a text at one of its places.
struct Tried<'t> {
    asked: Asked,
    text: &'t str,
    /// Where, for whoever reads what is wrong.
    place: String,
    /// What a refusal has to name, where it can.
    name: String,
    /// Where the answer tells it again, if it does.
    echo: Option<String>,
    /// Whether an unseen text is wrong here.
    read: bool,
    /// What the request is refused with in any case; nothing where that is not known.
    untouched: &'t str,
}

impl<'w> TextWalk<'w> {
    /// Over `document`. Members that end with one of `unread` are shown to nobody, or read by a parser of their own: they may
    /// look like anything, and are bounded all the same.
    ///
    /// # Panics
    /// When the document is no JSON.
    pub fn of(document: &str, unread: &'w [&'w str]) -> Self {
        let document = serde_json::from_str(document).expect("a document is JSON");
        Self {
            document: Document { document, given: &[] },
            unread,
        }
    }

    /// Members and parameters of these names have these values while another is tried: ids of what is there, words that a
    /// route cannot do without. A parameter of a path may be named with what stands before it: `policies/id`.
    #[must_use]
    pub fn with(mut self, given: &'w [(&'w str, &'w str)]) -> Self {
        self.document.given = given;
        self
    }

    /// Sends every text to every place of every route; at least `least` requests. What is taken is read again, from the object
    /// and from its list, where the document has them; how often it was told there.
    ///
    /// # Panics
    /// With every answer that is not as it should be.
    pub async fn go(&self, least: usize, send: impl AsyncFn(Asked) -> Answer) -> usize {
        let (mut tried, mut told, mut wrong) = (0, 0, Vec::new());
        let (long, longer) = ("x".repeat(ENDLESS_IN_HEAD), "x".repeat(ENDLESS_IN_BODY));
        for body in self.document.bodies() {
            let untouched = send(body.untouched()).await;
            for place in &body.texts {
                for text in UNSEEN.into_iter().chain([QUOTED, &longer]) {
                    let one = Tried {
                        untouched: untouched.code(),
                        ..self.in_body(&body, place, text)
                    };
                    tried += 1;
                    let answer = send(one.asked.clone()).await;
                    wrong.extend(one.wrong(&answer));
                    for path in self.document.read_at(&body, &answer) {
                        let Some(read) = one.read_again(&answer, &path, &send).await else {
                            continue;
                        };
                        told += 1;
                        wrong.extend(read.err());
                    }
                }
            }
        }
        for route in self.document.routes() {
            for parameter in &route.parameters {
                // A line of a head says nothing that is not printable, by HTTP itself.
                let texts: Vec<&str> = match parameter.kind.as_str() {
                    "header" => vec![QUOTED, &long],
                    _ => UNSEEN.into_iter().chain([QUOTED, "", &long]).collect(),
                };
                for text in texts {
                    let Some(one) = self.in_head(&route, parameter, text) else {
                        continue;
                    };
                    tried += 1;
                    wrong.extend(one.wrong(&send(one.asked.clone()).await));
                }
            }
        }
        assert!(tried >= least, "{tried} texts tried");
        assert!(
            wrong.is_empty(),
            "{} of {tried}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        told
    }

    fn is_read(&self, name: &str) -> bool {
        !self.unread.iter().any(|unread| name.ends_with(unread))
    }

    fn in_body<'t>(&self, body: &made_up::Body, place: &Place, text: &'t str) -> Tried<'t> {
        let mut sent = body.made_up.clone();
        *sent.pointer_mut(&place.pointer).expect("a place of its own body") = json!(text);
        let prose = place.name == "description" && text == BLANK;
        Tried {
            asked: Asked {
                body: made_up::carried(&sent, body.is_form),
                ..body.untouched()
            },
            text,
            place: place.pointer.clone(),
            name: place.name.clone(),
            echo: Some(place.pointer.clone()),
            read: self.is_read(&place.name) && !prose,
            untouched: "",
        }
    }

    /// Nothing where the text would make it another route.
    fn in_head<'t>(
        &self,
        route: &made_up::Route,
        parameter: &made_up::Parameter,
        text: &'t str,
    ) -> Option<Tried<'t>> {
        let name = parameter.name.clone();
        let (path, header) = match parameter.kind.as_str() {
            "query" => (
                format!(
                    "{}?{name}={}",
                    self.document.filled(&route.path, None),
                    escaped(text)
                ),
                None,
            ),
            "path" if text.is_empty() => return None,
            "path" => (
                self.document.filled(&route.path, Some((&name, &escaped(text)))),
                None,
            ),
            _ => (
                self.document.filled(&route.path, None),
                Some((name.clone(), text.to_owned())),
            ),
        };
        let place = format!("{} {name}", parameter.kind);
        Some(Tried {
            asked: Asked {
                method: route.method.clone(),
                path,
                header,
                body: route.body.clone(),
            },
            text,
            place,
            read: parameter.kind != "header" && self.is_read(&name) && text != BLANK,
            name,
            echo: None,
            untouched: "",
        })
    }
}

impl Tried<'_> {
    /// What is wrong with the answer.
    fn wrong(&self, answer: &Answer) -> Option<String> {
        let unseen = UNSEEN.contains(&self.text);
        let refused = answer.status.is_client_error();
        let told_otherwise = || {
            let told = self.echo.as_ref().and_then(|echo| answer.body.pointer(echo))?;
            told.as_str().filter(|told| *told != self.text)
        };
        let why = if answer.status.is_server_error() {
            "an outage"
        } else if refused && answer.text.len() > LARGEST_REFUSAL {
            "quoted whole"
        } else if self.read && unseen && answer.status.is_success() {
            "taken"
        } else if answer.status.is_success() && told_otherwise().is_some() {
            "told again as another"
        } else if answer.status == StatusCode::BAD_REQUEST && !self.is_named(answer) {
            "refused without its name"
        } else {
            return None;
        };
        let text: String = self.text.escape_unicode().take(24).collect();
        let path: String = self.asked.path.chars().take(120).collect();
        let said: String = answer.text.chars().take(160).collect();
        let (method, place, status) = (&self.asked.method, &self.place, answer.status);
        Some(format!("{why}: {method} {path} {place} {text}: {status} {said}"))
    }

    /// What `path` tells of a text that was taken: as it was sent, or what is wrong. Nothing where it tells nothing of it.
    async fn read_again(
        &self,
        taken: &Answer,
        path: &str,
        send: &impl AsyncFn(Asked) -> Answer,
    ) -> Option<Result<(), String>> {
        let read = Asked {
            method: Method::GET,
            path: path.to_owned(),
            header: None,
            body: Carried::Nothing,
        };
        let answer = send(read).await;
        let mut listed = answer.body["items"].as_array().into_iter().flatten();
        let found = match &taken.body["id"] {
            id @ Value::String(_) => listed.find(|item| item["id"] == *id),
            _ => None,
        };
        let told = found
            .unwrap_or(&answer.body)
            .pointer(self.echo.as_ref()?)?
            .as_str()?;
        if told == self.text {
            return Some(Ok(()));
        }
        let (method, place, text) = (&self.asked.method, &self.place, self.text.escape_unicode());
        let why = format!("read again as another: {method} {path} {place} {text}: {told}");
        Some(Err(why))
    }

    /// Whether a refusal says which field it is about. A form or a line of a head that cannot be read has none, and what is
    /// refused in any case is not about it.
    fn is_named(&self, answer: &Answer) -> bool {
        if !self.untouched.is_empty() && answer.code() == self.untouched {
            return true;
        }
        answer.text.contains(self.name.as_str())
            || answer.text.contains("path")
            || answer.text.contains("header")
    }
}
