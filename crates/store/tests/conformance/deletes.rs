use stocktake_model::menus::{cloud::*, machines::*, network::*};
use stocktake_model::{Coverage, Listed};
use stocktake_saver::GuardPolicy;
use stocktake_store::{StoreError, params};
use stocktake_testkit::TestDatabase;

use super::support::World;

pub(crate) async fn children_go_before_their_owner(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    for n in 0..30 {
        let net = format!("n{n}");
        rows.row(world.ix("cloud_networks"), &net).text(cloud_networks::name, net.as_str()).finish();
        rows.row(world.ix("cloud_subnets"), &net).link(cloud_subnets::cloud_network, &net).finish();
        rows.row(world.ix("network_ports"), &net).link(network_ports::cloud_network, &net).finish();
        rows.row(world.ix("labels"), &net).link(labels::cloud_network, &net).text(labels::name, "x").finish();
    }
    rows.row(world.ix("flavors"), "f").finish();
    world.refresh(rows).await;
    let mut rest = world.rows();
    rest.row(world.ix("flavors"), "f").finish();
    let stats = world.refresh(rest).await;
    assert_eq!((stats.written.deleted, stats.written.archived), (120, 0));
    for table in ["cloud_networks", "cloud_subnets", "network_ports", "labels"] {
        assert_eq!(world.refs(table).await, Vec::<String>::new(), "{table}");
    }
    assert_eq!(world.refs("flavors").await, ["f"]);
    assert_eq!(world.count("select count(*) from link_watches").await, 0, "rows that go together remember nothing");
}

pub(crate) async fn held_deletions_are_remembered_and_forgotten(database: TestDatabase) {
    let world = World::new(database).await;
    let flavors = |there: usize| {
        let mut rows = world.rows();
        for n in 0..there {
            rows.row(world.ix("flavors"), &format!("f{n:03}")).int(flavors::memory_mb, n as i64).finish();
        }
        rows
    };
    let full = world.complete();
    world.refresh(flavors(100)).await;
    let held = "select count(*) from held_deletes";
    let plan = world.plan(flavors(10), &full, GuardPolicy::default()).await;
    world.save(plan, &full).await.unwrap();
    assert_eq!((world.refs("flavors").await.len(), world.count(held).await), (100, 90), "held, nothing deleted");
    // A run that did not see the collection whole says nothing about it.
    let mut partial = Coverage::default();
    partial.feed(world.ix("flavors"), Listed::Partial { errors: vec!["a page is missing".to_owned()] });
    let plan = world.plan(flavors(10), &partial, GuardPolicy::default()).await;
    world.save(plan, &partial).await.unwrap();
    assert_eq!(world.count(held).await, 90);
    // They are back: what was held is forgotten, and the next vanishing is held anew.
    let plan = world.plan(flavors(100), &full, GuardPolicy::default()).await;
    world.save(plan, &full).await.unwrap();
    assert_eq!(world.count(held).await, 0);
    for (left, still_held) in [(100, 90), (10, 0)] {
        let plan = world.plan(flavors(10), &full, GuardPolicy::default()).await;
        world.save(plan, &full).await.unwrap();
        assert_eq!((world.refs("flavors").await.len(), world.count(held).await), (left, still_held), "agreed by the second");
    }
}

pub(crate) async fn a_provider_with_inventory_cannot_be_deleted(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    rows.row(world.ix("key_pairs"), "k").finish();
    world.refresh(rows).await;
    let delete = "delete from providers where id = $1";
    let error = world.store.execute(delete, &params![world.provider]).await.unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "{error:?}");
    world.store.execute("delete from key_pairs", &[]).await.unwrap();
    // A plan made before the provider went is not saved after it.
    let coverage = world.complete();
    let mut rows = world.rows();
    rows.row(world.ix("key_pairs"), "k").finish();
    let plan = world.plan(rows, &coverage, GuardPolicy::OFF).await;
    assert_eq!(world.store.execute(delete, &params![world.provider]).await.unwrap(), 1);
    let error = world.save(plan, &coverage).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced { .. }), "{error:?}");
    assert_eq!(world.count("select count(*) from key_pairs").await, 0);
}
