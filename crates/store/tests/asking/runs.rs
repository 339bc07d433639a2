use std::collections::BTreeMap;
use std::time::Duration;

use stocktake_model::{Issue, IssueKind, Listed, Scope};
use stocktake_saver::Counts;
use stocktake_store::registry::{
    self, CollectionRun, KEPT_ISSUES, NewRun, RegistryError, RunEnd, RunFilter, RunId, RunState,
};
use stocktake_testkit::TestDatabase;

use crate::support::World;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn begin(world: &World, scope: &Scope, lease_token: Option<i64>) -> RunId {
    let (provider, trace_id) = (world.provider, Some(TRACE.to_owned()));
    let new = NewRun { provider, scope, trigger: "cli", owner: "host:1", lease_token, approves: None, trace_id };
    registry::begin_run(&world.store, &new).await.unwrap()
}

fn end(state: RunState, collections: &[(&str, CollectionRun)]) -> RunEnd {
    let collections = collections.iter().map(|(name, run)| ((*name).to_owned(), run.clone())).collect();
    RunEnd { state, error: None, collections, ..RunEnd::failed("") }
}

async fn run(world: &World, scope: &Scope, end: &RunEnd) -> RunId {
    let id = begin(world, scope, Some(world.lease.token)).await;
    registry::end_run(&world.store, id, world.provider, scope, end).await.unwrap();
    id
}

fn seen(listed: Listed, counts: Counts) -> CollectionRun {
    CollectionRun { counts, listed: Some(listed) }
}

pub(crate) async fn a_run_is_written_down(database: TestDatabase) {
    let world = World::new(database).await;
    let targets = Scope::Targets(vec!["vms=a".parse().unwrap()]);
    let id = begin(&world, &targets, Some(world.lease.token)).await;
    let running = registry::find_run(&world.store, &id.to_string()).await.unwrap();
    assert_eq!((running.state, running.ended_on, running.targets.len()), (RunState::Running, None, 1));
    let mut ended = end(RunState::Partial, &[("vms", seen(Listed::Complete, Counts { created: 3, ..Counts::default() }))]);
    ended.phases = vec![("collect".to_owned(), 12)];
    ended.notes = vec!["servers failed".to_owned()];
    registry::end_run(&world.store, id, world.provider, &targets, &ended).await.unwrap();
    let text = id.to_string();
    for word in [text.as_str(), &text[..20], text.rsplit('-').next().unwrap(), "last"] {
        let found = registry::find_run(&world.store, word).await.unwrap();
        assert_eq!((found.id, found.state, found.counts().created), (id, RunState::Partial, 3), "{word}");
        assert_eq!((found.mode.as_str(), found.provider.as_str(), found.notes.len()), ("targeted", "one", 1));
        assert_eq!((&found.phases[..], found.trace_id.as_deref()), (&[("collect".to_owned(), 12)][..], Some(TRACE)));
        assert!(found.ended_on.unwrap() >= found.started_on);
    }
    assert!(matches!(registry::find_run(&world.store, "zzz").await, Err(RegistryError::NoRun { .. })));
    assert!(matches!(registry::find_run(&world.store, "%").await, Err(RegistryError::NoRun { .. })));
    let second = run(&world, &Scope::Full, &end(RunState::Ok, &[])).await;
    let all = registry::list_runs(&world.store, &RunFilter::default()).await.unwrap();
    assert_eq!(all.iter().map(|r| r.id).collect::<Vec<_>>(), [second, id], "newest first");
    let record = registry::get(&world.store, world.provider).await.unwrap();
    assert_eq!(record.status.name(), "ok");
    assert!(record.last_refresh_on.is_some());
    // A run ends once.
    registry::end_run(&world.store, second, world.provider, &Scope::Full, &RunEnd::failed("late")).await.unwrap();
    assert_eq!(registry::find_run(&world.store, "last").await.unwrap().state, RunState::Ok);
}

pub(crate) async fn a_run_of_a_dead_process_is_failed(database: TestDatabase) {
    let world = World::new(database).await;
    let alive = begin(&world, &Scope::Full, Some(world.lease.token)).await;
    let dead = begin(&world, &Scope::Full, Some(world.lease.token - 1)).await;
    assert_eq!(registry::fail_abandoned(&world.store).await.unwrap(), 1);
    let state = async |id: RunId| registry::find_run(&world.store, &id.to_string()).await.unwrap();
    assert_eq!(state(alive).await.state, RunState::Running);
    let dead = state(dead).await;
    assert_eq!(dead.state, RunState::Failed);
    assert!(dead.error.unwrap().contains("nothing was saved"));
    world.store.release_lease(&world.lease).await.unwrap();
    assert_eq!(state(alive).await.state, RunState::Failed, "looking settles it");
}

