//! Rows that are known by the name of another row: a container by its pod's name, that by its project's.

use stocktake_model::menus::container::{container_groups, container_projects, containers};
use stocktake_model::{Coverage, Key, Listed, Rows};
use stocktake_saver::GuardPolicy;
use stocktake_store::Cell;
use stocktake_testkit::TestDatabase;

use super::support::{World, text};

fn pod_key(world: &World, project: &str, pod: &str) -> Key {
    Key::new().and_link_by(world.ix("container_projects"), 1, project).and_text(pod)
}

fn project(world: &World, rows: &mut Rows, uid: &str, name: &str) {
    rows.row(world.ix("container_projects"), uid).text(container_projects::name, name).finish();
}

fn pod(world: &World, rows: &mut Rows, uid: &str, project: &str, name: &str) {
    rows.row(world.ix("container_groups"), uid)
        .text(container_groups::name, name)
        .link_by(container_groups::container_project, 1, project)
        .raw("{\"kind\": \"Pod\"}")
        .finish();
}

fn container(world: &World, rows: &mut Rows, (project, pod): (&str, &str), name: &str, status: &str) {
    let groups = world.ix("container_groups");
    rows.row(world.ix("containers"), Key::new().and_link_by(groups, 1, pod_key(world, project, pod)).and_text(name))
        .text(containers::name, name)
        .text(containers::status, status)
        .link_by(containers::container_group, 1, pod_key(world, project, pod))
        .finish();
}

pub(crate) async fn rows_known_by_names_are_saved_and_found_again(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let listed = |status: &str| {
        let mut rows = world.rows();
        container(&world, &mut rows, ("shop", "web"), "nginx", status);
        pod(&world, &mut rows, "p1", "shop", "web");
        project(&world, &mut rows, "ns1", "shop");
        rows
    };
    world.refresh(listed("waiting")).await;
    let (pod_id, key) = (Cell::Int(world.id("container_groups", "p1").await), Key::text("p1").and_text("nginx"));
    assert_eq!(world.refs("containers").await, [key.as_str()]);
    assert_eq!(world.cell("containers", key.as_str(), "container_group_id").await, pod_id);
    assert_eq!(world.cell("container_groups", "p1", "ref_name").await, text("ns1/web"));
    assert_eq!(world.count("select count(*) from link_watches where resolved_id is null").await, 0);
    let id = world.id("containers", key.as_str()).await;
    assert_eq!(world.refresh(listed("waiting")).await.written.inventory(), 0);
    assert_eq!(world.refresh(listed("running")).await.written.inventory(), 1, "its pod and project are unchanged");
    assert_eq!(world.id("containers", key.as_str()).await, id);

    // A targeted run that sees neither pod nor project.
    for status in ["waiting", "terminated", "terminated"] {
        let mut rows = world.rows();
        container(&world, &mut rows, ("shop", "web"), "nginx", status);
        container(&world, &mut rows, ("shop", "web"), "sidecar", status);
        world.refresh_targets(rows, &Coverage::default()).await;
        assert_eq!(world.cell("containers", key.as_str(), "status").await, text(status));
        assert_eq!((world.id("containers", key.as_str()).await, world.refs("containers").await.len()), (id, 2));
    }
    let side = Key::text("p1").and_text("sidecar");
    assert_eq!(world.cell("containers", side.as_str(), "container_group_id").await, pod_id);
}

pub(crate) async fn a_row_whose_name_nobody_knows_takes_nothing_away(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let listed = |with_pod: bool| {
        let mut rows = world.rows();
        project(&world, &mut rows, "ns1", "shop");
        pod(&world, &mut rows, "p0", "shop", "db");
        container(&world, &mut rows, ("shop", "web"), "nginx", "running");
        if with_pod {
            pod(&world, &mut rows, "p1", "shop", "web");
        }
        rows
    };
    let mut first = listed(false);
    container(&world, &mut first, ("shop", "db"), "postgres", "running");
    let plan = world.plan(first, &world.complete(), GuardPolicy::OFF).await;
    assert_eq!(
        plan.issues.iter().map(|i| (i.collection.as_str(), i.field.as_deref())).collect::<Vec<_>>(),
        [("containers", Some("container_group"))]
    );
    world.save(plan, &world.complete()).await.unwrap();
    let kept = Key::text("p0").and_text("postgres");
    world.refresh(listed(false)).await;
    assert_eq!(world.cell("containers", kept.as_str(), "archived_on").await, Cell::Null, "it may be the one without a name");
    world.refresh(listed(true)).await;
    assert_ne!(world.cell("containers", kept.as_str(), "archived_on").await, Cell::Null);
    assert_eq!(world.refs("containers").await, [kept.as_str(), "p1/nginx"]);
}

pub(crate) async fn a_key_through_a_name_is_written_when_the_name_is_known(database: TestDatabase) {
    let world = World::with_everything(database).await;
    let mut rows = world.rows();
    pod(&world, &mut rows, "p1", "shop", "web");
    let mut coverage = world.complete();
    coverage.feed(world.ix("container_projects"), Listed::Failed { error: "403".to_owned() });
    let plan = world.plan(rows, &coverage, GuardPolicy::OFF).await;
    world.save(plan, &coverage).await.unwrap();
    assert_eq!(world.cell("container_groups", "p1", "ref_name").await, Cell::Null);
    let mut rows = world.rows();
    pod(&world, &mut rows, "p1", "shop", "web");
    project(&world, &mut rows, "ns1", "shop");
    world.refresh(rows).await;
    assert_eq!(world.cell("container_groups", "p1", "ref_name").await, text("ns1/web"));
    // A container by a link alone, though the pod is not seen.
    let mut rows = world.rows();
    let key = Key::text("c");
    rows.row(world.ix("containers"), key.and_text("x"))
        .link_by(containers::container_group, 1, pod_key(&world, "shop", "web"))
        .finish();
    world.refresh_targets(rows, &Coverage::default()).await;
    let pod = Cell::Int(world.id("container_groups", "p1").await);
    assert_eq!(world.cell("containers", "c/x", "container_group_id").await, pod);
}
