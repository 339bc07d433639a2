//! The provider's words into the inventory's.

use std::borrow::Cow;

use super::lenient::{List, Text};
use stocktake_model::{Key, RowBuilder};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub(super) const GIB: i64 = 1 << 30;
pub(super) const MIB: i64 = 1 << 20;

/// Number of the ref `name` of flavors, hosts and volume types, as links carry it.
pub(super) const BY_NAME: u8 = 1;
/// Number of the ref `service_host` of hosts.
pub(super) const BY_SERVICE_HOST: u8 = 2;

/// Keeps the provider's document. It counts as changed when what is in it changed, not when the same things come in
/// another order: services read metadata, rules and groups from databases that promise none.
pub(super) trait Document<'a> {
    fn document(self, json: &'a str) -> Self;
    /// Likewise, where these parts, each a name and a value, say all that the row does not: cheaper.
    fn document_of<'p>(self, json: &'a str, parts: impl Iterator<Item = (&'p str, &'p str)>) -> Self;
}

impl<'a> Document<'a> for RowBuilder<'a> {
    fn document(self, json: &'a str) -> Self {
        self.raw(json).raw_digest_of(&format!("{:016x}", unordered(json)))
    }

    fn document_of<'p>(self, json: &'a str, parts: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let part = |(name, value): (&str, &str)| xxh3_64_with_seed(value.as_bytes(), xxh3_64(name.as_bytes()));
        let sum = parts.map(part).fold(0, u64::wrapping_add);
        self.raw(json).raw_digest_of(&format!("{sum:016x}"))
    }
}

/// A digest that does not depend on the order of lists and objects: the sum of the digests of what stands between
/// commas and brackets.
fn unordered(json: &str) -> u64 {
    let is_end = |b: &u8| matches!(b, b']' | b'}' | b' ');
    let parts = json.as_bytes().split(|b| matches!(b, b',' | b'{' | b'['));
    let part = |part: &[u8]| {
        let part = part.trim_ascii_start();
        xxh3_64(&part[..part.len() - part.iter().rev().take_while(|b| is_end(b)).count()])
    };
    parts.map(part).fold(0, u64::wrapping_add)
}

/// Statuses are words, not shouts: `ACTIVE` is `active`.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) }
}

/// Identity of a zone: those of computing and of volumes differ. Blank, and so no link, without a name.
pub(super) fn zone(kind: &str, name: Option<&str>) -> Key {
    Key::text(kind).and_text(name.unwrap_or_default())
}

/// Identity of a row that a VM has one of: its hardware, its operating system.
pub(super) fn of_vm(vm: &Key) -> Key {
    Key::new().and_link(vm).and_null()
}

/// Likewise of a host.
pub(super) fn of_host(host: &Key) -> Key {
    Key::new().and_null().and_link(host)
}

/// A list of texts as JSON, sorted: services read zones from sets, which have no order. Null where it was not sent.
pub(super) fn sorted(texts: Option<&List<Text<'_>>>) -> Option<String> {
    let mut texts: Vec<&str> = texts?.iter().filter_map(Text::filled).collect();
    texts.sort_unstable();
    serde_json::to_string(&texts).ok()
}

/// The same word for every provider, from nova's power state and, where that says nothing, its status.
pub(super) fn power_state(power_state: Option<i64>, status: &str) -> &'static str {
    match (power_state, status) {
        (Some(1), _) => "on",
        (Some(3), _) => "paused",
        (Some(4 | 6), _) => "off",
        (Some(7), _) => "suspended",
        (_, "SHUTOFF" | "SHELVED" | "SHELVED_OFFLOADED" | "SOFT_DELETED") => "off",
        (_, "SUSPENDED") => "suspended",
        (_, "PAUSED") => "paused",
        (None, "ACTIVE") => "on",
        _ => "unknown",
    }
}

/// Nova's power state as its own client writes it.
pub(super) fn raw_power_state(power_state: Option<i64>) -> Option<&'static str> {
    Some(match power_state? {
        0 => "NOSTATE",
        1 => "Running",
        3 => "Paused",
        4 => "Shutdown",
        6 => "Crashed",
        7 => "Suspended",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_count_and_content_does() {
        let one = unordered(r#"{"id": "a", "metadata": {"x": "1", "y": "2"}, "groups": ["g", "h"]}"#);
        assert_eq!(one, unordered(r#"{"groups": ["h", "g"], "id": "a", "metadata": {"y": "2", "x": "1"}}"#));
        assert_ne!(one, unordered(r#"{"id": "a", "metadata": {"x": "1", "y": "3"}, "groups": ["g", "h"]}"#));
        assert_ne!(one, unordered(r#"{"id": "a", "metadata": {"x": "1"}, "groups": ["g", "h"]}"#));
    }
}
