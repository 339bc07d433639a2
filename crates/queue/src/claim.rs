//! Taking due jobs under a lease.
//!
//! One statement picks and takes. On PostgreSQL it waits for nobody: rows another is about to take are skipped, and so is an
//! exclusive lane in which another claims at this moment. That is what keeps claims and the acknowledgements before them
//! (`cycle.rs`) from waiting for each other in a circle. Two claims in one exclusive lane can still meet when one's view is
//! older than the other's commit; then the unique index `jobs_alone` refuses the second, which looks again.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use stocktake_store::{Durability, Kind, Param, Row, Statement, StoreError};

use crate::Queue;
use crate::error::{QueueError, Result};
use crate::job::{JobId, Priority};
use crate::words::{Words, micros, span};

/// Lanes asked for by one statement; more are asked for one after the other.
const LANES: usize = 24;

/// What a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// In the order of preference: a job of the second is taken only if the first has none.
    pub lanes: Vec<String>,
    /// As people would look for it: `refresh-1@host`.
    pub owner: String,
    /// How long the jobs are its own without a heartbeat, by the database's clock.
    pub ttl: Duration,
    /// At most so many jobs. Of an exclusive lane one is given, and only while none runs.
    pub limit: usize,
}

/// A job on lease: the right to run it and to say how it ended, until another takes over.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    pub id: JobId,
    pub kind: String,
    pub lane: String,
    pub exclusive: bool,
    pub priority: Priority,
    /// Counted from 1.
    pub attempt: u16,
    pub max_attempts: u16,
    pub payload: Value,
    pub trace_context: Option<String>,
    pub owner: String,
    /// Grows with each claim of the job.
    pub token: i64,
    /// From when it could have been started until it was, by the database's clock.
    pub waited: Duration,
}

impl Queue {
    /// Takes due jobs: in the order of the lanes, then of priority, then of putting. Leases that have run out are taken back
    /// first, by whoever comes by.
    pub async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>> {
        self.tend_now_and_then().await?;
        let mut claimed = self.look_and_claim(claim).await?;
        if claimed.is_empty() && self.tend_before_giving_up().await? {
            claimed = self.look_and_claim(claim).await?;
        }
        Ok(claimed)
    }

    /// In SQLite even a claim that takes nothing waits for whoever writes an inventory into the same file. So look first.
    async fn look_and_claim(&self, claim: &Claim) -> Result<Vec<Claimed>> {
        let looks = self.words().kind() == Kind::Sqlite;
        if looks && !self.is_there_something(claim).await? {
            return Ok(Vec::new());
        }
        self.claim_from(claim, &claim.lanes).await
    }

    async fn is_there_something(&self, claim: &Claim) -> Result<bool> {
        for lanes in claim.lanes.chunks(LANES) {
            let mut params: Vec<Param> = lanes.iter().map(Param::from).collect();
            params.push(1.into());
            if !self
                .one(Statement::new(known(self.words(), Text::Look, lanes.len()), params), Durability::Usual)
                .await?
                .is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) async fn claim_from(&self, claim: &Claim, lanes: &[String]) -> Result<Vec<Claimed>> {
        let mut claimed = Vec::new();
        for lanes in lanes.chunks(LANES) {
            let most = claim.limit.saturating_sub(claimed.len());
            if most == 0 {
                break;
            }
            let statements = [statement(self.words(), claim, lanes, most)];
            let rows = self.insist(&statements).await?.pop().unwrap_or_default();
            claimed.extend(read(claim, lanes, rows)?);
        }
        Ok(claimed)
    }

    /// The first statement's worth of a claim, and the lanes it leaves out.
    pub(crate) fn first_claim<'a>(&self, claim: &'a Claim) -> (Statement, &'a [String], &'a [String]) {
        let (first, rest) = claim.lanes.split_at(claim.lanes.len().min(LANES));
        (statement(self.words(), claim, first, claim.limit), first, rest)
    }

    /// Repeats what was refused only because two met.
    pub(crate) async fn insist(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        for _ in 0..8 {
            match self.transact(statements, Durability::Usual).await {
                Err(QueueError::Store(error)) if met(&error) => tracing::debug!(%error, "two met in the queue"),
                done => return done,
            }
        }
        self.transact(statements, Durability::Usual).await
    }
}

fn met(error: &StoreError) -> bool {
    match error {
        StoreError::Collision { .. } => true,
        StoreError::Constraint { rule, .. } => rule.contains("jobs_alone") || rule.contains("jobs.lane"),
        _ => false,
    }
}

