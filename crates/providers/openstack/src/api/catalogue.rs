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
        let endpoints = |kind: &'static str| {
            self.entries.iter().filter(move |e| e.kind == kind).flat_map(|e| &e.endpoints)
        };
        service.types().iter().flat_map(|kind| endpoints(kind)).find_map(|e| {
            let there = region.is_none_or(|r| e.region() == Some(r)) && e.interface == interface;
            (there && speaks(service, &e.url)).then_some(e.url.as_str())
        })
    }

    /// Whether it lists the service at all, in whatever region and interface.
    pub fn lists(&self, service: Service) -> bool {
        self.entries.iter().any(|e| service.types().contains(&e.kind.as_str()))
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