pub(crate) async fn issues_are_capped_and_counted(database: TestDatabase) {
    let world = World::new(database).await;
    let issue = |n: usize| Issue {
        kind: if n == 0 { IssueKind::Malformed } else { IssueKind::UnresolvedLink },
        collection: "vms".to_owned(),
        reference: format!("r{n}"),
        field: n.is_multiple_of(2).then(|| "flavor".to_owned()),
        message: "m".to_owned(),
    };
    let mut ended = end(RunState::Ok, &[]);
    ended.issues = (0..KEPT_ISSUES + 7).map(issue).collect();
    ended.issue_totals = BTreeMap::from([(IssueKind::UnresolvedLink, 5_000)]);
    let id = run(&world, &Scope::Full, &ended).await;
    let record = registry::find_run(&world.store, &id.to_string()).await.unwrap();
    assert_eq!(record.issues, BTreeMap::from([("malformed".to_owned(), 1), ("unresolved_link".to_owned(), 5_000)]));
    let kept = registry::issues_of(&world.store, id).await.unwrap();
    assert_eq!((kept.len(), kept[0].reference.as_str(), kept[999].reference.as_str()), (KEPT_ISSUES, "r0", "r999"));
    assert_eq!((kept[0].field.as_deref(), kept[1].field.as_deref()), (Some("flavor"), None));
}

pub(crate) async fn deletions_are_approved_where_there_are_any(database: TestDatabase) {
    let world = World::new(database).await;
    let held = seen(Listed::Complete, Counts { held: 40, ..Counts::default() });
    let id = run(&world, &Scope::Full, &end(RunState::Partial, &[("vms", held)])).await;
    let approved = registry::approve_deletes(&world.store, &id.to_string()).await.unwrap();
    assert_eq!(approved.provider_id, world.provider);
    assert!(registry::find_run(&world.store, "last").await.unwrap().approved_on.is_some());
    let none = run(&world, &Scope::Full, &end(RunState::Ok, &[])).await;
    assert!(matches!(
        registry::approve_deletes(&world.store, &none.to_string()).await,
        Err(RegistryError::NothingHeld { .. })
    ));
}

pub(crate) async fn freshness_is_the_last_complete_run(database: TestDatabase) {
    let world = World::new(database).await;
    let vms = |listed| end(RunState::Ok, &[("vms", seen(listed, Counts::default()))]);
    run(&world, &Scope::Full, &vms(Listed::Complete)).await;
    let of = async || registry::latest_per_collection(&world.store).await.unwrap().remove(0);
    let complete = of().await.complete_on.unwrap();
    let second = run(&world, &Scope::Full, &vms(Listed::Failed { error: "503".to_owned() })).await;
    let fresh = of().await;
    assert_eq!((fresh.run, fresh.listed.name(), fresh.complete_on), (second.to_string(), "failed", Some(complete)));
    // What is targeted or failed says nothing about the whole.
    run(&world, &Scope::Targets(vec![]), &vms(Listed::Complete)).await;
    run(&world, &Scope::Full, &RunEnd { state: RunState::Failed, ..vms(Listed::Complete) }).await;
    assert_eq!(of().await.run, second.to_string());
}

/// What says how fresh a collection is stays, and so does the last run, however old they are.
pub(crate) async fn old_runs_are_purged_but_not_what_is_needed(database: TestDatabase) {
    let world = World::new(database).await;
    let complete = [("vms", seen(Listed::Complete, Counts::default()))];
    let fresh = run(&world, &Scope::Full, &end(RunState::Ok, &complete)).await;
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(run(&world, &Scope::Full, &end(RunState::Failed, &[])).await);
    }
    let last = run(&world, &Scope::Full, &end(RunState::Failed, &[])).await;
    let purge = async |kept, window| registry::purge_runs(&world.store, kept, window).await.unwrap();
    assert_eq!(purge(Duration::from_hours(1), 10).await, 0, "too young");
    assert_eq!((purge(Duration::ZERO, 2).await, purge(Duration::ZERO, 2).await), (2, 1), "a window at a time");
    let left = registry::list_runs(&world.store, &RunFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|r| r.id).collect::<Vec<_>>(), [last, fresh]);
    assert!(old.iter().all(|id| left.iter().all(|run| run.id != *id)));
}
