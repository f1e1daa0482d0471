//! What a key is found by: a PKCS#11 URI (RFC 7512) that names its `CKA_ID`. The token is that of the settings, since its
//! label may be another after it was restored.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};

const PREFIX: &str = "pkcs11:id=";
/// Bytes of the ids that are made here.
pub(crate) const ID_BYTES: usize = 16;

/// The reference of the key with this id.
pub(crate) fn of(id: &[u8]) -> String {
    format!("{PREFIX}{}", percent_encode(id, NON_ALPHANUMERIC))
}

/// The id that a reference names.
pub(crate) fn id(reference: &str) -> Option<Vec<u8>> {
    let id: Vec<u8> = percent_decode_str(reference.strip_prefix(PREFIX)?).collect();
    // Only what is written as it would be here: another attribute behind the id must not be taken for a part of it.
    (!id.is_empty() && of(&id) == reference).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_one_id_in_one_way() {
        for bytes in [&[0][..], &[0xff; ID_BYTES], b"az09-%;", &[1, 2, 3]] {
            assert_eq!(id(&of(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(of(&[0, 0x41, 0x3b]), "pkcs11:id=%00A%3B");
    }

    #[test]
    fn what_is_no_reference_names_nothing() {
        for bad in [
            "",
            "pkcs11:",
            "pkcs11:id=",
            "pkcs11:id=%00;token=t",
            "pkcs11:id=%0",
            "pkcs11:id=%00?pin-value=1",
            "pkcs11:object=a",
            "arn:aws:kms:x",
            "PKCS11:id=%00",
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
