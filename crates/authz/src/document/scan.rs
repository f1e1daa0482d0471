//! A look at the text before the parser sees it.
//!
//! The parser reads the first element of a bracket as the term of a comprehension and, when no `|` follows, goes back
//! and reads it again as an element; the first member of an object, key and value, likewise. In a query it reads what
//! may be the left side of an assignment and then goes back in the same way. So a token is read once more for each
//! bracket around it whose first element it belongs to, and these factors multiply: twenty times
//! `[[[[[[[[[[1]]]]]]]]]]` are half a kilobyte and a second of work. How often each token will be read is counted
//! here before the parser runs, and bounded for one token and for the text, so that parsing takes time in
//! proportion to the length. The parser also builds one level of tree per operator of a chain, which is later walked
//! recursively; that is bounded too. All in one linear pass that knows strings and comments.

mod level;
mod word;

use std::{iter::Peekable, str::Chars};

use caracal_core::text::is_unprintable;

pub(super) use self::word::excerpt;
use self::{
    level::Level,
    word::{is_dotted_name, is_word},
};
use super::{MAX_SOURCE_BYTES, PolicyProblem, Position};

/// Deepest nesting of brackets.
const MAX_NESTING: usize = 12;

/// Most operators, references and calls in one chain at one level of nesting.
const MAX_CHAIN: u32 = 32;

/// How often the parser may read one token.
const MAX_READINGS: u64 = 64;

/// How many tokens the parser may read, going back included: some for every text, more for each of its tokens, and
/// never more than the last.
const BASE_WORK: u64 = 32_000;
const WORK_PER_TOKEN: u64 = 4;
const MAX_WORK: u64 = 400_000;

/// Longest number, in characters; exponents have at most [`MAX_EXPONENT_DIGITS`].
const MAX_NUMBER_CHARS: usize = 64;
const MAX_EXPONENT_DIGITS: usize = 2;

/// What the text reveals without a parser.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Name after `package`, with its place.
    pub(super) package: Option<(String, Position)>,
    /// Whether a comment line says that this is a data document.
    pub(super) marked_as_data: bool,
    /// Tokens the parser will read, going back included.
    pub(super) work: u64,
}

/// Scans `content`, failing on the first problem that would make parsing it unsafe or pointless.
pub(super) fn scan(content: &str) -> Result<Scan, PolicyProblem> {
    if content.trim().is_empty() {
        return Err(PolicyProblem::new("empty_policy", "the policy is empty"));
    }
    if content.len() > MAX_SOURCE_BYTES {
        let message = format!(
            "the policy is {} bytes long, the limit is {MAX_SOURCE_BYTES}",
            content.len()
        );
        return Err(PolicyProblem::new("content_too_large", message));
    }
    // The parser takes a NUL for the end of the text and would not look at what follows. Who reviews a policy sees
    // neither an override of the direction of writing nor what has no width, and must not approve what it is not.
    if content
        .chars()
        .any(|ch| is_unprintable(ch) && !matches!(ch, '\t' | '\n' | '\r'))
    {
        return Err(PolicyProblem::new(
            "policy_syntax_error",
            "the policy contains a character that cannot be seen",
        ));
    }
    let mut scanner = Scanner::new(content);
    scanner.run()?;
    let scan = Scan {
        work: scanner.work,
        ..scanner.scan
    };
    match &scan.package {
        None => Err(PolicyProblem::new(
            "missing_package_declaration",
            "the policy must begin with its package declaration",
        )),
        Some((name, place)) if !is_dotted_name(name) => Err(PolicyProblem::new(
            "invalid_package_name",
            format!("`{}` is not a package name", excerpt(name)),
        )
        .at(*place)),
        Some(_) => Ok(scan),
    }
}

/// What the previous token was, as far as the next one cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Start of the text, a separator or an opening bracket.
    Start,
    /// Something that has a value: a bracket or dot after it refers into it.
    Value,
    /// An operator: the expression goes on.
    Operator,
}

struct Scanner<'a> {
    chars: Peekable<Chars<'a>>,
    place: Position,
    levels: Vec<Level>,
    chain: u32,
    last: Last,
    /// Whether a line ended since the last token.
    fresh_line: bool,
    /// Whether nothing but blanks came before on this line.
    blank_so_far: bool,
    seen_token: bool,
    tokens: u64,
    work: u64,
    scan: Scan,
}

