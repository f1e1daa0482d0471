use super::{Mode, Role, SettingKind};

/// What a process is, as far as it decides which settings it needs.
#[derive(Debug, Clone)]
pub struct Process {
    /// How strict the deployment is.
    pub mode: Mode,
    /// The roles it serves; none for commands that serve nothing.
    pub roles: Vec<Role>,
    /// Whether state lives in one directory instead of PostgreSQL and Redis.
    pub embedded: bool,
}

impl Process {
    /// Whether it serves one of `roles`.
    pub fn serves(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// When a setting without a default must be given.
#[derive(Debug, Clone, Copy)]
pub struct Required {
    /// Whether this process needs it, given the roles that use it.
    pub when: fn(&Process, &[Role]) -> bool,
    /// The same as words, for messages and the reference: `in production`.
    pub words: &'static str,
}

impl Required {
    /// By each role that uses it, except in the embedded deployment.
    pub const IN_PRODUCTION: Self = Self {
        when: |process, users| !process.embedded && process.serves(users),
        words: "in production",
    };
}

/// A setting with a default.
#[derive(Debug)]
pub struct Setting<K: SettingKind> {
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) users: &'static [Role],
    pub(super) default: fn() -> K::Value,
    pub(super) bounds: Option<(u64, u64)>,
    pub(super) sentence: &'static str,
}

impl<K: SettingKind> Setting<K> {
    /// Declares a setting that `users` read.
    pub const fn new(
        name: &'static str,
        users: &'static [Role],
        default: fn() -> K::Value,
        sentence: &'static str,
    ) -> Self {
        Self {
            name,
            alias: None,
            users,
            default,
            bounds: None,
            sentence,
        }
    }

    /// The least and the greatest value, in the unit of the kind. Without bounds, zero is refused.
    #[must_use]
    pub const fn between(self, least: u64, greatest: u64) -> Self {
        Self {
            bounds: Some((least, greatest)),
            ..self
        }
    }

    /// Another name of it, which counts where the first is not set.
    #[must_use]
    pub const fn also(self, alias: &'static str) -> Self {
        Self {
            alias: Some(alias),
            ..self
        }
    }
}

/// A setting that may be absent.
#[derive(Debug)]
pub struct Optional<K: SettingKind> {
    pub(super) name: &'static str,
    pub(super) users: &'static [Role],
    pub(super) unset: &'static str,
    pub(super) required: Option<Required>,
    pub(super) bounds: Option<(u64, u64)>,
    pub(super) empty_file: bool,
    pub(super) sentence: &'static str,
    pub(super) kind: std::marker::PhantomData<fn() -> K>,
}

impl<K: SettingKind> Optional<K> {
    /// Declares a setting that `users` read; `unset` says what is so without it.
    pub const fn new(
        name: &'static str,
        users: &'static [Role],
        unset: &'static str,
        sentence: &'static str,
    ) -> Self {
        Self {
            name,
            users,
            unset,
            required: None,
            bounds: None,
            empty_file: false,
            sentence,
            kind: std::marker::PhantomData,
        }
    }

    /// The least and the greatest value, in the unit of the kind. Without bounds, zero is refused.
    #[must_use]
    pub const fn between(self, least: u64, greatest: u64) -> Self {
        Self {
            bounds: Some((least, greatest)),
            ..self
        }
    }

    /// Takes an empty file of a secret for none, so that a mount of the file can be there before and after the secret is.
    #[must_use]
    pub const fn or_empty_file(self) -> Self {
        Self {
            empty_file: true,
            ..self
        }
    }

    /// Refuses a start without it where `required` says so.
    #[must_use]
    pub const fn required(self, required: Required) -> Self {
        Self {
            required: Some(required),
            ..self
        }
    }
}

/// What the reference page and `caracald config` tell of any setting.
pub trait Declared: Sync {
    /// Name of the environment variable.
    fn name(&self) -> &'static str;
    /// Its other name.
    fn alias(&self) -> Option<&'static str> {
        None
    }
    /// The roles that read it; all of them where it belongs to the process.
    fn users(&self) -> &'static [Role];
    /// What its value must look like.
    fn form(&self) -> &'static str;
    /// Whether its value is never shown, and may come from a file named by `NAME_FILE`.
    fn is_secret(&self) -> bool;
    /// The default as it would be written, or what is so without it.
    fn default(&self) -> String;
    /// Least and greatest value.
    fn bounds(&self) -> Option<(u64, u64)>;
    /// When it must be given.
    fn required(&self) -> Option<&'static str> {
        None
    }
    /// What it does.
    fn sentence(&self) -> &'static str;
}

/// What is told of settings of a kind alike.
macro_rules! declared {
    ($setting:ident { $($own:tt)+ }) => {
        impl<K: SettingKind> Declared for $setting<K> {
            fn name(&self) -> &'static str {
                self.name
            }

            fn users(&self) -> &'static [Role] {
                self.users
            }

            fn form(&self) -> &'static str {
                K::FORM
            }

            fn is_secret(&self) -> bool {
                K::SECRET
            }

            fn bounds(&self) -> Option<(u64, u64)> {
                self.bounds
            }

            fn sentence(&self) -> &'static str {
                self.sentence
            }

            $($own)+
        }
    };
}

declared!(Setting {
    fn alias(&self) -> Option<&'static str> {
        self.alias
    }

    fn default(&self) -> String {
        K::render(&(self.default)())
    }
});

declared!(Optional {
    fn default(&self) -> String {
        self.unset.to_owned()
    }

    fn required(&self) -> Option<&'static str> {
        self.required.map(|required| required.words)
    }
});
