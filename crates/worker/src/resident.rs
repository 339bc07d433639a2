//! A worker without jobs: it does one thing until it is asked to stop.

use std::future::Future;

use crate::line::WorkerStage;
use crate::report::Reporter;
use crate::stop::Stop;

/// Carries the work to its end and tells the stages. The work itself heeds the stop: only it knows where it may end.
pub async fn reside<E>(work: impl Future<Output = Result<(), E>>, report: &Reporter, stop: &Stop) -> Result<(), E> {
    report.stage(WorkerStage::Running);
    tokio::pin!(work);
    let done = tokio::select! {
        // The asking first: work that ends at once when it is asked has drained, too.
        biased;
        () = stop.asked() => {
            report.stage(WorkerStage::Draining);
            work.await
        }
        done = &mut work => done,
    };
    tracing::info!(why = stop.why(), "ended");
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_work_ends_where_it_wants_and_the_stages_are_told() {
        let (report, stop) = (Reporter::default(), Stop::default());
        let (seen, asked) = (report.clone(), stop.clone());
        let work = async move {
            asked.asked().await;
            tokio::task::yield_now().await;
            // Told before the work has come to its end.
            assert_eq!(seen.now().stage, WorkerStage::Draining);
            Err::<(), _>("broken")
        };
        let asks = async {
            tokio::task::yield_now().await;
            assert_eq!(report.now().stage, WorkerStage::Running);
            stop.ask("enough");
        };
        let (done, ()) = tokio::join!(reside(work, &report, &stop), asks);
        assert_eq!(done, Err("broken"));
    }
}
