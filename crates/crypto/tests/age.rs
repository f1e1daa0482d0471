//! Files of age, as others write and read them.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::{AGE_MAGIC, AgeError, AgeIdentity, AgeReader, AgeRecipient, AgeWriter, OsRandom};
use proptest::prelude::*;

const RECIPIENT: &str = "age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqr";
const IDENTITY: &str = "# created: 2026-11-30\n# public key: age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqr\n\
                        AGE-SECRET-KEY-1WQYMY6VK86SQMWYGSNY5QK3JVG2TRPL79HPGEN7SN0PVV8JMPLSQV53LX0\n";
const OTHER: &str = "AGE-SECRET-KEY-1OTHER\n";
/// "hello" for the recipient and another one, and nothing for the recipient alone, both written by age 1.1.1.
const HELLO: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB3c1pQYXpUdlBhMFVoZlZyRk92LzJqRGk0UmhWN0Y4elRkM0RVV1JPd2hrClFMOVpxOUcvTTFMSjd0b0lyc3FkNzNTTGRnM1FBMDZ5N2crOFVSZ2YwOEkKLT4gWDI1NTE5IGxRSmNlUEgyZGJaT3p4Vk5zYXBCaXNwU1JLUnUxb0JSVzhrOVMxUitVbjAKY2E4UE9EbHZWUXZ2L3lUeHZCNCs0MzkwUndGM0NkcTVsaFIzVjNRaDFaTQotLS0gMzJUNEZyOXVTd2ZDcGtvZGNLS2xPRzVPWlV1VEEzSDk5OFZTMjd3SXY4ZwrNIHSWcu+QbgO5nIvjA6RMzAvpyWi2B0UgaPfHE8jNUMtPFnvx";
const EMPTY: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBQTVdzeHhpMnFVekVIYVpiNmc4Zkd6bEg3VGdtWVZnaU9iSVNDZDYxcmgwClJadE1XY21CWTIybU1xWjRxL2xZNE1DVWsvMWEwWmVoM0l5OENYYjNwQmMKLS0tIERxM3hvd2ZOck04VjcwQXg2SGNITDA4K05hV09yN2w1cUtLcjhraGVURkEKMYQaJ8H8R49LROWOrQAoZ06UcozZSDnbJnccGuI6FAs=";

fn identities() -> Vec<AgeIdentity> {
    AgeIdentity::read_file(IDENTITY.as_bytes()).unwrap()
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let recipients = [RECIPIENT.parse().unwrap()];
    let mut writer = AgeWriter::new(Vec::new(), &recipients, &OsRandom).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn opened(sealed: &[u8]) -> Result<Vec<u8>, AgeError> {
    let mut plain = Vec::new();
    AgeReader::open(sealed, &identities())?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn what_is_no_key_is_refused() {
    for text in [
        "",
        "age1",
        "age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqq",
        "AGE1D4LQ2YZTH3ETL84Y3L8X6Y0278HU4M2553D74CU0ZEMPQ7FVMCGQQMMSQR",
        "AGE-SECRET-KEY-1WQYMY6VK86SQMWYGSNY5QK3JVG2TRPL79HPGEN7SN0PVV8JMPLSQV53LX0",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rZAWdx",
    ] {
        assert!(text.parse::<AgeRecipient>().is_err(), "{text}");
    }
    for text in [
        "",
        "# nothing\n",
        RECIPIENT,
        OTHER,
        &format!("{IDENTITY}and more\n"),
    ] {
        assert!(AgeIdentity::read_file(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn what_others_are_to_read_does_not_open() {
    let hello = STANDARD.decode(EMPTY).unwrap();
    let other =
        bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("AGE-SECRET-KEY-").unwrap(), &[7; 32]).unwrap();
    let other = AgeIdentity::read_file(other.to_uppercase().as_bytes()).unwrap();
    assert!(matches!(
        AgeReader::open(hello.as_slice(), &other),
        Err(AgeError::NotForUs)
    ));
    assert!(matches!(
        AgeReader::open(hello.as_slice(), &[]),
        Err(AgeError::NotForUs)
    ));
    let recipients: [AgeRecipient; 0] = [];
    assert!(matches!(
        AgeWriter::new(Vec::new(), &recipients, &OsRandom),
        Err(AgeError::NoRecipient)
    ));
}

#[test]
fn what_age_wrote_opens() {
    assert_eq!(opened(&STANDARD.decode(HELLO).unwrap()).unwrap(), b"hello");
    assert_eq!(opened(&STANDARD.decode(EMPTY).unwrap()).unwrap(), b"");
}

#[test]
fn whoever_encrypted_a_file_and_kept_its_key_reads_it_again_and_no_other() {
    let recipients = [RECIPIENT.parse().unwrap()];
    let mut writer = AgeWriter::new(Vec::new(), &recipients, &OsRandom).unwrap();
    let kept = writer.file_key();
    writer.write_all(b"rows").unwrap();
    let file = writer.finish().unwrap();
    let mut plain = Vec::new();
    AgeReader::with_file_key(file.as_slice(), &kept)
        .unwrap()
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(plain, b"rows");
    assert!(matches!(
        AgeReader::with_file_key(sealed(b"rows").as_slice(), &kept),
        Err(AgeError::HeaderChanged)
    ));
    assert_eq!(
        format!("{kept:?} {:?}", identities()),
        "AgeFileKey(..) [AgeIdentity(..)]"
    );
}

#[test]
fn chunks_that_were_moved_cut_off_doubled_or_added_do_not_open() {
    const CHUNK: usize = 64 * 1024;
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1] {
        let plain: Vec<u8> = (0..=250).cycle().take(length).collect();
        let file = sealed(&plain);
        assert_eq!(opened(&file).unwrap(), plain, "{length}");
        assert!(opened(&[file.as_slice(), b"x"].concat()).is_err(), "{length}");
        assert!(opened(&file[..file.len() - 1]).is_err(), "{length}");
    }
    let file = sealed(&vec![1; 2 * CHUNK]);
    let (first, second) = file.split_at(file.len() - CHUNK - 16);
    assert!(opened(first).is_err(), "the last chunk is gone");
    assert!(opened(&[first, second, second].concat()).is_err());
    let (header, first) = first.split_at(first.len() - CHUNK - 16);
    assert!(opened(&[header, second].concat()).is_err());
    assert!(opened(&[header, second, first].concat()).is_err());
    assert!(opened(header).is_err(), "no chunk at all");
}

#[test]
fn nothing_of_a_changed_chunk_is_given_away() {
    let mut file = sealed(&vec![1; 100_000]);
    let last = file.len() - 1;
    file[last] ^= 1;
    let mut reader = AgeReader::open(file.as_slice(), &identities()).unwrap();
    let mut plain = Vec::new();
    let error = reader.read_to_end(&mut plain).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(plain, vec![1; 64 * 1024]);
}

#[test]
fn a_file_that_was_changed_anywhere_does_not_open() {
    let file = STANDARD.decode(HELLO).unwrap();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(opened(&changed).is_err(), "byte {at}");
        assert!(opened(&file[..at]).is_err(), "cut at {at}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(opened(&bytes).is_err());
        prop_assert!(opened(&[AGE_MAGIC, &bytes].concat()).is_err());
    }
}
