//! One `--gateway` of the command line: `NAME=RESOURCE SCOPE…`.

use std::str::FromStr;

use anyhow::bail;

/// A resource that the program may speak to, and as which variable it finds the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Target {
    /// Variable of the program.
    pub(in crate::run) name: String,
    /// Identifier of the resource.
    pub(in crate::run) resource: String,
    /// Never empty.
    pub(in crate::run) scopes: Vec<String>,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> anyhow::Result<Self> {
        const FORM: &str = "--gateway wants NAME=RESOURCE and the scopes, as in \
                            'TICKETS_URL=resource://tickets tickets:read'";
        let Some((name, rest)) = word.split_once('=') else {
            bail!("{FORM}, not {word:?}");
        };
        let mut words = rest.split_whitespace().map(str::to_owned);
        let Some(resource) = words.next() else {
            bail!("{FORM}; {name} names no resource");
        };
        let scopes: Vec<String> = words.collect();
        if scopes.is_empty() {
            bail!("{FORM}; {name} names no scope, and a program is given no more than is named");
        }
        Ok(Self {
            name: name.to_owned(),
            resource,
            scopes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_name_a_resource_and_scopes() {
        let target: Target = "T=resource://tickets  tickets:read tickets:write"
            .parse()
            .unwrap();
        assert_eq!(
            (target.name.as_str(), target.resource.as_str()),
            ("T", "resource://tickets")
        );
        assert_eq!(target.scopes, ["tickets:read", "tickets:write"]);
    }

    #[test]
    fn what_misses_a_part_is_refused_with_the_form() {
        for (word, part) in [
            ("resource://tickets", "wants NAME=RESOURCE"),
            ("T=", "names no resource"),
            ("T=resource://tickets", "names no scope"),
        ] {
            let refused = word.parse::<Target>().unwrap_err().to_string();
            assert!(refused.contains(part), "{word}: {refused}");
        }
    }
}
