use std::{path::PathBuf, time::Duration};

use caracal_core::Secret;
use caracal_service::{
    config::{
        Declared, FilePath, HumanDuration, Number, Optional, Process, Role, SecretText, Setting, SettingKind,
        Settings, Text, not,
    },
    zone_keys::KeyHome,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &ZONE_KEYS,
    &PKCS11_MODULE,
    &PKCS11_TOKEN,
    &PKCS11_PIN,
    &PKCS11_SESSIONS,
    &PKCS11_TIMEOUT,
];

const STS: &[Role] = &[Role::Sts];
/// What is so without a token.
const NO_TOKEN: &str = "there is no token";

/// The word of where new keys are made.
#[derive(Debug)]
pub(crate) struct KeyHomeWord;

impl SettingKind for KeyHomeWord {
    type Value = KeyHome;

    const FORM: &'static str = "sealed or pkcs11";

    fn parse(text: &str) -> Result<KeyHome, String> {
        KeyHome::parse(text).ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &KeyHome) -> String {
        value.to_string()
    }
}

static ZONE_KEYS: Setting<KeyHomeWord> = Setting::new(
    "ZONE_KEYS",
    STS,
    || KeyHome::Sealed,
    "Where new signing keys of zones are made: in this process and sealed into the database, or in a PKCS#11 token.",
);
static PKCS11_MODULE: Optional<FilePath> = Optional::new(
    "PKCS11_MODULE",
    STS,
    NO_TOKEN,
    "The shared library of the token that has signing keys of zones; keys that are in it sign whatever ZONE_KEYS says.",
);
static PKCS11_TOKEN: Optional<Text> = Optional::new(
    "PKCS11_TOKEN",
    STS,
    NO_TOKEN,
    "Label of the token; with PKCS11_MODULE.",
);
static PKCS11_PIN: Optional<SecretText> = Optional::new(
    "PKCS11_PIN",
    STS,
    NO_TOKEN,
    "PIN of the user of the token; with PKCS11_MODULE.",
);
static PKCS11_SESSIONS: Setting<Number<u32>> = Setting::new(
    "PKCS11_SESSIONS",
    STS,
    || 4,
    "How many calls the token is asked at once.",
)
.between(1, 64);
static PKCS11_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "PKCS11_TIMEOUT",
    STS,
    || Duration::from_secs(2),
    "Longest wait for the token, past which no mandate is given.",
)
.between(50, 60_000);

/// Where zone keys are.
#[derive(Debug, Clone)]
pub(crate) struct ZoneKeysConfig {
    /// Where new ones are made.
    pub(crate) home: KeyHome,
    /// The token, when there is one.
    pub(crate) token: Option<TokenConfig>,
}

/// A token, as it was told.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "pkcs11"),
    expect(dead_code, reason = "refused where it is read")
)]
pub(crate) struct TokenConfig {
    pub(crate) module: PathBuf,
    pub(crate) label: String,
    pub(crate) pin: Secret,
    pub(crate) sessions: u32,
    pub(crate) timeout: Duration,
}

/// Where zone keys are, and what is wrong with that.
pub(crate) fn zone_keys(settings: &mut Settings, process: &Process) -> ZoneKeysConfig {
    let home = settings.get(&ZONE_KEYS);
    let module = settings.find(&PKCS11_MODULE);
    let label = settings.find(&PKCS11_TOKEN);
    let pin = settings.find(&PKCS11_PIN);
    let (sessions, timeout) = (settings.get(&PKCS11_SESSIONS), settings.get(&PKCS11_TIMEOUT));
    let mut config = ZoneKeysConfig { home, token: None };
    if !process.serves(STS) {
        return config;
    }
    match (module, label, pin) {
        (Some(_), _, _) if cfg!(not(feature = "pkcs11")) => settings.problem(
            "PKCS11_MODULE is set, and this build of caracald cannot load modules: use one with the feature pkcs11",
        ),
        (Some(module), Some(label), Some(pin)) => {
            config.token = Some(TokenConfig {
                module,
                label,
                pin,
                sessions,
                timeout,
            });
        }
        (Some(_), label, pin) => {
            if label.is_none() {
                settings.problem("PKCS11_MODULE needs PKCS11_TOKEN, the label of the token");
            }
            if pin.is_none() {
                settings.problem("PKCS11_MODULE needs PKCS11_PIN or PKCS11_PIN_FILE, the PIN of the user of the token");
            }
        }
        (None, None, None) if home == KeyHome::Pkcs11 => settings.problem(
            "ZONE_KEYS=pkcs11 needs PKCS11_MODULE, PKCS11_TOKEN and PKCS11_PIN or PKCS11_PIN_FILE",
        ),
        (None, None, None) => {}
        (None, _, _) => {
            settings.problem("PKCS11_TOKEN and PKCS11_PIN need PKCS11_MODULE, the shared library of the token");
        }
    }
    config
}
