//! A job as people see it.

use serde::Serialize;
use serde_json::Value;
use stocktake_store::{Result, Row, moment};

use crate::job::{JobId, Priority, State};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRecord {
    pub id: JobId,
    pub kind: String,
    pub lane: String,
    pub exclusive: bool,
    pub priority: Priority,
    pub state: State,
    /// Microseconds since 1970-01-01T00:00:00Z, as all moments here.
    #[serde(serialize_with = "moment::one")]
    pub run_after: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub expires_on: Option<i64>,
    pub attempts: i64,
    pub max_attempts: i64,
    pub merge_key: Option<String>,
    /// How many later wishes went into it.
    pub merged: i64,
    pub payload: Value,
    pub trace_context: Option<String>,
    /// Who runs it or ran it last.
    pub owner: Option<String>,
    pub lease_token: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub lease_until: Option<i64>,
    pub cancel_asked: bool,
    pub result: Option<Value>,
    /// The last failure, a cause a line.
    pub error: Option<String>,
    #[serde(serialize_with = "moment::one")]
    pub created_on: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub started_on: Option<i64>,
    #[serde(serialize_with = "moment::maybe")]
    pub ended_on: Option<i64>,
}

pub(crate) const COLUMNS: &str = "id, kind, lane, exclusive, priority, state, run_after, expires_on, attempts, max_attempts, \
     merge_key, merged, payload, trace_context, lease_owner, lease_token, lease_until, cancel_asked, result, error, \
     created_on, started_on, ended_on";

pub(crate) fn record(row: &Row) -> Result<JobRecord> {
    let document = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(JobRecord {
        id: row.get(0)?,
        kind: row.get(1)?,
        lane: row.get(2)?,
        exclusive: row.get(3)?,
        priority: Priority(row.get::<i64>(4)? as i16),
        state: row.get(5)?,
        run_after: row.get(6)?,
        expires_on: row.get(7)?,
        attempts: row.get(8)?,
        max_attempts: row.get(9)?,
        merge_key: row.get(10)?,
        merged: row.get(11)?,
        payload: document(row.get(12)?),
        trace_context: row.get(13)?,
        owner: row.get(14)?,
        lease_token: row.get(15)?,
        lease_until: row.get(16)?,
        cancel_asked: row.get(17)?,
        result: row.get::<Option<String>>(18)?.map(document),
        error: row.get(19)?,
        created_on: row.get(20)?,
        started_on: row.get(21)?,
        ended_on: row.get(22)?,
    })
}
