//! PostgreSQL's floor: the very same rows into the very same table, by one prepared insert of lists straight from the driver,
//! so many in a transaction as ours. Nothing is read, looked up, routed, asked for or counted.

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use stocktake_bench_common::{Cluster, Meter};
use stocktake_events::pack;
use stocktake_store::Cell;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use crate::case::{Case, Measured};
use crate::samples::Samples;

const INSERT: &str = "insert into events (provider_id, at, received_on, key, type, source, via, level, event_group, severity, message, \
    collection, ref, vm_ref, host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload) \
    select provider, timestamptz 'epoch' + at * interval '1 microsecond', timestamptz 'epoch' + received * interval '1 microsecond', \
    c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19::json \
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], \
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], \
    $19::text[], $20::text[], $21::text[], $22::text[]) \
    as e (provider, at, received, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19)";

/// Of one batch: a list for each column.
struct Lists {
    ints: [Vec<i64>; 3],
    texts: [Vec<Option<String>>; 19],
}

impl Lists {
    fn of(rows: &[Vec<Cell>]) -> Self {
        let int = |at: usize| rows.iter().map(|row| if let Cell::Int(v) = &row[at] { *v } else { 0 }).collect();
        let text =
            |at: usize| rows.iter().map(|row| if let Cell::Text(v) = &row[at] { Some(v.clone()) } else { None }).collect();
        Self { ints: [0, 1, 2].map(int), texts: std::array::from_fn(|at| text(at + 3)) }
    }

    fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        let ints = self.ints.iter().map(|list| list as &(dyn ToSql + Sync));
        ints.chain(self.texts.iter().map(|list| list as &(dyn ToSql + Sync))).collect()
    }
}

async fn connect(cluster: &Cluster) -> Result<Client> {
    let (client, connection) = cluster.config("bench_events").connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub async fn run(cluster: &Cluster, case: Case, samples: &Samples, rows: Vec<Vec<Cell>>) -> Result<Measured> {
    ensure!(rows.len() == case.events, "{} rows for {} events", rows.len(), case.events);
    let admin = connect(cluster).await?;
    let provider: i64 = admin.query_one("select id from providers", &[]).await?.get(0);
    admin.batch_execute("truncate events, event_batches; checkpoint").await?;
    let store = admin.prepare("insert into event_batches (provider_id, events, body) values ($1, $2, $3)").await?;
    let bodies: Vec<Vec<_>> = (0..case.events / case.batch)
        .map(|batch| (0..case.batch).map(|n| samples.event(batch * case.batch + n)).collect())
        .collect();
    let meter = Meter::start(Some(cluster.postmaster));
    for events in bodies {
        admin.execute(&store, &[&provider, &(events.len() as i64), &pack(&events)]).await?;
    }
    let catch = meter.stop();
    let mut lists: Vec<Vec<Lists>> = (0..case.handlers).map(|_| Vec::new()).collect();
    for (n, batch) in rows.chunks(case.batch).enumerate() {
        lists[n % case.handlers].push(Lists::of(batch));
    }
    drop(rows);
    let clients = try_join_all((0..case.handlers).map(|_| connect(cluster))).await?;
    let inserts = try_join_all(clients.iter().map(|client| client.prepare(INSERT))).await?;
    let meter = Meter::start(Some(cluster.postmaster));
    let working = clients.into_iter().zip(inserts).zip(lists).map(|((client, insert), lists)| {
        tokio::spawn(async move {
            for list in lists {
                client.execute(&insert, &list.params()).await?;
            }
            anyhow::Ok(client)
        })
    });
    // Held until it is measured: the processor time of a server's process is gone with it.
    let mut held = Vec::new();
    for worker in working.collect::<Vec<_>>() {
        held.push(worker.await??);
    }
    Ok(Measured { catch, handle: meter.stop() })
}
