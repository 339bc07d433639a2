use stocktake_model::Rows;
use stocktake_model::menus::{self, cloud::*, machines::*, storage::*};
use stocktake_store::Cell;
use stocktake_testkit::TestDatabase;

use super::support::World;

pub(crate) async fn a_link_to_a_deleted_row_is_null_and_comes_back_with_it(database: TestDatabase) {
    let world = World::new(database).await;
    let with_flavors = |there: &[&str]| {
        let mut rows = world.rows();
        for n in 0..3 {
            rows.row(world.ix("vms"), &format!("vm{n}")).link(vms::flavor, if n < 2 { "f1" } else { "f2" }).finish();
        }
        for key in there {
            rows.row(world.ix("flavors"), *key).text(flavors::name, *key).finish();
        }
        rows
    };
    world.refresh(with_flavors(&["f1", "f2"])).await;
    let first = world.id("flavors", "f1").await;
    assert_eq!(world.cell("vms", "vm0", "flavor_id").await, Cell::Int(first));
    let before = world.cell("vms", "vm0", "updated_on").await;
    let stats = world.refresh(with_flavors(&["f2"])).await;
    assert_eq!((stats.written.deleted, stats.written.linked, stats.written.updated), (1, 2, 0));
    assert_eq!(world.cell("vms", "vm0", "flavor_id").await, Cell::Null);
    assert_ne!(world.cell("vms", "vm0", "updated_on").await, before);
    assert_ne!(world.cell("vms", "vm2", "flavor_id").await, Cell::Null);
    assert_eq!(world.count("select count(*) from link_watches where resolved_id is null").await, 2);
    let stats = world.refresh(with_flavors(&["f1", "f2"])).await;
    assert_eq!((stats.written.inserted, stats.written.linked, stats.written.updated), (1, 2, 0));
    let second = world.id("flavors", "f1").await;
    assert_ne!(second, first);
    assert_eq!(world.cell("vms", "vm1", "flavor_id").await, Cell::Int(second));
    assert_eq!(world.count("select count(*) from link_watches").await, 0, "and nothing is left to remember");
    assert_eq!(world.refresh(with_flavors(&["f1", "f2"])).await.written.inventory(), 0);
}

fn web(world: &World, copies: usize) -> Rows {
    let mut rows = world.rows();
    for n in 0..copies {
        let (a, b) = (format!("a{n}"), format!("b{n}"));
        // A VM from an image that is a snapshot of that VM; projects each other's parent.
        rows.row(world.ix("vms"), &a).link(vms::image, &b).link(vms::template, &a).finish();
        rows.row(world.ix("images"), &b).link(images::vm, &a).link(images::base_image, &b).finish();
        rows.row(world.ix("cloud_tenants"), &a).link(cloud_tenants::parent, &b).finish();
        rows.row(world.ix("cloud_tenants"), &b).link(cloud_tenants::parent, &a).finish();
        rows.row(world.ix("cloud_volumes"), &a)
            .link(cloud_volumes::volume_snapshot, &b)
            .link(cloud_volumes::source_volume, &a)
            .finish();
        rows.row(world.ix("volume_snapshots"), &b).link(volume_snapshots::cloud_volume, &a).finish();
    }
    rows
}

pub(crate) async fn cycles_and_self_links_save_in_one_run(database: TestDatabase) {
    let world = World::new(database).await;
    for copies in [2, 80] {
        world.refresh(web(&world, copies)).await;
        for n in [0, copies - 1] {
            let (a, b) = (format!("a{n}"), format!("b{n}"));
            for (table, from, column, target, to) in [
                ("vms", &a, "image_id", "images", &b),
                ("vms", &a, "template_id", "vms", &a),
                ("images", &b, "vm_id", "vms", &a),
                ("images", &b, "base_image_id", "images", &b),
                ("cloud_tenants", &a, "parent_id", "cloud_tenants", &b),
                ("cloud_tenants", &b, "parent_id", "cloud_tenants", &a),
                ("cloud_volumes", &a, "volume_snapshot_id", "volume_snapshots", &b),
                ("volume_snapshots", &b, "cloud_volume_id", "cloud_volumes", &a),
            ] {
                let to = Cell::Int(world.id(target, to).await);
                assert_eq!(world.cell(table, from, column).await, to, "{table}.{column}");
            }
        }
    }
    assert_eq!(world.count("select count(*) from link_watches").await, 0);
    world.refresh(world.rows()).await;
    assert_eq!(world.refs("cloud_volumes").await, Vec::<String>::new(), "a cycle can be deleted");
    assert_eq!(world.count("select count(*) from link_watches").await, 0, "rows that go together remember nothing");
}

