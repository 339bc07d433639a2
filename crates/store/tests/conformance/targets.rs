use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::menus::{self, cloud::*, machines::*, network::*, storage::*};
use stocktake_model::{Coverage, Listed, Menu, RowView, Rows};
use stocktake_saver::{ByRef, ReadRequest, Wanted, WatchKeys};
use stocktake_store::Cell;
use stocktake_testkit::TestDatabase;

use super::support::{SEED, World, text};

fn vm(world: &World, rows: &mut Rows, n: usize, name: &str, disks: usize) {
    let key = format!("vm{n}");
    rows.row(world.ix("vms"), &key).text(vms::name, name).link(vms::flavor, "f").link_by(vms::host, 1, "alpha").finish();
    rows.row(world.ix("hardwares"), &key).link(hardwares::vm, &key).finish();
    for d in 0..disks {
        let disk = format!("{key}d{d}");
        rows.row(world.ix("disks"), &disk).link(disks::vm, &key).link(disks::cloud_volume, "missing").finish();
    }
    rows.row(world.ix("labels"), &key).link(labels::vm, &key).text(labels::value, name).finish();
}

fn all(world: &World) -> Rows {
    let mut rows = world.rows();
    (0..3).for_each(|n| vm(world, &mut rows, n, "before", 2));
    rows.row(world.ix("flavors"), "f").text(flavors::name, "small").finish();
    rows.row(world.ix("hosts"), "h").text(hosts::name, "alpha").finish();
    rows
}

pub(crate) async fn a_target_is_read_with_what_it_owns(database: TestDatabase) {
    let world = World::new(database).await;
    world.refresh(all(&world)).await;
    let mut coverage = Coverage::default();
    coverage.read.push((world.ix("vms"), "vm1".to_owned()));
    let mut rows = world.rows();
    vm(&world, &mut rows, 1, "after", 1);
    let request = ReadRequest::new(&mut rows, &coverage);
    let stored = world.store.read_targets(world.provider, &world.menu, &request, SEED).await.unwrap();
    // The VM, its hardware, two disks, its label; the flavor it links to. The host is found by its name only.
    assert_eq!(stored.len(), 6, "{stored:?}");
    let nothing = ReadRequest::new(&mut world.rows(), &Coverage::default());
    let stored = world.store.read_targets(world.provider, &world.menu, &nothing, SEED).await.unwrap();
    assert!(stored.is_empty());
}

pub(crate) async fn a_targeted_run_leaves_the_rest_alone(database: TestDatabase) {
    let world = World::new(database).await;
    world.refresh(all(&world)).await;
    let mut coverage = Coverage::default();
    for name in ["vms", "hardwares", "disks", "labels"] {
        coverage.feed(world.ix(name), Listed::Complete);
    }
    coverage.read.push((world.ix("vms"), "vm1".to_owned()));
    coverage.gone.push((world.ix("vms"), "vm2".to_owned()));
    let mut rows = world.rows();
    vm(&world, &mut rows, 1, "after", 1);
    let stats = world.refresh_targets(rows, &coverage).await;
    assert_eq!(world.cell("vms", "vm1", "name").await, text("after"));
    assert_eq!(world.cell("vms", "vm1", "host_id").await, Cell::Int(world.id("hosts", "h").await));
    assert_ne!(world.cell("vms", "vm2", "archived_on").await, Cell::Null);
    assert_ne!(world.cell("hardwares", "vm2", "archived_on").await, Cell::Null, "goes with its owner");
    assert_eq!(world.cell("vms", "vm0", "archived_on").await, Cell::Null);
    assert_eq!(world.refs("disks").await, ["vm0d0", "vm0d1", "vm1d0", "vm2d0", "vm2d1"]);
    assert_eq!(world.refs("hosts").await, ["h"]);
    assert_eq!((stats.written.deleted, stats.written.updated), (1, 2), "{stats:?}");
    // A volume that was missing appears: the disks that waited for it are linked, theirs alone.
    let mut rows = world.rows();
    rows.row(world.ix("cloud_volumes"), "missing").text(cloud_volumes::name, "v").finish();
    let mut coverage = Coverage::default();
    coverage.read.push((world.ix("cloud_volumes"), "missing".to_owned()));
    let stats = world.refresh_targets(rows, &coverage).await;
    assert_eq!((stats.written.inserted, stats.written.linked), (1, 5), "{stats:?}");
    assert_eq!(world.cell("disks", "vm0d1", "cloud_volume_id").await, Cell::Int(world.id("cloud_volumes", "missing").await));
}

