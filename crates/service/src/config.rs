//! Reading configuration: environment variables with `NAME_FILE` for secrets, every problem in one message.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

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
    /// Names that were asked for, or are known to be somebody else's.
    known: BTreeSet<String>,
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
            known: BTreeSet::new(),
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
        self.know(name);
        self.variables.get(name).cloned()
    }

    /// Says that `name` is a variable, whether or not it is read here.
    pub fn know(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
        }
    }

    /// Whether `name` is set and was never asked for.
    pub fn is_unread(&self, name: &str) -> bool {
        self.variables.contains_key(name) && !self.known.contains(name)
    }

    /// A sentence for each variable that looks like a setting and is none: `CARACAL_*` that nobody knows, and names
    /// that are a slip of the finger away from a known one.
    pub fn unknown(&self) -> Vec<String> {
        self.variables
            .keys()
            .filter(|name| !self.known.contains(*name) && !is_service_link(name))
            .filter_map(|name| match self.nearest(name) {
                Some(known) => Some(format!("{name} is not a setting; did you mean {known}?")),
                None => name
                    .starts_with("CARACAL_")
                    .then(|| format!("{name} is not a setting")),
            })
            .collect()
    }

    /// The known name that `name` was meant to be, if it is that near.
    fn nearest(&self, name: &str) -> Option<&str> {
        self.known
            .iter()
            .filter(|known| known.len() >= 7)
            .map(|known| (strsim::osa_distance(known, name), known))
            .filter(|(distance, known)| *distance <= if known.len() < 10 { 1 } else { 2 })
            .min()
            .map(|(_, known)| known.as_str())
    }

    /// The variable, or a noted problem and an empty text.
    pub fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(format!("{name} is required"));
            String::new()
        })
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names. White space at the end is cut, since editors and
    /// `echo` leave a line end there; anywhere else it is refused, since no login would work with it.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        let file = self.text(&format!("{name}_FILE"));
        let (source, content) = match (self.text(name), file) {
            (Some(value), _) => (name.to_owned(), value),
            (None, None) => return None,
            (None, Some(file)) => match std::fs::read_to_string(&file) {
                Ok(content) => (format!("{name}_FILE ({file})"), content),
                Err(error) => {
                    self.problem(format!("{name}_FILE cannot be read ({file}: {error})"));
                    return None;
                }
            },
        };
        let value = content.trim_end();
        if value.is_empty() {
            self.problem(format!("{source} is empty"));
            return None;
        }
        if value.starts_with(char::is_whitespace) || value.contains(['\n', '\r']) {
            self.problem(format!(
                "{source} has white space at its beginning or a line end within"
            ));
            return None;
        }
        Some(Secret::new(value))
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

/// What Kubernetes and Docker put into the environment for each service near by.
fn is_service_link(name: &str) -> bool {
    name.ends_with("_PORT")
        || name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_")
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
    fn what_is_no_setting_is_named_with_the_setting_it_may_be() {
        let mut settings = settings(&[
            ("CARACAL_MOOD", "dev"),
            ("LOG_LEVL", "debug"),
            ("DATABSE_URL", "x"),
            ("CARACAL_STS_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("EDITOR", "vi"),
            ("CARACAL_MODE", "dev"),
        ]);
        settings.mode();
        settings.text("LOG_LEVEL");
        settings.secret("DATABASE_URL");
        assert_eq!(
            settings.unknown(),
            [
                "CARACAL_MOOD is not a setting; did you mean CARACAL_MODE?",
                "DATABSE_URL is not a setting; did you mean DATABASE_URL?",
                "LOG_LEVL is not a setting; did you mean LOG_LEVEL?",
            ]
        );
    }

    #[test]
    fn a_line_end_behind_a_secret_is_cut_and_one_within_is_named() {
        let mut settings = settings(&[("A", "token\n"), ("B", "to\nken"), ("C", " token"), ("D", " \n")]);
        assert_eq!(settings.secret("A").unwrap().expose(), "token");
        for name in ["B", "C", "D"] {
            assert!(settings.secret(name).is_none(), "{name}");
        }
        let message = settings.finish().unwrap_err().to_string();
        for part in ["B has white space", "C has white space", "D is empty"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn an_unset_mode_is_the_strict_one() {
        assert_eq!(settings(&[]).mode(), Mode::Stable);
    }
}
