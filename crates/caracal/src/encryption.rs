//! Backups that are encrypted to a public key, in the form of age.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use caracal_crypto::{AGE_MAGIC, AgeFileKey, AgeIdentity, AgeReader, AgeRecipient, AgeWriter, OsRandom};

use crate::environment::Environment;
use crate::files;
use crate::interrupt::Interrupt;
use crate::progress::{Progress, Watched};

/// Variable with recipients, separated by commas.
const RECIPIENTS_VARIABLE: &str = "BACKUP_RECIPIENT";

/// To whom a backup is encrypted: those of the command line, else those of the environment; nobody means that it is not.
///
/// # Errors
/// When one of the environment is none. A backup that was meant to be encrypted is never written otherwise.
pub(crate) fn recipients(
    environment: &Environment,
    named: &[AgeRecipient],
) -> anyhow::Result<Vec<AgeRecipient>> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let Some(variable) = environment.get(RECIPIENTS_VARIABLE) else {
        return Ok(Vec::new());
    };
    variable
        .split(',')
        .map(|text| text.trim().parse::<AgeRecipient>().context(RECIPIENTS_VARIABLE))
        .collect()
}

/// What a backup is opened with.
#[derive(Debug)]
pub(crate) enum Opener {
    /// Nothing: it is not encrypted.
    Plain,
    /// The identities that somebody keeps.
    Identities(Vec<AgeIdentity>),
    /// The key of the very file, by whoever just wrote it.
    FileKey(AgeFileKey),
}

impl Opener {
    /// Opens with the identities in `file`, where there is one.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub(crate) fn of(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Ok(Self::Plain);
        };
        let shown = file.display();
        let opened = File::open(file).with_context(|| format!("cannot read {shown}"))?;
        let identities = AgeIdentity::read_file(opened).with_context(|| shown.to_string())?;
        Ok(Self::Identities(identities))
    }

    /// Whether it opens the backup at `path`, all of which is read and authenticated if it is encrypted: nothing of one that was
    /// changed or cut short is written anywhere then.
    ///
    /// # Errors
    /// When it cannot be read or opened, is encrypted and should not be, or the other way round.
    pub(crate) fn check(&self, path: &Path, interrupt: &Interrupt) -> anyhow::Result<()> {
        let shown = path.display();
        let cannot = || format!("cannot read {shown}");
        let mut file = BufReader::new(File::open(path).with_context(cannot)?);
        let encrypted = file.fill_buf().with_context(cannot)?.starts_with(AGE_MAGIC);
        match (self, encrypted) {
            (Self::Plain, false) => return Ok(()),
            (Self::Plain, true) => {
                bail!("{shown} is encrypted; name the file with the key that opens it by --identity")
            }
            // Somebody may have put another one in its place.
            (_, false) => bail!("{shown} is not encrypted, and a key that opens it was named"),
            (_, true) => {}
        }
        let progress = Progress::of_bytes("checking", files::size(path));
        let whole = Watched::new(file, &progress, interrupt);
        io::copy(&mut self.decrypt(whole, path)?, &mut io::sink())
            .with_context(|| format!("{shown} is not a whole backup"))?;
        Ok(())
    }

    /// What is in the backup at `path`, which was checked.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub(crate) fn read<'p>(
        &self,
        path: &Path,
        progress: &'p Progress,
        interrupt: &'p Interrupt,
    ) -> anyhow::Result<Box<dyn Read + 'p>> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = Watched::new(file, progress, interrupt);
        Ok(match self {
            Self::Plain => Box::new(BufReader::new(file)),
            Self::Identities(_) | Self::FileKey(_) => Box::new(self.decrypt(file, path)?),
        })
    }

    fn decrypt<R: Read>(&self, from: R, path: &Path) -> anyhow::Result<AgeReader<BufReader<R>>> {
        let from = BufReader::new(from);
        match self {
            Self::Plain => bail!("there is no key for {}", path.display()),
            Self::Identities(identities) => AgeReader::open(from, identities),
            Self::FileKey(key) => AgeReader::with_file_key(from, key),
        }
        .with_context(|| format!("cannot open {}", path.display()))
    }
}

/// The file of a backup while it is written.
pub(crate) enum Sink {
    Plain(File),
    Encrypted(Box<AgeWriter<File>>),
}

impl Sink {
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn new(file: File, recipients: &[AgeRecipient]) -> anyhow::Result<Self> {
        Ok(if recipients.is_empty() {
            Self::Plain(file)
        } else {
            Self::Encrypted(Box::new(AgeWriter::new(file, recipients, &OsRandom)?))
        })
    }

    /// Ends it; gives what opens it again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(self) -> io::Result<Opener> {
        let (file, opener) = match self {
            Self::Plain(file) => (file, Opener::Plain),
            Self::Encrypted(writer) => {
                let key = writer.file_key();
                (writer.finish()?, Opener::FileKey(key))
            }
        };
        file.sync_all()?;
        Ok(opener)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Encrypted(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Encrypted(writer) => writer.flush(),
        }
    }
}
