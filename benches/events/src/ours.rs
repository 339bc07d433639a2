//! Events as catcher and handlers work: batches are stored with their jobs; each handler has a store of its own, as processes
//! have, claims one job at a time, handles its batch and says so.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use stocktake_bench_common::{Cluster, Cost, Meter};
use stocktake_events::handle::{Handler, Nothing, Whose};
use stocktake_events::{HANDLE, LANE, Routes, pack};
use stocktake_openstack::OpenStack;
use stocktake_provider::ProviderType as _;
use stocktake_queue::{Claim, Debounce, Lane, NewJob, Queue, ROW};
use stocktake_store::{Cell, Durability, ProviderId, Statement, Store, params};

use crate::case::{Case, Measured};
use crate::samples::Samples;

pub struct Postgres {
    url: String,
    postmaster: u32,
    pub version: String,
    admin: Store,
}

const SOURCE: &str = "amqp";

const TABLES: [&str; 6] = ["events", "event_batches", "event_types", "refresh_targets", "refresh_later", "jobs"];

impl Postgres {
    pub async fn prepare(cluster: &Cluster) -> Result<Self> {
        let (client, connection) = cluster.config("postgres").connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("create database bench_events").await?;
        let version = client.query_one("show server_version", &[]).await?.get(0);
        let url = cluster.url("bench_events");
        let admin = Store::open(&url).await?;
        admin.migrate().await?;
        Ok(Self { url, postmaster: cluster.postmaster, version, admin })
    }

    pub async fn run(&self, case: Case, samples: &Samples) -> Result<Measured> {
        self.admin.execute(&format!("truncate {}", TABLES.join(", ")), &[]).await?;
        self.admin.execute("delete from providers", &[]).await?;
        let provider = provider(&self.admin).await?;
        let handlers = handlers(&self.url, case.handlers, provider).await?;
        warm(&handlers, samples).await?;
        self.admin.execute(&format!("truncate {}", TABLES.join(", ")), &[]).await?;
        self.admin.execute("checkpoint", &[]).await?;
        measure(handlers, case, samples, Some(self.postmaster)).await
    }

    pub async fn rows(&self) -> Result<Vec<Vec<Cell>>> {
        rows(&self.admin).await
    }
}

pub async fn sqlite(case: Case, samples: &Samples) -> Result<(Measured, Vec<Vec<Cell>>)> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    let store = Store::open(&url).await?;
    store.migrate().await?;
    let provider = provider(&store).await?;
    let handlers = handlers(&url, case.handlers, provider).await?;
    warm(&handlers, samples).await?;
    for table in TABLES {
        store.execute(&format!("delete from {table}"), &[]).await?;
    }
    let measured = measure(handlers, case, samples, None).await?;
    Ok((measured, rows(&store).await?))
}

/// As they were stored, for the floor: all columns but those that the database sets.
async fn rows(store: &Store) -> Result<Vec<Vec<Cell>>> {
    let sql = "select provider_id, at, received_on, key, type, source, via, level, event_group, severity, message, collection, ref, \
               vm_ref, host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload \
               from events order by id";
    Ok(store.query(sql, &[]).await?.into_iter().map(stocktake_store::Row::into_cells).collect())
}

pub async fn provider(store: &Store) -> Result<ProviderId> {
    let sql =
        "insert into providers (name, type, zone, settings) values ('bench', 'openstack', 'default', '{}') returning id";
    let provider = store.query_one(sql, &[]).await?.get(0)?;
    let source = "insert into event_sources (provider_id, source, state, position) values ($1, $2, 'catching', 'queue')";
    store.execute(source, &params![provider, SOURCE]).await?;
    Ok(provider)
}

pub async fn handlers(url: &str, count: usize, provider: ProviderId) -> Result<Vec<Handler>> {
    let stores = try_join_all((0..count).map(|_| Store::open(url))).await?;
    stores.into_iter().map(|store| handler(store, provider)).collect()
}

