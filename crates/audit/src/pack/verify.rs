//! A pack verified from its archive.

use std::io::{self, BufRead as _, BufReader, Read};

use caracal_crypto::{Digest32, Sha256, sha256};
use caracal_ledger::{
    note::NoteKey,
    pack::{CHECKPOINT, ENTRIES, MANIFEST, PackFault, PackManifest, PackVerifier, SIGNATURE},
};

/// Most bytes of a file of a pack that is read as a whole, and of a line of the entries: the largest event, escaped.
const MAX_PART: u64 = 8 << 20;

/// Why a pack was not found to hold.
#[derive(Debug, thiserror::Error)]
pub enum PackUnverified {
    /// It is no archive of a pack, or cannot be read.
    #[error("the pack cannot be read")]
    Archive(#[from] io::Error),
    /// It does not hold.
    #[error(transparent)]
    Fault(#[from] PackFault),
}

/// Verifies the pack that `read` has, against what a deployment and `threshold` witnesses signed with `keys`.
///
/// # Errors
/// [`PackUnverified`].
pub fn verify_pack(
    read: impl Read,
    keys: &[NoteKey],
    threshold: usize,
) -> Result<PackManifest, PackUnverified> {
    let mut archive = tar::Archive::new(read);
    let mut files = archive.entries()?;
    let mut next = || -> Result<Option<(String, tar::Entry<'_, _>)>, PackUnverified> {
        let Some(file) = files.next().transpose()? else {
            return Ok(None);
        };
        if file.header().entry_type() != tar::EntryType::Regular {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a pack has plain files only").into());
        }
        let name = String::from_utf8_lossy(&file.path_bytes()).into_owned();
        Ok(Some((name, file)))
    };
    let mut first = |expected: &str| -> Result<Vec<u8>, PackUnverified> {
        match next()? {
            Some((name, file)) if name == expected => Ok(whole(file)?),
            other => Err(PackFault::Place {
                expected: expected.to_owned(),
                found: other.map_or_else(|| String::from("the end"), |(name, _)| name),
            }
            .into()),
        }
    };
    let (manifest, signature) = (first(MANIFEST)?, first(SIGNATURE)?);
    let mut verifier = PackVerifier::new(&manifest, &signature, keys)?;
    while let Some((name, file)) = next()? {
        verifier.begins(&name)?;
        if name == ENTRIES {
            let (bytes, hash) = entries(file, &mut verifier)?;
            verifier.ends(bytes, &hash)?;
            continue;
        }
        let content = whole(file)?;
        if name == CHECKPOINT {
            verifier.checkpoint(&content, threshold)?;
        }
        verifier.ends(content.len() as u64, &sha256(&content))?;
    }
    Ok(verifier.finish()?)
}

fn whole(file: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MAX_PART + 1).read_to_end(&mut content)?;
    bounded(&content)?;
    Ok(content)
}

fn bounded(part: &[u8]) -> io::Result<()> {
    if part.len() as u64 > MAX_PART {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a part of the pack is too large",
        ));
    }
    Ok(())
}

/// Takes every line; how long the file is, and its hash.
fn entries(file: impl Read, verifier: &mut PackVerifier<'_>) -> Result<(u64, Digest32), PackUnverified> {
    let (mut file, mut hash) = (BufReader::new(file), Sha256::default());
    let (mut bytes, mut line) = (0_u64, Vec::new());
    loop {
        line.clear();
        let read = (&mut file).take(MAX_PART + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok((bytes, hash.finish()));
        }
        bounded(&line)?;
        bytes = bytes.saturating_add(read as u64);
        hash.update(&line);
        verifier.entry(line.strip_suffix(b"\n").unwrap_or(&line))?;
    }
}
