//! The services that are read, by the names catalogues give them.

use std::fmt;
use std::str::FromStr;

/// A service of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Identity,
    Compute,
    Network,
    Image,
    Volume,
    Orchestration,
}

impl Service {
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::Compute, Self::Network, Self::Image, Self::Volume, Self::Orchestration];

    /// The word used in messages, checks, recordings and in the setting `<name>_endpoint`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::Network => "network",
            Self::Image => "image",
            Self::Volume => "volume",
            Self::Orchestration => "orchestration",
        }
    }

    /// Types under which catalogues list it, the preferred one first.
    pub(super) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["identity"],
            Self::Compute => &["compute"],
            Self::Network => &["network"],
            Self::Image => &["image"],
            Self::Volume => &["block-storage", "volumev3", "block-store", "volume"],
            Self::Orchestration => &["orchestration"],
        }
    }

    /// The version segment its paths start with, when the catalogue's URL does not carry one.
    pub(super) const fn version_path(self) -> &'static str {
        match self {
            Self::Identity | Self::Volume => "v3",
            Self::Compute => "v2.1",
            Self::Network => "v2.0",
            Self::Image => "v2",
            Self::Orchestration => "v1",
        }
    }

    /// Whether its paths carry the project after the version when the catalogue's URL does not.
    pub(super) const fn project_in_path(self) -> bool {
        matches!(self, Self::Volume | Self::Orchestration)
    }

    /// The newest microversion the parsers understand; none where the service has no microversions.
    pub(super) const fn wanted(self) -> Option<Version> {
        match self {
            Self::Compute => Some(Version::new(2, 93)),
            Self::Volume => Some(Version::new(3, 70)),
            Self::Identity | Self::Network | Self::Image | Self::Orchestration => None,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version or microversion: `2.93`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    pub major: u16,
    pub minor: u16,
}

impl Version {
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ();

    /// `2.93`, `v3.14`, `v3`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        Ok(Self { major: major.parse().map_err(|_| ())?, minor: minor.parse().map_err(|_| ())? })
    }
}
