//! A small inventory to ask about.

use stocktake_model::menus::cloud::flavors;
use stocktake_model::menus::machines::vms;
use stocktake_testkit::TestDatabase;

use crate::support::World;

/// Three flavors and seven VMs: names, links, states and a null here and there.
pub(crate) async fn filled(database: TestDatabase) -> World {
    let world = World::new(database).await;
    let mut rows = world.rows();
    let (vm, flavor) = (world.ix("vms"), world.ix("flavors"));
    for (n, (name, memory)) in [("m1.small", Some(2048)), ("m1.large", Some(8192)), ("odd", None)].into_iter().enumerate() {
        rows.row(flavor, format!("flavor-{n}").as_str()).text(flavors::name, name).int(flavors::memory_mb, memory).finish();
    }
    for n in 0..7_i64 {
        let flavor = (n < 6).then(|| format!("flavor-{}", n % 3));
        rows.row(vm, format!("vm-ref-{n}").as_str())
            .text(vms::name, format!("Web-{n}").as_str())
            .text(vms::status, (n != 5).then_some(if n % 2 == 0 { "active" } else { "shutoff" }))
            .bool(vms::is_template, n == 0)
            .time(vms::launched_on, (n != 3).then_some(1_700_000_000_000_000 + n * 3_600_000_000))
            .opt_link(vms::flavor, flavor.as_deref())
            .raw(format!("{{\"id\":\"vm-ref-{n}\"}}").as_str())
            .finish();
    }
    world.refresh(rows).await;
    world
}
