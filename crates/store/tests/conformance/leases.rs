use std::time::Duration;

use stocktake_model::menus::machines::*;
use stocktake_saver::GuardPolicy;
use stocktake_store::{ProviderId, Save, StoreError};
use stocktake_testkit::TestDatabase;

use super::support::World;

const LONG: Duration = Duration::from_secs(90);

pub(crate) async fn one_holder_at_a_time(database: TestDatabase) {
    let world = World::new(database).await;
    let (store, provider) = (&world.store, world.provider);
    let error = store.acquire_lease(provider, "other", LONG).await.unwrap_err();
    let StoreError::Held { holder, seconds, .. } = &error else { panic!("{error:?}") };
    assert!(holder == "test" && (1..=90).contains(seconds), "{error}");
    store.renew_lease(&world.lease, LONG).await.unwrap();
    store.release_lease(&world.lease).await.unwrap();
    let second = store.acquire_lease(provider, "other", Duration::from_millis(1)).await.unwrap();
    assert!(second.token > world.lease.token);
    assert!(matches!(store.renew_lease(&world.lease, LONG).await, Err(StoreError::Fenced { .. })));
    store.release_lease(&world.lease).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let third = store.acquire_lease(provider, "third", LONG).await.unwrap();
    assert!(third.token > second.token, "a lease that has run out is free");
    assert!(store.acquire_lease(provider, "fourth", LONG).await.is_err(), "giving back a lost lease frees nothing");
    // Of many at once, one gets it.
    store.release_lease(&third).await.unwrap();
    let tries = (0..8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.acquire_lease(provider, &format!("w{n}"), LONG).await.is_ok() })
    });
    let tries: Vec<_> = tries.collect();
    let mut got = 0;
    for attempt in tries {
        got += usize::from(attempt.await.unwrap());
    }
    assert_eq!(got, 1);
}

pub(crate) async fn a_stale_holder_writes_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    rows.row(world.ix("vms"), "vm1").text(vms::name, "before").finish();
    world.refresh(rows).await;
    let before = world.everything().await;
    let coverage = world.complete();
    for new in [1, 100] {
        let mut rows = world.rows();
        for n in 1..=new {
            rows.row(world.ix("vms"), &format!("vm{n}")).text(vms::name, "after").finish();
        }
        let plan = world.plan(rows, &coverage, GuardPolicy::OFF).await;
        let also = vec![stocktake_store::Statement::new("update providers set status = 'written'", [])];
        let stale = stocktake_store::Lease { token: world.lease.token - 1, ..world.lease.clone() };
        let save = Save { lease: stale, plan: plan.into(), complete: Vec::new(), also };
        let error = world.store.save(&save).await.unwrap_err();
        assert!(matches!(error, StoreError::Fenced { .. }), "{error:?}");
        assert_eq!(world.everything().await, before);
        assert_eq!(world.count("select count(*) from providers where status = 'written'").await, 0);
    }
}

pub(crate) async fn a_lease_of_nobody_is_an_error(database: TestDatabase) {
    let world = World::new(database).await;
    let error = world.store.acquire_lease(ProviderId(4711), "x", LONG).await.unwrap_err();
    assert!(matches!(error, StoreError::UnknownProvider { provider: ProviderId(4711) }), "{error:?}");
    let plan = world.plan(world.rows(), &world.complete(), GuardPolicy::OFF).await;
    let lease = stocktake_store::Lease { provider: ProviderId(4711), ..world.lease.clone() };
    let save = Save { lease, plan: plan.into(), complete: Vec::new(), also: Vec::new() };
    assert!(world.store.save(&save).await.is_err(), "nor can its inventory be written");
}
