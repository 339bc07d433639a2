//! Waiting for a condition: looked at again and again, given up long after any machine should have got there.

use std::time::{Duration, Instant};

const GIVE_UP: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(50);

/// What `look` finds. `what` stands behind "waited in vain for".
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < GIVE_UP, "waited in vain for: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// As [`until`], for what is only true or not.
pub(crate) async fn until_so(what: &str, mut look: impl AsyncFnMut() -> bool) {
    until(what, async || look().await.then_some(())).await;
}
