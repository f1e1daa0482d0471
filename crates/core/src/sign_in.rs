//! Applications that clients act as which know nothing of Caracal, once a person signed in with them: by what their traits
//! say.

/// Namespace of the traits.
const NAMESPACE: &str = "sign-in:";
/// Shortest and longest time that a sign-in may last, in seconds.
const MAX_AGE: std::ops::RangeInclusive<u32> = 300..=604_800;
/// How long one lasts where nothing says otherwise, in seconds.
const DEFAULT_MAX_AGE: u32 = 43_200;

/// A trait of the namespace `sign-in`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInTrait<'t> {
    /// Slug of the provider at which people sign in: `company` of `provider://company`.
    Provider(&'t str),
    /// Name of a resource in its address: `tools` of `.../r/ZONE/tools`.
    Resource(&'t str),
    /// A label of the sessions, which policy reads.
    Label(&'t str),
    /// A host to whose https addresses clients may have people sent back. Loopback needs none.
    RedirectHost(&'t str),
    /// A scheme of one application on the person's device, to which they may be sent back as well.
    RedirectScheme(&'t str),
    /// How long a sign-in lasts, in seconds.
    MaxAge(u32),
    /// Clients prove to hold a key (DPoP, RFC 9449), or get no token.
    DpopRequired,
}

impl<'t> SignInTrait<'t> {
    /// Whether a trait is of the namespace, well-formed or not.
    pub fn is_one(name: &str) -> bool {
        name == "sign-in" || name.starts_with(NAMESPACE)
    }

    /// Reads it; `None` for what is no such trait.
    pub fn parse(name: &'t str) -> Option<Self> {
        let (kind, value) = name.strip_prefix(NAMESPACE)?.split_once(':')?;
        let value = Some(value).filter(|value| !value.is_empty())?;
        match kind {
            "provider" => is_slug(value).then_some(Self::Provider(value)),
            "resource" => Some(Self::Resource(value)),
            "label" => Some(Self::Label(value)),
            "redirect-host" => is_host(value).then_some(Self::RedirectHost(value)),
            "redirect-scheme" => is_private_scheme(value).then_some(Self::RedirectScheme(value)),
            "max-age" => {
                let age = value.parse().ok().filter(|age| MAX_AGE.contains(age));
                age.map(Self::MaxAge)
            }
            "dpop" => (value == "required").then_some(Self::DpopRequired),
            _ => None,
        }
    }
}

/// Words of `a-z 0-9` joined by single hyphens, as what names a provider is.
pub fn is_slug(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

fn is_host(text: &str) -> bool {
    let label = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty() && part.bytes().all(inner)
    };
    text.split('.').all(label)
}

/// Whether nothing but a program that registered it on a device answers to the scheme. Browsers do something of their own
/// with the others, or run what follows.
fn is_private_scheme(text: &str) -> bool {
    const COMMON: [&str; 16] = [
        "about",
        "blob",
        "data",
        "file",
        "filesystem",
        "ftp",
        "http",
        "https",
        "intent",
        "javascript",
        "mailto",
        "tel",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    ];
    let letters =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(letters) && !COMMON.contains(&text)
}

/// How people sign in for an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRules {
    /// Identifier of the provider at which they do.
    pub provider: String,
    /// Names of the resources, in their addresses.
    pub resources: Vec<String>,
    /// Labels of the sessions.
    pub labels: Vec<String>,
    /// Hosts that clients may have people sent back to.
    pub redirect_hosts: Vec<String>,
    /// Schemes of programs on people's devices.
    pub redirect_schemes: Vec<String>,
    /// How long a sign-in lasts, in seconds.
    pub max_age: u32,
    /// Whether clients get no token that is not bound to a key of theirs.
    pub dpop_required: bool,
}

impl SignInRules {
    /// What these traits say; `None` where nobody signs in for the application. A trait of the namespace that cannot be read
    /// lets nobody in: what it was to bound is not known. Neither do two providers.
    pub fn of(traits: &[String]) -> Option<Self> {
        let mut provider = None;
        let mut rules = Self {
            provider: String::new(),
            resources: Vec::new(),
            labels: Vec::new(),
            redirect_hosts: Vec::new(),
            redirect_schemes: Vec::new(),
            max_age: DEFAULT_MAX_AGE,
            dpop_required: false,
        };
        for name in traits.iter().filter(|name| SignInTrait::is_one(name)) {
            match SignInTrait::parse(name)? {
                SignInTrait::Provider(slug) => {
                    if provider.replace(format!("provider://{slug}")).is_some() {
                        return None;
                    }
                }
                SignInTrait::Resource(name) => rules.resources.push(name.to_owned()),
                SignInTrait::Label(label) => rules.labels.push(label.to_owned()),
                SignInTrait::RedirectHost(host) => rules.redirect_hosts.push(host.to_owned()),
                SignInTrait::RedirectScheme(scheme) => rules.redirect_schemes.push(scheme.to_owned()),
                SignInTrait::DpopRequired => rules.dpop_required = true,
                SignInTrait::MaxAge(age) => rules.max_age = rules.max_age.min(age).max(*MAX_AGE.start()),
            }
        }
        Some(Self {
            provider: provider?,
            ..rules
        })
        .filter(|rules| !rules.resources.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(traits: &[&str]) -> Option<SignInRules> {
        let traits: Vec<String> = traits.iter().map(|name| (*name).to_owned()).collect();
        SignInRules::of(&traits)
    }

    #[test]
    fn only_traits_that_can_all_be_read_let_people_sign_in() {
        for none in [
            &[][..],
            &["team:billing"],
            &["sign-in:provider:company"],
            &["sign-in:resource:tools"],
            &[
                "sign-in:provider:company",
                "sign-in:provider:other",
                "sign-in:resource:tools",
            ],
            &["sign-in:provider:Company", "sign-in:resource:tools"],
            &["sign-in:provider:company", "sign-in:resource:"],
            &["sign-in:provider:company", "sign-in:resource:tools", "sign-in"],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:anything:x",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:max-age:10",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:max-age:9999999",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:dpop:maybe",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:redirect-host:EXAMPLE.com",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:redirect-host:a..b",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:redirect-scheme:javascript",
            ],
            &[
                "sign-in:provider:company",
                "sign-in:resource:tools",
                "sign-in:redirect-scheme:https",
            ],
        ] {
            assert_eq!(rules(none), None, "{none:?}");
        }
    }

    #[test]
    fn the_rules_are_what_the_traits_say() {
        let found = rules(&[
            "team:billing",
            "sign-in:provider:company-login",
            "sign-in:resource:tools",
            "sign-in:label:agent",
            "sign-in:redirect-host:claude.ai",
            "sign-in:redirect-scheme:cursor",
            "sign-in:max-age:3600",
            "sign-in:max-age:7200",
            "sign-in:dpop:required",
        ]);
        let found = found.unwrap();
        assert_eq!(found.provider, "provider://company-login");
        assert_eq!(found.resources, ["tools"]);
        assert_eq!(found.labels, ["agent"]);
        assert_eq!(found.redirect_hosts, ["claude.ai"]);
        assert_eq!(found.redirect_schemes, ["cursor"]);
        assert_eq!(found.max_age, 3600, "the shorter of two");
        let usual = rules(&["sign-in:provider:company", "sign-in:resource:tools"]).unwrap();
        assert_eq!(usual.max_age, DEFAULT_MAX_AGE);
        assert!(found.dpop_required && !usual.dpop_required);
    }
}
