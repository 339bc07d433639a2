//! What the holder of a job says about it. Every sentence names the lease's token: a holder that was taken over changes
//! nothing and is told so.

use std::time::Duration;

use serde_json::Value;
use stocktake_store::{Durability, Param, Row, Statement, StoreError, params};

use crate::claim::Claimed;
use crate::error::{QueueError, Result};
use crate::job::State;
use crate::words::micros;
use crate::{Queue, many};

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    Held,
    /// Held, but somebody wants it to stop: see [`Queue::stopped`].
    Cancel,
}

/// What becomes of a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    WillRetry {
        after: Duration,
    },
    /// It was the last attempt, or no retry would mend it.
    Parked,
    /// It was to be cancelled anyway.
    Cancelled,
}

impl Queue {
    /// Prolongs the lease: it ends `ttl` from now unless there is another heartbeat.
    pub async fn beat(&self, job: &Claimed, ttl: Duration) -> Result<Beat> {
        let sql =
            format!("update jobs set lease_until = {} {HELD} returning cancel_asked", self.words().plus("now()", "$3"));
        let row = self.say(job, &sql, [micros(ttl).into()]).await?;
        Ok(if row.get(0)? { Beat::Cancel } else { Beat::Held })
    }

    /// It succeeded. The result is for people.
    pub async fn done(&self, job: &Claimed, result: Option<&Value>) -> Result<()> {
        let statements = many::done(self.words(), &[(job, result.map(Value::to_string))]);
        let answers = self.insist(&statements).await?;
        if answers.iter().all(Vec::is_empty) {
            return Err(lost(job));
        }
        self.announce_end(job);
        Ok(())
    }

    /// It succeeded, and its row goes at once: for jobs that come by the thousand and that nobody looks at afterwards.
    pub async fn done_and_gone(&self, job: &Claimed) -> Result<()> {
        let gone = Statement::new(format!("delete from jobs {HELD} returning id"), params![job.id, job.token]);
        if self.insist(&[gone]).await?.iter().all(Vec::is_empty) {
            return Err(lost(job));
        }
        self.announce_end(job);
        Ok(())
    }

    /// It failed; `error` is the whole chain, a cause a line. It is tried again after a while, or parked after its last
    /// attempt.
    pub async fn fail(&self, job: &Claimed, error: &str) -> Result<Failed> {
        let after = self.inner.backoff.after(job.attempt, job.id);
        let sql = format!(
            "update jobs set state = case when cancel_asked then 'cancelled' when attempts >= max_attempts then 'parked' \
             else 'retrying' end, run_after = {}, error = $4, lease_until = null, \
             ended_on = case when cancel_asked or attempts >= max_attempts then now() end {HELD} returning state",
            self.words().plus("now()", "$3")
        );
        let row = self.say(job, &sql, [micros(after).into(), error.into()]).await?;
        self.announce_end(job);
        Ok(match row.get(0)? {
            State::Retrying => Failed::WillRetry { after },
            State::Cancelled => Failed::Cancelled,
            _ => Failed::Parked,
        })
    }

    /// It failed in a way that no retry mends: it waits for a person at once.
    pub async fn park(&self, job: &Claimed, error: &str) -> Result<Failed> {
        let sql = format!(
            "update jobs set state = case when cancel_asked then 'cancelled' else 'parked' end, error = $3, \
             lease_until = null, ended_on = now() {HELD} returning state"
        );
        let row = self.say(job, &sql, [error.into()]).await?;
        self.announce_end(job);
        Ok(if row.get::<State>(0)? == State::Cancelled { Failed::Cancelled } else { Failed::Parked })
    }

    /// It stopped because [`Beat::Cancel`] said so.
    pub async fn stopped(&self, job: &Claimed, note: &str) -> Result<()> {
        let sql = format!(
            "update jobs set state = 'cancelled', error = $3, lease_until = null, ended_on = now() {HELD} returning id"
        );
        self.say(job, &sql, [note.into()]).await?;
        self.announce_end(job);
        Ok(())
    }

    /// Gives it back unfinished, for instance because this worker is to end: it waits again, and the attempt does not count.
    /// If another with its merge key waits by now, it keeps apart from that one as one that is retried.
    pub async fn hand_back(&self, job: &Claimed, why: &str) -> Result<()> {
        let sql = format!(
            "update jobs set state = case when cancel_asked then 'cancelled' {AGAIN} end, attempts = attempts - 1, \
             run_after = now(), error = $3, lease_until = null, ended_on = case when cancel_asked then now() end \
             {HELD} returning id"
        );
        self.say(job, &sql, [why.into()]).await?;
        self.announce([job.lane.as_str()]);
        Ok(())
    }

    async fn say<const N: usize>(&self, job: &Claimed, sql: &str, more: [Param; N]) -> Result<Row> {
        let mut params = params![job.id, job.token].to_vec();
        params.extend(more);
        let statement = Statement::new(sql.to_owned(), params);
        self.one_unless_waiting(statement).await?.into_iter().next().ok_or_else(|| lost(job))
    }

    /// For statements with [`AGAIN`]: repeated when the other that waits came in between.
    pub(crate) async fn one_unless_waiting(&self, statement: Statement) -> Result<Vec<Row>> {
        for _ in 0..8 {
            match self.one(statement.clone(), Durability::Usual).await {
                Err(QueueError::Store(StoreError::Collision { .. })) => {}
                Err(QueueError::Store(StoreError::Constraint { rule, .. })) if rule.contains("merge") => {}
                done => return done,
            }
        }
        self.one(statement, Durability::Usual).await
    }

    fn announce_end(&self, job: &Claimed) {
        if job.exclusive {
            self.announce([job.lane.as_str()]);
        }
    }
}

const HELD: &str = "where id = $1 and lease_token = $2 and state = 'running'";

/// For a `case`: what state a job has that comes back, such that one alone waits with its merge key.
pub(crate) const AGAIN: &str = "when exists (select 1 from jobs as w where w.merge_key = jobs.merge_key \
     and w.state = 'waiting' and w.merge_key is not null) then 'retrying' else 'waiting'";

fn lost(job: &Claimed) -> QueueError {
    QueueError::Lost { id: job.id, owner: job.owner.clone() }
}
