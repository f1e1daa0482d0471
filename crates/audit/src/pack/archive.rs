//! A pack as a tar archive: plain files in one order, so that a reader never has to look back.

use std::io;

use caracal_ledger::pack::{MANIFEST, SIGNATURE};

/// Writes manifest and signature, then `files`.
pub(super) fn write(
    write: impl io::Write,
    manifest: &[u8],
    signature: &[u8],
    files: &[(&str, &[u8])],
) -> io::Result<()> {
    let mut archive = tar::Builder::new(write);
    let first = [(MANIFEST, manifest), (SIGNATURE, signature)];
    for (name, content) in first.iter().chain(files) {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content)?;
    }
    io::Write::flush(&mut archive.into_inner()?)
}
