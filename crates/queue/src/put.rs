//! Putting jobs: alone, many at once, unless one waits, or merged into the one that waits. What holds under concurrency is
//! held by the unique index `jobs_merge`: at most one waiting job has a merge key.

use std::time::Duration;

use stocktake_store::{Durability, Param, Row, Statement, StoreError, params};

use crate::error::{QueueError, Result};
use crate::job::{JobId, Lane, NewJob};
use crate::merge::Merge;
use crate::words::micros;
use crate::{Queue, many};

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    New(JobId),
    /// A job with its merge key waited, and will be started after this call began.
    Waiting(JobId),
}

impl Put {
    pub const fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::Waiting(id) => id,
        }
    }
}

/// For wishes that come in bursts: start when it has been quiet for a while, but do not wait for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debounce {
    /// After the last wish.
    pub quiet: Duration,
    /// After the first.
    pub at_most: Duration,
}

impl Queue {
    pub async fn put(&self, job: &NewJob) -> Result<JobId> {
        let rows = self.one(self.statement(job), Durability::Full).await.map_err(taken)?;
        self.announce([job.lane.name.as_str()]);
        first(&rows)?.get(0).map_err(Into::into)
    }

    /// All or none, in one round trip, in their order.
    pub async fn put_all(&self, jobs: &[NewJob]) -> Result<Vec<JobId>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let answers =
            self.transact(&many::put(self.words(), &self.insert(), jobs), Durability::Full).await.map_err(taken)?;
        self.announce_all(jobs.iter().map(|job| job.lane.name.as_str()));
        answers.iter().flatten().map(|row| Ok(row.get(0)?)).collect()
    }

    /// Puts a job unless one with its merge key waits. One that runs already does not count: it may have looked before
    /// what is asked for here had happened.
    pub async fn put_unless_waiting(&self, job: &NewJob) -> Result<Put> {
        loop {
            if let Some(row) = self.one(self.statement_unless_waiting(job), Durability::Full).await?.first() {
                self.announce([job.lane.name.as_str()]);
                return Ok(Put::New(row.get(0)?));
            }
            // Not there any more: it was claimed since, so the next attempt puts a new one.
            let waiting = "select id from jobs where merge_key = $1 and state = 'waiting'";
            let waiting = Statement::new(waiting, params![job.merge_key.as_ref()]);
            if let Some(row) = self.one(waiting, Durability::Usual).await?.first() {
                return Ok(Put::Waiting(row.get(0)?));
            }
        }
    }

    /// As [`Self::put_unless_waiting`], and moves the start of the job: see [`Debounce`]. The job's own delay does not count.
    pub async fn put_debounced(&self, job: &NewJob, debounce: Debounce) -> Result<Put> {
        let rows = self.one(self.statement_debounced(job, debounce), Durability::Full).await?;
        self.announce([job.lane.name.as_str()]);
        let row = first(&rows)?;
        let (id, merged): (JobId, i64) = (row.get(0)?, row.get(1)?);
        Ok(if merged == 0 { Put::New(id) } else { Put::Waiting(id) })
    }

    /// Puts a job or merges it into the one that waits with its merge key: payloads as `merge` says, and the more urgent
    /// priority, the earlier start and the later expiry of the two.
    pub async fn put_and_merge(&self, job: &NewJob, merge: &Merge) -> Result<Put> {
        loop {
            if let Some(row) = self.one(self.statement_unless_waiting(job), Durability::Full).await?.first() {
                self.announce([job.lane.name.as_str()]);
                return Ok(Put::New(row.get(0)?));
            }
            if let Some(id) = self.merge(job, merge).await? {
                self.announce([job.lane.name.as_str()]);
                return Ok(Put::Waiting(id));
            }
        }
    }

    /// None when no job with the key waits any more. The row is held from reading to writing, so that neither a claim nor
    /// another merge comes between.
    async fn merge(&self, job: &NewJob, merge: &Merge) -> Result<Option<JobId>> {
        let words = self.words();
        let mut tx = self.store().begin().await?;
        let find = format!("select id, payload from jobs where merge_key = $1 and state = 'waiting'{}", words.for_update);
        let Some(row) = tx.query_opt(&find, &params![job.merge_key.as_ref()]).await? else { return Ok(None) };
        let (id, waiting): (JobId, String) = (row.get(0)?, row.get(1)?);
        let waiting = serde_json::from_str(&waiting).unwrap_or_default();
        let payload = merge.apply(waiting, &job.payload).to_string();
        let least = words.least;
        let expires = words.plus("now()", "$5");
        let change = format!(
            "update jobs set payload = $2, merged = merged + 1, priority = {least}(priority, $3), \
             run_after = {least}(run_after, {}), \
             expires_on = case when expires_on is null or {expires} is null then null \
             when expires_on > {expires} then expires_on else {expires} end where id = $1",
            words.plus("now()", "$4")
        );
        let expires_in = job.expires_in.map(micros);
        let params = params![id, payload, i64::from(job.priority.0), micros(job.delay), expires_in];
        tx.execute(&change, &params).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// For a transaction of the caller, see [`stocktake_store::Store::batch`]: the job is there exactly if all else is.
    /// Call [`Queue::announce`] with its lane after the commit.
    pub fn statement(&self, job: &NewJob) -> Statement {
        let sql = format!("{} returning id", self.insert());
        Statement::new(sql, values(job, job.delay))
    }

    /// As [`Self::statement`], for a job about the row that the statement right before it inserts into `table`: in the
    /// payload, [`ROW`] stands for that row's id, which nobody knows before.
    pub fn statement_about(&self, job: &NewJob, table: &str) -> Statement {
        let sql = format!("{} returning id", self.insert_with(&self.words().with_row("$9", ROW, table)));
        Statement::new(sql, values(job, job.delay))
    }

    /// As [`Self::statement`], and of no effect when a job with its merge key waits.
    pub fn statement_unless_waiting(&self, job: &NewJob) -> Statement {
        let sql = format!("{} {ON_CONFLICT} do nothing returning id", self.insert());
        Statement::new(sql, values(job, job.delay))
    }

    /// As [`Self::statement`], for [`Self::put_debounced`]: answers with the job's id, how many wishes were merged into it, and
    /// the trace it belongs to, which is the first wish's. The more urgent priority counts, and a wish that is less urgent than
    /// the job that waits never puts it off: a person waits for that.
    pub fn statement_debounced(&self, job: &NewJob, debounce: Debounce) -> Statement {
        let words = self.words();
        let sql = format!(
            "{} {ON_CONFLICT} do update set merged = jobs.merged + 1, \
             priority = {least}(jobs.priority, excluded.priority), run_after = case \
             when excluded.priority > jobs.priority then {least}(jobs.run_after, {at_most}, excluded.run_after) \
             else {least}({at_most}, excluded.run_after) end returning id, merged, trace_context",
            self.insert(),
            least = words.least,
            at_most = words.plus("jobs.created_on", "$11")
        );
        let mut values = values(job, debounce.quiet.min(debounce.at_most));
        values.push(micros(debounce.at_most).into());
        Statement::new(sql, values)
    }

    /// As [`Self::statement`]. A job with its merge key that waits is held until the commit instead, so that nobody claims it
    /// before, and starts no later than this one would.
    pub fn statement_or_sooner(&self, job: &NewJob) -> Statement {
        let least = self.words().least;
        let sql = format!(
            "{} {ON_CONFLICT} do update set merged = jobs.merged + 1, run_after = {least}(jobs.run_after, excluded.run_after) \
             returning id, merged",
            self.insert()
        );
        Statement::new(sql, values(job, job.delay))
    }

    fn insert(&self) -> String {
        self.insert_with("$9")
    }

    fn insert_with(&self, payload: &str) -> String {
        let words = self.words();
        format!(
            "insert into jobs (kind, lane, exclusive, priority, run_after, expires_on, max_attempts, merge_key, payload, \
             trace_context, created_on) values ($1, $2, $3, $4, {}, {}, $7, $8, {payload}, $10, now())",
            words.plus("now()", "$5"),
            words.plus("now()", "$6")
        )
    }

    pub(crate) fn announce_all<'a>(&self, lanes: impl Iterator<Item = &'a str>) {
        let lanes: std::collections::BTreeSet<_> = lanes.collect();
        self.announce(lanes);
    }
}

