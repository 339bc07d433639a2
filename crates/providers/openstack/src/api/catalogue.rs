//! The catalogue of a token: which services there are, and where.

use serde::Deserialize;

use super::endpoint::version_in;
use super::service::Service;

/// As Keystone gives it in a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Endpoint {
    #[serde(default)]
    interface: String,
    #[serde(default)]
    region_id: Option<String>,
    #[serde(default)]
    region: Option<String>,
    url: String,
}

impl Endpoint {
    fn region(&self) -> Option<&str> {
        self.region_id.as_deref().or(self.region.as_deref())
    }
}

impl Catalogue {
    /// The address of a service: the preferred type first, the interface asked for, in the region asked for (any if none
    /// was).
    pub fn url(&self, service: Service, region: Option<&str>, interface: &str) -> Option<&str> {
        let endpoints = |kind: &'static str| self.entries.iter().filter(move |e| e.kind == kind).flat_map(|e| &e.endpoints);
        service.types().iter().flat_map(|kind| endpoints(kind)).find_map(|e| {
            let there = region.is_none_or(|r| e.region() == Some(r)) && e.interface == interface;
            (there && speaks(service, &e.url)).then_some(e.url.as_str())
        })
    }

    /// Whether it lists the service at all, in whatever region and interface, or without an address. One that speaks
    /// another API only is another service.
    pub fn lists(&self, service: Service) -> bool {
        let of_it = |e: &&Entry| service.types().contains(&e.kind.as_str());
        let speaks = |e: &Entry| e.endpoints.is_empty() || e.endpoints.iter().any(|e| speaks(service, &e.url));
        self.entries.iter().filter(of_it).any(speaks)
    }

    /// Whether it lists the service without any address. Keystone leaves out addresses that name a project, as Cinder's
    /// often do, from tokens that have none.
    pub fn lists_nowhere(&self, service: Service) -> bool {
        let mut entries = self.entries.iter().filter(|e| service.types().contains(&e.kind.as_str())).peekable();
        entries.peek().is_some() && entries.all(|e| e.endpoints.is_empty())
    }

    /// Regions named by any endpoint, in order of appearance.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions = Vec::new();
        for region in self.entries.iter().flat_map(|e| &e.endpoints).filter_map(Endpoint::region) {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        regions
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Old clouds still list Cinder's versions 1 and 2, which are another API.
fn speaks(service: Service, url: &str) -> bool {
    service != Service::Volume || version_in(url).is_none_or(|v| v == "v3")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(json: &str) -> Catalogue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_right_endpoint_is_chosen() {
        let c = catalogue(
            r#"[{"type": "volumev2", "endpoints": [{"interface": "public", "region_id": "a", "url": "http://v2/v2/p"}]},
                {"type": "volumev3", "endpoints": [
                    {"interface": "internal", "region_id": "a", "url": "http://a-in/v3/p"},
                    {"interface": "public", "region": "a", "url": "http://a/v3/p"},
                    {"interface": "public", "region_id": "b", "url": "http://b/v3/p"}]},
                {"type": "image", "endpoints": []}]"#,
        );
        assert_eq!(c.url(Service::Volume, None, "public"), Some("http://a/v3/p"));
        assert_eq!(c.url(Service::Volume, Some("b"), "public"), Some("http://b/v3/p"));
        assert_eq!(c.url(Service::Volume, Some("a"), "internal"), Some("http://a-in/v3/p"));
        assert_eq!(c.url(Service::Volume, Some("c"), "public"), None);
        assert_eq!(c.regions(), ["a", "b"]);
        assert!(c.lists_nowhere(Service::Image) && !c.lists_nowhere(Service::Volume) && !c.lists_nowhere(Service::Compute));
        assert!(!c.is_empty() && !c.lists(Service::Compute));
    }
}