impl<'a> Scanner<'a> {
    fn new(content: &'a str) -> Self {
        Self {
            chars: content.chars().peekable(),
            place: Position { line: 1, column: 1 },
            levels: Vec::new(),
            chain: 0,
            last: Last::Start,
            fresh_line: false,
            blank_so_far: true,
            seen_token: false,
            tokens: 0,
            work: 0,
            scan: Scan::default(),
        }
    }

    fn next(&mut self) -> Option<char> {
        let ch = self.chars.next()?;
        if ch == '\n' {
            self.place.line = self.place.line.saturating_add(1);
            self.place.column = 1;
            self.fresh_line = true;
            self.blank_so_far = true;
        } else {
            self.place.column = self.place.column.saturating_add(1);
            if !ch.is_whitespace() {
                self.blank_so_far = false;
            }
        }
        Some(ch)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    fn run(&mut self) -> Result<(), PolicyProblem> {
        loop {
            let (place, line_was_blank) = (self.place, self.blank_so_far);
            let Some(ch) = self.next() else { break };
            match ch {
                _ if ch.is_whitespace() => {}
                '#' => self.comment(line_was_blank),
                '"' => {
                    self.begin_token(false, place)?;
                    self.quoted(place)?;
                    self.last = Last::Value;
                }
                '`' => {
                    self.begin_token(false, place)?;
                    self.raw(place)?;
                    self.last = Last::Value;
                }
                '(' | '[' | '{' => self.open(ch, place)?,
                ')' | ']' | '}' => self.close(ch, place)?,
                ',' | ';' => {
                    self.begin_token(false, place)?;
                    self.chain = 0;
                    self.last = Last::Start;
                    self.separate();
                }
                '|' => {
                    self.begin_token(true, place)?;
                    self.link(place)?;
                    self.last = Last::Operator;
                    if let Some(level) = self.levels.last_mut() {
                        (level.first, level.query) = (true, true);
                    }
                }
                _ if ch.is_ascii_digit() => {
                    self.begin_token(false, place)?;
                    self.number(ch, place)?;
                    self.last = Last::Value;
                }
                _ if is_word(ch) => self.word(ch, place)?,
                _ => {
                    self.begin_token(true, place)?;
                    self.link(place)?;
                    self.last = Last::Operator;
                }
            }
        }
        match self.levels.pop() {
            Some(level) => Err(unbalanced("this bracket is never closed", level.opened)),
            None => Ok(()),
        }
    }

    /// Accounts for one token. A token on a fresh line starts a new statement unless an operator joins them.
    fn begin_token(&mut self, operator: bool, place: Position) -> Result<(), PolicyProblem> {
        if self.fresh_line && !operator && self.last != Last::Operator {
            self.chain = 0;
            if self.last == Last::Value && self.levels.last().is_some_and(|level| level.query) {
                self.separate();
            }
        }
        self.fresh_line = false;
        self.seen_token = true;
        let readings = self.levels.last().map_or(1, Level::readings);
        self.tokens = self.tokens.saturating_add(1);
        self.work = self.work.saturating_add(readings);
        let allowed = WORK_PER_TOKEN
            .saturating_mul(self.tokens)
            .saturating_add(BASE_WORK);
        if readings > MAX_READINGS || self.work > allowed.min(MAX_WORK) {
            let message = "the policy nests too many first elements inside each other";
            return Err(too_complex(message, place));
        }
        Ok(())
    }

    /// What follows is not the first of its bracket.
    fn separate(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.first = false;
        }
    }

