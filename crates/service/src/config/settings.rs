use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use caracal_core::{Secret, text::is_unprintable};

use super::{ConfigError, Declared, Optional, Process, Setting, SettingKind};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The environment variable of this name.
    Environment(String),
    /// The file that `NAME_FILE` names.
    File(String),
    /// The declaration's default.
    Default,
    /// Nothing was given and there is no default; what is so without it.
    Unset(&'static str),
}

/// A setting as it is in force.
#[derive(Debug, Clone)]
pub struct Effective {
    /// Name of the setting.
    pub name: &'static str,
    /// Its value as it would be written; `(secret)` for secrets.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// A set of environment variables, read once, with the problems found so far.
#[derive(Debug)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    /// Variables whose value is not UTF-8.
    unreadable: BTreeSet<String>,
    /// Names that were asked for, or are known to be somebody else's.
    known: BTreeSet<String>,
    effective: Vec<Effective>,
    problems: Vec<String>,
}

impl Settings {
    /// The process's environment. The one place that reads it.
    pub fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    /// The given variables, of any bytes; empty values count as unset.
    pub fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut settings = Self::new([]);
        for (name, value) in variables {
            // No setting has a name that is not UTF-8.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => drop(settings.variables.insert(name, value)),
                Err(_) => drop(settings.unreadable.insert(name)),
            }
        }
        settings
    }

    /// The given variables; empty values count as unset.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            variables: variables
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            unreadable: BTreeSet::new(),
            known: BTreeSet::new(),
            effective: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Notes a problem; [`Settings::finish`] reports it.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// The setting's value: as given, or its default. What cannot be used is noted as a problem, and the default
    /// stands in until [`Settings::finish`].
    pub fn get<K: SettingKind>(&mut self, setting: &Setting<K>) -> K::Value {
        let given = self
            .given::<K>(setting.name, false)
            .or_else(|| setting.alias.and_then(|alias| self.given::<K>(alias, false)));
        let (value, origin) = match given {
            Some((value, origin)) if self.is_within::<K>(setting.bounds, &value, &origin) => (value, origin),
            _ => ((setting.default)(), Origin::Default),
        };
        self.note(setting.name, Some(K::render(&value)), origin);
        value
    }

    /// The setting's value, if it is given and can be used.
    pub fn find<K: SettingKind>(&mut self, setting: &Optional<K>) -> Option<K::Value> {
        let given = self
            .given::<K>(setting.name, setting.empty_file)
            .filter(|(value, origin)| self.is_within::<K>(setting.bounds, value, origin));
        match &given {
            Some((value, origin)) => self.note(setting.name, Some(K::render(value)), origin.clone()),
            None => self.note(setting.name, None, Origin::Unset(setting.unset)),
        }
        given.map(|(value, _)| value)
    }

    /// Notes a problem where `process` needs the setting and it is not given.
    pub fn require<K: SettingKind>(&mut self, setting: &Optional<K>, process: &Process) {
        let Some(required) = setting.required else { return };
        if self.is_set(setting.name)
            || K::SECRET && self.is_set(&format!("{}_FILE", setting.name))
            || !(required.when)(process, setting.users)
        {
            return;
        }
        let file = if K::SECRET {
            format!(" (or {}_FILE)", setting.name)
        } else {
            String::new()
        };
        self.problem(format!(
            "{}{file} is required {}: {}",
            setting.name, required.words, setting.sentence
        ));
    }

    /// A variable that belongs to the system, such as `HOME`.
    pub fn foreign(&mut self, name: &str) -> Option<String> {
        self.know(name);
        self.variables.get(name).cloned()
    }

    /// Says that `name` is a variable, whether or not it is read here.
    pub fn know(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
        }
    }

    /// Says that `setting` is one, whether or not it is read here.
    pub fn declare(&mut self, setting: &dyn Declared) {
        self.know(setting.name());
        if let Some(alias) = setting.alias() {
            self.know(alias);
        }
        if setting.is_secret() {
            self.know(&format!("{}_FILE", setting.name()));
        }
    }

    /// Whether `name` is set and was never asked for.
    pub fn is_unread(&self, name: &str) -> bool {
        self.variables.contains_key(name) && !self.known.contains(name)
    }

    /// A sentence for each variable that looks like a setting and is none: `CARACAL_*` and `OTEL_*` that nobody knows, and
    /// names that are a slip of the finger, or a word cut or drawn out, away from a known one.
    pub fn unknown(&self) -> Vec<String> {
        self.variables
            .iter()
            .filter(|(name, value)| !self.known.contains(*name) && !is_service_link(name, value))
            .map(|(name, _)| name)
            .filter(|name| !READ_BELOW.contains(&name.as_str()))
            .filter_map(|name| match self.nearest(name) {
                Some(known) => Some(format!("{name} is not a setting; did you mean {known}?")),
                None => ["CARACAL_", "OTEL_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
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
            .or_else(|| {
                let mut known = self.known.iter().map(String::as_str);
                known.find(|known| are_the_same_words(known, name))
            })
    }

    /// What the environment gives of those of `declared` that are secrets, by name: whoever writes something for others to
    /// read takes these out of it. What cannot be read is not told.
    pub fn secrets<'d>(
        &self,
        declared: impl Iterator<Item = &'d (dyn Declared + Sync)>,
    ) -> Vec<(String, Secret)> {
        declared
            .filter(|setting| setting.is_secret())
            .filter_map(|setting| {
                let name = setting.name();
                let file = self.variables.get(&format!("{name}_FILE"));
                let text = match (self.variables.get(name), file) {
                    (Some(text), _) => text.clone(),
                    (None, Some(file)) => std::fs::read_to_string(file).ok()?,
                    (None, None) => return None,
                };
                Some((name.to_owned(), Secret::new(text)))
            })
            .collect()
    }

    /// What was read, in the order of reading.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`ConfigError`] naming every problem.
    pub fn finish(&mut self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(std::mem::take(&mut self.problems)))
        }
    }

    fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(name) || self.unreadable.contains(name)
    }

    fn note(&mut self, name: &'static str, value: Option<String>, origin: Origin) {
        if !self.effective.iter().any(|known| known.name == name) {
            self.effective.push(Effective { name, value, origin });
        }
    }

    fn is_within<K: SettingKind>(
        &mut self,
        bounds: Option<(u64, u64)>,
        value: &K::Value,
        origin: &Origin,
    ) -> bool {
        let (Some(number), Origin::Environment(name)) = (K::measure(value), origin) else {
            return true;
        };
        let (least, greatest) = bounds.unwrap_or((1, u64::MAX));
        if (least..=greatest).contains(&number) {
            return true;
        }
        let form = K::FORM;
        let bounds = match (least, greatest) {
            (0, greatest) => format!("at most {greatest}"),
            (least, u64::MAX) => format!("at least {least}"),
            (least, greatest) => format!("from {least} to {greatest}"),
        };
        self.problem(format!(
            "{name} must be {form}, {bounds}, not {}",
            K::render(value)
        ));
        false
    }

    /// What `name`, or for a secret the file that `NAME_FILE` names, gives. With `or_empty` an empty file gives nothing.
    fn given<K: SettingKind>(&mut self, name: &str, or_empty: bool) -> Option<(K::Value, Origin)> {
        let (text, origin) = if K::SECRET {
            self.secret(name, or_empty)?
        } else {
            (self.readable(name)?, Origin::Environment(name.to_owned()))
        };
        match K::parse(&text) {
            Ok(value) => Some((value, origin)),
            Err(wrong) => {
                self.problem(format!("{name}{wrong}"));
                None
            }
        }
    }

    fn readable(&mut self, name: &str) -> Option<String> {
        self.know(name);
        if self.unreadable.contains(name) {
            self.problem(format!("{name} is not UTF-8 text"));
        }
        self.variables.get(name).cloned()
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names.
    fn secret(&mut self, name: &str, or_empty: bool) -> Option<(String, Origin)> {
        let variable = format!("{name}_FILE");
        let file = self.readable(&variable);
        let (said, content, origin) = match (self.readable(name), file) {
            (Some(value), _) => (name.to_owned(), value, Origin::Environment(name.to_owned())),
            (None, None) => return None,
            (None, Some(file)) => match std::fs::read_to_string(&file) {
                Ok(content) if or_empty && content.trim().is_empty() => return None,
                Ok(content) => (format!("{variable} ({file})"), content, Origin::File(file)),
                Err(error) => {
                    self.problem(format!("{variable} cannot be read ({file}: {error})"));
                    return None;
                }
            },
        };
        match usable_secret(&content) {
            Ok(value) => Some((value.to_owned(), origin)),
            Err(why) => {
                self.problem(format!("{said} {why}"));
                None
            }
        }
    }
}

