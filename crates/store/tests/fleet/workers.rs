use stocktake_store::fleet::{self, NewWorker, ServerId, WorkerFilter, WorkerId, WorkerReport, WorkerState};
use stocktake_store::{ProviderId, params};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, NONE, World};

async fn worker(world: &World, server: ServerId, provider: Option<ProviderId>) -> WorkerId {
    let id = WorkerId::new();
    let new = NewWorker {
        id,
        server,
        kind: "refresh".to_owned(),
        provider,
        slot: 1,
        host: "here".to_owned(),
        generation: 3,
        restarts: 2,
    };
    fleet::add_worker(&world.store, &new).await.unwrap();
    id
}

fn report(id: WorkerId, state: WorkerState) -> WorkerReport {
    WorkerReport {
        id,
        state,
        pid: Some(77),
        heard: true,
        progressed: true,
        job: Some(5),
        doing: Some("collecting servers".to_owned()),
        progress: Some(serde_json::json!({"servers": 12})),
        rss_bytes: Some(1 << 24),
        cpu_millis: Some(40),
    }
}

async fn all(world: &World) -> Vec<fleet::WorkerRecord> {
    fleet::workers(&world.store, &WorkerFilter { ended: true, ..WorkerFilter::default() }).await.unwrap()
}

pub(crate) async fn a_worker_is_a_row_from_before_its_start_to_after_its_end(database: TestDatabase) {
    let world = World::new(database).await;
    let (server, provider) = (world.server("a", LONG).await, world.provider("cloud1").await);
    let id = worker(&world, server, Some(provider)).await;
    let row = &all(&world).await[0];
    assert_eq!((row.state, row.generation, row.restarts, row.pid), (WorkerState::Creating, 3, 2, None));
    assert_eq!((row.server.as_str(), row.provider.as_deref()), ("a", Some("cloud1")));
    fleet::report_workers(&world.store, &[report(id, WorkerState::Running)]).await.unwrap();
    let row = &all(&world).await[0];
    let started = row.started_on.expect("running is started");
    assert!(row.heartbeat_on.is_some() && row.progress_on.is_some());
    assert_eq!((row.pid, row.job, row.rss_bytes), (Some(77), Some(5), Some(1 << 24)));
    assert_eq!(row.progress, Some(serde_json::json!({"servers": 12})));
    let quiet = WorkerReport { pid: None, heard: false, progressed: false, job: None, ..report(id, WorkerState::Draining) };
    let beat = row.heartbeat_on;
    fleet::report_workers(&world.store, &[quiet]).await.unwrap();
    let row = &all(&world).await[0];
    assert_eq!((row.pid, row.job, row.heartbeat_on, row.started_on), (Some(77), None, beat, Some(started)));
    fleet::end_worker(&world.store, id, WorkerState::Stopped, "asked to stop").await.unwrap();
    assert_eq!(fleet::workers(&world.store, &WorkerFilter::default()).await.unwrap().len(), 0);
    assert_eq!(all(&world).await[0].end_reason.as_deref(), Some("asked to stop"));
    assert_eq!(fleet::purge_workers(&world.store, LONG).await.unwrap(), 0);
    assert_eq!(fleet::purge_workers(&world.store, NONE).await.unwrap(), 1);
}

pub(crate) async fn reports_of_the_dead_change_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let server = world.server("a", LONG).await;
    let (dead, alive) = (worker(&world, server, None).await, worker(&world, server, None).await);
    fleet::end_worker(&world.store, dead, WorkerState::Killed, "no progress").await.unwrap();
    fleet::end_worker(&world.store, dead, WorkerState::Failed, "its process ended").await.unwrap();
    let reports = [report(dead, WorkerState::Running), report(alive, WorkerState::Running)];
    fleet::report_workers(&world.store, &reports).await.unwrap();
    let rows = all(&world).await;
    let of = |id| rows.iter().find(|row| row.id == id).unwrap();
    assert_eq!((of(dead).state, of(dead).end_reason.as_deref()), (WorkerState::Killed, Some("no progress")));
    assert_eq!(of(alive).state, WorkerState::Running);
    assert_eq!(rows[0].id, alive, "the living stand first");
}

pub(crate) async fn workers_of_a_lost_server_are_written_off(database: TestDatabase) {
    let world = World::new(database).await;
    let (kept, lost) = (world.server("kept", LONG).await, world.server("lost", NONE).await);
    let (stays, goes) = (worker(&world, kept, None).await, worker(&world, lost, None).await);
    fleet::settle_lost_servers(&world.store).await.unwrap();
    let living = fleet::workers(&world.store, &WorkerFilter::default()).await.unwrap();
    assert_eq!(living.iter().map(|w| w.id).collect::<Vec<_>>(), [stays]);
    let rows = all(&world).await;
    let gone = rows.iter().find(|w| w.id == goes).unwrap();
    assert_eq!((gone.state, gone.end_reason.as_deref()), (WorkerState::Killed, Some("its server was lost")));
    // It was only away, and its worker lives.
    fleet::report_workers(&world.store, &[report(goes, WorkerState::Running)]).await.unwrap();
    assert_eq!(fleet::workers(&world.store, &WorkerFilter::default()).await.unwrap().len(), 2);
}

pub(crate) async fn a_removed_provider_leaves_its_workers_rows(database: TestDatabase) {
    let world = World::new(database).await;
    let (server, provider) = (world.server("a", LONG).await, world.provider("cloud1").await);
    let id = worker(&world, server, Some(provider)).await;
    fleet::end_worker(&world.store, id, WorkerState::Stopped, "its provider is removed").await.unwrap();
    world.store.execute("delete from providers where id = $1", &params![provider]).await.unwrap();
    assert_eq!(all(&world).await[0].provider, None);
}
