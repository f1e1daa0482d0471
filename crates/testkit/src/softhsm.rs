//! A PKCS#11 token in software (`SoftHSM` 2), in a directory of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Label of the token.
pub const TOKEN_LABEL: &str = "caracal-zones";
/// PIN of its user.
pub const USER_PIN: &str = "648219";
const SO_PIN: &str = "73019284";
/// Where distributions keep the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];
/// Names the file of settings to the module.
const CONFIGURATION: &str = "SOFTHSM2_CONF";
const FILE: &str = "token-of-a-test.conf";
const TOKENS: &str = "tokens";
const AWAY: &str = "away";

/// A token. Its keys go with it.
#[derive(Debug)]
pub struct SoftToken {
    directory: PathBuf,
    _own: Option<TempDir>,
}

impl SoftToken {
    /// Makes one with a user.
    ///
    /// # Panics
    /// When `softhsm2` is not installed.
    pub fn create() -> Self {
        let own = tempfile::tempdir().expect("a temporary directory");
        let token = Self {
            directory: own.path().to_owned(),
            _own: Some(own),
        };
        let tokens = token.directory.join(TOKENS);
        fs::create_dir(&tokens).expect("a directory");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
            tokens.display()
        );
        fs::write(token.configuration(), text).expect("a file");
        token.initialise(USER_PIN);
        token
    }

    fn initialise(&self, pin: &str) {
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", TOKEN_LABEL])
            .args(["--so-pin", SO_PIN, "--pin", pin])
            .env(CONFIGURATION, self.configuration())
            .output()
            .expect("install softhsm2: this test needs it");
        assert!(made.status.success(), "{made:?}");
    }

    /// That which another process made and started this one with.
    pub fn of_environment() -> Option<Self> {
        let file = PathBuf::from(std::env::var_os(CONFIGURATION)?);
        let directory = file.parent()?.to_owned();
        (file.file_name()? == FILE).then_some(Self {
            directory,
            _own: None,
        })
    }

    /// The module.
    ///
    /// # Panics
    /// When `softhsm2` is not installed.
    pub fn module() -> PathBuf {
        let there = MODULES.iter().map(Path::new).find(|path| path.is_file());
        there.expect("install softhsm2: this test needs it").to_owned()
    }

    /// The file of settings that the module reads.
    pub fn configuration(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// What a daemon is told to use it; where it makes new keys is said beside that.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            (CONFIGURATION, self.configuration().display().to_string()),
            ("PKCS11_MODULE", Self::module().display().to_string()),
            ("PKCS11_TOKEN", String::from(TOKEN_LABEL)),
            ("PKCS11_PIN", String::from(USER_PIN)),
        ]
    }

    /// A command that uses the token.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env(CONFIGURATION, self.configuration());
        command
    }

    /// Takes the token away from whoever uses it.
    ///
    /// # Panics
    /// When it is away already.
    pub fn take_away(&self) {
        fs::rename(self.directory.join(TOKENS), self.directory.join(AWAY)).expect("the token is there");
    }

    /// Brings it back.
    ///
    /// # Panics
    /// When it is there.
    pub fn bring_back(&self) {
        fs::rename(self.directory.join(AWAY), self.directory.join(TOKENS)).expect("the token is away");
    }

    /// Puts another of the same label in the place of one that was taken away, whose user has this PIN.
    ///
    /// # Panics
    /// When it is there.
    pub fn put_another(&self, pin: &str) {
        fs::create_dir(self.directory.join(TOKENS)).expect("the token is away");
        self.initialise(pin);
    }

    /// Takes such another one out again, for good.
    ///
    /// # Panics
    /// When there is none.
    pub fn take_out_the_other(&self) {
        fs::remove_dir_all(self.directory.join(TOKENS)).expect("another token is there");
    }

    /// How many keys are in it, each of two halves.
    ///
    /// # Panics
    /// When it is away.
    pub fn keys(&self) -> usize {
        let mut objects = 0;
        for token in fs::read_dir(self.directory.join(TOKENS)).expect("the token is there") {
            let token = token.expect("an entry").path();
            for file in fs::read_dir(token).expect("a token is a directory") {
                let name = file.expect("an entry").file_name();
                let name = name.to_string_lossy().into_owned();
                objects += usize::from(
                    Path::new(&name).extension().is_some_and(|kind| kind == "object")
                        && name != "token.object",
                );
            }
        }
        objects / 2
    }
}
