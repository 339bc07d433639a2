//! Housekeeping that anybody may do at any time, as often as they like: lost leases, expired jobs, old jobs; and what people
//! do to single jobs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use stocktake_store::{Durability, Row, Statement, params};

use crate::Queue;
use crate::ending::AGAIN;
use crate::error::{QueueError, Result};
use crate::job::{JobId, Priority, State};
use crate::words::micros;

/// A busy queue is tended this often by each process that claims from it.
const EVERY: Duration = Duration::from_secs(1);
/// One that has nothing to give, at most this often.
const IDLE: Duration = Duration::from_millis(50);

const UNTIDY: &str = "select 1 from jobs where state = 'running' and lease_until <= now() \
     union all select 1 from jobs where state in ('waiting', 'retrying') and expires_on is not null and expires_on <= now() \
     limit 1";

/// What housekeeping found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tended {
    /// Their holders' leases had run out; they are run again.
    pub taken_back: u64,
    /// The same, but it was their last attempt.
    pub parked: u64,
    /// Their time had passed before a worker was free.
    pub expired: u64,
}

impl Queue {
    /// Takes back jobs whose leases have run out and cancels those whose time has passed.
    pub async fn take_back_lost(&self) -> Result<Tended> {
        self.inner.tended.store(1 + self.inner.started.elapsed().as_millis() as u64, Ordering::Relaxed);
        // Looking locks nothing: an idle worker must not wait for who writes an inventory into the same SQLite file.
        if self.one(Statement::new(UNTIDY, []), Durability::Usual).await?.is_empty() {
            return Ok(Tended::default());
        }
        let (lost, expired) = (self.lost(), self.expired());
        let answers = self.transact_any(&[lost, expired]).await?;
        let [lost, expired] = answers.as_slice() else { return Ok(Tended::default()) };
        let mut tended = Tended { expired: expired.len() as u64, ..Tended::default() };
        let mut lanes = Vec::new();
        for row in lost {
            let (lane, state): (String, State) = (row.get(0)?, row.get(1)?);
            let counter = if state == State::Parked { &mut tended.parked } else { &mut tended.taken_back };
            *counter += 1;
            lanes.push(lane);
        }
        self.announce_all(lanes.iter().map(String::as_str));
        if tended != Tended::default() {
            tracing::info!(taken_back = tended.taken_back, parked = tended.parked, expired = tended.expired, "queue tended");
        }
        Ok(tended)
    }

    /// They come back as retried, not as waiting: their attempt counts, as it may be the job that kills its workers.
    fn lost(&self) -> Statement {
        let sql = format!(
            "update jobs set state = case when cancel_asked then 'cancelled' when attempts >= max_attempts then 'parked' \
             else 'retrying' end, run_after = now(), lease_until = null, \
             error = 'the lease of ' || lease_owner || ' ran out: it died, hung, or was cut off from the database', \
             ended_on = case when cancel_asked or attempts >= max_attempts then now() end \
             where id in (select id from jobs where state = 'running' and lease_until <= now(){}) \
             and state = 'running' and lease_until <= now() returning lane, state",
            self.words().skip_locked
        );
        Statement::new(sql, [])
    }

    fn expired(&self) -> Statement {
        let sql = format!(
            "update jobs set state = 'cancelled', ended_on = now(), error = 'it expired before a worker was free for it' \
             where id in (select id from jobs where state in ('waiting', 'retrying') and expires_on is not null \
             and expires_on <= now(){}) and state in ('waiting', 'retrying') returning id",
            self.words().skip_locked
        );
        Statement::new(sql, [])
    }

    /// Jobs that have been due for longer than this become urgent, so that nothing waits for ever behind what is more
    /// urgent. Says how many.
    pub async fn raise_old(&self, due_for: Duration) -> Result<u64> {
        let words = self.words();
        let sql = format!(
            "update jobs set priority = $1 where id in (select id from jobs where state in ('waiting', 'retrying') \
             and priority > $1 and run_after <= {}{}) and state in ('waiting', 'retrying') returning id",
            words.minus("now()", "$2"),
            words.skip_locked
        );
        let params = params![i64::from(Priority::HIGH.0), micros(due_for)];
        Ok(self.transact_any(&[Statement::new(sql, params)]).await?.iter().map(Vec::len).sum::<usize>() as u64)
    }

