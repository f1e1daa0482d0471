//! Lists of foreign origin.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

/// A list that is not read further than it may be long.
pub(crate) fn at_most<'de, T: Deserialize<'de>, D: Deserializer<'de>, const MOST: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T, const MOST: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for List<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST}")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut listed: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(next) = listed.next_element()? {
                if list.len() == MOST {
                    return Err(serde::de::Error::custom(format_args!("must be at most {MOST}")));
                }
                list.push(next);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(List::<T, MOST>(PhantomData))
}

/// The same of a list that may be absent.
pub(crate) fn at_most_or_none<'de, T: Deserialize<'de>, D: Deserializer<'de>, const MOST: usize>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Listed<T, const MOST: usize>(#[serde(deserialize_with = "at_most::<_, _, MOST>")] Vec<T>);

    let listed = Option::<Listed<T, MOST>>::deserialize(deserializer)?;
    Ok(listed.map(|listed| listed.0))
}
