//! The position as text: our queue's name, and which exchanges could not be bound to it. Both are of the queue, not of today's
//! settings, and must be known to whoever comes back for it.

use stocktake_provider::Position;
use uuid::Uuid;

const WITHOUT: &str = " without ";

/// Where we are with a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) queue: String,
    /// Exchanges that were not there: what is told through them before they are bound is missed.
    pub(super) without: Vec<String>,
}

impl Place {
    pub(super) fn read(position: &Position) -> Self {
        let (queue, without) = position.0.split_once(WITHOUT).unwrap_or((&position.0, ""));
        let without = without.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Self { queue: queue.to_owned(), without }
    }

    pub(super) fn position(&self) -> Position {
        if self.without.is_empty() {
            return Position(self.queue.clone());
        }
        Position(format!("{}{WITHOUT}{}", self.queue, self.without.join(",")))
    }
}

/// A name for a queue that keeps so many messages: what it was made with stays, whatever is set later.
pub(super) fn new_queue(length: u32) -> String {
    format!("stocktake.{}.{length}", Uuid::now_v7())
}

/// How many messages a queue keeps. None: it was not named by us.
pub(super) fn length_of(queue: &str) -> Option<u32> {
    queue.rsplit_once('.').and_then(|(_, length)| length.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for without in [vec![], vec!["heat".to_owned()], vec!["heat".to_owned(), "cinder".to_owned()]] {
            let place = Place { queue: new_queue(5_000), without };
            assert_eq!(Place::read(&place.position()), place);
            assert_eq!(length_of(&place.queue), Some(5_000));
        }
        assert_eq!(length_of("stocktake.gone"), None);
    }
}