/// A secret as it stands in a file or a variable. White space at the end is cut, since editors and `echo` leave a line
/// end there.
///
/// # Errors
/// What completes "the secret …": it is empty, or has what no login works with.
pub fn usable_secret(content: &str) -> Result<&str, &'static str> {
    let value = content.trim_end();
    if value.is_empty() {
        Err("is empty")
    } else if value.starts_with(char::is_whitespace) {
        Err("has white space at its beginning")
    } else if value.contains(is_unprintable) {
        Err("has a line end or another character within that cannot be seen")
    } else {
        Ok(value)
    }
}

/// What the loader of the system's roots reads by itself.
const READ_BELOW: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Words of a name that say how its value is given, and not what it is.
const OF_FORM: [&str; 8] = ["FILE", "PATH", "MS", "SEC", "SECS", "SECONDS", "MIN", "MINUTES"];

/// Whether two names mean the same in words that one of them cuts, or draws out, or leaves the form away:
/// `TLS_CERTIFICATE_FILE`, `TLS_CERT`. One word alone says too little.
fn are_the_same_words(one: &str, other: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let words = name.split('_').filter(|word| !OF_FORM.contains(word));
        words.map(str::to_owned).collect()
    };
    let (one, other) = (words(one), words(other));
    one.len() >= 2
        && one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| {
            let (short, long) = if one.len() <= other.len() {
                (one, other)
            } else {
                (other, one)
            };
            short == long || (short.len() >= 3 && long.starts_with(short.as_str()))
        })
}

