//! Closed lists of reasons: words with a sentence each.

/// Declares such a list: variant, word, sentence.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident $($variant:ident $wire:literal $sentence:literal;)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[doc = $sentence] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the handbook.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// What it says, for a reader of the handbook.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }

        impl From<$name> for std::borrow::Cow<'static, str> {
            fn from(reason: $name) -> Self {
                Self::Borrowed(reason.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

pub(crate) use reasons;

#[cfg(test)]
mod tests {
    use crate::{gateway::Reason, sts::DenialReason};

    #[test]
    fn every_reason_travels_as_the_word_of_its_table() {
        let gateway = Reason::ALL
            .iter()
            .map(|it| (serde_json::to_string(it), it.as_str(), it.sentence()));
        let sts = DenialReason::ALL
            .iter()
            .map(|it| (serde_json::to_string(it), it.as_str(), it.sentence()));
        for (json, word, sentence) in gateway.chain(sts) {
            assert_eq!(json.unwrap(), format!("{word:?}"));
            assert!(sentence.ends_with('.'), "{word}");
        }
    }
}
