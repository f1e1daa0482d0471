use caracal_core::words;

words!(
    /// A role that a process may serve.
    Role {
        /// The Control API.
        Api = "api",
        /// The token service.
        Sts = "sts",
        /// The enforcement point.
        Gateway = "gateway",
        /// Sessions and delegations.
        Coordinator = "coordinator",
        /// The ledger.
        Audit = "audit",
        /// The console.
        Web = "web",
    }
);

impl Role {
    /// Those that work on the stores. The others keep nothing and need no key.
    pub const KEEPING: &'static [Self] = &[
        Self::Api,
        Self::Sts,
        Self::Gateway,
        Self::Coordinator,
        Self::Audit,
    ];

    /// The port of the role unless configured otherwise.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Api => 3000,
            Self::Sts => 8080,
            Self::Gateway => 8081,
            Self::Coordinator => 4000,
            Self::Audit => 9090,
            Self::Web => 3001,
        }
    }

    /// Reads role names, each role once; `all` means every role.
    ///
    /// # Errors
    /// One sentence that names what is no role.
    pub fn parse_all(names: &[String]) -> Result<Vec<Self>, String> {
        let mut roles = Vec::new();
        for name in names {
            let named: &[Self] = match (name.as_str(), Self::parse(name)) {
                ("all", _) => Self::ALL,
                (_, Some(role)) => &[role],
                (_, None) => {
                    return Err(format!(
                        "unknown role {name:?}; the roles are {} and all",
                        Self::ALL
                            .iter()
                            .map(|role| role.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ));
                }
            };
            for role in named {
                if !roles.contains(role) {
                    roles.push(*role);
                }
            }
        }
        Ok(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn each_role_is_named_once_and_no_other() {
        let parse = |names: &[&str]| {
            Role::parse_all(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["sts", "all", "sts"]).unwrap().len(), Role::ALL.len());
        assert!(
            parse(&["console"])
                .unwrap_err()
                .contains("unknown role \"console\"")
        );
    }
}
