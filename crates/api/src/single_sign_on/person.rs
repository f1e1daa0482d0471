//! Who came back from the `OpenID` provider, as far as the console cares.

use caracal_core::{TextRule, entity::AccountRole};
use caracal_wire::control::accounts::Email;
use serde_json::{Map, Value};

/// Longest name of a person that is kept, in characters.
const MAX_NAME: usize = 120;
/// Longest `sub` (`OpenID` Connect Core §2), in bytes.
const MAX_SUBJECT: usize = 255;

/// Which values of a claim let people in whom nobody invited, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping {
    /// The claim: a name, or a path of names with dots between them.
    pub claim: String,
    /// Values and the role of whoever has them. Never [`AccountRole::Owner`].
    pub roles: Vec<(String, AccountRole)>,
}

impl RoleMapping {
    /// The greatest role that the values of the claim give.
    fn role(&self, claims: &Map<String, Value>) -> Option<AccountRole> {
        // The whole name first: many claims are URLs, which have dots in them.
        let found = claims.get(&self.claim).or_else(|| {
            let mut steps = self.claim.split('.');
            let first = claims.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        })?;
        let has = |wanted: &str| match found {
            Value::String(one) => one == wanted,
            Value::Array(many) => many.iter().any(|one| one.as_str() == Some(wanted)),
            _ => false,
        };
        let given = self.roles.iter().filter(|(value, _)| has(value));
        given.map(|(_, role)| *role).min_by_key(|role| rank(*role))
    }
}

/// From the most to the least that a role lets somebody do.
fn rank(role: AccountRole) -> usize {
    AccountRole::ALL
        .iter()
        .position(|one| *one == role)
        .unwrap_or(usize::MAX)
}

/// A person whom the provider names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Who that is there (`sub`), byte for byte.
    pub(crate) subject: String,
    /// Their address, if the provider says that it is verified. Any other address proves nothing.
    pub(crate) email: Option<Email>,
    /// What they are called.
    pub(crate) name: Option<String>,
    /// What the claims let somebody do whom nobody invited.
    pub(crate) role: Option<AccountRole>,
}

impl Person {
    /// Reads proven claims. Nothing where the subject is no name that can be kept.
    pub(super) fn read(
        subject: String,
        claims: &Map<String, Value>,
        mapping: Option<&RoleMapping>,
    ) -> Option<Self> {
        if subject.len() > MAX_SUBJECT || TextRule::line(MAX_SUBJECT).check(&subject).is_err() {
            return None;
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let verified = claims.get("email_verified") == Some(&Value::Bool(true));
        let email = text("email").filter(|_| verified);
        let name = text("name").map(str::trim);
        let name = name.filter(|name| !name.is_empty() && TextRule::line(MAX_NAME).check(name).is_ok());
        Some(Self {
            email: email.and_then(|email| Email::try_from(email.to_owned()).ok()),
            name: name.map(str::to_owned),
            role: mapping.and_then(|mapping| mapping.role(claims)),
            subject,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: Value, mapping: Option<&RoleMapping>) -> Option<Person> {
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        Person::read(String::from("alice"), &claims, mapping)
    }

    #[test]
    fn an_address_counts_only_where_it_is_verified() {
        let email = |claims| person(claims, None).unwrap().email.map(|email| email.0);
        let address = "Alice@Example.com";
        assert_eq!(
            email(json!({"email": address, "email_verified": true})).as_deref(),
            Some("alice@example.com")
        );
        for claims in [
            json!({"email": address}),
            json!({"email": address, "email_verified": false}),
            json!({"email": address, "email_verified": "true"}),
            json!({"email": address, "email_verified": 1}),
            json!({"email": [address], "email_verified": true}),
            json!({"email": "nothing", "email_verified": true}),
        ] {
            assert_eq!(email(claims.clone()), None, "{claims}");
        }
    }

    #[test]
    fn a_subject_that_hides_something_is_nobody() {
        for subject in ["", "a\nb", "a\u{202e}b", &"x".repeat(256)] {
            let read = Person::read(subject.to_owned(), &Map::new(), None);
            assert_eq!(read, None, "{subject:?}");
        }
    }

    #[test]
    fn the_greatest_role_of_the_values_is_given_and_none_without_one() {
        let mapping = |claim: &str| RoleMapping {
            claim: claim.to_owned(),
            roles: vec![
                (String::from("watch"), AccountRole::Viewer),
                (String::from("run"), AccountRole::Admin),
                (String::from("audit"), AccountRole::Auditor),
            ],
        };
        let role = |claim: &str, claims| person(claims, Some(&mapping(claim))).unwrap().role;
        assert_eq!(
            role("groups", json!({"groups": ["audit", "run"]})),
            Some(AccountRole::Admin)
        );
        assert_eq!(
            role("groups", json!({"groups": "watch"})),
            Some(AccountRole::Viewer)
        );
        let deep = json!({"realm_access": {"roles": ["audit"]}, "https://x.example/roles": ["run"]});
        assert_eq!(
            role("realm_access.roles", deep.clone()),
            Some(AccountRole::Auditor)
        );
        assert_eq!(role("https://x.example/roles", deep), Some(AccountRole::Admin));
        for none in [
            json!({}),
            json!({"groups": ["RUN", "run "]}),
            json!({"groups": {"run": true}}),
            json!({"groups": [["run"]]}),
            json!({"groups": "run,watch"}),
        ] {
            assert_eq!(role("groups", none.clone()), None, "{none}");
        }
    }
}