pub(crate) async fn lookups_answer_what_was_asked(database: TestDatabase) {
    let world = World::new(database).await;
    world.refresh(all(&world)).await;
    let set = |keys: &[&str]| keys.iter().map(|&k| k.to_owned()).collect::<BTreeSet<_>>();
    let (hosts, flavors, volumes) = (world.ix("hosts"), world.ix("flavors"), world.ix("cloud_volumes"));
    let (host, flavor) = (world.id("hosts", "h").await, world.id("flavors", "f").await);
    let mut wanted = Wanted::default();
    wanted.by_ref.insert((hosts, 1), set(&["alpha", "omega"]));
    wanted.refs_now.insert(hosts, [host].into());
    wanted.values.insert((flavors, flavors::name), [flavor].into());
    let keys = WatchKeys::Of([(0, "missing".to_owned()), (0, "other".to_owned())].into());
    wanted.unresolved.insert(volumes, keys);
    wanted.watchers_of.insert(host);
    let answers = world.store.lookup(world.provider, &world.menu, &wanted).await.unwrap();
    let (key, reference) = ("alpha".to_owned(), "h".to_owned());
    assert_eq!(answers.by_ref, [ByRef { collection: hosts, by: 1, key, id: host, archived: false, reference }]);
    assert_eq!(answers.refs_now, [(hosts, host, 1, "alpha".to_owned())]);
    assert_eq!(answers.values, [(flavors, flavor, flavors::name, stocktake_model::Value::Text("small".to_owned()))]);
    let (waiting, leading): (Vec<_>, Vec<_>) = answers.watches.iter().partition(|w| w.resolved.is_none());
    assert_eq!(waiting.len(), 6);
    assert!(waiting.iter().all(|w| w.field == disks::cloud_volume && w.target == volumes && w.key == "missing"));
    assert_eq!(leading.len(), 3, "the VMs' links go by the host's name, which is not the usual way");
    assert!(leading.iter().all(|w| w.field == vms::host && w.by == 1 && w.resolved == Some(host)));
    let mut everything = Wanted::default();
    everything.unresolved.insert(volumes, WatchKeys::All);
    let answers = world.store.lookup(world.provider, &world.menu, &everything).await.unwrap();
    assert_eq!(answers.watches.len(), 6);
}

/// Rows that a provider asks for with a target are named, and so are the owners of those that have one.
pub(crate) async fn what_is_asked_for_with_a_target_is_named(database: TestDatabase) {
    let mut menu = menus::with_targets(menus::for_cloud());
    for c in menu.iter_mut().filter(|c| ["network_ports", "volume_attachments"].contains(&c.name)) {
        c.asked_with = Cow::Borrowed(&["vm"]);
    }
    let world = World::with_menu(Arc::new(database), menu, "one").await;
    let mut rows = all(&world);
    for n in 0..3 {
        let (vm, port, volume) = (format!("vm{n}"), format!("port{n}"), format!("volume{n}"));
        rows.row(world.ix("network_ports"), &port).link(network_ports::vm, &vm).finish();
        rows.row(world.ix("cloud_volumes"), &volume).text(cloud_volumes::name, "v").finish();
        rows.row(world.ix("volume_attachments"), &format!("attachment{n}"))
            .link(volume_attachments::vm, &vm)
            .link(volume_attachments::cloud_volume, &volume)
            .finish();
    }
    world.refresh(rows).await;
    let mut coverage = Coverage::default();
    coverage.gone.push((world.ix("vms"), "vm1".to_owned()));
    coverage.read.push((world.ix("vms"), "vm2".to_owned()));
    let request = ReadRequest::new(&mut world.rows(), &coverage);
    let stored = world.store.read_targets(world.provider, &world.menu, &request, SEED).await.unwrap();
    let mut beside: Vec<_> = stored.beside().iter().map(|(ix, key)| (world.menu.get(*ix).name, key.as_str())).collect();
    beside.sort_unstable();
    let expected =
        [("cloud_volumes", "volume1"), ("cloud_volumes", "volume2"), ("network_ports", "port1"), ("network_ports", "port2")];
    assert_eq!(beside, expected);
    // Nobody said that they are gone: they stay when the targets go.
    world.refresh_targets(world.rows(), &coverage).await;
    assert_eq!(world.refs("network_ports").await, ["port0", "port1", "port2"]);
    assert_ne!(world.cell("vms", "vm1", "archived_on").await, Cell::Null);
}

pub(crate) async fn rows_of_a_custom_save_are_read_for_a_target(database: TestDatabase) {
    fn disks_of_volumes(records: &[RowView<'_>], out: &mut Rows) {
        let disks = out.menu().expect_ix("disks");
        for record in records {
            out.row(disks, &format!("disk of {}", record.key())).text(disks::name, record.key()).finish();
        }
    }
    let world = World::new(database).await;
    let menu = Menu::builder().pick(world.menu.iter().map(|(_, c)| c.clone()));
    let world = world.with_changed_menu(menu.custom_save("cloud_volumes", disks_of_volumes).build().unwrap());
    let records = || {
        let mut rows = world.rows();
        rows.row(world.ix("cloud_volumes"), "v").finish();
        rows
    };
    world.refresh(records()).await;
    let disk = world.id("disks", "disk of v").await;
    let stats = world.refresh_targets(records(), &Coverage::default()).await;
    assert_eq!((stats.written.inventory(), world.id("disks", "disk of v").await), (0, disk));
    assert_eq!(world.refs("cloud_volumes").await, Vec::<String>::new());
}
