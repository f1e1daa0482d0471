//! Query strings: bounded, typed, and refused with the parameter's name.

use caracal_core::{TextRule, Timestamp};
use caracal_service::Refusal;
use caracal_storage::{PageKey, PageRequest};

/// The parameters of one request. Of a repeated parameter the first counts; unknown ones are ignored.
#[derive(Debug, Default, Clone)]
pub(crate) struct Query(Vec<(String, String)>);

const CODE: &str = "invalid_query";

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(
            form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A text of 1 to `max` characters without control characters.
    pub(crate) fn text(&self, name: &str, max: usize) -> Result<Option<String>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        TextRule::line(max)
            .check(value)
            .map_err(|problem| Refusal::invalid_field(CODE, name, problem.to_string()))?;
        Ok(Some(value.to_owned()))
    }

    /// An id or a closed word: whatever `parse` accepts.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match parse(value) {
            Some(value) => Ok(Some(value)),
            None => Err(Refusal::invalid_field(CODE, name, format!("must be {expected}"))),
        }
    }

    /// An RFC 3339 instant.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        self.parsed(
            name,
            "an RFC 3339 date-time such as 2026-05-21T12:00:00Z",
            |text| Timestamp::parse_rfc3339(text).ok(),
        )
    }

    /// `limit` (1 to `max`) and `cursor`.
    pub(crate) fn page(&self, default: u32, max: u32) -> Result<PageRequest, Refusal> {
        let limit = self
            .parsed("limit", &format!("a whole number from 1 to {max}"), |text| {
                text.parse().ok().filter(|limit| (1..=max).contains(limit))
            })?
            .unwrap_or(default);
        let after = match self.get("cursor") {
            None => None,
            Some(cursor) => Some(PageKey::from_cursor(cursor).map_err(|_| {
                Refusal::invalid_field("invalid_cursor", "cursor", "is not a cursor of this listing")
            })?),
        };
        Ok(PageRequest { limit, after })
    }

    /// `status=active|archived`: whether archived objects are asked for.
    pub(crate) fn archived(&self) -> Result<bool, Refusal> {
        let archived = self.parsed("status", "active or archived", |text| match text {
            "active" => Some(false),
            "archived" => Some(true),
            _ => None,
        })?;
        Ok(archived.unwrap_or(false))
    }

    /// `format=json|csv`: whether CSV is asked for.
    pub(crate) fn csv(&self) -> Result<bool, Refusal> {
        let csv = self.parsed("format", "json or csv", |text| match text {
            "json" => Some(false),
            "csv" => Some(true),
            _ => None,
        })?;
        Ok(csv.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<PageRequest, Refusal>) -> String {
        result.unwrap_err().code.into_owned()
    }

    #[test]
    fn limits_and_cursors_out_of_bounds_are_refused_by_name() {
        for bad in ["limit=0", "limit=501", "limit=-1", "limit=x", "limit="] {
            assert_eq!(
                code(Query::parse(Some(bad)).page(200, 500)),
                "invalid_query",
                "{bad}"
            );
        }
        assert_eq!(
            code(Query::parse(Some("cursor=zzz")).page(200, 500)),
            "invalid_cursor"
        );
        let page = Query::parse(Some("limit=500")).page(200, 500).unwrap();
        assert_eq!((page.limit, page.after), (500, None));
    }

    #[test]
    fn unknown_words_are_refused() {
        assert!(Query::parse(Some("status=gone")).archived().is_err());
        assert!(Query::parse(Some("format=xml")).csv().is_err());
        assert!(Query::parse(Some("since=yesterday")).instant("since").is_err());
        assert!(!Query::parse(None).archived().unwrap());
    }
}
