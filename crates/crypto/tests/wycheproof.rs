//! Google's Wycheproof vectors through our own functions: no wrong accept, no wrong reject.

use caracal_core::KeyId;
use caracal_crypto::{HmacKey, VerifyingKey};
use wycheproof::{TestResult, ecdsa, mac};

/// ECDSA on P-256 with SHA-256 and fixed-length signatures, the form of JWS. Both values of s are valid there.
#[test]
fn p256_signatures() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut checked = 0;
    for group in &set.test_groups {
        let key = VerifyingKey::from_point(KeyId::parse("k").unwrap(), &group.key.key).unwrap();
        for test in &group.tests {
            let valid = key.verify(&test.msg, &test.sig);
            assert_eq!(
                valid,
                test.result == TestResult::Valid,
                "{} {}",
                test.tc_id,
                test.comment
            );
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn hmac_sha256_tags() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut checked = 0;
    for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
        for test in &group.tests {
            let key = HmacKey::from_bytes(&test.key);
            let valid = key.verify(&test.msg, &test.tag);
            assert_eq!(
                valid,
                test.result == TestResult::Valid,
                "{} {}",
                test.tc_id,
                test.comment
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}
