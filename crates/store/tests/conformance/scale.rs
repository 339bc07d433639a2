use stocktake_model::Rows;
use stocktake_model::menus::{cloud::*, machines::*};
use stocktake_testkit::TestDatabase;

use super::support::World;

fn many(world: &World, vms: usize, changed: usize) -> Rows {
    let mut rows = world.rows();
    for n in 0..vms {
        let key = format!("vm{n}");
        let (name, flavor) = (if n < changed { "new name" } else { "name" }, format!("f{}", n % 20));
        rows.row(world.ix("vms"), &key).text(vms::name, name).link(vms::flavor, &flavor).raw("{\"a\":1}").finish();
        rows.row(world.ix("hardwares"), &key).link(hardwares::vm, &key).int(hardwares::memory_mb, 1).finish();
        for d in 0..2 {
            rows.row(world.ix("disks"), &format!("{key}/{d}")).link(disks::vm, &key).int(disks::size_bytes, d).finish();
        }
    }
    for n in 0..20 {
        rows.row(world.ix("flavors"), &format!("f{n}")).text(flavors::name, format!("n{n}").as_str()).finish();
    }
    rows
}

pub(crate) async fn ten_thousand_rows(database: TestDatabase) {
    let world = World::new(database).await;
    let stats = world.refresh(many(&world, 2_500, 0)).await;
    assert_eq!((stats.written.inserted, stats.written.documents), (10_020, 2_500));
    assert_eq!(world.count("select count(*) from disks d join vms v on v.id = d.vm_id").await, 5_000);
    assert_eq!(world.refresh(many(&world, 2_500, 0)).await.written.inventory(), 0);
    let stats = world.refresh(many(&world, 2_400, 300)).await;
    assert_eq!((stats.written.updated, stats.written.archived), (300, 400), "{stats:?}");
    let stats = world.refresh(many(&world, 2_500, 2_500)).await;
    assert_eq!(stats.written.updated, 2_200 + 300, "{stats:?}");
}

pub(crate) async fn savers_of_two_providers_do_not_meet(database: TestDatabase) {
    let one = World::new(database).await;
    let two = one.neighbour("two").await;
    // One after the other on each, both at once: on SQLite the second waits, on PostgreSQL nothing does.
    let rounds = |world: World| async move {
        for round in 0..5 {
            world.refresh(many(&world, 200, round * 40)).await;
        }
        world
    };
    let (one, two) = tokio::join!(tokio::spawn(rounds(one)), tokio::spawn(rounds(two)));
    for world in [one.unwrap(), two.unwrap()] {
        assert_eq!(world.refs("vms").await.len(), 200);
        let of = format!("select count(*) from vms where name = 'new name' and provider_id = {}", world.provider);
        assert_eq!(world.count(&of).await, 160);
    }
}
