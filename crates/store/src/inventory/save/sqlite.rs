//! A save on SQLite: prepared loops in one immediate transaction.

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::super::cells::{CellRef, Context};
use super::rows::emptied;
use super::script::{Many, Step, script};
use super::{Save, SaveStats};
use crate::error::Result;
use crate::sqlite::{self, Sqlite, explain, in_transaction};

/// Above this many rows a save gets a large page cache, which it gives back: a third of the bytes written.
const BULK: usize = 10_000;
const BULK_CACHE_KIB: i64 = 65_536;
const SMALL_CACHE_KIB: i64 = 2_000;
/// Up to this many rows a save is done where it is asked for: some milliseconds at most.
const FEW: usize = 100;

pub(super) async fn save(sqlite: &Sqlite, save: Save, now: i64) -> Result<SaveStats> {
    if size(&save) <= FEW
        && let Some(stats) = sqlite.small_write(|c| apply(c, &save, now)).await?
    {
        return Ok(stats);
    }
    sqlite
        .write(move |c| {
            let counts = save.plan.counts();
            let bulk = (counts.written() as usize) > BULK;
            if bulk {
                set_cache(c, BULK_CACHE_KIB)?;
            }
            let saved = in_transaction(c, |c| apply(c, &save, now));
            if bulk {
                set_cache(c, SMALL_CACHE_KIB)?;
                c.release_memory().map_err(|e| explain("release memory", e))?;
            }
            saved
        })
        .await
}

/// Rows and notes that are written, about.
fn size(save: &Save) -> usize {
    let plan = &save.plan;
    let links = plan.watches.len() + plan.relinks.len() + plan.unlinks.len();
    plan.counts().written() as usize + links + plan.held.len() + plan.unheld.len()
}

fn set_cache(c: &Connection, kib: i64) -> Result<()> {
    c.pragma_update(None, "cache_size", -kib).map_err(|e| explain("set the cache's size", e))
}

fn apply(c: &mut Connection, save: &Save, now: i64) -> Result<SaveStats> {
    let context = Context::new(&save.plan, save.lease.provider, now);
    let mut stats = SaveStats { round_trips: 1, ..SaveStats::default() };
    for step in script(save, &context)? {
        stats.statements += 1;
        match step {
            Step::One(what, statement) => stats.written.add(what, sqlite::run(c, &statement)?),
            Step::Many(many) => stats.written.add(many.what, run_many(c, &many, &context)?),
        }
    }
    Ok(stats)
}

fn run_many(c: &Connection, many: &Many, context: &Context<'_>) -> Result<u64> {
    let failed = |e| explain("write the inventory", e);
    let mut statement = c.prepare_cached(&many.sqlite).map_err(failed)?;
    let mut written = 0;
    for (at, scalar) in many.scalars.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, scalar).map_err(failed)?;
    }
    let (mut lines, mut room) = (many.rows.lines(context), Vec::with_capacity(many.columns.len()));
    for at in 0..many.rows.len() {
        let mut cells = room;
        lines.cells(at, &mut cells)?;
        for (n, cell) in cells.iter().enumerate() {
            statement.raw_bind_parameter(many.scalars.len() + n + 1, cell).map_err(failed)?;
        }
        written += statement.raw_execute().map_err(failed)? as u64;
        room = emptied(cells);
    }
    Ok(written)
}

impl ToSql for CellRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Bool(v) => ValueRef::Integer(v.into()),
            Self::Int(v) | Self::Time(v) => ValueRef::Integer(v),
            Self::Float(v) => ValueRef::Real(v),
            Self::Text(v) => ValueRef::Text(v.as_bytes()),
            Self::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}
