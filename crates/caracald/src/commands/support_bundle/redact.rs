//! Taking out what must not leave: secrets that are known by value, and whatever looks like one or like a person.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use anyhow::Context as _;
use caracal_core::Secret;
use regex::{Captures, Regex};
use serde::Serialize;
use serde_json::Value;

/// What stands for what was taken out.
pub(super) const HIDDEN: &str = "***";
/// Shorter values would take ordinary words with them.
const SHORTEST: usize = 8;
/// Largest file of a secret that is read.
const LARGEST: u64 = 64 * 1024;

/// How secrets look, and people's addresses. The first group, where there is one, stays.
static LOOKS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // Tokens of three parts, and the beginning of one that was cut.
        r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*",
        r"(?i)\b((?:bearer|basic|digest|negotiate)\s+)[A-Za-z0-9._~+/=:-]{4,}",
        r#"(://)[^/\s@"']+@"#,
        r#"(?i)\b((?:[a-z0-9_.-]*(?:token|secret|passw(?:or)?d|pwd|api[-_]?key|hmac[-_]?key|signature|credential|assertion|cookie|authorization))["']?\s*[=:]\s*["']?)[^\s"'&,;}]{4,}"#,
        r"\b(?:cat|cs|ws|nsk|whsec|sk|pk|ghp|gho|xox[a-z])_[A-Za-z0-9_-]{8,}",
        r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)",
        r"\b[0-9a-fA-F]{40,}\b",
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    ]
    .iter()
    .map(|look| Regex::new(look).expect("a pattern of ours"))
    .collect()
});

/// Tokens of ours: named as metrics are, and random behind that.
static OURS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bcaracal_[a-z]+_[A-Za-z0-9_-]{8,}").expect("a pattern of ours"));

/// Random text in base64: long, and of every kind of character.
static DENSE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+_-]{32,}={0,2}").expect("a pattern of ours"));

/// Takes things out of texts.
#[derive(Default)]
pub(super) struct Redactor {
    /// Longest first: one may be a part of another.
    known: Vec<Secret>,
    bearers: Vec<String>,
}

impl Redactor {
    /// Learns secrets by value, and what is within them: each of several, the password of a URL.
    pub(super) fn know(&mut self, secrets: Vec<(String, Secret)>) {
        let mut all: BTreeSet<String> = self.known.iter().map(|known| known.expose().to_owned()).collect();
        for (name, secret) in secrets {
            let text = secret.expose().trim();
            if [
                "METRICS_BEARER",
                "METRICS_BEARER_PREVIOUS",
                "metricsBearer",
                "metricsBearerPrevious",
            ]
            .contains(&name.as_str())
                && !text.is_empty()
            {
                self.bearers.push(text.to_owned());
            }
            all.extend(text.split([',', '\n']).map(str::to_owned));
            if let Ok(url) = url::Url::parse(text) {
                all.extend(url.password().map(str::to_owned));
            }
            all.insert(text.to_owned());
        }
        let mut known: Vec<String> = all.into_iter().filter(|value| value.len() >= SHORTEST).collect();
        known.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self.known = known.into_iter().map(Secret::new).collect();
    }

