//! How what was caught is cut into batches: by bytes, for a handler holds one batch unpacked, and whoever sends decides how
//! large events are. Pure.

use stocktake_provider::RawEvent;

/// Bytes of a batch, about: it has one event at least.
const BATCH: usize = 4 << 20;

/// Bytes of an event, at most: a thousand times what notifications have.
pub(crate) const LARGEST: usize = 8 << 20;

/// Batches in the order in which events came, and those that are too large for any.
pub(crate) fn portions(events: &[RawEvent]) -> (Vec<&[RawEvent]>, Vec<&RawEvent>) {
    let (mut batches, mut too_large) = (Vec::new(), Vec::new());
    let (mut start, mut bytes) = (0, 0);
    for (at, event) in events.iter().enumerate() {
        let size = size(event);
        if bytes + size > BATCH || size > LARGEST {
            batches.push(&events[start..at]);
            (start, bytes) = (at, 0);
        }
        if size > LARGEST {
            too_large.push(event);
            start = at + 1;
        } else {
            bytes += size;
        }
    }
    batches.push(&events[start..]);
    batches.retain(|batch| !batch.is_empty());
    (batches, too_large)
}

pub(crate) fn size(event: &RawEvent) -> usize {
    event.key.len() + event.via.len() + event.body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mebibytes: &[usize]) -> (Vec<Vec<usize>>, usize) {
        let event = |mebibytes: &usize| RawEvent {
            key: String::new(),
            via: String::new(),
            body: vec![b'x'; mebibytes << 20].into(),
        };
        let events: Vec<_> = mebibytes.iter().map(event).collect();
        let (batches, too_large) = portions(&events);
        let sizes = |batch: &&[RawEvent]| batch.iter().map(|event| size(event) >> 20).collect();
        (batches.iter().map(sizes).collect(), too_large.len())
    }

    #[test]
    fn batches_are_cut_by_bytes_and_in_order() {
        assert_eq!(cut(&[]), (vec![], 0));
        assert_eq!(cut(&[1, 1, 1]), (vec![vec![1, 1, 1]], 0));
        assert_eq!(cut(&[1, 2, 2, 4, 0, 1]), (vec![vec![1, 2], vec![2], vec![4, 0], vec![1]], 0));
        assert_eq!(cut(&[1, 7, 1]), (vec![vec![1], vec![7], vec![1]], 0), "larger than a batch, and not too large");
    }

    #[test]
    fn what_is_too_large_stops_nothing_else() {
        assert_eq!(cut(&[9]), (vec![], 1));
        assert_eq!(cut(&[1, 9, 9, 1]), (vec![vec![1], vec![1]], 2));
    }
}
