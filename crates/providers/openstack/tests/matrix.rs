//! Every fault the simulated cloud knows, on each listing, at its first and its second page: what is said to be known
//! completely is, and nobody is said to be gone.

mod support;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_model::IssueKind;
use stocktake_provider::Provider;
use support::{Run, admin, full, targeted};

/// Collections that are known completely after the run: those the collection says are, without those a page of which had
/// records that could not be read.
fn complete(run: &Run, provider: &dyn Provider) -> BTreeSet<&'static str> {
    let menu = run.rows.menu();
    let mut complete: BTreeSet<_> = menu.iter().map(|(_, c)| c.name).filter(|name| run.is_complete(name)).collect();
    for page in &run.pages {
        let mut rows = stocktake_model::Rows::new(provider.menu(), 7);
        provider.parse(page, &mut rows);
        if rows.issues.iter().any(|i| matches!(i.kind, IssueKind::Malformed | IssueKind::BlankIdentity)) {
            for ix in provider.feeds(page.listing) {
                complete.remove(menu.get(ix).name);
            }
        }
    }
    complete
}

/// Collections of which rows are missing.
fn missing(run: &Run, whole: &BTreeMap<&'static str, BTreeSet<String>>) -> BTreeSet<&'static str> {
    whole.iter().filter(|(name, keys)| !keys.is_subset(&run.keys(name))).map(|(name, _)| *name).collect()
}

#[tokio::test]
async fn what_is_said_to_be_complete_is() {
    let spec = CloudSpec { servers: 12, tenants: 2, hypervisors: 2, flavors: 5, images: 5, ..CloudSpec::small() };
    let cloud = FakeCloud::builder(spec).page_max(6).start().await.expect("a cloud");
    let control = cloud.control();
    let settings = [("attempts", "1"), ("page_size", "6")];
    let whole = full(&admin(&cloud, &settings)).await;
    let menu = whole.rows.menu();
    let keys: BTreeMap<_, _> = menu.iter().map(|(_, c)| (c.name, whole.keys(c.name))).collect();
    let paths = [
        (Service::Compute, "/servers/detail"),
        (Service::Compute, "/os-hypervisors"),
        (Service::Compute, "/os-quota-sets"),
        (Service::Network, "/ports"),
        (Service::Network, "/agents"),
        (Service::Volume, "/volumes/detail"),
        (Service::Identity, "/projects"),
        (Service::Orchestration, "/stacks"),
    ];
    let mut wrong = Vec::new();
    // A hanging service costs its time-out each time, and a slow one gives a right answer.
    let faults = Fault::all().into_iter().filter(|f| !matches!(f, Fault::Hang | Fault::Slow(_)));
    for fault in faults {
        for (service, path) in paths {
            for after in [0, 1] {
                let number = control.add_fault(FaultRule::new(fault).service(service).path(path).after(after));
                let provider = admin(&cloud, &settings);
                let run = full(&provider).await;
                control.remove_fault(number);
                let complete = complete(&run, provider.as_ref());
                for name in missing(&run, &keys).intersection(&complete) {
                    // The saver holds what would empty a collection, with all it owns; nothing here can know better.
                    let mut owners = menu.get(menu.expect_ix(name)).owners().map(|link| link.target);
                    let held = run.count(name) == 0 || owners.any(|owner| run.count(owner) == 0 && !keys[owner].is_empty());
                    if !held {
                        wrong.push(format!("{} after {after} on {path}: {name}", fault.name()));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_said_to_be_gone_that_is_there() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("a cloud");
    let control = cloud.control();
    let settings = [("attempts", "1")];
    let targets = [
        ("vms", control.id(Kind::Server, 0)),
        ("cloud_volumes", control.id(Kind::VolumeFree, 0)),
        ("cloud_networks", control.id(Kind::Network, 0)),
        ("network_ports", control.id(Kind::PortServer, 1)),
        ("images", control.id(Kind::Image, 0)),
        ("orchestration_stacks", control.id(Kind::Stack, 0)),
        ("cloud_tenants", control.ids(Kind::Project)[0].clone()),
    ];
    let targets: Vec<(&str, &str)> = targets.iter().map(|(collection, id)| (*collection, id.as_str())).collect();
    let whole = targeted(&admin(&cloud, &settings), &targets).await;
    let keys: BTreeMap<_, _> = whole.rows.menu().iter().map(|(_, c)| (c.name, whole.keys(c.name))).collect();
    for fault in Fault::all().into_iter().filter(|f| !matches!(f, Fault::Hang | Fault::Slow(_))) {
        for service in
            [Service::Compute, Service::Network, Service::Volume, Service::Image, Service::Identity, Service::Orchestration]
        {
            let provider = admin(&cloud, &settings);
            // Signed in before the trouble starts.
            provider.test().await;
            let number = control.add_fault(FaultRule::new(fault).service(service));
            let Ok(run) = support::try_targeted(&provider, &targets).await else {
                control.remove_fault(number);
                continue;
            };
            control.remove_fault(number);
            let what = format!("{} on {service:?}", fault.name());
            assert_eq!(run.gone(), BTreeSet::new(), "{what}");
            let complete = complete(&run, provider.as_ref());
            let read = run.read();
            for name in missing(&run, &keys) {
                let target = targets.iter().find(|(collection, _)| *collection == name);
                if let Some((collection, id)) = target {
                    let said = read.contains(&(*collection, (*id).to_owned())) && !run.keys(name).contains(*id);
                    assert!(!said, "{what}: {name} read without a row");
                }
            }
            // What a target that was read owns is there, or its collection is not complete.
            for (owner, owned) in
                [("vms", "hardwares"), ("vms", "disks"), ("cloud_networks", "cloud_subnets"), ("cloud_tenants", "quotas")]
            {
                let of_read = read.iter().any(|(collection, _)| *collection == owner);
                let lost = missing(&run, &keys).contains(owned) && complete.contains(owned);
                assert!(!(of_read && lost), "{what}: {owned} of {owner}");
            }
        }
    }
}