    fn link(&mut self, place: Position) -> Result<(), PolicyProblem> {
        self.chain = self.chain.saturating_add(1);
        if self.chain > MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} operators or references in one expression");
            return Err(too_complex(message, place));
        }
        Ok(())
    }

    fn comment(&mut self, alone_on_its_line: bool) {
        let mut text = String::new();
        while let Some(ch) = self.chars.next_if(|ch| *ch != '\n') {
            self.place.column = self.place.column.saturating_add(1);
            if text.len() < 64 {
                text.push(ch);
            }
        }
        if alone_on_its_line && text.trim() == "caracal:data-document" {
            self.scan.marked_as_data = true;
        }
    }

    fn quoted(&mut self, opened: Position) -> Result<(), PolicyProblem> {
        while let Some(ch) = self.next() {
            match ch {
                '"' => return Ok(()),
                '\n' => break,
                '\\' => {
                    self.next();
                }
                _ => {}
            }
        }
        Err(PolicyProblem::new("unterminated_string", "this string is never closed").at(opened))
    }

    fn raw(&mut self, opened: Position) -> Result<(), PolicyProblem> {
        while let Some(ch) = self.next() {
            if ch == '`' {
                return Ok(());
            }
        }
        Err(PolicyProblem::new("unterminated_string", "this raw string is never closed").at(opened))
    }

    fn open(&mut self, ch: char, place: Position) -> Result<(), PolicyProblem> {
        self.begin_token(false, place)?;
        if self.last == Last::Value && ch != '{' {
            self.link(place)?;
        }
        if self.levels.len() >= MAX_NESTING {
            return Err(too_complex(
                format!("brackets nest deeper than {MAX_NESTING}"),
                place,
            ));
        }
        let closer = match ch {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        self.levels.push(Level {
            closer,
            opened: place,
            chain: self.chain,
            readings: self.levels.last().map_or(1, Level::readings),
            // Parentheses, and brackets that refer into a value, hold nothing else.
            goes_back: ch == '{' || ch == '[' && self.last != Last::Value,
            first: true,
            // A brace after a word holds the body of a rule.
            query: ch == '{' && self.last == Last::Value,
        });
        self.chain = 0;
        self.last = Last::Start;
        Ok(())
    }

    fn close(&mut self, ch: char, place: Position) -> Result<(), PolicyProblem> {
        match self.levels.pop() {
            Some(level) if level.closer == ch => {
                self.chain = level.chain;
                self.fresh_line = false;
                self.last = Last::Value;
                Ok(())
            }
            Some(_) => Err(unbalanced("this bracket closes another kind", place)),
            None => Err(unbalanced("this bracket was never opened", place)),
        }
    }

    fn number(&mut self, first: char, place: Position) -> Result<(), PolicyProblem> {
        let mut text = String::from(first);
        while let Some(ch) = self.peek() {
            let signed_exponent = matches!(ch, '+' | '-') && text.ends_with(['e', 'E']);
            if !(is_word(ch) || ch == '.' || signed_exponent) {
                break;
            }
            self.next();
            text.push(ch);
            if text.len() > MAX_NUMBER_CHARS {
                return Err(too_complex("this number is too long", place));
            }
        }
        let exponent = text.split(['e', 'E']).nth(1).unwrap_or_default();
        if exponent.chars().filter(char::is_ascii_digit).count() > MAX_EXPONENT_DIGITS {
            return Err(too_complex("the exponent of this number is too large", place));
        }
        Ok(())
    }

    fn word(&mut self, first: char, place: Position) -> Result<(), PolicyProblem> {
        let first_token = !self.seen_token;
        let mut text = String::from(first);
        while let Some(ch) = self.peek().filter(|ch| is_word(*ch)) {
            self.next();
            text.push(ch);
        }
        let operator = matches!(text.as_str(), "in" | "not");
        self.begin_token(operator, place)?;
        if operator {
            self.link(place)?;
            self.last = Last::Operator;
        } else {
            self.last = Last::Value;
        }
        if first_token && text == "package" {
            self.package(place);
        }
        Ok(())
    }

    fn package(&mut self, place: Position) {
        let mut ahead = self
            .chars
            .clone()
            .skip_while(|ch| *ch == ' ' || *ch == '\t')
            .peekable();
        let mut name = String::new();
        while let Some(ch) = ahead.next_if(|ch| !ch.is_whitespace() && !matches!(ch, '#' | ';')) {
            name.push(ch);
        }
        self.scan.package = Some((name, place));
    }
}

fn unbalanced(message: &str, place: Position) -> PolicyProblem {
    PolicyProblem::new("unbalanced_delimiters", message).at(place)
}

pub(super) fn too_complex(message: impl Into<String>, place: Position) -> PolicyProblem {
    PolicyProblem::new("policy_too_complex", message).at(place)
}
