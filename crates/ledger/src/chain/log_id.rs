//! Logs by their names.

use std::fmt;

use caracal_core::ZoneId;

use super::Chain;

/// The log of a chain, as it is passed around and remembered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogId {
    /// Events of a zone.
    Ledger(ZoneId),
    /// Administrative records of a zone.
    Admin(ZoneId),
    /// Administrative records of the deployment.
    Deployment,
}

impl LogId {
    /// The log of the administrative records of `zone`, or of the deployment.
    pub fn records(zone: Option<&ZoneId>) -> Self {
        zone.map_or(Self::Deployment, |zone| Self::Admin(zone.clone()))
    }

    /// As it is hashed.
    pub const fn chain(&self) -> Chain<'_> {
        match self {
            Self::Ledger(zone) => Chain::Ledger(zone),
            Self::Admin(zone) => Chain::Admin(zone),
            Self::Deployment => Chain::Deployment,
        }
    }

    /// Its zone; absent for the deployment's own.
    pub const fn zone(&self) -> Option<&ZoneId> {
        match self {
            Self::Ledger(zone) | Self::Admin(zone) => Some(zone),
            Self::Deployment => None,
        }
    }

    /// Whether it holds administrative records rather than events.
    pub const fn is_administrative(&self) -> bool {
        !matches!(self, Self::Ledger(_))
    }

    /// Its name, as [`Chain::log`].
    pub fn name(&self) -> String {
        self.chain().log()
    }

    /// The log of that name.
    pub fn named(name: &str) -> Option<Self> {
        let (kind, zone) = name.split_once('/')?;
        match (kind, zone) {
            ("admin", "") => Some(Self::Deployment),
            ("admin", zone) => ZoneId::parse(zone).ok().map(Self::Admin),
            ("ledger", zone) => ZoneId::parse(zone).ok().map(Self::Ledger),
            _ => None,
        }
    }

    /// The log whose checkpoints have that origin, whatever its host.
    pub fn of_origin(origin: &str) -> Option<Self> {
        let zone = origin.rfind('/')?;
        let kind = origin.get(..zone)?.rfind('/')?;
        Self::named(origin.get(kind.checked_add(1)?..)?)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_found_by_its_name_and_by_an_origin_and_by_nothing_else() {
        let zone = ZoneId::parse("z-1").unwrap();
        for log in [LogId::Ledger(zone.clone()), LogId::Admin(zone), LogId::Deployment] {
            assert_eq!(LogId::named(&log.name()), Some(log.clone()));
            for host in ["caracal.example", "caracal.example:8443/evidence"] {
                assert_eq!(
                    LogId::of_origin(&format!("{host}/{log}")),
                    Some(log.clone()),
                    "{host}"
                );
            }
        }
        for none in [
            "",
            "admin",
            "ledger/",
            "ledger/a/b",
            "admin/a b",
            "packs/z-1",
            "z-1",
            "/z-1",
            "x/admin",
        ] {
            assert_eq!(LogId::named(none), None, "{none}");
            assert_eq!(LogId::of_origin(&format!("host/{none}")), None, "{none}");
        }
    }
}
