//! A proof that a key is held (DPoP). Anybody may make one, since it brings its key: so what is held is that one which holds says
//! what was asked for, that no other request is proved by it, and that none of its bytes can be another.

#![no_main]

use caracal_core::Timestamp;
use caracal_crypto::dpop::{DpopProof, DpopRules, DpopWindow, MAX_PROOF_BYTES, is_thumbprint};

const URL: &str = "https://gateway.example/r/z/tools";
const NOW: i64 = 1_800_000_000;

/// Good for a proof with `iat` of that second, such as those in the corpus.
fn rules() -> DpopRules<'static> {
    DpopRules {
        method: "POST",
        url: URL,
        token: Some("an.access.token"),
        now: Timestamp::from_unix_seconds(NOW),
        window: DpopWindow::default(),
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(proof) = DpopProof::verify(text, rules()) else {
        return;
    };
    assert!(text.len() <= MAX_PROOF_BYTES && is_thumbprint(&proof.thumbprint));
    let DpopWindow { age, skew } = rules().window;
    assert!(proof.expires_at > rules().now, "it is good now");
    assert!(
        proof.expires_at <= rules().now.plus(age).plus(skew).plus(skew),
        "and not for long"
    );
    let others = [
        DpopRules {
            method: "GET",
            ..rules()
        },
        DpopRules {
            url: "https://gateway.example/r/z/other",
            ..rules()
        },
        DpopRules {
            url: "https://elsewhere.example/r/z/tools",
            ..rules()
        },
        DpopRules {
            token: Some("another.access.token"),
            ..rules()
        },
        DpopRules {
            now: proof.expires_at,
            ..rules()
        },
    ];
    for other in others {
        assert!(
            DpopProof::verify(text, other).is_err(),
            "a proof of {other:?} as well"
        );
    }
    for at in [0, text.len() / 2, text.len().saturating_sub(1)] {
        let mut changed = data.to_vec();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else {
            continue;
        };
        assert!(
            DpopProof::verify(&changed, rules()).is_err(),
            "a byte may be another"
        );
    }
});
