//! Where a poller was: for each listing the time up to which changes were told, and what a count came to. Text that only
//! the poller reads.
//!
//! A count's sum is kept instead of the ids, so that the position stays small: after a restart it says whether anything
//! came, went or changed, though not what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_provider::Position;

/// Kept by listing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursors {
    /// By the cloud's clock.
    #[serde(default)]
    pub(super) since: BTreeMap<String, Timestamp>,
    /// With which rights changes were asked for.
    #[serde(default)]
    pub(super) reach: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) counts: BTreeMap<String, Sum>,
}

/// What a listing held, whatever its order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) records: u64,
    /// Digests of all records, added up.
    pub(super) digest: u64,
    /// With which rights it was listed.
    #[serde(default)]
    pub(super) reach: u64,
}

impl Cursors {
    pub(super) fn read(position: &Position) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&position.0)
    }

    pub(super) fn write(&self) -> Position {
        // Maps of text, times and numbers can always be written.
        Position(serde_json::to_string(self).unwrap_or_default())
    }

    /// The listing that has come furthest.
    pub(super) fn newest(&self) -> Option<(&str, Timestamp)> {
        self.since.iter().map(|(listing, at)| (listing.as_str(), *at)).max_by_key(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let mut cursors = Cursors::default();
        let at: Timestamp = "2026-11-22T08:24:11Z".parse().expect("a time");
        cursors.since.insert("servers".to_owned(), at);
        cursors.reach.insert("servers".to_owned(), 7);
        cursors.counts.insert("ports".to_owned(), Sum { records: 2, digest: u64::MAX, reach: 7 });
        let text = cursors.write();
        let expected = concat!(
            r#"{"since":{"servers":"2026-11-22T08:24:11Z"},"reach":{"servers":7},"#,
            r#""counts":{"ports":{"records":2,"digest":18446744073709551615,"reach":7}}}"#
        );
        assert_eq!(text.0, expected);
        assert_eq!(Cursors::read(&text).expect("a position"), cursors);
        assert!(Cursors::read(&Position("stocktake.0191".to_owned())).is_err(), "another source's");
    }
}
