//! The address a service's paths start from, made of what the catalogue or a person says, and the way back from a link
//! to such a path.

use stocktake_http::Url;

use super::service::Service;

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Up to and with the version, and the project where the service wants it; no slash at the end.
    base: Url,
    /// Length of the path before the version segment, without a slash at the end.
    root: usize,
    /// Length of the path up to and with the version segment.
    versioned: usize,
}

impl Endpoint {
    /// Catalogues carry addresses with and without version and project; both are completed where they lack.
    pub(super) fn new(service: Service, url: &str, project: Option<&str>) -> Result<Self, url::ParseError> {
        let mut base = Url::parse(url)?;
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        let (root, versioned, mut path) = match version_segment(&path) {
            // An old address of Keystone: v3 lives beside it.
            Some((start, end)) if service == Service::Identity && &path[start..end] != "v3" => {
                let root = path[..start].trim_end_matches('/');
                (root.len(), root.len() + 3, format!("{root}/v3"))
            }
            Some((start, end)) => (start - 1, end, path),
            None => {
                let full = format!("{path}/{}", service.version_path());
                (path.len(), full.len(), full)
            }
        };
        if let Some(project) = project.filter(|_| service.project_in_path() && path.len() == versioned) {
            path = format!("{path}/{project}");
        }
        base.set_path(&path);
        Ok(Self { base, root, versioned })
    }

    /// The address of a path of the service, such as `/servers/detail?limit=200`.
    pub(super) fn at(&self, path_and_query: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path_and_query}", self.base.as_str().trim_end_matches('/')))
    }

    /// Where the service describes its version.
    pub(super) fn version_document(&self) -> Url {
        self.with_path(&format!("{}/", &self.base.path()[..self.versioned]))
    }

    /// Where the service lists its versions, mostly without asking for a token.
    pub(super) fn root_document(&self) -> Url {
        self.with_path(&format!("{}/", &self.base.path()[..self.root]))
    }

    /// `v2.1`
    pub(super) fn version(&self) -> &str {
        self.base.path()[self.root..self.versioned].trim_start_matches('/')
    }

    /// The path, relative to this endpoint, that a link of one of its answers leads to. Only the end of the link's path
    /// must agree with ours: behind a proxy, services name themselves by addresses without the proxy's prefix.
    pub(super) fn path_of(&self, link: &str) -> Option<String> {
        let link = self.base.join(link).ok()?;
        let (ours, theirs) = (self.base.path(), link.path());
        let mut suffixes = std::iter::successors(Some(ours), |s| s[1..].find('/').map(|i| &s[i + 1..]));
        let rest = suffixes.find_map(|suffix| {
            // Their prefix may be anything, so look where our suffix ends in their path.
            let at = theirs.find(suffix)? + suffix.len();
            theirs[at..].starts_with('/').then(|| &theirs[at..])
        })?;
        Some(link.query().map_or_else(|| rest.to_owned(), |query| format!("{rest}?{query}")))
    }

    fn with_path(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }
}

/// Place of the last segment that looks like a version: `v3`, `v2.1`.
fn version_segment(path: &str) -> Option<(usize, usize)> {
    let mut end = path.len();
    for segment in path.rsplit('/') {
        let start = end - segment.len();
        let number = segment.strip_prefix('v').unwrap_or_default();
        if start > 0 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Some((start, end));
        }
        end = start.saturating_sub(1);
    }
    None
}

/// The version segment of an address as it stands in the catalogue.
pub(super) fn version_in(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let path = url.path().trim_end_matches('/');
    version_segment(path).map(|(start, end)| path[start..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(service: Service, url: &str, path: &str) -> String {
        Endpoint::new(service, url, Some("p1")).unwrap().at(path).unwrap().to_string()
    }

    #[test]
    fn version_and_project_are_completed() {
        use Service::{Compute, Identity, Image, Network, Orchestration, Volume};
        for (service, url, expected) in [
            (Compute, "http://h:8774/v2.1", "http://h:8774/v2.1/x?a=1"),
            (Compute, "http://h:8774/v2.1/", "http://h:8774/v2.1/x?a=1"),
            (Compute, "https://h/compute/v2.1/p1", "https://h/compute/v2.1/p1/x?a=1"),
            (Compute, "https://h/compute", "https://h/compute/v2.1/x?a=1"),
            (Network, "http://h:9696", "http://h:9696/v2.0/x?a=1"),
            (Network, "http://h:9696/networking/", "http://h:9696/networking/v2.0/x?a=1"),
            (Image, "http://h:9292", "http://h:9292/v2/x?a=1"),
            (Volume, "http://h:8776/v3/p9", "http://h:8776/v3/p9/x?a=1"),
            (Volume, "http://h:8776/v3", "http://h:8776/v3/p1/x?a=1"),
            (Volume, "http://h:8776", "http://h:8776/v3/p1/x?a=1"),
            (Orchestration, "http://h:8004/v1/p1", "http://h:8004/v1/p1/x?a=1"),
            (Identity, "http://h:5000", "http://h:5000/v3/x?a=1"),
            (Identity, "http://h:5000/v3/", "http://h:5000/v3/x?a=1"),
            (Identity, "http://h/identity/v2.0", "http://h/identity/v3/x?a=1"),
        ] {
            assert_eq!(at(service, url, "/x?a=1"), expected, "{url}");
        }
    }

    #[test]
    fn documents_stand_above_the_project() {
        let volume = Endpoint::new(Service::Volume, "https://h/volume/v3/p1", None).unwrap();
        assert_eq!(volume.version_document().as_str(), "https://h/volume/v3/");
        assert_eq!(volume.root_document().as_str(), "https://h/volume/");
        assert_eq!(volume.version(), "v3");
        let network = Endpoint::new(Service::Network, "http://h:9696", None).unwrap();
        assert_eq!(network.root_document().as_str(), "http://h:9696/");
    }

    #[test]
    fn links_become_paths_whatever_host_they_name() {
        let nova = Endpoint::new(Service::Compute, "https://h/compute/v2.1", None).unwrap();
        for link in [
            "https://h/compute/v2.1/servers/detail?limit=5&marker=a",
            "http://10.0.0.1:8774/v2.1/servers/detail?limit=5&marker=a",
            "/v2.1/servers/detail?limit=5&marker=a",
        ] {
            assert_eq!(nova.path_of(link).as_deref(), Some("/servers/detail?limit=5&marker=a"), "{link}");
        }
        let glance = Endpoint::new(Service::Image, "http://h:9292", None).unwrap();
        assert_eq!(glance.path_of("/v2/images?marker=b").as_deref(), Some("/images?marker=b"));
        let cinder = Endpoint::new(Service::Volume, "http://h:8776/v3/p1", None).unwrap();
        assert_eq!(cinder.path_of("http://x/v3/p1/volumes?m=1").as_deref(), Some("/volumes?m=1"));
        for stranger in ["http://evil/steal", "/servers?x", "http://h/compute/v2.1"] {
            assert_eq!(nova.path_of(stranger), None, "{stranger}");
        }
    }
}