    /// Deletes jobs that were done or cancelled longer ago than `kept`, in transactions of `window` rows. Parked ones stay:
    /// they wait for a person. Says how many.
    pub async fn purge(&self, kept: Duration, window: u32) -> Result<u64> {
        let words = self.words();
        let sql = format!(
            "delete from jobs where id in (select id from jobs where state in ('done', 'cancelled') and ended_on < {} \
             order by ended_on limit $2{}) and state in ('done', 'cancelled') returning id",
            words.minus("now()", "$1"),
            words.skip_locked
        );
        let statement = [Statement::new(sql, params![micros(kept), i64::from(window.max(1))])];
        let mut purged = 0;
        loop {
            let rows = self.transact_any(&statement).await?.iter().map(Vec::len).sum::<usize>() as u64;
            purged += rows;
            if rows < u64::from(window.max(1)) {
                return Ok(purged);
            }
        }
    }

    /// A person wants a parked or cancelled job to be run after all, with all its attempts anew, or one that waits for its
    /// next attempt to have it now.
    pub async fn retry(&self, id: JobId) -> Result<()> {
        let sql = format!(
            "update jobs set state = case when state = 'retrying' then 'retrying' {AGAIN} end, \
             attempts = case when state = 'retrying' then attempts else 0 end, run_after = now(), ended_on = null, \
             expires_on = null, cancel_asked = false where id = $1 and state in ('parked', 'cancelled', 'retrying') \
             returning lane"
        );
        match self.one_unless_waiting(Statement::new(sql, params![id])).await?.first() {
            Some(row) => self.announce([row.get::<String>(0)?.as_str()]),
            None => {
                return Err(self
                    .not_now(id, |state| match state {
                        State::Done => "it has succeeded",
                        State::Running => "wait until it has ended, or cancel it",
                        _ => "it will be run as soon as it is due and a worker is free",
                    })
                    .await?);
            }
        }
        Ok(())
    }

    /// Ends a job that does not run yet; of one that runs, its holder is told at its next heartbeat. The state it is in now.
    pub async fn cancel(&self, id: JobId) -> Result<State> {
        let sql = "update jobs set cancel_asked = true, \
             state = case when state = 'running' then 'running' else 'cancelled' end, \
             ended_on = case when state = 'running' then ended_on else now() end \
             where id = $1 and state in ('waiting', 'running', 'retrying', 'parked') returning state";
        match self.one(Statement::new(sql, params![id]), Durability::Usual).await?.first() {
            Some(row) => Ok(row.get(0)?),
            None => Err(self.not_now(id, |_| "it has ended already").await?),
        }
    }

    async fn not_now(&self, id: JobId, advice: impl Fn(State) -> &'static str) -> Result<QueueError> {
        let row: Option<Row> = self.store().query_opt("select state from jobs where id = $1", &params![id]).await?;
        let Some(row) = row else { return Ok(QueueError::Unknown { id }) };
        let state = row.get(0)?;
        Ok(QueueError::NotNow { id, state, advice: advice(state) })
    }

    pub(crate) async fn tend_now_and_then(&self) -> Result<()> {
        if self.untended() >= EVERY {
            self.take_back_lost().await?;
        }
        Ok(())
    }

    /// Whether anything came back.
    pub(crate) async fn tend_before_giving_up(&self) -> Result<bool> {
        Ok(self.untended() >= IDLE && self.take_back_lost().await?.taken_back > 0)
    }

    fn untended(&self) -> Duration {
        match self.inner.tended.load(Ordering::Relaxed) {
            0 => Duration::MAX,
            last => self.inner.started.elapsed().saturating_sub(Duration::from_millis(last)),
        }
    }
}
