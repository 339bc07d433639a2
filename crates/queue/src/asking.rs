//! Looking at the queue.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use stocktake_store::{Param, params};

use crate::Queue;
use crate::error::{QueueError, Result};
use crate::job::{JobId, State};
use crate::record::{COLUMNS, JobRecord, record};
use crate::words::span;

/// Which jobs; an empty list means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub lanes: Vec<String>,
    pub kinds: Vec<String>,
    pub states: Vec<State>,
    /// At most so many, newest first.
    pub limit: u32,
}

/// How much of a lane is in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Depth {
    pub lane: String,
    pub state: State,
    pub jobs: u64,
    /// Of jobs that may be started: for how long the one could have been that waits longest.
    #[serde(rename = "oldest_due_seconds", serialize_with = "seconds")]
    pub oldest_due: Option<Duration>,
}

impl Queue {
    pub async fn list(&self, filter: &Filter) -> Result<Vec<JobRecord>> {
        let mut params: Vec<Param> = Vec::new();
        let mut conditions = String::new();
        let states = filter.states.iter().map(|s| s.name().to_owned()).collect();
        for (column, wanted) in [("lane", filter.lanes.clone()), ("kind", filter.kinds.clone()), ("state", states)] {
            if !wanted.is_empty() {
                params.push(wanted.into());
                let and = if conditions.is_empty() { " where" } else { " and" };
                let _ = write!(conditions, "{and} {column} = any(${})", params.len());
            }
        }
        params.push(i64::from(filter.limit).into());
        let sql = format!("select {COLUMNS} from jobs{conditions} order by id desc limit ${}", params.len());
        let rows = self.store().query(&sql, &params).await?;
        rows.iter().map(|row| Ok(record(row)?)).collect()
    }

    pub async fn get(&self, id: JobId) -> Result<JobRecord> {
        let sql = format!("select {COLUMNS} from jobs where id = $1");
        let row = self.store().query_opt(&sql, &params![id]).await?;
        row.map_or(Err(QueueError::Unknown { id }), |row| Ok(record(&row)?))
    }

    /// Lanes that have jobs which have not ended, or are parked. What has ended is not counted: that would be a walk through
    /// all that is kept.
    pub async fn depths(&self) -> Result<Vec<Depth>> {
        let words = self.words();
        let due = "min(case when run_after <= now() then run_after end)";
        // Each part is served by an index of its own.
        let part = |states: &str, age: &str| {
            format!("select lane, state, count(*), {age} from jobs where {states} group by lane, state")
        };
        let sql = format!(
            "{} union all {} union all {} order by 1, 2",
            part("state in ('waiting', 'retrying')", &words.between(due, "now()")),
            part("state = 'running'", words.no_number),
            part("state = 'parked'", words.no_number),
        );
        let rows = self.store().query(&sql, &[]).await?;
        let depth = |row: &stocktake_store::Row| {
            let age: Option<i64> = row.get(3)?;
            Ok(Depth { lane: row.get(0)?, state: row.get(1)?, jobs: row.get::<i64>(2)? as u64, oldest_due: age.map(span) })
        };
        rows.iter().map(depth).collect()
    }

    /// How long until something may be claimed in one of these lanes that cannot be claimed now, as far as can be foreseen: a
    /// job falls due or a lease runs out. None: nothing is foreseen. Jobs that are due already do not count: they are to be
    /// had at once, or wait for the end of another.
    pub async fn next_due(&self, lanes: &[String]) -> Result<Option<Duration>> {
        let words = self.words();
        let sql = format!(
            "select {} from (select run_after as at from jobs where lane = any($1) and state in ('waiting', 'retrying') \
             and run_after > now() union all select lease_until from jobs where lane = any($1) and state = 'running') as foreseen",
            words.between("now()", "min(at)")
        );
        let row = self.store().query_one(&sql, &params![lanes.to_vec()]).await?;
        let micros: Option<i64> = row.get(0)?;
        Ok(micros.map(span))
    }
}

#[expect(clippy::ref_option, reason = "serde calls with references")]
fn seconds<S: serde::Serializer>(span: &Option<Duration>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match span {
        Some(span) => serializer.serialize_f64(span.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}
