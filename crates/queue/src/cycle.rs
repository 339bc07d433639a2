//! The busy worker's step: say what was done, take what is next, in one round trip.
//!
//! Two statements in one transaction, the acknowledgement strictly first: it may wait for a claim that looks at its row,
//! a claim waits for nobody, so nobody waits in a circle. In one statement, or the other way round, they deadlock.

use std::collections::HashSet;

use serde_json::Value;
use stocktake_store::Statement;

use crate::claim::{Claim, Claimed, read};
use crate::error::Result;
use crate::job::JobId;
use crate::{Queue, many};

/// What [`Queue::done_and_claim`] did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cycle {
    pub claimed: Vec<Claimed>,
    /// Of those said to be done: jobs that were no longer held and whose ending therefore changed nothing.
    pub lost: Vec<JobId>,
}

impl Queue {
    /// Ends jobs as done, with their results, and claims the next ones. With a limit of 0 it only ends them.
    pub async fn done_and_claim(&self, done: &[(Claimed, Option<Value>)], claim: &Claim) -> Result<Cycle> {
        if done.is_empty() {
            return Ok(Cycle { claimed: self.claim(claim).await?, lost: Vec::new() });
        }
        self.tend_now_and_then().await?;
        let ended: Vec<_> = done.iter().map(|(job, result)| (job, result.as_ref().map(Value::to_string))).collect();
        let mut statements: Vec<Statement> = many::done(self.words(), &ended);
        let acks = statements.len();
        let (next, asked, rest) = self.first_claim(claim);
        let claims = claim.limit > 0 && !asked.is_empty();
        statements.extend(claims.then_some(next));
        let mut answers = self.insist(&statements).await?;
        let next = answers.split_off(acks).pop();
        let acked = answers.iter().flatten().map(|row| row.get(0)).collect::<Result<HashSet<JobId>, _>>()?;
        let lost = done.iter().map(|(job, _)| job.id).filter(|id| !acked.contains(id)).collect();
        let mut claimed = next.map_or(Ok(Vec::new()), |rows| read(claim, asked, rows))?;
        if claimed.len() < claim.limit && !rest.is_empty() {
            let more = Claim { limit: claim.limit - claimed.len(), ..claim.clone() };
            claimed.extend(self.claim_from(&more, rest).await?);
        }
        self.announce_freed(done.iter().map(|(job, _)| job), &claimed);
        Ok(Cycle { claimed, lost })
    }

    /// Who waits for an exclusive lane is woken when it is free.
    fn announce_freed<'a>(&self, ended: impl Iterator<Item = &'a Claimed>, taken: &[Claimed]) {
        let freed = ended.filter(|job| job.exclusive && !taken.iter().any(|t| t.lane == job.lane));
        self.announce_all(freed.map(|job| job.lane.as_str()));
    }
}