/// What Kubernetes and Docker put into the environment for each service near by. The port of one is an address there; a
/// number alone is what somebody took for a setting.
fn is_service_link(name: &str, value: &str) -> bool {
    (name.ends_with("_PORT") && value.contains("://"))
        || name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_")
}

#[cfg(test)]
mod tests {
    use std::{os::unix::ffi::OsStringExt as _, time::Duration};

    use super::*;
    use crate::config::{HumanDuration, Mode, Number, Required, Role, SecretText, Text};

    static MODE: Setting<Mode> = Setting::new("CARACAL_MODE", Role::ALL, || Mode::Stable, "How strict.");
    static WAIT: Setting<HumanDuration> =
        Setting::new("WAIT", Role::ALL, || Duration::from_secs(5), "How long.").between(10, 60_000);
    static COUNT: Setting<Number<u32>> = Setting::new("COUNT", Role::ALL, || 7, "How many.").also("TOTAL");
    static LEVEL: Optional<Text> = Optional::new("LOG_LEVEL", Role::ALL, "as much as it takes", "How much.");
    static URL: Optional<SecretText> =
        Optional::new("DATABASE_URL", &[Role::Api], "none", "Where.").required(Required::IN_PRODUCTION);

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn every_problem_is_named_in_one_message() {
        let mut settings = settings(&[("CARACAL_MODE", "prod"), ("WAIT", "soon"), ("TOTAL", "0")]);
        assert_eq!(settings.get(&MODE), Mode::Stable);
        assert_eq!(settings.get(&WAIT), Duration::from_secs(5));
        assert_eq!(settings.get(&COUNT), 7);
        settings.require(
            &URL,
            &Process {
                mode: Mode::Stable,
                roles: vec![Role::Api],
                embedded: false,
            },
        );
        let message = settings.finish().unwrap_err().to_string();
        for problem in [
            "CARACAL_MODE must be dev, rc or stable, not \"prod\"",
            "WAIT must be a positive duration",
            "TOTAL must be a whole number, at least 1, not 0",
            "DATABASE_URL (or DATABASE_URL_FILE) is required in production: Where.",
        ] {
            assert!(message.contains(problem), "{message}");
        }
    }