pub(crate) async fn a_link_by_name_follows_the_name(database: TestDatabase) {
    let mut collections = menus::with_targets(menus::for_cloud());
    for (from, link) in [("vms", "host"), ("cloud_volumes", "volume_type")] {
        collections.iter_mut().filter(|c| c.name == from).for_each(|c| c.link_by(link, "name"));
    }
    let world = World::with_menu(database.into(), collections, "one").await;
    let named = |names: [&str; 2]| {
        let mut rows = world.rows();
        rows.row(world.ix("vms"), "vm").link_by(vms::host, 1, "alpha").finish();
        rows.row(world.ix("hosts"), "h1").text(hosts::name, names[0]).finish();
        rows.row(world.ix("hosts"), "h2").text(hosts::name, names[1]).finish();
        rows
    };
    world.refresh(named(["alpha", "beta"])).await;
    assert_eq!(world.cell("vms", "vm", "host_id").await, Cell::Int(world.id("hosts", "h1").await));
    world.refresh(named(["gamma", "beta"])).await;
    assert_eq!(world.cell("vms", "vm", "host_id").await, Cell::Null, "nobody has that name now");
    world.refresh(named(["gamma", "alpha"])).await;
    assert_eq!(world.cell("vms", "vm", "host_id").await, Cell::Int(world.id("hosts", "h2").await));
    world.refresh(named(["alpha", "gamma"])).await;
    assert_eq!(world.cell("vms", "vm", "host_id").await, Cell::Int(world.id("hosts", "h1").await), "swapped in one run");
    assert_eq!(world.refresh(named(["alpha", "gamma"])).await.written.inventory(), 0);
    // From a row that goes to one that is new.
    for key in ["f1", "f2"] {
        let mut rows = named(["alpha", "gamma"]);
        rows.row(world.ix("cloud_volumes"), "v").link_by(cloud_volumes::volume_type, 1, "fast").finish();
        rows.row(world.ix("volume_types"), key).text(volume_types::name, "fast").finish();
        world.refresh(rows).await;
        let to = Cell::Int(world.id("volume_types", key).await);
        assert_eq!(world.cell("cloud_volumes", "v", "volume_type_id").await, to);
    }
    assert_eq!(world.refs("volume_types").await, ["f2"]);
    assert_eq!(world.count("select count(*) from link_watches").await, 0);
}

pub(crate) async fn what_was_unresolved_is_linked_when_it_appears(database: TestDatabase) {
    let world = World::new(database).await;
    for copies in [3, 100] {
        let before = |world: &World| {
            let mut rows = world.rows();
            for n in 0..copies {
                rows.row(world.ix("disks"), &format!("d{n}")).link(disks::cloud_volume, &format!("v{n}")).finish();
            }
            rows
        };
        let after = |world: &World| {
            let mut rows = before(world);
            for n in 0..copies {
                rows.row(world.ix("cloud_volumes"), &format!("v{n}")).finish();
            }
            rows
        };
        world.refresh(world.rows()).await;
        world.refresh(before(&world)).await;
        assert_eq!(world.count("select count(*) from link_watches where resolved_id is null").await, copies);
        let stats = world.refresh(after(&world)).await;
        assert_eq!((stats.written.linked, stats.written.updated), (copies as u64, 0));
        assert_eq!(world.count("select count(*) from disks where cloud_volume_id is null").await, 0);
        assert_eq!(world.count("select count(*) from link_watches").await, 0);
    }
}

pub(crate) async fn a_written_row_that_leaves_a_remembered_link_alone_gets_it(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    rows.row(world.ix("vms"), "vm").text(vms::name, "a").link(vms::flavor, "f").link(vms::host, "h").finish();
    world.refresh(rows).await;
    let mut rows = world.rows();
    rows.row(world.ix("vms"), "vm").text(vms::name, "b").link(vms::host, "h").finish();
    rows.row(world.ix("flavors"), "f").finish();
    rows.row(world.ix("hosts"), "h").finish();
    world.refresh(rows).await;
    assert_eq!(world.cell("vms", "vm", "name").await, Cell::Text("b".to_owned()));
    assert_eq!(world.cell("vms", "vm", "flavor_id").await, Cell::Int(world.id("flavors", "f").await), "not sent");
    assert_eq!(world.cell("vms", "vm", "host_id").await, Cell::Int(world.id("hosts", "h").await), "sent");
    assert_eq!(world.count("select count(*) from link_watches").await, 0);
}
