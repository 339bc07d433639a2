//! A save on PostgreSQL: everything is sent without waiting, in one transaction. New rows of larger runs go by binary
//! COPY, few rows and changes as arrays.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll, Waker};

use futures_util::SinkExt;
use futures_util::future::try_join_all;
use tokio_postgres::types::ToSql;
use tokio_postgres::{CopyInSink, Error};

use super::super::cells::Context;
use super::pg_binary::{Array, CopyRows};
use super::rows::emptied;
use super::script::{Many, Step, script};
use super::{Save, SaveStats, What};
use crate::error::Result;
use crate::pg::{Conn, Postgres, Use};

/// From this many rows on a COPY is worth the round trip it takes to begin.
const COPY_FROM: usize = 50;
/// Rows and bytes of one statement with arrays.
const ARRAY_ROWS: usize = 5_000;
const ARRAY_BYTES: usize = 1 << 20;
/// What may be under way before answers are awaited.
const SENT_BYTES: usize = 4 << 20;

pub(super) async fn save(pg: &Postgres, save: &Save, now: i64) -> Result<SaveStats> {
    let context = Context::new(&save.plan, save.lease.provider, now);
    let steps = script(save, &context)?;
    let mut conn = pg.get(Use::Saving).await?;
    let mut stats = SaveStats::default();
    prepare(&conn, &steps, &mut stats).await?;
    conn.open_transaction();
    let done = run(&conn, &steps, &context, &mut stats).await;
    if done.is_ok() {
        conn.close_transaction();
    }
    done.map(|()| stats)
}

/// All statements this connection does not know yet, in one round trip.
async fn prepare(conn: &Conn, steps: &[Step], stats: &mut SaveStats) -> Result<()> {
    let texts: BTreeSet<String> = steps.iter().map(text).collect();
    let unknown: Vec<_> = texts.iter().filter(|sql| !conn.knows(sql)).collect();
    if !unknown.is_empty() {
        stats.round_trips += 1;
        let prepared = try_join_all(unknown.into_iter().map(|sql| conn.prepared(sql))).await;
        prepared.map_err(|e| conn.explain("prepare a save", e))?;
    }
    Ok(())
}

fn text(step: &Step) -> String {
    match step {
        Step::One(_, statement) => statement.sql.clone().into_owned(),
        Step::Many(many) => copy_into(many).unwrap_or_else(|| many.pg.clone()),
    }
}

fn copy_into(many: &Many) -> Option<String> {
    let into = many.into.filter(|_| many.rows.len() >= COPY_FROM)?;
    Some(format!("copy {into} ({}) from stdin (format binary)", super::super::table::names(&many.columns)))
}

async fn run(conn: &Conn, steps: &[Step], context: &Context<'_>, stats: &mut SaveStats) -> Result<()> {
    let mut pipe = Pipeline { conn, waiting: Vec::new(), sent: 0, stats };
    pipe.push(What::Other, 0, async { conn.client().batch_execute("begin").await.map(|()| 0) });
    for step in steps {
        match step {
            Step::One(what, statement) => {
                let prepared = conn.prepared(&statement.sql).await.map_err(|e| conn.explain("prepare", e))?;
                pipe.push(*what, 0, async move {
                    let params = statement.params.iter().map(|p| p as &(dyn ToSql + Sync));
                    conn.client().execute_raw(&prepared, params.collect::<Vec<_>>()).await
                });
            }
            Step::Many(many) => match copy_into(many) {
                Some(sql) => copy(&mut pipe, many, &sql, context).await?,
                None => arrays(&mut pipe, many, context).await?,
            },
        }
    }
    pipe.push(What::Other, 0, async { conn.client().batch_execute("commit").await.map(|()| 0) });
    pipe.settle().await
}

