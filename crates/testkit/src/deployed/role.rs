//! The roles of `caracald`, and where they listen.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// A role of `caracald`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Control API.
    Api,
    /// Token service.
    Sts,
    /// Enforcement point.
    Gateway,
    /// Sessions and delegations.
    Coordinator,
    /// Ledger.
    Audit,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Api,
        Self::Sts,
        Self::Gateway,
        Self::Coordinator,
        Self::Audit,
    ];

    /// Its name on command lines and in `endpoints.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Sts => "sts",
            Self::Gateway => "gateway",
            Self::Coordinator => "coordinator",
            Self::Audit => "audit",
        }
    }

    /// Its role in PostgreSQL.
    pub fn in_database(self) -> String {
        format!("caracal{}", self.name())
    }

    /// The variable that says where it listens.
    pub fn listen_variable(self) -> String {
        format!("CARACAL_{}_LISTEN", self.name().to_uppercase())
    }
}

/// What the process `pid` says about where its roles listen; an earlier one's word does not count.
pub(super) fn endpoints(home: &Path, pid: u32) -> Option<BTreeMap<Role, String>> {
    let text = fs::read(home.join("endpoints.json")).ok()?;
    let said: Value = serde_json::from_slice(&text).ok()?;
    if said["pid"].as_u64() != Some(u64::from(pid)) {
        return None;
    }
    let listens = |role: Role| Some((role, said[role.name()].as_str()?.to_owned()));
    Some(Role::ALL.into_iter().filter_map(listens).collect())
}
