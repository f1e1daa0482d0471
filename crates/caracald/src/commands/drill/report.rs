//! The report of a drill: JSON that is signed, and the same for people.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, ensure};
use caracal_core::Timestamp;
use caracal_crypto::{
    HmacKey, canonical_json,
    log_key::{LogAlgorithm, LogSigningKey, LogVerifyingKey},
};
use caracal_service::{
    config::usable_secret,
    files::{create_directory_synced, replace_synced},
};
use serde::{Deserialize, Serialize};

use super::traffic::{Counts, Phase};

/// Separates the key of reports from every other use of the secret.
const LABEL: &[u8] = b"\0caracal.drill-report.v1";
/// Largest report that is read.
const LARGEST: u64 = 1024 * 1024;
/// For whoever is to read it.
const MODE: u32 = 0o644;

/// Something that was promised, and whether it held.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Expectation {
    #[serde(rename = "promise")]
    what: String,
    held: bool,
    found: String,
}

impl Expectation {
    pub(super) fn of(promise: &str, held: bool, found: String) -> Self {
        Self {
            what: promise.to_owned(),
            held,
            found,
        }
    }
}

/// Answers of one phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Answers {
    phase: String,
    passed: usize,
    refused: usize,
    unanswered: usize,
}

/// What a drill came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) drill: String,
    /// The issuer of the deployment.
    pub(super) target: String,
    version: String,
    began_at: String,
    ended_at: String,
    pub(super) holds: bool,
    answers: Vec<Answers>,
    promises: Vec<Expectation>,
}

/// A report with its signature over the canonical form (RFC 8785).
#[derive(Serialize, Deserialize)]
struct Signed {
    #[serde(rename = "report")]
    said: serde_json::Value,
    public_key: String,
    signature: String,
}

/// Signs reports.
pub(super) struct Signer(LogSigningKey);

impl Signer {
    /// The key of the secret in a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no key.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let secret = usable_secret(&text).map_err(|why| anyhow::anyhow!("{shown} {why}"))?;
        let secret = HmacKey::from_hex(secret).with_context(|| format!("{shown} is no secret"))?;
        let key = LogSigningKey::from_seed(LogAlgorithm::Ed25519, &secret.sign(LABEL));
        Ok(Self(key.context("no key follows from the secret")?))
    }

    /// The public half, as `drill verify` takes it.
    pub(super) fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }
}

/// Whether reports can be written there.
///
/// # Errors
/// When they cannot.
pub(super) fn writable(directory: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write reports into {}", directory.display());
    create_directory_synced(directory).with_context(cannot)?;
    let tried = directory.join(".drill");
    replace_synced(&tried, b"", MODE)
        .and_then(|()| fs::remove_file(&tried))
        .with_context(cannot)
}

impl Report {
    pub(super) fn new(
        drill: String,
        target: String,
        began: Timestamp,
        ended: Timestamp,
        counts: &Counts,
        promises: Vec<Expectation>,
    ) -> Self {
        let phases = [
            (Phase::Before, "before"),
            (Phase::Fault, "fault"),
            (Phase::Back, "after"),
        ];
        Self {
            drill,
            target,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            began_at: began.to_string(),
            ended_at: ended.to_string(),
            holds: promises.iter().all(|promise| promise.held),
            answers: phases
                .into_iter()
                .map(|(phase, name)| {
                    let tally = counts.of(phase);
                    Answers {
                        phase: name.to_owned(),
                        passed: tally.passed,
                        refused: tally.refused,
                        unanswered: tally.unanswered,
                    }
                })
                .collect(),
            promises,
        }
    }

