use std::{
    fmt::Display,
    marker::PhantomData,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use caracal_core::Secret;
use caracal_crypto::HmacKey;

use super::Mode;

/// The kind of a setting: how its text becomes a value.
pub trait SettingKind: 'static {
    /// What is read.
    type Value;

    /// What the text must be: `a positive duration such as 500ms, 5s, 2m or 1h`.
    const FORM: &'static str;

    /// Whether the value is never shown and may come from a file.
    const SECRET: bool = false;

    /// Reads the text.
    ///
    /// # Errors
    /// What is wrong, to be put behind the setting's name. It never quotes a secret.
    fn parse(text: &str) -> Result<Self::Value, String>;

    /// The value as it would be written.
    fn render(value: &Self::Value) -> String;

    /// The value in the unit of the setting's bounds; nothing for kinds without order.
    fn measure(_value: &Self::Value) -> Option<u64> {
        None
    }
}

/// The refusal of `text` by a kind of the form `form`.
pub fn not(form: &str, text: &str) -> String {
    format!(" must be {form}, not {text:?}")
}

/// Any text.
#[derive(Debug)]
pub struct Text;

impl SettingKind for Text {
    type Value = String;

    const FORM: &'static str = "text";

    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn render(value: &String) -> String {
        value.clone()
    }
}

/// A file or directory.
#[derive(Debug)]
pub struct FilePath;

impl SettingKind for FilePath {
    type Value = PathBuf;

    const FORM: &'static str = "a path";

    fn parse(text: &str) -> Result<PathBuf, String> {
        Ok(PathBuf::from(text))
    }