/// Statements sent and not yet answered. They are polled once to be sent, in order, and again when their answers are
/// wanted.
struct Pipeline<'c, 's> {
    conn: &'c Conn,
    waiting: Vec<(What, Answer<'c>)>,
    sent: usize,
    stats: &'s mut SaveStats,
}

type Answer<'c> = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + 'c>>;

impl<'c> Pipeline<'c, '_> {
    fn push(&mut self, what: What, bytes: usize, statement: impl Future<Output = Result<u64, Error>> + Send + 'c) {
        let mut statement: Answer<'c> = Box::pin(statement);
        self.stats.statements += 1;
        self.sent += bytes;
        // An answer cannot be there yet unless it is an error of sending.
        let answer = match statement.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Pending => statement,
            Poll::Ready(done) => Box::pin(std::future::ready(done)),
        };
        self.waiting.push((what, answer));
    }

    /// Waits for all answers. After an error the others only say that there was one, so the first counts.
    async fn settle(&mut self) -> Result<()> {
        self.stats.round_trips += 1;
        self.sent = 0;
        let mut failed = None;
        for (what, answer) in self.waiting.drain(..) {
            match answer.await {
                Ok(rows) => self.stats.written.add(what, rows),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), |e| Err(self.conn.explain("save the inventory", e)))
    }
}

async fn arrays<'c>(pipe: &mut Pipeline<'c, '_>, many: &'c Many, context: &Context<'_>) -> Result<()> {
    let conn = pipe.conn;
    let prepared = conn.prepared(&many.pg).await.map_err(|e| conn.explain("prepare", e))?;
    let (mut lines, mut room) = (many.rows.lines(context), Vec::with_capacity(many.columns.len()));
    let mut at = 0;
    while at < many.rows.len() {
        let mut arrays: Vec<Array> = many.columns.iter().map(|(_, ty)| Array::new(*ty)).collect();
        let (first, mut bytes) = (at, 0);
        while at < many.rows.len() && at - first < ARRAY_ROWS && bytes < ARRAY_BYTES {
            let mut cells = room;
            lines.cells(at, &mut cells)?;
            for ((array, column), cell) in arrays.iter_mut().zip(&many.columns).zip(&cells) {
                let before = array.size();
                array.push(column, *cell)?;
                bytes += array.size() - before;
            }
            room = emptied(cells);
            at += 1;
        }
        let prepared = prepared.clone();
        pipe.push(many.what, bytes, async move {
            let scalars = many.scalars.iter().map(|p| p as &(dyn ToSql + Sync));
            let arrays = arrays.iter().map(|a| a as &(dyn ToSql + Sync));
            conn.client().execute_raw(&prepared, scalars.chain(arrays).collect::<Vec<_>>()).await
        });
        if pipe.sent > SENT_BYTES {
            pipe.settle().await?;
        }
    }
    Ok(())
}

async fn copy(pipe: &mut Pipeline<'_, '_>, many: &Many, sql: &str, context: &Context<'_>) -> Result<()> {
    let conn = pipe.conn;
    let explain = |e| conn.explain("save new rows", e);
    let prepared = conn.prepared(sql).await.map_err(explain)?;
    // Polled once, so that it is sent before the answers to what went before are awaited.
    let mut begin = Box::pin(conn.client().copy_in(&prepared));
    let begun: Poll<Result<CopyInSink<bytes::Bytes>, Error>> =
        begin.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
    pipe.stats.statements += 1;
    pipe.settle().await?;
    let sink = match begun {
        Poll::Ready(sink) => sink,
        Poll::Pending => begin.await,
    };
    let mut sink = pin!(sink.map_err(explain)?);
    let mut rows = CopyRows::new();
    let (mut lines, mut room) = (many.rows.lines(context), Vec::with_capacity(many.columns.len()));
    for at in 0..many.rows.len() {
        let mut cells = room;
        lines.cells(at, &mut cells)?;
        rows.push(&many.columns, &cells)?;
        room = emptied(cells);
        if let Some(chunk) = rows.full_chunk() {
            sink.send(chunk).await.map_err(explain)?;
        }
    }
    sink.send(rows.finish()).await.map_err(explain)?;
    let written = sink.finish().await.map_err(explain)?;
    pipe.stats.round_trips += 1;
    pipe.stats.written.add(many.what, written);
    Ok(())
}
