//! Many jobs by one statement: PostgreSQL takes lists (a tenth of the cost of a statement each), SQLite loops, which costs
//! it nothing.

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
    // Lists hold no nulls: what is missing is empty or negative.
    let sql = "insert into jobs (kind, lane, exclusive, priority, run_after, expires_on, max_attempts, merge_key, payload, \
         trace_context, created_on) \
         select kind, lane, exclusive = 1, priority, now() + delay * interval '1 microsecond', \
         case when expires >= 0 then now() + expires * interval '1 microsecond' end, \
         most, nullif(merge_key, ''), payload::json, nullif(trace, ''), now() \
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::text[], $9::text[], $10::text[]) with ordinality \
         as j (kind, lane, exclusive, priority, delay, expires, most, merge_key, payload, trace, place) \
         order by place returning id";
    let texts = |of: fn(&NewJob) -> String| Param::Texts(jobs.iter().map(of).collect());
    let ints = |of: fn(&NewJob) -> i64| Param::Ints(jobs.iter().map(of).collect());
    let params = [
        texts(|j| j.kind.clone()),
        texts(|j| j.lane.name.clone()),
        ints(|j| i64::from(j.lane.exclusive)),
        ints(|j| i64::from(j.priority.0)),
        ints(|j| micros(j.delay)),
        ints(|j| j.expires_in.map_or(-1, micros)),
        ints(|j| i64::from(attempts(j))),
        texts(|j| j.merge_key.clone().unwrap_or_default()),
        texts(|j| j.payload.to_string()),
        texts(|j| j.trace_context.clone().unwrap_or_default()),
    ];
    vec![Statement::new(sql, params)]
}

/// Statements that together answer with the ids of the jobs that were ended: those whose lease still held.
pub(crate) fn done(words: &Words, ended: &[(&Claimed, Option<String>)]) -> Vec<Statement> {
    if words.kind() == Kind::Sqlite || ended.len() == 1 {
        let each =
            |(job, result): &(&Claimed, Option<String>)| Statement::new(DONE, params![job.id, job.token, result.as_ref()]);
        return ended.iter().map(each).collect();
    }
    let sql = "update jobs set state = 'done', result = nullif(e.result, '')::json, error = null, lease_until = null, \
         ended_on = now() from unnest($1::bigint[], $2::bigint[], $3::text[]) as e (id, token, result) \
         where jobs.id = e.id and jobs.lease_token = e.token and jobs.state = 'running' returning jobs.id";
    let ids: Vec<i64> = ended.iter().map(|(job, _)| job.id.0).collect();
    let tokens: Vec<i64> = ended.iter().map(|(job, _)| job.token).collect();
    let results: Vec<String> = ended.iter().map(|(_, result)| result.clone().unwrap_or_default()).collect();
    vec![Statement::new(sql, params![ids, tokens, results])]
}

const DONE: &str = "update jobs set state = 'done', result = $3, error = null, lease_until = null, ended_on = now() \
     where id = $1 and lease_token = $2 and state = 'running' returning id";