    /// A line for each promise.
    pub(super) fn lines(&self) -> String {
        let line = |promise: &Expectation| {
            let word = if promise.held { "held  " } else { "BROKEN" };
            format!("{word}  {}: {}", promise.what, promise.found)
        };
        self.promises.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn markdown(&self, public: &str) -> String {
        let mut out = format!(
            "# Drill {}\n\n{} with caracald {}, from {} to {}. {}.\n\n| Promise | | Found |\n|---|---|---|\n",
            self.drill,
            self.target,
            self.version,
            self.began_at,
            self.ended_at,
            if self.holds {
                "Every promise held"
            } else {
                "**Not every promise held**"
            },
        );
        for promise in &self.promises {
            let word = if promise.held { "held" } else { "**broken**" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "| {} | {word} | {} |",
                promise.what,
                promise.found.replace('|', "\\|")
            );
        }
        out.push_str("\n| Calls | passed | refused | found nobody |\n|---|--:|--:|--:|\n");
        for answers in &self.answers {
            let Answers {
                phase,
                passed,
                refused,
                unanswered,
            } = answers;
            let _ = writeln!(out, "| {phase} | {passed} | {refused} | {unanswered} |");
        }
        let _ = writeln!(
            out,
            "\nThe JSON beside this page is signed; `caracald drill verify` takes the public key `{public}`."
        );
        out
    }

    /// Writes both forms; returns their names.
    ///
    /// # Errors
    /// When they cannot be written or signed.
    pub(super) fn write(&self, directory: &Path, signer: &Signer) -> anyhow::Result<String> {
        let value = serde_json::to_value(self).context("a report is JSON")?;
        let signature = signer
            .0
            .sign(&canonical_json(&value))
            .context("cannot sign the report")?;
        let signed = Signed {
            said: value,
            public_key: signer.public(),
            signature: hex::encode(signature),
        };
        let stem = format!("{}-{}", self.drill, self.began_at.replace([':', '.'], ""));
        let mut written = Vec::new();
        for (ending, text) in [
            ("json", serde_json::to_string_pretty(&signed)?),
            ("md", self.markdown(&signer.public())),
        ] {
            let path = directory.join(format!("{stem}.{ending}"));
            replace_synced(&path, text.as_bytes(), MODE)
                .with_context(|| format!("cannot write {}", path.display()))?;
            written.push(path.display().to_string());
        }
        Ok(written.join(" and "))
    }
}

/// The report in a file, once its signature is proved to be of `trust`. What the file says of its key is not believed.
///
/// # Errors
/// When it is not.
pub(super) fn verify(path: &Path, trust: &str) -> anyhow::Result<Report> {
    let shown = path.display();
    let length = fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    ensure!(length <= LARGEST, "{shown} is too large to be a report");
    let text = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let signed: Signed = serde_json::from_slice(&text).with_context(|| format!("{shown} is no report"))?;
    let key = hex::decode(trust.trim()).context("the public key is not written in hexadecimal")?;
    let key = LogVerifyingKey::from_bytes(LogAlgorithm::Ed25519, &key).context("the public key is none")?;
    let signature = hex::decode(&signed.signature).unwrap_or_default();
    ensure!(
        key.verify(&canonical_json(&signed.said), &signature),
        "{shown} was not signed by that key, or was changed since"
    );
    serde_json::from_value(signed.said).with_context(|| format!("{shown} is no report"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_was_changed_or_signed_by_another_does_not_verify() {
        let directory = tempfile::tempdir().unwrap();
        let secret = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            Signer::read(&path)
        };
        let one = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
        let signer = secret("one", one).unwrap();
        let other = secret("other", &one.replace('8', "9")).unwrap();
        assert!(secret("short", "abcd").is_err());
        let at = Timestamp::from_unix_seconds(1_750_000_000);
        let promises = vec![Expectation::of(
            "nothing is lost",
            false,
            String::from("1 | lost"),
        )];
        let report = Report::new(
            String::from("redis-outage"),
            String::from("https://sts.example"),
            at,
            at,
            &Counts::default(),
            promises,
        );
        report.write(directory.path(), &signer).unwrap();
        let mut files = fs::read_dir(directory.path())
            .unwrap()
            .map(|file| file.unwrap().path());
        let path = files
            .find(|path| path.extension().is_some_and(|ending| ending == "json"))
            .unwrap();
        assert!(!verify(&path, &signer.public()).unwrap().holds);
        assert!(verify(&path, &other.public()).is_err());
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"holds\": false", "\"holds\": true")).unwrap();
        assert!(verify(&path, &signer.public()).is_err());
    }
}