    /// Learns what is in the files of a directory.
    ///
    /// # Errors
    /// When it cannot be read: what is not known cannot be taken out.
    pub(super) fn know_files(&mut self, directory: &Path) -> anyhow::Result<()> {
        let cannot = || format!("cannot read the secrets in {}", directory.display());
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let metadata = entry.metadata().with_context(cannot)?;
            if metadata.is_file() && metadata.len() <= LARGEST {
                let text = fs::read(entry.path()).with_context(cannot)?;
                let text = String::from_utf8_lossy(&text).into_owned();
                found.push((
                    entry.file_name().to_string_lossy().into_owned(),
                    Secret::new(text),
                ));
            }
        }
        self.know(found);
        Ok(())
    }

    /// How many secrets are known by value.
    pub(super) fn known(&self) -> usize {
        self.known.len()
    }

    /// The bearers of metrics among them.
    pub(super) fn bearers(&self) -> Vec<String> {
        self.bearers.clone()
    }

    /// `text` without them.
    pub(super) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for known in &self.known {
            if clean.contains(known.expose()) {
                clean = clean.replace(known.expose(), HIDDEN);
            }
        }
        for look in LOOKS.iter() {
            clean = look
                .replace_all(&clean, |found: &Captures<'_>| {
                    let kept = found.get(1).map_or("", |kept| kept.as_str());
                    let at = if kept == "://" { "@" } else { "" };
                    format!("{kept}{HIDDEN}{at}")
                })
                .into_owned();
        }
        let clean = OURS.replace_all(&clean, |found: &Captures<'_>| {
            let word = &found[0];
            let random = word.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
            String::from(if random { HIDDEN } else { word })
        });
        DENSE
            .replace_all(&clean, |found: &Captures<'_>| {
                let word = &found[0];
                let any = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
                let dense = any(char::is_ascii_digit)
                    && any(char::is_ascii_uppercase)
                    && any(char::is_ascii_lowercase);
                String::from(if dense { HIDDEN } else { word })
            })
            .into_owned()
    }

    /// A document as JSON, every text in it without them.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub(super) fn json(&self, document: &impl Serialize) -> anyhow::Result<Vec<u8>> {
        let mut value = serde_json::to_value(document).context("a document of the bundle")?;
        self.clean(&mut value);
        Ok(serde_json::to_vec_pretty(&value)?)
    }

    /// Takes them out of every text in `value`, keys included.
    pub(super) fn clean(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            Value::Object(members) => {
                *members = std::mem::take(members)
                    .into_iter()
                    .map(|(name, mut value)| {
                        self.clean(&mut value);
                        (self.text(&name), value)
                    })
                    .collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.know(vec![
            (
                String::from("DATABASE_URL"),
                Secret::new("postgres://u:quite-ordinary@db/caracal"),
            ),
            (String::from("METRICS_BEARER"), Secret::new("plain words here\n")),
        ]);
        redactor
    }

    #[test]
    fn what_is_known_by_value_is_taken_out_wherever_it_stands() {
        let redactor = redactor();
        assert_eq!(redactor.bearers(), ["plain words here"]);
        for text in [
            "x plain words here y",
            "password quite-ordinary of the login",
            "postgres://u:quite-ordinary@db/caracal",
        ] {
            let clean = redactor.text(text);
            assert!(clean.contains(HIDDEN), "{clean}");
            assert!(
                !clean.contains("plain words") && !clean.contains("quite"),
                "{clean}"
            );
        }
    }

    #[test]
    fn what_looks_like_a_secret_or_a_person_is_taken_out() {
        let redactor = redactor();
        for (text, gone) in [
            ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "eyJ"),
            ("Authorization: Bearer abcd.efgh", "abcd"),
            ("redis://:pw12@cache:6379 is away", "pw12"),
            ("client_secret=hunter22&x=1", "hunter22"),
            (r#"{"api_key":"tiny"}"#, "tiny"),
            ("caracal_at_0123456789ab", "0123456789ab"),
            ("key 00112233445566778899aabbccddeeff0011223344556677", "0011"),
            ("login of mia@example.com failed", "mia"),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
                "MIIB",
            ),
            ("nonce q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA= used", "q83vE"),
        ] {
            let clean = redactor.text(text);
            assert!(!clean.contains(gone), "{clean}");
        }
    }

    #[test]
    fn what_helps_stays() {
        let redactor = redactor();
        for text in [
            "caracal_events_spool_segments_under_previous 3",
            "request 0198c1f2-7a3e-7c55-9d57-3d8f0a1b2c3d of zone 0198c1f2-7a3e-7c55-9d57-3d8f0a1b2c3d",
            "trace 4bf92f3577b34da6a3ce929d0e0e4736",
            "/var/lib/caracal/audit-spool/00000001.segment",
            "PostgreSQL does not answer; not ready until it does",
            "https://db.internal:5432/caracal",
        ] {
            assert_eq!(redactor.text(text), text);
        }
    }
}
