//! A look at the text before the parser sees it.
//!
//! The parser tries a bracket first as a comprehension and then again as a literal, so its time doubles with each
//! level of nesting, and it builds one level of tree per operator of a chain, which is later walked recursively.
//! Both are bounded here, in one linear pass that knows strings and comments.

use std::{iter::Peekable, str::Chars};

use super::{MAX_SOURCE_BYTES, Place, PolicyProblem};

/// Deepest nesting of brackets.
const MAX_NESTING: usize = 12;

/// Most operators, references and calls in one chain at one level of nesting.
const MAX_CHAIN: u32 = 32;

/// Bound on the work of the backtracking parser, in tokens looked at.
const MAX_PARSER_WORK: u64 = 8_000_000;

/// Longest number, in characters; exponents have at most [`MAX_EXPONENT_DIGITS`].
const MAX_NUMBER_CHARS: usize = 64;
const MAX_EXPONENT_DIGITS: usize = 2;

/// What the text reveals without a parser.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Name after `package`, with its place.
    pub(super) package: Option<(String, Place)>,
    /// Whether a comment line says that this is a data document.
    pub(super) marked_as_data: bool,
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
    // The parser takes a NUL for the end of the text and would not look at what follows.
    if content
        .chars()
        .any(|ch| ch.is_control() && !matches!(ch, '\t' | '\n' | '\r'))
    {
        return Err(PolicyProblem::new(
            "policy_syntax_error",
            "the policy contains a control character",
        ));
    }
    let mut scanner = Scanner::new(content);
    scanner.run()?;
    let scan = scanner.scan;
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

fn is_dotted_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(is_word)
    })
}

fn is_word(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || ch == '_'
}

/// At most 64 characters of foreign text, for a message.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
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

struct Level {
    closer: char,
    opened: Place,
    chain: u32,
}

struct Scanner<'a> {
    chars: Peekable<Chars<'a>>,
    place: Place,
    levels: Vec<Level>,
    chain: u32,
    last: Last,
    /// Whether a line ended since the last token.
    fresh_line: bool,
    /// Whether nothing but blanks came before on this line.
    blank_so_far: bool,
    seen_token: bool,
    work: u64,
    scan: Scan,
}

impl<'a> Scanner<'a> {
    fn new(content: &'a str) -> Self {
        Self {
            chars: content.chars().peekable(),
            place: Place { line: 1, column: 1 },
            levels: Vec::new(),
            chain: 0,
            last: Last::Start,
            fresh_line: false,
            blank_so_far: true,
            seen_token: false,
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
    fn begin_token(&mut self, operator: bool, place: Place) -> Result<(), PolicyProblem> {
        if self.fresh_line && !operator && self.last != Last::Operator {
            self.chain = 0;
        }
        self.fresh_line = false;
        self.seen_token = true;
        // At most MAX_NESTING levels, so the shift cannot overflow.
        let looks = 1_u64 << self.levels.len().min(MAX_NESTING);
        self.work = self.work.saturating_add(looks);
        if self.work > MAX_PARSER_WORK {
            return Err(too_complex("the policy nests too much for its length", place));
        }
        Ok(())
    }

    fn link(&mut self, place: Place) -> Result<(), PolicyProblem> {
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

    fn quoted(&mut self, opened: Place) -> Result<(), PolicyProblem> {
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

    fn raw(&mut self, opened: Place) -> Result<(), PolicyProblem> {
        while let Some(ch) = self.next() {
            if ch == '`' {
                return Ok(());
            }
        }
        Err(PolicyProblem::new("unterminated_string", "this raw string is never closed").at(opened))
    }

    fn open(&mut self, ch: char, place: Place) -> Result<(), PolicyProblem> {
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
        });
        self.chain = 0;
        self.last = Last::Start;
        Ok(())
    }

    fn close(&mut self, ch: char, place: Place) -> Result<(), PolicyProblem> {
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

    fn number(&mut self, first: char, place: Place) -> Result<(), PolicyProblem> {
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

    fn word(&mut self, first: char, place: Place) -> Result<(), PolicyProblem> {
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

    fn package(&mut self, place: Place) {
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

fn unbalanced(message: &str, place: Place) -> PolicyProblem {
    PolicyProblem::new("unbalanced_delimiters", message).at(place)
}

pub(super) fn too_complex(message: impl Into<String>, place: Place) -> PolicyProblem {
    PolicyProblem::new("policy_too_complex", message).at(place)
}
