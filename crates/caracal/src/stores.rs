//! How the stores of a state directory are.
//!
//! They live inside the daemon, so the roles that use them are asked: a role that is not ready says which store
//! keeps it from it. What they take on disk is read here.

use serde::Serialize;

use crate::files;
use crate::home::Home;
use crate::probe::ProbeResult;

/// Reasons of `/ready`, by the store that they are about.
const BLAMES: [(&str, &[&str]); 3] = [
    (
        "database",
        &["postgres_unreachable", "schema_mismatch", "storage_unreachable"],
    ),
    ("events", &["redis_unreachable", "consumer_unhealthy"]),
    ("spool", &["audit_replay_unavailable"]),
];

/// How one store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct StoreResult {
    pub(crate) name: &'static str,
    pub(crate) ok: bool,
    pub(crate) detail: String,
    /// What it takes on disk; nothing where it takes none.
    pub(crate) bytes: Option<u64>,
}

/// The verdicts on all stores out of what the roles answered to `/ready`.
pub(crate) fn judge(home: &Home, answers: &[ProbeResult]) -> Vec<StoreResult> {
    let asked = answers.iter().any(|answer| answer.reached);
    BLAMES
        .into_iter()
        .map(|(name, reasons)| {
            let bytes = match name {
                "database" => Some(home.database_files().iter().map(|file| files::size(file)).sum()),
                "spool" => Some(files::size(&home.spool_directory())),
                _ => None,
            };
            let blamed = answers.iter().find_map(|answer| {
                let reason = reasons.iter().find(|reason| answer.detail.contains(**reason))?;
                Some(format!("{} says {reason}", answer.name))
            });
            let (ok, detail) = match (asked, blamed) {
                (false, _) => (false, "nobody serves it".to_owned()),
                (true, Some(blamed)) => (false, blamed),
                (true, None) => (true, bytes.map_or_else(|| "in process".to_owned(), readable)),
            };
            StoreResult {
                name,
                ok,
                detail,
                bytes,
            }
        })
        .collect()
}

/// A size as people say it.
pub(crate) fn readable(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", tenths(1 << 10)),
        0x10_0000..0x4000_0000 => format!("{} MiB", tenths(1 << 20)),
        _ => format!("{} GiB", tenths(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn answer(name: &str, reached: bool, detail: &str) -> ProbeResult {
        ProbeResult {
            name: name.to_owned(),
            port: 1,
            url: String::new(),
            ok: detail == "200",
            detail: detail.to_owned(),
            reached,
        }
    }

    #[test]
    fn a_store_is_down_when_a_role_blames_it_or_nobody_can_tell() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::locate(&Environment::default(), Some(directory.path())).unwrap();
        std::fs::write(directory.path().join("caracal.db"), [0; 2048]).unwrap();
        let judged = judge(
            &home,
            &[
                answer("api", true, "200"),
                answer("sts", true, "503 audit_replay_unavailable"),
            ],
        );
        let said: Vec<_> = judged
            .iter()
            .map(|store| (store.name, store.ok, store.detail.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                ("database", true, "2.0 KiB"),
                ("events", true, "in process"),
                ("spool", false, "sts says audit_replay_unavailable"),
            ]
        );
        let alone = judge(&home, &[answer("api", false, "unreachable")]);
        assert!(
            alone
                .iter()
                .all(|store| !store.ok && store.detail == "nobody serves it"),
            "{alone:?}"
        );
    }

    #[test]
    fn sizes_read_well() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (3 << 20, "3.0 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(readable(bytes), expected);
        }
    }
}
