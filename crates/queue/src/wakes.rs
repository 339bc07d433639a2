//! Waiting for work: woken when something was put, when a job falls due, when a lease runs out, or when it is time anyway.

use std::collections::HashSet;
use std::time::Duration;

use stocktake_store::{Heard, Listener};
use tokio::time::{Instant, sleep_until};

use crate::Queue;
use crate::error::Result;

/// Databases count time differently fine; a little late is one look, a little early is two.
const ROUNDING: Duration = Duration::from_millis(2);
/// What is overdue and yet was not to be had is in somebody else's hands at this moment.
const SOON: Duration = Duration::from_millis(60);

/// Why it is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody said so.
    Signal,
    /// A job falls due or a lease runs out.
    Due,
    /// The caller's own period is over.
    Period,
}

/// What happens in some lanes from its making on: make it, look, then wait, and nothing falls between.
#[derive(Debug)]
pub struct Wakes {
    queue: Queue,
    lanes: Vec<String>,
    wanted: HashSet<String>,
    listener: Listener,
}

impl Queue {
    /// Listens for these lanes. At once: signals are missed until the connection stands, and then it wakes.
    pub fn wakes(&self, lanes: &[String]) -> Wakes {
        let listener = self.inner.signals.listen();
        Wakes { queue: self.clone(), lanes: lanes.to_vec(), wanted: lanes.iter().cloned().collect(), listener }
    }
}

impl Wakes {
    /// Returns when it is worth looking again, after `at_most` in any case. Call it after a claim that gave nothing. Dropped
    /// unfinished, it forgets nothing.
    pub async fn wait(&mut self, at_most: Duration) -> Result<Woken> {
        let period = Instant::now() + at_most;
        if self.was_said() {
            return Ok(Woken::Signal);
        }
        let due = self.queue.next_due(&self.lanes).await?;
        let due = due.map(|span| Instant::now() + if span.is_zero() { SOON } else { span + ROUNDING });
        let until = due.map_or(period, |due| due.min(period));
        loop {
            tokio::select! {
                heard = self.listener.next() => if self.concerns(&heard) {
                    self.was_said();
                    return Ok(Woken::Signal);
                },
                () = sleep_until(until) => return Ok(if until < period { Woken::Due } else { Woken::Period }),
            }
        }
    }

    /// Takes away all that was said, so that one look answers it.
    fn was_said(&mut self) -> bool {
        let mut said = false;
        while let Some(heard) = self.listener.said() {
            said |= self.concerns(&heard);
        }
        said
    }

    fn concerns(&self, heard: &Heard) -> bool {
        match heard {
            Heard::Topic(lane) => self.wanted.contains(lane.as_ref()),
            Heard::Missed => true,
        }
    }
}