    #[test]
    fn a_value_beyond_its_bounds_is_refused_with_the_bounds() {
        for (text, fits) in [("9ms", false), ("10ms", true), ("1m", true), ("61s", false)] {
            let mut settings = settings(&[("WAIT", text)]);
            settings.get(&WAIT);
            let message = settings.finish().map_err(|error| error.to_string());
            assert_eq!(message.is_ok(), fits, "{text}");
            assert!(
                message.is_ok() || message.unwrap_err().contains("from 10 to 60000"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_in_force_is_told_with_its_origin() {
        let mut settings = settings(&[("TOTAL", "9"), ("DATABASE_URL", "postgres://u:secret@h/d")]);
        settings.get(&COUNT);
        settings.get(&WAIT);
        settings.find(&LEVEL);
        settings.find(&URL);
        let told: Vec<(&str, &str, Origin)> = settings
            .effective()
            .iter()
            .map(|one| (one.name, one.value.as_deref().unwrap_or("-"), one.origin.clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("COUNT", "9", Origin::Environment("TOTAL".into())),
                ("WAIT", "5s", Origin::Default),
                ("LOG_LEVEL", "-", Origin::Unset("as much as it takes")),
                (
                    "DATABASE_URL",
                    "(secret)",
                    Origin::Environment("DATABASE_URL".into())
                ),
            ]
        );
    }

    #[test]
    fn a_setting_that_is_not_text_is_named_and_a_strangers_is_not() {
        let not_text = || OsString::from_vec(vec![0xff, 0xfe]);
        let mut settings = Settings::from_os([
            (OsString::from("LOG_LEVEL"), not_text()),
            (OsString::from("OTHER"), not_text()),
            (not_text(), OsString::from("x")),
        ]);
        settings.find(&LEVEL);
        assert_eq!(
            settings.finish().unwrap_err().to_string(),
            "configuration is not usable: LOG_LEVEL is not UTF-8 text"
        );
    }

    #[test]
    fn what_is_no_setting_is_named_with_the_setting_it_may_be() {
        let mut settings = settings(&[
            ("CARACAL_MOOD", "dev"),
            ("LOG_LEVL", "debug"),
            ("DATABSE_URL", "x"),
            ("CARACAL_STS_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("CARACAL_STS_PORT_8080_TCP_PORT", "8080"),
            ("CARACAL_STS_SERVICE_PORT", "8080"),
            ("CARACAL_STS_PORT", "tcp://10.0.0.1:8080"),
            ("CARACAL_API_PORT", "3000"),
            ("TLS_CERT", "/c"),
            ("TLS_CERTIFICATE_FILE", "/c"),
            ("TLS_KIT", "/c"),
            ("SHUTDOWN_DELAY", "5s"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("EDITOR", "vi"),
            ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
            ("CARACAL_MODE", "dev"),
        ]);
        settings.get(&MODE);
        settings.find(&LEVEL);
        settings.declare(&URL);
        settings.know("TLS_CERT_FILE");
        settings.know("SHUTDOWN_DELAY_MS");
        assert_eq!(
            settings.unknown(),
            [
                "CARACAL_API_PORT is not a setting",
                "CARACAL_MOOD is not a setting; did you mean CARACAL_MODE?",
                "DATABSE_URL is not a setting; did you mean DATABASE_URL?",
                "LOG_LEVL is not a setting; did you mean LOG_LEVEL?",
                "OTEL_METRICS_EXPORTER is not a setting",
                "SHUTDOWN_DELAY is not a setting; did you mean SHUTDOWN_DELAY_MS?",
                "TLS_CERT is not a setting; did you mean TLS_CERT_FILE?",
                "TLS_CERTIFICATE_FILE is not a setting; did you mean TLS_CERT_FILE?",
            ]
        );
    }

    #[test]
    fn an_empty_file_is_no_secret_only_where_the_setting_says_so() {
        static PREVIOUS: Optional<SecretText> =
            Optional::new("KEY_PREVIOUS", &[Role::Api], "one key", "Another.").or_empty_file();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, "\n").unwrap();
        let path = file.display().to_string();
        let mut settings = settings(&[("KEY_PREVIOUS_FILE", &path), ("DATABASE_URL_FILE", &path)]);
        assert!(settings.find(&PREVIOUS).is_none());
        assert!(settings.find(&URL).is_none());
        let message = settings.finish().unwrap_err().to_string();
        assert!(
            message.contains("DATABASE_URL_FILE") && !message.contains("KEY_PREVIOUS"),
            "{message}"
        );
    }

    #[test]
    fn a_line_end_behind_a_secret_is_cut_and_one_within_is_named() {
        for (text, read) in [
            ("token\n", Some("token")),
            ("to\nken", None),
            (" token", None),
            (" \n", None),
            ("to\0ken", None),
            ("\u{feff}token", None),
        ] {
            let mut settings = settings(&[("DATABASE_URL", text)]);
            assert_eq!(
                settings.find(&URL).as_ref().map(caracal_core::Secret::expose),
                read,
                "{text:?}"
            );
            assert_eq!(settings.finish().is_ok(), read.is_some(), "{text:?}");
        }
    }
}
