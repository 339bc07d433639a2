//! Giving jobs back: for later, and for a holder that is known to be dead.

use std::time::Duration;

use stocktake_store::{Durability, Statement, StoreError, params};

use crate::Queue;
use crate::claim::Claimed;
use crate::ending::AGAIN;
use crate::error::{QueueError, Result};
use crate::job::State;
use crate::words::micros;

impl Queue {
    /// As [`Self::hand_back`], but not to be started again before `after` has passed: it waits for something that is not
    /// there yet.
    pub async fn hand_back_for(&self, job: &Claimed, why: &str, after: Duration) -> Result<()> {
        let sql = format!(
            "update jobs set state = case when cancel_asked then 'cancelled' {AGAIN} end, attempts = attempts - 1, \
             run_after = {}, error = $3, lease_until = null, ended_on = case when cancel_asked then now() end \
             where id = $1 and lease_token = $2 and state = 'running' returning id",
            self.words().plus("now()", "$4")
        );
        let statement = Statement::new(sql, params![job.id, job.token, why, micros(after)]);
        if self.one_unless_waiting(statement).await?.is_empty() {
            return Err(QueueError::Lost { id: job.id, owner: job.owner.clone() });
        }
        self.announce([job.lane.as_str()]);
        Ok(())
    }

    /// Takes back at once what a holder had whose process is known to have ended; without it, whoever waits for its leases
    /// to run out would. The attempt counts: it may be the job that kills its workers. Says how many there were.
    pub async fn free(&self, owner: &str) -> Result<u64> {
        let sql = "update jobs set state = case when cancel_asked then 'cancelled' when attempts >= max_attempts then 'parked' \
                   else 'retrying' end, run_after = now(), lease_until = null, \
                   error = 'its holder ' || lease_owner || ' ended without a word', \
                   ended_on = case when cancel_asked or attempts >= max_attempts then now() end \
                   where lease_owner = $1 and state = 'running' returning lane, state";
        let rows = self.one(Statement::new(sql, params![owner]), Durability::Usual).await?;
        let freed = rows.iter().map(|row| Ok((row.get::<String>(0)?, row.get::<State>(1)?)));
        let freed = freed.collect::<Result<Vec<_>, StoreError>>()?;
        self.announce_all(freed.iter().map(|(lane, _)| lane.as_str()));
        Ok(freed.len() as u64)
    }
}
