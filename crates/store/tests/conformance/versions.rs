//! Versioned collections: pods and their containers, in states that come in any order.

use std::borrow::Cow;
use std::sync::Arc;

use stocktake_model::menus::container::{container_groups, containers};
use stocktake_model::{Coverage, Key, Listed, Rows, menus};
use stocktake_store::Cell;
use stocktake_testkit::TestDatabase;

use super::support::{World, text};

fn pod(world: &World, rows: &mut Rows, version: Option<i64>, phase: &str, parts: &[&str]) {
    rows.row(world.ix("container_groups"), "p1").text(container_groups::phase, phase).version(version).raw(phase).finish();
    for part in parts {
        rows.row(world.ix("containers"), Key::new().and_link(&Key::text("p1")).and_text(part))
            .text(containers::name, *part)
            .text(containers::status, phase)
            .link(containers::container_group, "p1")
            .version(version)
            .finish();
    }
}

async fn state(world: &World) -> (Cell, Cell) {
    let phase = world.cell("container_groups", "p1", "phase").await;
    (phase, world.cell("container_groups", "p1", "row_version").await)
}

pub(crate) async fn an_older_record_is_not_written_over_a_newer_one(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let mut coverage = Coverage::default();
    coverage.read.push((world.ix("container_groups"), "p1".to_owned()));
    coverage.feed(world.ix("containers"), Listed::Complete);
    // First a full run, then targeted ones, then full ones.
    for (n, version, phase, expected) in [
        (0, Some(5), "five", ("five", 5)),
        (1, Some(4), "four", ("five", 5)),
        (2, Some(6), "six", ("six", 6)),
        (3, Some(9), "six", ("six", 9)),
        (4, Some(7), "seven", ("six", 9)),
        (5, None, "unversioned", ("unversioned", 9)),
        (6, Some(8), "eight", ("unversioned", 9)),
        (7, Some(i64::MAX), "last", ("last", i64::MAX)),
        (8, Some(i64::MIN), "first", ("last", i64::MAX)),
    ] {
        let mut rows = world.rows();
        pod(&world, &mut rows, version, phase, if phase == "seven" { &["web"] } else { &["web", "side"] });
        let stats =
            if (1..7).contains(&n) { world.refresh_targets(rows, &coverage).await } else { world.refresh(rows).await };
        assert_eq!(state(&world).await, (text(expected.0), Cell::Int(expected.1)), "step {n}");
        assert_eq!(world.cell("containers", "p1/side", "status").await, text(expected.0), "step {n}");
        let archived = world.cell("containers", "p1/side", "archived_on").await;
        assert_eq!(archived, Cell::Null, "step {n}: an older state says nothing of what there is now");
        let written = if expected.0 == phase && n != 3 { 3 } else { 0 };
        assert_eq!(stats.written.inserted + stats.written.updated, written, "step {n}: a version alone is no change");
    }
}

pub(crate) async fn a_version_alone_leaves_document_and_time_as_they_were(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let mut rows = world.rows();
    pod(&world, &mut rows, Some(1), "up", &[]);
    world.refresh(rows).await;
    let before = world.cell("container_groups", "p1", "updated_on").await;
    let digest = world.cell("container_groups", "p1", "raw_digest").await;
    let mut rows = world.rows();
    rows.row(world.ix("container_groups"), "p1").text(container_groups::phase, "up").version(2).finish();
    let stats = world.refresh(rows).await;
    assert_eq!((stats.written.inventory(), stats.written.documents), (0, 0));
    assert_eq!(state(&world).await, (text("up"), Cell::Int(2)));
    assert_eq!(world.cell("container_groups", "p1", "updated_on").await, before);
    assert_eq!(world.cell("container_groups", "p1", "raw_digest").await, digest, "the document was not sent");
    // The document alone differs.
    let mut rows = world.rows();
    rows.row(world.ix("container_groups"), "p1").text(container_groups::phase, "up").version(3).raw("other").finish();
    let stats = world.refresh(rows).await;
    assert_eq!((stats.written.inventory(), stats.written.documents), (0, 1));
    assert_eq!(state(&world).await.1, Cell::Int(3));
}

pub(crate) async fn a_version_is_known_of_a_row_found_by_a_name(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let mut rows = world.rows();
    let groups = world.ix("container_groups");
    rows.row(world.ix("container_projects"), "ns1")
        .text(stocktake_model::menus::container::container_projects::name, "shop")
        .finish();
    rows.row(groups, "p1")
        .text(container_groups::name, "web")
        .link(container_groups::container_project, "ns1")
        .version(5)
        .finish();
    let container = |rows: &mut Rows, version: i64, status: &str| {
        let pod = Key::text("ns1").and_text("web");
        rows.row(world.ix("containers"), Key::new().and_link_by(groups, 1, pod).and_text("nginx"))
            .text(containers::status, status)
            .version(version)
            .finish();
    };
    container(&mut rows, 5, "five");
    world.refresh(rows).await;
    for (version, status, expected) in [(4, "four", "five"), (6, "six", "six")] {
        let mut rows = world.rows();
        container(&mut rows, version, status);
        world.refresh_targets(rows, &Coverage::default()).await;
        assert_eq!(world.cell("containers", "p1/nginx", "status").await, text(expected));
    }
}

pub(crate) async fn a_version_is_known_of_a_row_asked_for_with_a_target(database: TestDatabase) {
    let mut menu = menus::all();
    for c in menu.iter_mut().filter(|c| c.name == "container_groups") {
        c.asked_with = Cow::Borrowed(&["container_node"]);
    }
    let world = World::with_menu(Arc::new(database), menu, "one").await;
    let node_with_pod = |version: i64, phase: &str| {
        let mut rows = world.rows();
        rows.row(world.ix("container_nodes"), "n1").version(1).finish();
        rows.row(world.ix("container_groups"), "p1")
            .text(container_groups::phase, phase)
            .link(container_groups::container_node, "n1")
            .version(version)
            .finish();
        rows
    };
    world.refresh(node_with_pod(5, "five")).await;
    let mut coverage = Coverage::default();
    coverage.read.push((world.ix("container_nodes"), "n1".to_owned()));
    for (version, phase, expected) in [(4, "four", ("five", 5)), (6, "six", ("six", 6))] {
        world.refresh_targets(node_with_pod(version, phase), &coverage).await;
        assert_eq!(state(&world).await, (text(expected.0), Cell::Int(expected.1)));
    }
}