fn handler(store: Store, provider: ProviderId) -> Result<Handler> {
    let kind = OpenStack;
    Ok(Handler {
        queue: Queue::new(store),
        whose: Whose { id: provider, name: "bench".to_owned(), kind: kind.name().to_owned() },
        reader: kind.event_reader().context("OpenStack's events cannot be read")?,
        routes: Arc::new(Routes::of_type(&kind, None)?.context("OpenStack has no routes")?),
        consequences: Arc::new(Nothing),
        debounce: Debounce { quiet: Duration::from_millis(100), at_most: Duration::from_millis(500) },
    })
}

/// Connections are there, statements are prepared.
async fn warm(handlers: &[Handler], samples: &Samples) -> Result<()> {
    for (n, handler) in handlers.iter().enumerate() {
        for round in 0..3 {
            let events = (0..2 * samples.len()).map(|at| samples.event((n * 3 + round) * 2 * samples.len() + at)).collect();
            store_batch(handler, events).await?;
            work(handler).await?;
        }
        handler.queue.flush().await;
    }
    Ok(())
}

/// One transaction, as the catcher's.
async fn store_batch(handler: &Handler, events: Vec<stocktake_provider::RawEvent>) -> Result<()> {
    let (queue, provider) = (&handler.queue, handler.whose.id);
    let moved = "update event_sources set received = received + $2, poisoned = poisoned + $3, seen_on = now(), \
                 last_event_on = case when $2 > 0 then now() else last_event_on end, \
                 position = coalesce($4, position), position_on = case when $4 is null then position_on else now() end \
                 where provider_id = $1 and source = $5";
    // As of a broker's queue: its position stays the same.
    let moved = Statement::new(moved, params![provider, events.len() as i64, 0_i64, None::<String>, SOURCE]);
    let insert = "insert into event_batches (provider_id, events, body) values ($1, $2, $3) returning id";
    let insert = Statement::new(insert, params![provider, events.len() as i64, pack(&events)]);
    let job = NewJob::new(HANDLE, Lane::shared(LANE)).payload(serde_json::json!({"provider": provider, "batch": ROW}));
    let job = queue.statement_about(&job, "event_batches");
    queue.store().transact(&[moved, insert, job], Durability::Full).await?;
    queue.announce([LANE]);
    Ok(())
}

async fn measure(handlers: Vec<Handler>, case: Case, samples: &Samples, postmaster: Option<u32>) -> Result<Measured> {
    let batches: Vec<Vec<_>> = (0..case.events / case.batch)
        .map(|batch| (0..case.batch).map(|n| samples.event(batch * case.batch + n)).collect())
        .collect();
    // One catcher: a provider has no more.
    let meter = Meter::start(postmaster);
    for batch in batches {
        store_batch(&handlers[0], batch).await?;
    }
    let catch = meter.stop();
    let (handle, stored) = handled(&handlers, postmaster).await?;
    ensure!(stored == case.events, "{stored} events were stored, {} were caught", case.events);
    Ok(Measured { catch, handle })
}

pub async fn handled(handlers: &[Handler], postmaster: Option<u32>) -> Result<(Cost, usize)> {
    let meter = Meter::start(postmaster);
    let working: Vec<_> =
        handlers.iter().cloned().map(|handler| tokio::spawn(async move { work(&handler).await })).collect();
    let mut stored = 0;
    for handler in working {
        stored += handler.await??;
    }
    Ok((meter.stop(), stored))
}

/// Until there is nothing more, as a worker does.
pub async fn work(handler: &Handler) -> Result<usize> {
    let claim = Claim { lanes: vec![LANE.to_owned()], owner: "bench".to_owned(), ttl: Duration::from_mins(1), limit: 1 };
    let mut stored = 0;
    while let Some(job) = handler.queue.claim(&claim).await?.pop() {
        if job.kind == HANDLE {
            let batch = job.payload["batch"].as_i64().context("a job without a batch")?;
            stored += handler.handle(batch).await?.context("another handled it")?.stored;
        }
        handler.queue.done(&job, None).await?;
    }
    Ok(stored)
}

pub async fn store_batches(
    handler: &Handler,
    batch: usize,
    events: usize,
    event: impl Fn(usize) -> stocktake_provider::RawEvent,
) -> Result<()> {
    for from in (0..events).step_by(batch) {
        store_batch(handler, (from..(from + batch).min(events)).map(&event).collect()).await?;
    }
    Ok(())
}