fn statement(words: &Words, claim: &Claim, lanes: &[String], most: usize) -> Statement {
    let mut params: Vec<Param> = lanes.iter().map(Param::from).collect();
    params.extend([(most as i64).into(), claim.owner.as_str().into(), micros(claim.ttl).into()]);
    Statement::new(known(words, Text::Claim, lanes.len()), params)
}

#[derive(Debug, Clone, Copy)]
enum Text {
    Claim,
    Look,
}

/// The texts are long and always the same: written once for each number of lanes.
fn known(words: &Words, which: Text, lanes: usize) -> &'static str {
    static TEXTS: [[OnceLock<String>; LANES + 1]; 3] = [const { [const { OnceLock::new() }; LANES + 1] }; 3];
    let (shelf, text): (_, fn(&Words, usize) -> String) = match (which, words.kind()) {
        (Text::Claim, Kind::Postgres) => (0, claiming),
        (Text::Claim, Kind::Sqlite) => (1, claiming),
        (Text::Look, _) => (2, looking),
    };
    TEXTS[shelf][lanes].get_or_init(|| text(words, lanes))
}

/// Placeholders: a lane each, then the limit, the owner and the length of the lease.
fn claiming(words: &Words, lanes: usize) -> String {
    let (limit, owner, ttl) = (lanes + 1, lanes + 2, lanes + 3);
    let (among, end) = words.among;
    format!(
        "update jobs set state = 'running', attempts = attempts + 1, lease_owner = ${owner}, \
         lease_token = lease_token + 1, lease_until = {}, started_on = now() \
         where id {among}select id from ({}) as picked limit ${limit}{end} \
         returning id, kind, lane, exclusive, priority, attempts, max_attempts, payload, trace_context, lease_token, \
         run_after, started_on",
        words.plus("now()", &format!("${ttl}")),
        arms(words, lanes),
    )
}

/// Placeholders: a lane each, then the limit.
fn looking(words: &Words, lanes: usize) -> String {
    format!("select id from ({}) as picked limit ${}", arms(words, lanes), lanes + 1)
}

/// What may be had, lane by lane: of the shared jobs as many as the limit says, of the exclusive ones one.
fn arms(words: &Words, lanes: usize) -> String {
    let mut arms = String::new();
    for lane in 1..=lanes {
        let pick = |exclusive: bool, condition: &str, limit: &str| {
            format!(
                "select id from (select id from jobs where lane = ${lane} and exclusive = {exclusive} \
                 and state in ('waiting', 'retrying') and run_after <= now() \
                 and (expires_on is null or expires_on > now()){condition} \
                 order by priority, id limit {limit}{}) as picked",
                words.skip_locked
            )
        };
        let mut alone = format!(
            " and not exists (select 1 from jobs as r where r.lane = ${lane} and r.exclusive = true and r.state = 'running')"
        );
        if let Some(mine) = words.lane_is_mine {
            let _ = write!(alone, " and {}", mine.replace("{}", &format!("${lane}")));
        }
        let union = if lane == 1 { "" } else { " union all " };
        let (shared, exclusive) = (pick(false, "", &format!("${}", lanes + 1)), pick(true, &alone, "1"));
        let _ = write!(arms, "{union}{shared} union all {exclusive}");
    }
    arms
}

pub(crate) fn read(claim: &Claim, lanes: &[String], rows: Vec<Row>) -> Result<Vec<Claimed>> {
    let mut claimed = rows.into_iter().map(|row| one(claim, row)).collect::<Result<Vec<_>>>()?;
    // The statement takes the right ones and answers in any order.
    let place = |lane: &str| lanes.iter().position(|l| l == lane);
    claimed.sort_by_cached_key(|job| (place(&job.lane), job.priority, job.id));
    Ok(claimed)
}

fn one(claim: &Claim, mut row: Row) -> Result<Claimed> {
    let (attempt, max_attempts): (i64, i64) = (row.get(5)?, row.get(6)?);
    let payload: String = row.take(7)?;
    let (due, started): (i64, i64) = (row.get(10)?, row.get(11)?);
    Ok(Claimed {
        id: row.get(0)?,
        kind: row.take(1)?,
        lane: row.take(2)?,
        exclusive: row.get(3)?,
        priority: Priority(row.get::<i64>(4)? as i16),
        attempt: attempt as u16,
        max_attempts: max_attempts as u16,
        payload: serde_json::from_str(&payload)
            .map_err(|e| StoreError::Bug(format!("the payload of a job is no document: {e}")))?,
        trace_context: row.take(8)?,
        owner: claim.owner.clone(),
        token: row.get(9)?,
        waited: span(started - due),
    })
}
