//! Reading configuration: environment variables with `NAME_FILE` for secrets, every problem in one message.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use caracal_core::{Secret, words};

words!(
    /// How strict the deployment is. Unset means stable.
    Mode {
        /// A laptop: generated keys, open metrics.
        Dev = "dev",
        /// A release candidate, as strict as stable.
        Rc = "rc",
        /// Production.
        Stable = "stable",
    }
);

impl Mode {
    /// Whether production-grade keys are required.
    pub const fn is_published(self) -> bool {
        !matches!(self, Self::Dev)
    }
}

/// Everything wrong with the configuration, one problem a line.
#[derive(Debug, thiserror::Error)]
#[error("configuration is not usable: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// A set of environment variables, read once, with the problems found so far.
#[derive(Debug)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Settings {
    /// The process's environment. The one place that reads it.
    pub fn from_process() -> Self {
        Self::new(std::env::vars())
    }

    /// The given variables; empty values count as unset.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            variables: variables
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            problems: Vec::new(),
        }
    }

    /// Notes a problem; [`Settings::finish`] reports it.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// Sets a default where the variable is unset.
    pub fn default(&mut self, name: &str, value: impl Into<String>) {
        self.variables
            .entry(name.to_owned())
            .or_insert_with(|| value.into());
    }

    /// The variable as text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// The variable, or a noted problem and an empty text.
    pub fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(format!("{name} is required"));
            String::new()
        })
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names (trailing white space cut).
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        if let Some(value) = self.text(name) {
            return Some(Secret::new(value));
        }
        let file = self.text(&format!("{name}_FILE"))?;
        match std::fs::read_to_string(&file) {
            Ok(content) if content.trim_end().is_empty() => {
                self.problem(format!("{name}_FILE names an empty file ({file})"));
                None
            }
            Ok(content) => Some(Secret::new(content.trim_end())),
            Err(error) => {
                self.problem(format!("{name}_FILE cannot be read ({file}: {error})"));
                None
            }
        }
    }

    /// A value that parses, or `default`.
    pub fn parsed<T: FromStr>(&mut self, name: &str, default: T, expected: &str) -> T {
        match self.text(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.problem(format!("{name} must be {expected}, not {text:?}"));
                default
            }),
        }
    }

    /// A positive whole number.
    pub fn positive(&mut self, name: &str, default: u64) -> u64 {
        let value = self.parsed(name, default, "a positive whole number");
        if value == 0 {
            self.problem(format!("{name} must be a positive whole number, not 0"));
            return default;
        }
        value
    }

    /// A duration such as `500ms`, `5s`, `2m`, `1h`.
    pub fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let Some(text) = self.text(name) else {
            return default;
        };
        parse_duration(&text).unwrap_or_else(|| {
            self.problem(format!(
                "{name} must be a positive duration such as 5s, not {text:?}"
            ));
            default
        })
    }

    /// `1/true/yes/on` or `0/false/no/off`, in any case.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(text) = self.text(name) else {
            return default;
        };
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "t" => true,
            "0" | "false" | "no" | "off" | "f" => false,
            _ => {
                self.problem(format!("{name} must be true or false, not {text:?}"));
                default
            }
        }
    }

    /// An address to listen on, `host:port`; port 0 takes a free one.
    pub fn listen(&mut self, name: &str, default: SocketAddr) -> SocketAddr {
        self.parsed(name, default, "an address such as 127.0.0.1:8080")
    }

    /// A path.
    pub fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// `CARACAL_MODE`.
    pub fn mode(&mut self) -> Mode {
        match self.text("CARACAL_MODE") {
            None => Mode::Stable,
            Some(text) => Mode::parse(text.trim()).unwrap_or_else(|| {
                self.problem(format!("CARACAL_MODE must be dev, rc or stable, not {text:?}"));
                Mode::Stable
            }),
        }
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`ConfigError`] naming every problem.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(self.problems))
        }
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let span = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (!span.is_zero()).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn every_problem_is_named_in_one_message() {
        let mut settings = settings(&[("CARACAL_MODE", "prod"), ("STS_TIMEOUT", "soon"), ("N", "0")]);
        settings.mode();
        settings.duration("STS_TIMEOUT", Duration::from_secs(5));
        settings.positive("N", 1);
        settings.required("DATABASE_URL");
        let message = settings.finish().unwrap_err().to_string();
        for name in [
            "CARACAL_MODE",
            "STS_TIMEOUT",
            "N must",
            "DATABASE_URL is required",
        ] {
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn an_unset_mode_is_the_strict_one() {
        assert_eq!(settings(&[]).mode(), Mode::Stable);
    }
}
