//! Many jobs by one statement: PostgreSQL takes lists (a tenth of the cost of a statement each), SQLite loops, which costs
//! it nothing.

use std::fmt::Write as _;

use stocktake_store::{Kind, Param, Statement, params};

use crate::claim::Claimed;
use crate::job::NewJob;
use crate::put::{attempts, values};
use crate::words::{Words, micros};

/// Statements that together answer with the ids in the order of the jobs.
pub(crate) fn put(words: &Words, insert: &str, jobs: &[NewJob]) -> Vec<Statement> {
    if words.kind() == Kind::Sqlite || jobs.len() == 1 {
        let sql = format!("{insert} returning id");
        return jobs.iter().map(|job| Statement::new(sql.clone(), values(job, job.delay))).collect();
    }
    let mut lists = Lists::default();
    let texts = |of: fn(&NewJob) -> &str| jobs.iter().map(of).collect::<Vec<_>>();
    let ints = |of: fn(&NewJob) -> i64| jobs.iter().map(of).collect::<Vec<_>>();
    // Lists hold no nulls: what is missing is empty or negative.
    let kind = lists.texts(texts(|j| &j.kind));
    let lane = lists.texts(texts(|j| &j.lane.name));
    let exclusive = lists.ints(ints(|j| i64::from(j.lane.exclusive)));
    let priority = lists.ints(ints(|j| i64::from(j.priority.0)));
    let delay = lists.ints(ints(|j| micros(j.delay)));
    let expires = lists.ints(ints(|j| j.expires_in.map_or(-1, micros)));
    let most = lists.ints(ints(|j| i64::from(attempts(j))));
    let key = lists.texts(texts(|j| j.merge_key.as_deref().unwrap_or_default()));
    let trace = lists.texts(texts(|j| j.trace_context.as_deref().unwrap_or_default()));
    let payload = lists.list(Param::Texts(jobs.iter().map(|j| j.payload.to_string()).collect()), "text[]");
    let sql = format!(
        "insert into jobs (kind, lane, exclusive, priority, run_after, expires_on, max_attempts, merge_key, payload, \
         trace_context, created_on) \
         select {kind}, {lane}, {exclusive} = 1, {priority}, now() + {delay} * interval '1 microsecond', \
         case when {expires} >= 0 then now() + {expires} * interval '1 microsecond' end, \
         {most}, nullif({key}, ''), {payload}::json, nullif({trace}, ''), now() from {} returning id",
        lists.from()
    );
    vec![Statement::new(sql, lists.params)]
}

/// The columns of many rows, for PostgreSQL. A column that is the same in all is sent once: each list costs about a tenth of
/// what it costs to put a job. `unnest` gives its rows in the order of the lists, and so ids are given out.
#[derive(Default)]
struct Lists {
    params: Vec<Param>,
    unnested: String,
    names: String,
}

impl Lists {
    fn texts(&mut self, values: Vec<&str>) -> String {
        match alike(&values) {
            Some(value) => self.scalar((*value).into(), "text"),
            None => self.list(Param::Texts(values.into_iter().map(str::to_owned).collect()), "text[]"),
        }
    }

    fn ints(&mut self, values: Vec<i64>) -> String {
        match alike(&values) {
            Some(value) => self.scalar((*value).into(), "bigint"),
            None => self.list(Param::Ints(values), "bigint[]"),
        }
    }

    fn scalar(&mut self, value: Param, of: &str) -> String {
        self.params.push(value);
        format!("${}::{of}", self.params.len())
    }

    fn list(&mut self, values: Param, of: &str) -> String {
        self.params.push(values);
        let at = self.params.len();
        let comma = if self.names.is_empty() { "" } else { ", " };
        let _ = write!(self.unnested, "{comma}${at}::{of}");
        let _ = write!(self.names, "{comma}c{at}");
        format!("c{at}")
    }

    fn from(&self) -> String {
        format!("unnest({}) as j ({})", self.unnested, self.names)
    }
}

fn alike<T: PartialEq>(values: &[T]) -> Option<&T> {
    let first = values.first()?;
    values.iter().all(|value| value == first).then_some(first)
}

/// Statements that together answer with the ids of the jobs that were ended: those whose lease still held.
pub(crate) fn done(words: &Words, ended: &[(&Claimed, Option<String>)]) -> Vec<Statement> {
    if words.kind() == Kind::Sqlite || ended.len() == 1 {
        let each =
            |(job, result): &(&Claimed, Option<String>)| Statement::new(DONE, params![job.id, job.token, result.as_ref()]);
        return ended.iter().map(each).collect();
    }
    let ids: Vec<i64> = ended.iter().map(|(job, _)| job.id.0).collect();
    let tokens: Vec<i64> = ended.iter().map(|(job, _)| job.token).collect();
    if ended.iter().all(|(_, result)| result.is_none()) {
        return vec![Statement::new(DONE_WITHOUT_RESULTS, params![ids, tokens])];
    }
    let results: Vec<String> = ended.iter().map(|(_, result)| result.clone().unwrap_or_default()).collect();
    vec![Statement::new(DONE_WITH_RESULTS, params![ids, tokens, results])]
}

const DONE: &str = "update jobs set state = 'done', result = $3, error = null, lease_until = null, ended_on = now() \
     where id = $1 and lease_token = $2 and state = 'running' returning id";

const DONE_WITH_RESULTS: &str = "update jobs set state = 'done', result = nullif(e.result, '')::json, error = null, \
     lease_until = null, ended_on = now() from unnest($1::bigint[], $2::bigint[], $3::text[]) as e (id, token, result) \
     where jobs.id = e.id and jobs.lease_token = e.token and jobs.state = 'running' returning jobs.id";

const DONE_WITHOUT_RESULTS: &str = "update jobs set state = 'done', result = null, error = null, \
     lease_until = null, ended_on = now() from unnest($1::bigint[], $2::bigint[]) as e (id, token) \
     where jobs.id = e.id and jobs.lease_token = e.token and jobs.state = 'running' returning jobs.id";
