//! Version documents: which version a service speaks and which microversions it knows. Each service words them a little
//! differently; they are read here and nowhere else.

use serde::Deserialize;

use super::service::Version;

/// One version a service offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) id: Version,
    /// `CURRENT`, `SUPPORTED`, `stable`, …
    pub(super) status: String,
    /// The range of microversions, where it has any.
    pub(super) micro: Option<(Version, Version)>,
}

/// `{"version": …}`, `{"versions": [ … ]}` or Keystone's `{"versions": {"values": [ … ]}}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    One { version: Entry },
    Many { versions: Vec<Entry> },
    Nested { versions: Values },
}

#[derive(Deserialize)]
struct Values {
    values: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    status: String,
    /// The newest microversion; old documents leave it empty.
    #[serde(default, alias = "max_version")]
    version: Option<String>,
    #[serde(default)]
    min_version: Option<String>,
}

/// The versions a document offers; empty when it is no such document.
pub(super) fn read(body: &[u8]) -> Vec<Offer> {
    let entries = match serde_json::from_slice(body) {
        Ok(Document::One { version }) => vec![version],
        Ok(Document::Many { versions } | Document::Nested { versions: Values { values: versions } }) => versions,
        Err(_) => Vec::new(),
    };
    entries.iter().filter_map(offer).collect()
}

fn offer(entry: &Entry) -> Option<Offer> {
    let micro = |text: &Option<String>| text.as_ref()?.parse::<Version>().ok();
    let newest = micro(&entry.version);
    Some(Offer {
        id: entry.id.parse().ok()?,
        status: entry.status.clone(),
        micro: newest.map(|newest| (micro(&entry.min_version).unwrap_or(newest), newest)),
    })
}

/// The newest microversion that both sides know, of the version `spoken` (`v2.1`).
pub(super) fn negotiate(offers: &[Offer], spoken: &str, wanted: Version) -> Option<Version> {
    let spoken: Version = spoken.parse().ok()?;
    let same = |o: &&Offer| o.id == spoken || (o.id.major == spoken.major && o.micro.is_some());
    let (oldest, newest) = offers.iter().filter(same).find_map(|o| o.micro)?;
    Some(wanted.clamp(oldest, newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVA: &str = r#"{"versions": [
        {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "links": []},
        {"id": "v2.1", "status": "CURRENT", "version": "2.93", "min_version": "2.1"}]}"#;
    const CINDER: &str = r#"{"versions": [{"id": "v3.0", "status": "CURRENT", "version": "3.70", "min_version": "3.0"}]}"#;
    const KEYSTONE: &str = r#"{"versions": {"values": [{"id": "v3.14", "status": "stable", "links": []}]}}"#;

    fn of(document: &str, spoken: &str, wanted: &str) -> Option<String> {
        negotiate(&read(document.as_bytes()), spoken, wanted.parse().unwrap()).map(|v| v.to_string())
    }

    #[test]
    fn the_newest_both_know() {
        assert_eq!(of(NOVA, "v2.1", "2.96").as_deref(), Some("2.93"));
        assert_eq!(of(NOVA, "v2.1", "2.79").as_deref(), Some("2.79"));
        assert_eq!(of(CINDER, "v3", "3.70").as_deref(), Some("3.70"));
        assert_eq!(
            of(r#"{"version": {"id": "v2.1", "version": "2.60", "min_version": "2.1"}}"#, "v2.1", "2.93").as_deref(),
            Some("2.60")
        );
    }

    #[test]
    fn old_services_have_none() {
        assert_eq!(of(r#"{"version": {"id": "v2.1", "version": "", "min_version": ""}}"#, "v2.1", "2.93"), None);
        assert_eq!(of(KEYSTONE, "v3", "3.70"), None);
        assert_eq!(of("<html>", "v3", "3.70"), None);
    }

    #[test]
    fn ids_and_states_are_read() {
        let offers = read(KEYSTONE.as_bytes());
        assert_eq!(offers, [Offer { id: Version::new(3, 14), status: "stable".to_owned(), micro: None }]);
    }
}
