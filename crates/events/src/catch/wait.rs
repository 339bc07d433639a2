//! Waiting for a source, however long it takes, with a sign of life beside it.
//!
//! The wait itself is never dropped for that: a source that works longer than a sign of life is apart, by slow answers and
//! tries made again, would begin anew each time and never get to its end.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How often a catcher with nothing to store writes that it lives, and where it is.
pub(super) const ALIVE: Duration = Duration::from_secs(30);

/// What comes of `next`; `alive` is done whenever it is `due`, and not cut off when asked to stop. None: stopped, and `next`
/// dropped. Fails as `alive` does.
pub(super) async fn wait<T, E, Written: Future<Output = Result<(), E>>>(
    next: impl Future<Output = T>,
    stopped: impl Future<Output = ()>,
    due: &mut Instant,
    mut alive: impl FnMut() -> Written,
) -> Result<Option<T>, E> {
    let (mut next, mut stopped) = (pin!(next), pin!(stopped));
    loop {
        // Looked at first: a source that always has an answer ready, and an empty one, must not keep it from being written.
        while Instant::now() < *due {
            tokio::select! {
                biased;
                () = &mut stopped => return Ok(None),
                told = &mut next => return Ok(Some(told)),
                () = sleep_until(*due) => {}
            }
        }
        alive().await?;
        *due = Instant::now() + ALIVE;
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{pending, poll_fn, ready};
    use std::task::Poll;

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_source_that_takes_long_is_asked_once_and_gets_to_its_end() {
        let (write, mut written) = mpsc::unbounded_channel();
        // Overdue at once, and the source answers only after that was seen to.
        let mut due = Instant::now();
        let mut polls = 0;
        let next = async {
            written.recv().await;
            poll_fn(|context| {
                polls += 1;
                context.waker().wake_by_ref();
                if polls < 5 { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            "told"
        };
        let alive = || ready(write.send(()));
        assert_eq!(wait(next, pending(), &mut due, alive).await, Ok(Some("told")));
        assert!(due > Instant::now() && polls == 5);
    }

    #[tokio::test]
    async fn a_source_that_always_answers_does_not_hide_that_it_is_due() {
        let (mut due, mut written) = (Instant::now(), 0);
        let alive = || {
            written += 1;
            ready(Ok::<_, Infallible>(()))
        };
        assert_eq!(wait(ready(1), pending(), &mut due, alive).await, Ok(Some(1)));
        assert_eq!(written, 1);
    }

    #[tokio::test]
    async fn one_who_is_asked_to_stop_waits_no_longer_and_a_failure_is_passed_on() {
        let mut due = Instant::now() + ALIVE;
        assert_eq!(wait(pending::<()>(), ready(()), &mut due, || ready(Err("away"))).await, Ok(None));
        due = Instant::now();
        assert_eq!(wait(pending::<()>(), pending(), &mut due, || ready(Err("away"))).await, Err("away"));
    }
}
