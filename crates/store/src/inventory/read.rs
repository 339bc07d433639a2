//! Reading all of a provider's keys and digests for a full run: one stream, nothing kept but what the saver keeps.

use std::fmt::Write as _;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::join3;
use stocktake_model::{Collection, CollectionIx, Menu};
use stocktake_saver::{AllRows, Stored, StoredRow, Watched};
use tokio_postgres::types::ToSql;

use super::table;
use crate::db::{Param, ProviderId, Row};
use crate::error::{Result, StoreError};
use crate::pg::{self, Postgres, Use};
use crate::sqlite::{self, Sqlite};
use crate::store::{Backend, Store};

const HELD: &str = "select row_id from held_deletes where provider_id = $1";

const WATCHED: &str = "select target, max(case when resolved_id is null then 1 else 0 end), \
    max(case when resolved_id is null then 0 else 1 end) from link_watches where provider_id = $1 group by target";

/// (id, version) of the rows that have one; none when no collection of the menu is versioned.
fn versions_query(menu: &Menu) -> Option<String> {
    let part = |name| format!("select id, row_version from {name} where provider_id = $1 and row_version is not null");
    let parts: Vec<_> = menu.iter().filter(|(_, c)| c.versioned).map(|(_, c)| part(c.name)).collect();
    (!parts.is_empty()).then(|| parts.join(" union all "))
}

impl Store {
    /// What a full run of `provider` compares with: every row of the menu's collections.
    pub async fn read_all(&self, provider: ProviderId, menu: &Menu, seed: u64) -> Result<Stored> {
        let stored = Stored::new(seed, menu.len());
        let keys = keys_query(provider, menu);
        let mut stored = match &self.backend {
            Backend::Pg(pg) => from_pg(pg, provider, menu, &keys, stored).await?,
            Backend::Sqlite(sqlite) => from_sqlite(sqlite, provider, menu, keys, stored).await?,
        };
        if let Some(versions) = versions_query(menu) {
            for row in self.query(&versions, &[Param::from(provider)]).await? {
                stored.add_version(row.get(0)?, row.get(1)?);
            }
        }
        Ok(stored)
    }
}

/// `copy` takes no parameters; the provider's id is a number of ours.
fn keys_query(provider: ProviderId, menu: &Menu) -> String {
    let mut sql = String::new();
    // What a collection has not is null: that costs nothing to send.
    let null = |ty: &str| format!("cast(null as {ty})");
    for (ix, c) in menu.iter() {
        let union = if sql.is_empty() { "" } else { " union all " };
        let raw_digest = if c.raw { "raw_digest".to_owned() } else { null("bigint") };
        let owner = if c.owner.is_empty() { null("bigint") } else { table::owner(c) };
        let archived = if c.archives() { "archived_on".to_owned() } else { null("timestamptz") };
        let _ = write!(
            sql,
            "{union}select cast({} as smallint), id, digest, {raw_digest}, {owner}, {archived}, ems_ref from {} \
             where provider_id = {provider}",
            ix.0, c.name
        );
    }
    sql
}

async fn from_pg(pg: &Postgres, provider: ProviderId, menu: &Menu, keys: &str, mut stored: Stored) -> Result<Stored> {
    let conn = pg.get(Use::Asking).await?;
    let copy = format!("copy ({keys}) to stdout (format binary)");
    let explain = |e| conn.explain("read the inventory's keys", e);
    let prepared = join3(conn.prepared(HELD), conn.prepared(WATCHED), conn.prepared(&copy)).await;
    let (held, watched, copy) = (prepared.0.map_err(explain)?, prepared.1.map_err(explain)?, prepared.2.map_err(explain)?);
    let of = Param::from(provider);
    let params: [&(dyn ToSql + Sync); 1] = [&of];
    let client = conn.client();
    // Sent in this order, answered in this order: the stream comes last.
    let (held, watched, stream) =
        join3(client.query(&held, &params), client.query(&watched, &params), client.copy_out(&copy)).await;
    for row in held.map_err(explain)? {
        stored.add_held(row.try_get(0).map_err(explain)?);
    }
    for row in watched.map_err(explain)? {
        add_watched(menu, &mut stored, &pg::row(&row)?)?;
    }
    let mut stream = pin!(stream.map_err(explain)?);
    let mut all = AllRows::of(&stored);
    let mut first = true;
    while let Some(message) = stream.next().await {
        let message = message.map_err(explain)?;
        let mut rest = &message[..];
        if std::mem::take(&mut first) {
            // Signature, flags, length of an extension that is not there.
            rest = rest.get(19..).ok_or_else(broken)?;
        }
        while !rest.is_empty() {
            match row(&mut rest).ok_or_else(broken)? {
                Some((ix, key, row)) => all.add(ix, key, row),
                None => break,
            }
        }
    }
    stored.set_rows(all);
    Ok(stored)
}

