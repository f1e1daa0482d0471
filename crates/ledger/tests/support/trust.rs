//! Whom a vector says to believe.

use caracal_ledger::{note::NoteKey, trust::Trust};
use serde_json::Value;

/// Reads `origin`, `log`, `witnesses` and `threshold`.
pub(crate) fn trust(said: &Value) -> Trust {
    let keys = |name: &str| {
        let keys = said[name].as_array().unwrap().iter();
        keys.map(|key| NoteKey::parse(key.as_str().unwrap()).unwrap())
            .collect()
    };
    let threshold = usize::try_from(said["threshold"].as_u64().unwrap()).unwrap();
    Trust::new(
        said["origin"].as_str().unwrap(),
        keys("log"),
        keys("witnesses"),
        threshold,
    )
    .unwrap()
}
