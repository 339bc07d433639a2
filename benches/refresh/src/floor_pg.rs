//! What PostgreSQL needs at least: binary COPY of the same rows into the same tables with the same constraints, and a
//! stream of (id, digest, ref) compared in the client.

use std::collections::HashMap;

use anyhow::Result;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, pin_mut};
use stocktake_model::Rows;
use tokio_postgres::Client;
use xxhash_rust::xxh3::xxh3_64;

use crate::cloud::Cloud;

/// Tables in an order in which they can be filled: owners and targets first.
pub fn tables(cloud: &Cloud) -> Vec<&'static str> {
    let collections = cloud.menu.order().iter().map(|ix| cloud.menu.get(*ix).name);
    collections.chain(["raw_documents", "link_watches"]).collect()
}

/// The rows of all tables, as COPY writes them.
pub async fn dump(client: &Client, cloud: &Cloud) -> Result<Vec<(&'static str, Vec<Bytes>)>> {
    let mut dumped = Vec::new();
    for table in tables(cloud) {
        let order = match table {
            "raw_documents" | "link_watches" => "row_id",
            _ => "id",
        };
        let stream =
            client.copy_out(&format!("copy (select * from {table} order by {order}) to stdout (format binary)")).await?;
        pin_mut!(stream);
        // In pieces of the size the saver sends, so that only the rows' making differs.
        let (mut pieces, mut piece) = (Vec::new(), BytesMut::new());
        while let Some(bytes) = stream.try_next().await? {
            piece.extend_from_slice(&bytes);
            if piece.len() >= 128 * 1024 {
                pieces.push(piece.split().freeze());
            }
        }
        pieces.push(piece.freeze());
        dumped.push((table, pieces));
    }
    Ok(dumped)
}

pub async fn truncate(client: &Client, cloud: &Cloud) -> Result<()> {
    client.batch_execute(&format!("truncate {} cascade; checkpoint", tables(cloud).join(", "))).await?;
    Ok(())
}

pub async fn load(client: &Client, dumped: &[(&'static str, Vec<Bytes>)]) -> Result<()> {
    client.batch_execute("begin").await?;
    for (table, pieces) in dumped {
        let sink = client.copy_in::<_, Bytes>(&format!("copy {table} from stdin (format binary)")).await?;
        pin_mut!(sink);
        for piece in pieces {
            sink.feed(piece.clone()).await?;
        }
        sink.close().await?;
    }
    client.batch_execute("commit").await?;
    Ok(())
}

/// Streams ref and digest of every row and looks each up among the incoming ones. Returns (equal, other).
pub async fn compare(client: &Client, cloud: &Cloud, pages: &[Rows]) -> Result<(u64, u64)> {
    let mut incoming: Vec<HashMap<u64, u64>> = vec![HashMap::new(); cloud.menu.len()];
    for page in pages {
        for (ix, rows) in page.iter() {
            for row in rows.iter() {
                incoming[ix.index()].insert(xxh3_64(row.key().as_bytes()), row.head().digest);
            }
        }
    }
    let (mut equal, mut other) = (0, 0);
    for (ix, collection) in cloud.menu.iter() {
        if incoming[ix.index()].is_empty() {
            continue;
        }
        let sql = format!("copy (select id, digest, ems_ref from {}) to stdout (format binary)", collection.name);
        let mut stream = Box::pin(client.copy_out(&sql).await?);
        let (mut rest, mut head) = (BytesMut::new(), true);
        while let Some(bytes) = stream.next().await {
            rest.extend_from_slice(&bytes?);
            if std::mem::take(&mut head) {
                rest.advance(19);
            }
            while let Some((digest, key)) = tuple(&mut rest) {
                let same = incoming[ix.index()].get(&key) == Some(&digest);
                *if same { &mut equal } else { &mut other } += 1;
            }
        }
    }
    Ok((equal, other))
}

/// (digest, hash of the ref) of the next whole tuple.
fn tuple(rest: &mut BytesMut) -> Option<(u64, u64)> {
    if rest.len() < 30 || rest[..2] == [0xff, 0xff] {
        return None;
    }
    let len = u32::from_be_bytes(rest[26..30].try_into().ok()?) as usize;
    if rest.len() < 30 + len {
        return None;
    }
    let digest = u64::from_be_bytes(rest[18..26].try_into().ok()?);
    let key = xxh3_64(&rest[30..30 + len]);
    rest.advance(30 + len);
    Some((digest, key))
}