/// As a value in a payload: see [`Queue::statement_about`].
pub const ROW: &str = "$row";

const ON_CONFLICT: &str = "on conflict (merge_key) where state = 'waiting' and merge_key is not null";

pub(crate) fn values(job: &NewJob, delay: Duration) -> Vec<Param> {
    let expires_in = job.expires_in.map(micros);
    let attempts = i64::from(attempts(job));
    let (priority, payload) = (i64::from(job.priority.0), job.payload.to_string());
    let Lane { name, exclusive } = &job.lane;
    let (key, trace) = (job.merge_key.as_ref(), job.trace_context.as_ref());
    params![&job.kind, name, *exclusive, priority, micros(delay), expires_in, attempts, key, payload, trace].to_vec()
}

/// What the column holds, and at least one: a job that may never be started is a mistake nobody would find.
pub(crate) fn attempts(job: &NewJob) -> i16 {
    i16::try_from(job.max_attempts).unwrap_or(i16::MAX).max(1)
}

fn first(rows: &[Row]) -> Result<&Row> {
    rows.first().ok_or_else(|| StoreError::Bug("a job was put and has no id".to_owned()).into())
}

fn taken(error: QueueError) -> QueueError {
    match error {
        QueueError::Store(StoreError::Constraint { rule, .. }) if rule.contains("merge") => QueueError::Waiting,
        error => error,
    }
}
