//! Addresses of resources. A call to `/r/ZONE/NAME` of the Gateway's public address is one to the resource whose
//! identifier is that very address, so that a client which can send no header of ours reaches it, and so that what it
//! asks a token for (RFC 8707) is what it calls. Giving a resource such an identifier is what makes it public.

use std::{net::IpAddr, sync::Arc};

use caracal_core::ZoneId;
use caracal_service::zones::{DirectoryError, ResourceState};
use http::{HeaderMap, HeaderValue, Uri, header, uri::PathAndQuery};

use crate::gateway::Gateway;

/// Where addresses begin.
const PREFIX: &str = "/r/";

/// What stands before the path of an address where its metadata is (RFC 9728 §3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Longest name of a resource within an address, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// Where a resource is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Zone of the resource.
    pub(crate) zone: ZoneId,
    /// The whole address, which is the identifier of the resource there.
    pub(crate) identifier: String,
    /// Where it is told what is needed to call it.
    pub(crate) metadata: String,
    /// Length of its path: what follows belongs to the resource.
    length: usize,
}

impl Address {
    /// The address that `path`, as sent, is at or below; none where the Gateway has no public `origin`. There is one
    /// spelling of an address: a path with an escape in it is none.
    pub(crate) fn of(origin: Option<&str>, path: &str) -> Option<Self> {
        let origin = origin?;
        let (zone, rest) = path.strip_prefix(PREFIX)?.split_once('/')?;
        let (name, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if !(1..=MAX_NAME_BYTES).contains(&name.len())
            || !name.bytes().all(is_plain)
            || matches!(name, "." | "..")
        {
            return None;
        }
        let zone = ZoneId::parse(zone).ok()?;
        let length = path.len().saturating_sub(below.len());
        let own = path.get(..length)?;
        Some(Self {
            zone,
            identifier: [origin, own].concat(),
            metadata: [origin, WELL_KNOWN, own].concat(),
            length,
        })
    }

    /// Whether no path but that of some metadata begins as `path` does.
    pub(crate) fn is_described_below(path: &str) -> bool {
        path.strip_prefix(WELL_KNOWN)
            .is_some_and(|path| path.starts_with(PREFIX))
    }

    /// The address whose metadata is at `path`.
    pub(crate) fn described_at(origin: Option<&str>, path: &str) -> Option<Self> {
        let path = path.strip_prefix(WELL_KNOWN)?;
        Self::of(origin, path).filter(|address| address.length == path.len())
    }

    /// The resource here; none where nobody gave one this identifier.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    pub(crate) async fn resource(
        &self,
        gateway: &Gateway,
        peer: Option<IpAddr>,
    ) -> Result<Option<Arc<ResourceState>>, DirectoryError> {
        let _turn = gateway.turn_of_stranger(&self.zone, peer).await?;
        match gateway.deps.zones.zone(&self.zone).await {
            Ok(zone) => Ok(zone.resource(&self.identifier).cloned()),
            Err(DirectoryError::Unknown) => Ok(None),
            Err(DirectoryError::Unavailable) => Err(DirectoryError::Unavailable),
        }
    }

