//! Signals by `listen` and `notify`, on one connection of their own that comes back by itself.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::types::ToSql;

use super::Shared;
use crate::error::{Result, StoreError};
use crate::pg::Postgres;

/// A connection on which nothing is said is asked this often whether it is still there: the network need not say so.
const QUIET: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn run(shared: &Shared, postgres: &Postgres) {
    let mut pause = FIRST_PAUSE;
    loop {
        let start = Instant::now();
        if let Err(error) = session(shared, postgres).await {
            tracing::debug!(%error, channel = shared.channel, "signals are cut off from the database");
        }
        pause = if start.elapsed() > LAST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LAST_PAUSE) };
        sleep(pause).await;
    }
}

/// From connecting to the loss of the connection.
async fn session(shared: &Shared, postgres: &Postgres) -> Result<()> {
    let channel = format!("stocktake_{}", shared.channel);
    let failed = |e: tokio_postgres::Error| StoreError::Lost { place: postgres.place().to_owned(), source: e.into() };
    let (notices, mut heard) = mpsc::unbounded_channel();
    let client = postgres.connect_and_hear(notices).await?;
    // A signal need not survive anything, so it waits for no disk.
    let settings = "set application_name = 'stocktake signals'; set synchronous_commit = off";
    client.batch_execute(settings).await.map_err(failed)?;
    let own: i32 = client.query_one("select pg_backend_pid()", &[]).await.map_err(failed)?.get(0);
    let notify = client.prepare("select pg_notify($1, topic) from unnest($2::text[]) as topic").await.map_err(failed)?;
    let mut listened = shared.listened.subscribe();
    let mut listens = false;
    let (mut next, mut quiet) = (Instant::now(), Instant::now() + QUIET);
    loop {
        tokio::select! {
            notice = heard.recv() => match notice {
                None => return Err(StoreError::Lost { place: postgres.place().to_owned(), source: "it was closed".into() }),
                Some(notice) if notice.process_id() == own => {}
                Some(notice) => shared.hear(notice.payload()),
            },
            () = async { drop(listened.wait_for(|wanted| *wanted).await) }, if !listens => {
                client.batch_execute(&format!("listen {channel}")).await.map_err(failed)?;
                listens = true;
                // What was said before.
                shared.missed();
            }
            (topics, pause) = async { sleep_until(next).await; shared.take().await } => {
                let params: [&(dyn ToSql + Sync); 2] = [&channel, &topics];
                match client.execute(&notify, &params).await {
                    Ok(_) => shared.sent(Vec::new()),
                    Err(error) => {
                        shared.sent(topics);
                        return Err(failed(error));
                    }
                }
                next = Instant::now() + pause;
            }
            () = sleep_until(quiet) => {
                let alive = timeout(ANSWER, client.batch_execute("select 1")).await;
                alive.map_err(|e| StoreError::Lost { place: postgres.place().to_owned(), source: e.into() })?
                    .map_err(failed)?;
                quiet = Instant::now() + QUIET;
            }
        }
    }
}
