//! One message that lists, with what its caller is not shown taken out and every other byte as it came.

use std::borrow::Cow;

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Shown, Unreadable};

/// `text` without what `shown` does not show.
pub(super) fn filtered<'t>(text: &'t str, shown: &Shown) -> Result<Cow<'t, str>, Unreadable> {
    without(text, shown.kind.list, shown.kind.member, |name| shown.shows(name))
}

pub(super) fn without<'t>(
    text: &'t str,
    list: &str,
    member: &str,
    shows: impl Fn(&str) -> bool,
) -> Result<Cow<'t, str>, Unreadable> {
    let message: Members<'_> = serde_json::from_str(text).map_err(|_| Unreadable)?;
    let Some(result) = message.get("result") else {
        return Ok(Cow::Borrowed(text));
    };
    let result: Members<'_> = serde_json::from_str(result).map_err(|_| Unreadable)?;
    let Some(listed) = result.get(list) else {
        return Ok(Cow::Borrowed(text));
    };
    let all: Vec<&RawValue> = serde_json::from_str(listed).map_err(|_| Unreadable)?;
    let mut kept = Vec::with_capacity(all.len());
    for one in &all {
        let members: Members<'_> = serde_json::from_str(one.get()).map_err(|_| Unreadable)?;
        let name: Option<String> = members
            .get(member)
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| Unreadable)?;
        if name.is_some_and(|name| shows(&name)) {
            kept.push(one.get());
        }
    }
    if kept.len() == all.len() {
        return Ok(Cow::Borrowed(text));
    }
    // Where the list stands: it borrows from the text.
    let start = (listed.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let end = start.saturating_add(listed.len());
    let (Some(before), Some(behind)) = (text.get(..start), text.get(end..)) else {
        return Err(Unreadable);
    };
    Ok(Cow::Owned([before, "[", &kept.join(","), "]", behind].concat()))
}

/// The members of an object, each name once in whatever case: clients differ in which of two counts.
struct Members<'t>(Vec<(Cow<'t, str>, &'t str)>);

impl<'t> Members<'t> {
    fn get(&self, name: &str) -> Option<&'t str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut seen = std::collections::HashSet::new();
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !seen.insert(caracal_core::operation::folded(&name).into_owned()) {
                        return Err(serde::de::Error::custom("two members of one name"));
                    }
                    members.push((Cow::Owned(name), map.next_value::<&RawValue>()?.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, Unreadable> {
        without(text, "tools", "name", |name| matches!(name, "search" | "é")).map(Cow::into_owned)
    }

    #[test]
    fn what_is_not_shown_is_taken_out_and_the_rest_is_as_it_came() {
        for (listed, passed) in [
            (
                r#"{"jsonrpc":"2.0","id":1, "result":{"tools":[ {"name":"delete"}, {"name":"search","x":[1, 2]} ],"nextCursor":"a"}}"#,
                r#"{"jsonrpc":"2.0","id":1, "result":{"tools":[{"name":"search","x":[1, 2]}],"nextCursor":"a"}}"#,
            ),
            (
                r#"{"result":{"tools":[{"name":"search"}  ]}}"#,
                r#"{"result":{"tools":[{"name":"search"}  ]}}"#,
            ),
            (
                r#"{"result":{"tools":[{"name":"\u00e9"},{"name":"search "},{"title":"x"}]}}"#,
                r#"{"result":{"tools":[{"name":"\u00e9"}]}}"#,
            ),
            (
                r#"{"error":{"code":1,"tools":[{"name":"delete"}]}}"#,
                r#"{"error":{"code":1,"tools":[{"name":"delete"}]}}"#,
            ),
            (
                r#"{"method":"notifications/progress"}"#,
                r#"{"method":"notifications/progress"}"#,
            ),
        ] {
            assert_eq!(shown(listed).as_deref(), Ok(passed));
        }
    }

    #[test]
    fn what_clients_could_read_differently_is_not_passed_on() {
        for text in [
            "",
            "[]",
            r#"[{"result":{"tools":[{"name":"delete"}]}}]"#,
            r#"{"result":{"tools":[]},"result":{"tools":[{"name":"delete"}]}}"#,
            r#"{"result":{"tools":[],"Tools":[{"name":"delete"}]}}"#,
            r#"{"result":{"tools":[{"name":"search","name":"delete"}]}}"#,
            r#"{"result":{"tools":{"name":"delete"}}}"#,
            r#"{"result":{"tools":["delete"]}}"#,
            r#"{"result":{"tools":[{"name":7}]}}"#,
            r#"{"result":{"tools":[]}} {"result":{"tools":[{"name":"delete"}]}}"#,
        ] {
            assert_eq!(shown(text), Err(Unreadable), "{text}");
        }
    }
}