    fn render(value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// An absolute http or https URL.
#[derive(Debug)]
pub struct HttpUrl;

impl SettingKind for HttpUrl {
    type Value = String;

    const FORM: &'static str = "an absolute http or https URL";

    fn parse(text: &str) -> Result<String, String> {
        let text = text.trim();
        if text.starts_with("https://") || text.starts_with("http://") {
            Ok(text.to_owned())
        } else {
            Err(not(Self::FORM, text))
        }
    }

    fn render(value: &String) -> String {
        value.clone()
    }
}

/// Kinds whose values parse and print by themselves.
macro_rules! plain {
    ($(#[$doc:meta])* $kind:ident, $value:ty, $form:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $kind;

        impl SettingKind for $kind {
            type Value = $value;

            const FORM: &'static str = $form;

            fn parse(text: &str) -> Result<$value, String> {
                text.trim().parse().map_err(|_| not(Self::FORM, text))
            }

            fn render(value: &$value) -> String {
                value.to_string()
            }
        }
    };
}

plain!(
    /// A socket address to listen on; port 0 takes a free one.
    Address,
    SocketAddr,
    "an address such as 127.0.0.1:8080"
);
plain!(
    /// An IP address to listen on.
    Host,
    IpAddr,
    "an IP address"
);
plain!(
    /// A TCP port.
    Port,
    u16,
    "a port"
);

/// A whole number.
#[derive(Debug)]
pub struct Number<T>(PhantomData<fn() -> T>);

impl<T: FromStr + Display + Copy + TryInto<u64> + 'static> SettingKind for Number<T> {
    type Value = T;

    const FORM: &'static str = "a whole number";

    fn parse(text: &str) -> Result<T, String> {
        text.trim().parse().map_err(|_| not(Self::FORM, text))
    }

    fn render(value: &T) -> String {
        value.to_string()
    }

    fn measure(value: &T) -> Option<u64> {
        (*value).try_into().ok()
    }
}

/// A span of time as a whole number of one unit, as a kind.
macro_rules! in_unit {
    ($(#[$doc:meta])* $kind:ident, $form:literal, $millis:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $kind;

        impl SettingKind for $kind {
            type Value = Duration;

            const FORM: &'static str = $form;

            fn parse(text: &str) -> Result<Duration, String> {
                let number: Option<u64> = text.trim().parse().ok();
                number
                    .and_then(|number| number.checked_mul($millis))
                    .map(Duration::from_millis)
                    .ok_or_else(|| not(Self::FORM, text))
            }

            fn render(value: &Duration) -> String {
                (value.as_millis() / $millis).to_string()
            }

            fn measure(value: &Duration) -> Option<u64> {
                u64::try_from(value.as_millis() / $millis).ok()
            }
        }
    };
}

in_unit!(
    /// Milliseconds.
    Millis,
    "a whole number of milliseconds",
    1
);
in_unit!(
    /// Seconds.
    Seconds,
    "a whole number of seconds",
    1000
);
in_unit!(
    /// Days.
    Days,
    "a whole number of days",
    86_400_000
);

/// A span of time with its unit; bounds are in milliseconds.
#[derive(Debug)]
pub struct HumanDuration;

impl SettingKind for HumanDuration {
    type Value = Duration;

    const FORM: &'static str = "a positive duration such as 500ms, 5s, 2m or 1h";

    fn parse(text: &str) -> Result<Duration, String> {
        duration(text.trim()).ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &Duration) -> String {
        let millis = value.as_millis();
        [(3_600_000, "h"), (60_000, "m"), (1000, "s")]
            .into_iter()
            .find(|(unit, _)| millis.is_multiple_of(*unit))
            .map_or_else(
                || format!("{millis}ms"),
                |(unit, name)| format!("{}{name}", millis / unit),
            )
    }

    fn measure(value: &Duration) -> Option<u64> {
        u64::try_from(value.as_millis()).ok()
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

/// Yes or no.
#[derive(Debug)]
pub struct Flag;

impl SettingKind for Flag {
    type Value = bool;

    const FORM: &'static str = "true or false";

    fn parse(text: &str) -> Result<bool, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "t" => Ok(true),
            "0" | "false" | "no" | "off" | "f" => Ok(false),
            _ => Err(not(Self::FORM, text)),
        }
    }

    fn render(value: &bool) -> String {
        value.to_string()
    }
}

impl SettingKind for Mode {
    type Value = Self;

    const FORM: &'static str = "dev, rc or stable";

    fn parse(text: &str) -> Result<Self, String> {
        Mode::parse(text.trim()).ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &Self) -> String {
        value.to_string()
    }
}

/// Kinds of secrets.
macro_rules! secret {
    ($(#[$doc:meta])* $kind:ident, $form:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $kind;

        impl SettingKind for $kind {
            type Value = Secret;

            const FORM: &'static str = $form;
            const SECRET: bool = true;

            fn parse(text: &str) -> Result<Secret, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Secret::new(text))
            }

            fn render(_: &Secret) -> String {
                String::from("(secret)")
            }
        }
    };
}

secret!(
    /// A secret of any form, such as a database URL with its password.
    SecretText,
    "secret text",
    |_| Ok(())
);
secret!(
    /// The bearer of an operator: too long to be guessed.
    Token,
    "secret text of at least 32 characters",
    |text| match text.len() {
        ..32 => Err(String::from(" must have at least 32 characters")),
        _ => Ok(()),
    }
);
secret!(
    /// Key material as [`HmacKey`] takes it.
    KeyMaterial,
    "at least 32 random bytes in hex",
    |text| HmacKey::from_hex(text).map(drop).map_err(|error| format!(": {error}"))
);

/// Most keys of a [`KeyMaterials`].
const MAX_KEYS: usize = 4;

/// Several keys, as [`HmacKey`] takes each.
#[derive(Debug)]
pub struct KeyMaterials;

impl SettingKind for KeyMaterials {
    type Value = Vec<Secret>;

    const FORM: &'static str = "one to four keys of at least 32 random bytes in hex, separated by commas";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Vec<Secret>, String> {
        let keys: Vec<&str> = text.split(',').collect();
        if keys.len() > MAX_KEYS {
            return Err(format!(" must be {}", Self::FORM));
        }
        keys.into_iter().map(KeyMaterial::parse).collect()
    }

    fn render(_: &Vec<Secret>) -> String {
        String::from("(secret)")
    }
}

#[cfg(test)]
mod tests;