fn broken() -> StoreError {
    StoreError::Bug("a row of the key stream could not be read".to_owned())
}

/// One row of [`keys_query`] in PostgreSQL's binary COPY form; inner none: the end.
#[expect(clippy::option_option, reason = "outer: understood; inner: a row")]
fn row<'a>(rest: &mut &'a [u8]) -> Option<Option<(CollectionIx, &'a str, StoredRow)>> {
    let fields = i16::from_be_bytes(take(rest)?);
    if fields == -1 {
        return Some(None);
    }
    let ix = CollectionIx(u16::from_be_bytes(sized(rest)?));
    let id = i64::from_be_bytes(sized(rest)?);
    let digest = u64::from_be_bytes(sized(rest)?);
    let raw_digest = nullable(rest)?.map_or(0, u64::from_be_bytes);
    let owner = nullable(rest)?.map_or(0, i64::from_be_bytes);
    let archived = nullable::<8>(rest)?.is_some();
    let key = std::str::from_utf8(bytes(rest)?).ok()?;
    Some(Some((ix, key, StoredRow { id, digest, raw_digest, owner, archived })))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(i32::from_be_bytes(take(rest)?)).ok()?;
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}

fn sized<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    bytes(rest)?.try_into().ok()
}

#[expect(clippy::option_option, reason = "outer: understood; inner: not null")]
fn nullable<const N: usize>(rest: &mut &[u8]) -> Option<Option<[u8; N]>> {
    if rest.starts_with(&(-1i32).to_be_bytes()) {
        take::<4>(rest)?;
        return Some(None);
    }
    sized(rest).map(Some)
}

async fn from_sqlite(
    sqlite: &Sqlite,
    provider: ProviderId,
    menu: &Menu,
    keys: String,
    mut stored: Stored,
) -> Result<Stored> {
    let (mut stored, watched) = sqlite
        .read(move |c| {
            let of = Param::from(provider);
            for row in sqlite::query(c, HELD, std::slice::from_ref(&of))? {
                stored.add_held(row.get(0)?);
            }
            let watched = sqlite::query(c, WATCHED, &[of])?;
            stream_keys(c, &keys, &mut stored).map_err(|e| sqlite::explain("read the inventory's keys", e))?;
            Ok((stored, watched))
        })
        .await?;
    for row in watched {
        add_watched(menu, &mut stored, &row)?;
    }
    Ok(stored)
}

fn stream_keys(c: &rusqlite::Connection, keys: &str, stored: &mut Stored) -> rusqlite::Result<()> {
    let mut all = AllRows::of(stored);
    let mut statement = c.prepare(keys)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let key = row.get_ref(6)?.as_str()?;
        let (digest, raw_digest): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
        let stored_row = StoredRow {
            id: row.get(1)?,
            digest: digest as u64,
            raw_digest: raw_digest.unwrap_or(0) as u64,
            owner: row.get::<_, Option<i64>>(4)?.unwrap_or(0),
            archived: row.get_ref(5)? != rusqlite::types::ValueRef::Null,
        };
        all.add(CollectionIx(row.get(0)?), key, stored_row);
    }
    stored.set_rows(all);
    Ok(())
}

fn add_watched(menu: &Menu, stored: &mut Stored, row: &Row) -> Result<()> {
    let target: String = row.get(0)?;
    let (unresolved, resolved) = (row.get(1)?, row.get(2)?);
    if let Some(ix) = menu.ix(&target) {
        stored.set_watched(ix, Watched { unresolved, resolved });
    }
    Ok(())
}

/// Asks for rows in the form that [`stored_row`] reads, `tag` first: their collection, and what else the asker must know.
pub(super) fn select(tag: &str, c: &Collection, condition: &str) -> String {
    let (owner, archived) = (table::owner(c), table::archived(c));
    format!("select {tag}, id, digest, raw_digest, {owner}, {archived}, ems_ref from {} where {condition}", c.name)
}

/// A row as [`select`] asks for it, without its collection.
pub(super) fn stored_row(cells: &Row) -> Result<(StoredRow, String)> {
    let (digest, raw_digest): (i64, i64) = (cells.get(2)?, cells.get(3)?);
    let row = StoredRow {
        id: cells.get(1)?,
        digest: digest as u64,
        raw_digest: raw_digest as u64,
        owner: cells.get(4)?,
        archived: cells.get(5)?,
    };
    Ok((row, cells.get(6)?))
}