    /// The resource's own part of `path`, which is at or below the address.
    pub(crate) fn below<'p>(&self, path: &'p str) -> &'p str {
        match path.get(self.length..) {
            None | Some("") => "/",
            Some(below) => below,
        }
    }

    /// `uri` as the resource is asked, escapes and query as sent.
    pub(crate) fn inner(&self, uri: &Uri) -> Option<Uri> {
        let below = self.below(uri.path());
        let path_and_query = match uri.query() {
            Some(query) => [below, "?", query].concat(),
            None => below.to_owned(),
        };
        Some(Uri::from(PathAndQuery::try_from(path_and_query).ok()?))
    }

    /// Puts the address before the paths by which an answer leads on: to the resource they begin at its root.
    pub(crate) fn lead_back(&self, headers: &mut HeaderMap) {
        let own = self.identifier.len().saturating_sub(self.length);
        let own = self.identifier.get(own..).unwrap_or_default();
        for name in [header::LOCATION, header::CONTENT_LOCATION] {
            let Some(reference) = headers.get(&name).and_then(|value| value.to_str().ok()) else {
                continue;
            };
            if reference.starts_with('/')
                && let Ok(led) = HeaderValue::from_str(&[own, reference].concat())
            {
                headers.insert(name, led);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: &str = "https://gateway.test";

    #[test]
    fn what_is_no_address_in_its_one_spelling_is_none() {
        for path in [
            "/",
            "/r",
            "/r/",
            "/r/zone-1",
            "/r/zone-1/",
            "/r//tools",
            "/r/zone-1//x",
            "/R/zone-1/tools",
            "/r/zone-1/t%6fols",
            "/r/zone-1/tools;v=1",
            "/r/zone-1/a:b",
            "/r/zo%6ee-1/tools",
            "/r/zone-1/.",
            "/r/zone-1/../x",
            "//r/zone-1/tools",
            "/x/r/zone-1/tools",
        ] {
            assert_eq!(Address::of(Some(ORIGIN), path), None, "{path}");
        }
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        assert_eq!(Address::of(Some(ORIGIN), &format!("/r/zone-1/{long}")), None);
        assert_eq!(
            Address::of(None, "/r/zone-1/tools"),
            None,
            "without a public address"
        );
    }

    #[test]
    fn an_address_is_cut_off_before_what_belongs_to_the_resource() {
        for (path, below) in [
            ("/r/zone-1/tools", "/"),
            ("/r/zone-1/tools/", "/"),
            ("/r/zone-1/tools/a%2Fb", "/a%2Fb"),
            ("/r/zone-1/tools//a/", "//a/"),
        ] {
            let address = Address::of(Some(ORIGIN), path).unwrap();
            assert_eq!(address.identifier, "https://gateway.test/r/zone-1/tools");
            assert_eq!(
                address.metadata,
                "https://gateway.test/.well-known/oauth-protected-resource/r/zone-1/tools"
            );
            assert_eq!(address.zone.as_str(), "zone-1");
            assert_eq!(address.below(path), below, "{path}");
        }
    }

    #[test]
    fn the_query_stays_behind_what_is_left_of_the_path() {
        let of = |uri: &str| {
            let uri: Uri = uri.parse().unwrap();
            let address = Address::of(Some(ORIGIN), uri.path()).unwrap();
            address.inner(&uri).unwrap().to_string()
        };
        assert_eq!(of("/r/z/tools?a=/r/z/tools"), "/?a=/r/z/tools");
        assert_eq!(of("/r/z/tools/b%20c?"), "/b%20c?");
        assert_eq!(of("http://gateway.test/r/z/tools/x?y"), "/x?y");
    }

    #[test]
    fn metadata_is_of_one_address_and_nothing_below_it() {
        let at = |path: &str| Address::described_at(Some(ORIGIN), path).map(|address| address.identifier);
        assert_eq!(
            at("/.well-known/oauth-protected-resource/r/z/tools").as_deref(),
            Some("https://gateway.test/r/z/tools")
        );
        for path in [
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/",
            "/.well-known/oauth-protected-resource/r/z/tools/",
            "/.well-known/oauth-protected-resource/r/z/tools/x",
            "/.well-known/oauth-protected-resourcer/z/tools",
            "/r/z/tools",
        ] {
            assert_eq!(at(path), None, "{path}");
        }
    }

    #[test]
    fn an_answer_leads_on_below_the_address_it_came_from() {
        let address = Address::of(Some(ORIGIN), "/r/z/tools").unwrap();
        for (location, led) in [
            ("/items/5?a=1", "/r/z/tools/items/5?a=1"),
            ("items/5", "items/5"),
            ("?q", "?q"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, HeaderValue::from_static(location));
            address.lead_back(&mut headers);
            assert_eq!(headers.get(header::LOCATION).unwrap(), led);
        }
    }

    proptest! {
        #[test]
        fn the_parts_of_a_path_are_all_of_it(path in "/r/[a-z%./]{0,6}/[a-z%.~/]{0,8}") {
            if let Some(address) = Address::of(Some(ORIGIN), &path) {
                let own = address.identifier.strip_prefix(ORIGIN).unwrap();
                prop_assert!(path.starts_with(own));
                let below = address.below(&path);
                prop_assert!(below.starts_with('/'));
                prop_assert!([own, below].concat().trim_end_matches('/') == path.trim_end_matches('/'));
            }
        }
    }
}
