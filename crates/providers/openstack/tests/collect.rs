//! Collecting from a simulated cloud: everything, targets, old clouds, narrow credentials.

mod support;

use std::collections::BTreeSet;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_model::Listed;
use support::{Run, admin, configuration, connect, full, targeted};

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

#[tokio::test]
async fn a_full_run_sees_everything_and_every_link_leads_somewhere() {
    let cloud = small().await;
    let run = full(&admin(&cloud, &[])).await;
    assert_eq!(run.rows.issues, []);
    for listing in &run.collected.listings {
        assert_eq!(listing.listed, Listed::Complete, "{}", listing.listing);
    }
    let control = cloud.control();
    let ids = |kinds: &[Kind]| kinds.iter().flat_map(|k| control.ids(*k)).collect::<BTreeSet<_>>();
    assert_eq!(run.keys("vms"), ids(&[Kind::Server]));
    assert_eq!(run.keys("hosts"), ids(&[Kind::Hypervisor]));
    assert_eq!(run.keys("images"), ids(&[Kind::Image]));
    assert_eq!(run.keys("cloud_networks"), ids(&[Kind::Network]));
    assert_eq!(run.keys("cloud_subnets"), ids(&[Kind::Subnet]));
    assert_eq!(run.keys("network_routers"), ids(&[Kind::Router]));
    assert_eq!(run.keys("floating_ips"), ids(&[Kind::FloatingServer, Kind::FloatingFree]));
    assert_eq!(run.keys("security_groups"), ids(&[Kind::SecurityGroup]));
    assert_eq!(run.keys("firewall_rules"), ids(&[Kind::SecurityRule]));
    assert_eq!(run.keys("cloud_volumes"), ids(&[Kind::VolumeData, Kind::VolumeRoot, Kind::VolumeFree]));
    assert_eq!(run.keys("volume_attachments"), ids(&[Kind::AttachmentData, Kind::AttachmentRoot]));
    assert_eq!(run.keys("volume_snapshots"), ids(&[Kind::Snapshot]));
    assert_eq!(run.keys("volume_backups"), ids(&[Kind::Backup]));
    assert_eq!(run.keys("orchestration_stacks"), ids(&[Kind::Stack, Kind::StackNested]));
    assert_eq!(run.count("hardwares"), run.count("vms") + run.count("hosts"));
    for collection in [
        "disks",
        "nics",
        "operating_systems",
        "labels",
        "flavors",
        "availability_zones",
        "host_aggregates",
        "quotas",
        "host_aggregate_hosts",
        "cloud_tenants",
        "server_groups",
        "server_group_members",
        "services",
        "cloud_subnet_network_ports",
        "network_ports_security_groups",
        "volume_types",
        "stack_resources",
        "stack_parameters",
        "stack_outputs",
    ] {
        assert!(run.count(collection) > 0, "no {collection}");
        assert!(run.is_complete(collection), "{collection}: {:?}", run.listed(collection));
    }
    for zone in ["compute/az-1", "volume/nova", "network/nova", "router/nova"] {
        assert!(run.keys("availability_zones").contains(zone), "{zone}: {:?}", run.keys("availability_zones"));
    }
    // Keys of other users are not listed; VMs still link to them.
    let loose: Vec<_> = run.loose_links().into_iter().filter(|l| !l.contains("→ key_pairs")).collect();
    assert_eq!(loose, Vec::<String>::new());
    assert_eq!(run.listed("key_pairs"), None, "of other users' keys nothing is known");
}

#[tokio::test]
async fn small_pages_give_the_same_rows() {
    let cloud = FakeCloud::builder(CloudSpec::small()).page_max(5).start().await.expect("a cloud");
    let provider = admin(&cloud, &[]);
    let paged = full(&provider).await;
    let whole = full(&admin(&cloud, &[("page_size", "1000")])).await;
    let other = small().await;
    assert!(paged.pages.iter().any(|p| p.listing == "servers" && p.number == 5));
    assert_eq!(paged.rows.issues, []);
    assert_eq!(paged.digests(), whole.digests());
    assert_eq!(paged.digests().len(), full(&admin(&other, &[])).await.digests().len());
}

#[tokio::test]
async fn two_runs_of_a_quiet_cloud_give_equal_digests() {
    let cloud = FakeCloud::builder(CloudSpec::small()).heartbeats().start().await.expect("a cloud");
    let provider = admin(&cloud, &[]);
    let first = full(&provider).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let second = full(&provider).await;
    assert_eq!(first.digests(), second.digests());
}

#[tokio::test]
async fn targets_are_read_as_the_full_run_reads_them() {
    let cloud = small().await;
    let control = cloud.control();
    let provider = admin(&cloud, &[]);
    let everything = full(&provider).await.digests();
    for (collection, kind) in [
        ("vms", Kind::Server),
        ("cloud_volumes", Kind::VolumeData),
        ("cloud_networks", Kind::Network),
        ("network_ports", Kind::PortServer),
        ("network_routers", Kind::Router),
        ("floating_ips", Kind::FloatingServer),
        ("security_groups", Kind::SecurityGroup),
        ("images", Kind::Image),
        ("orchestration_stacks", Kind::Stack),
        ("cloud_tenants", Kind::Project),
    ] {
        for id in control.ids(kind) {
            let run = targeted(&provider, &[(collection, &id)]).await;
            assert_eq!(run.rows.issues, [], "{collection} {id}");
            assert!(run.keys(collection).contains(&id), "{collection} {id}");
            assert!(run.read().contains(&(collection, id.clone())), "{collection} {id}");
            assert!(run.gone().is_empty());
            for (row, digest) in run.digests() {
                assert_eq!(everything.get(&row), Some(&digest), "{row:?} of {collection} {id}");
            }
            for l in &run.collected.listings {
                assert_eq!(l.listed, Listed::Complete, "{} of {collection} {id}", l.listing);
            }
        }
    }
}

#[tokio::test]
async fn a_targeted_vm_brings_all_it_owns() {
    let cloud = small().await;
    let provider = admin(&cloud, &[]);
    let everything = full(&provider).await;
    for id in cloud.control().ids(Kind::Server) {
        let run = targeted(&provider, &[("vms", &id)]).await;
        for collection in ["hardwares", "disks", "nics", "operating_systems"] {
            let own = |keys: BTreeSet<String>| keys.into_iter().filter(|k| k.starts_with(&id)).collect::<BTreeSet<_>>();
            assert_eq!(own(run.keys(collection)), own(everything.keys(collection)), "{collection} of {id}");
            assert!(run.is_complete(collection), "{collection}");
        }
    }
}

#[tokio::test]
async fn two_targets_that_share_records_parse_them_once() {
    let cloud = small().await;
    let control = cloud.control();
    let (vm, port) = (control.id(Kind::Server, 0), control.id(Kind::PortServer, 0));
    let run = targeted(&admin(&cloud, &[]), &[("vms", &vm), ("network_ports", &port), ("vms", &vm)]).await;
    assert_eq!(run.count("vms"), 1);
    let ports = run.rows.of(run.rows.menu().expect_ix("network_ports"));
    assert_eq!(ports.len(), run.keys("network_ports").len());
}

#[tokio::test]
async fn only_a_404_for_the_id_means_gone() {
    let cloud = small().await;
    let control = cloud.control();
    let provider = admin(&cloud, &[]);
    for (collection, kind, service, path) in [
        ("vms", Kind::Server, Service::Compute, "/servers"),
        ("cloud_volumes", Kind::VolumeFree, Service::Volume, "/volumes"),
        ("cloud_networks", Kind::Network, Service::Network, "/networks"),
        ("network_ports", Kind::PortServer, Service::Network, "/ports"),
        ("network_routers", Kind::Router, Service::Network, "/routers"),
        ("floating_ips", Kind::FloatingFree, Service::Network, "/floatingips"),
        ("security_groups", Kind::SecurityGroup, Service::Network, "/security-groups"),
        ("images", Kind::Image, Service::Image, "/images"),
        ("orchestration_stacks", Kind::Stack, Service::Orchestration, "/stacks"),
        ("cloud_tenants", Kind::Project, Service::Identity, "/projects"),
    ] {
        let id = control.ids(kind).pop().expect("one");
        for fault in [Fault::NotFound404, Fault::Forbidden403, Fault::ServerError(500), Fault::EmptyBody, Fault::HtmlBody] {
            let number = control.add_fault(FaultRule::new(fault).service(service).path(path));
            let run = targeted(&provider, &[(collection, &id)]).await;
            control.remove_fault(number);
            assert!(run.gone().is_empty(), "{collection} with {fault:?}: {:?}", run.gone());
            assert!(!run.read().contains(&(collection, id.clone())), "{collection} with {fault:?}");
            assert!(!run.is_complete(collection), "{collection} with {fault:?}: {:?}", run.listed(collection));
        }
        control.delete(&id).expect("deleted");
        let run = targeted(&provider, &[(collection, &id)]).await;
        assert_eq!(run.gone(), BTreeSet::from([(collection, id.clone())]), "{:?}", run.collected.listings);
    }
}

#[tokio::test]
async fn a_service_that_refuses_leaves_the_others_whole() {
    let cloud = small().await;
    cloud.control().add_fault(FaultRule::new(Fault::Forbidden403).service(Service::Network));
    let run = full(&admin(&cloud, &[])).await;
    for listing in ["ports", "networks", "routers", "security_groups", "agents", "network_quotas"] {
        assert!(matches!(run.listing(listing), Listed::Failed { .. }), "{listing}: {:?}", run.listing(listing));
    }
    for collection in ["network_ports", "cloud_subnet_network_ports", "services", "quotas", "labels"] {
        assert!(!run.is_complete(collection), "{collection}");
    }
    for collection in ["vms", "disks", "cloud_volumes", "images", "hosts", "cloud_tenants"] {
        assert!(run.is_complete(collection), "{collection}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_asked() {
    let cloud = FakeCloud::builder(CloudSpec::small()).without_orchestration().start().await.expect("a cloud");
    let run = full(&admin(&cloud, &[])).await;
    for collection in ["orchestration_stacks", "stack_resources", "stack_parameters", "stack_outputs"] {
        assert!(matches!(run.listed(collection), Some(Listed::NotAsked { .. })), "{collection}");
    }
    assert!(run.is_complete("labels"), "stacks that were not seen keep their labels");
}

#[tokio::test]
async fn stacks_of_all_projects_refused_are_partly_known() {
    let cloud = FakeCloud::builder(CloudSpec::small()).without_global_orchestration().start().await.expect("a cloud");
    let run = full(&admin(&cloud, &[])).await;
    let Some(Listed::Partial { errors }) = run.listed("orchestration_stacks") else {
        panic!("{:?}", run.collected.listings)
    };
    assert!(errors.iter().any(|error| error.contains("stacks:global_index")), "an admin needs no other role: {errors:?}");
    assert!(run.is_complete("vms"));
}

#[tokio::test]
async fn a_member_knows_its_own_project_and_that_there_may_be_more() {
    let cloud = small().await;
    let member = |more: &[(&str, &str)]| connect(&configuration(&cloud, "tenant-01-user", "tenant-01", more));
    let run = full(&member(&[])).await;
    for listing in ["servers", "volumes", "ports", "images", "flavors", "projects"] {
        let Listed::Partial { errors } = run.listing(listing) else { panic!("{listing}: {:?}", run.listing(listing)) };
        assert!(errors[0].contains("projects=own"), "{errors:?}");
    }
    assert!(matches!(run.listing("hypervisors"), Listed::NotAsked { .. }));
    assert!(run.count("vms") > 0);
    let reach = run.collected.listings.iter().find(|l| l.listing == "servers").and_then(|l| l.reach.clone());
    assert_eq!(reach.as_deref(), Some("own project only"));

    let own = full(&member(&[("projects", "own")])).await;
    for l in &own.collected.listings {
        assert!(matches!(l.listed, Listed::Complete | Listed::NotAsked { .. }), "{}: {:?}", l.listing, l.listed);
    }
    assert_eq!(own.keys("vms"), run.keys("vms"));
    assert!(own.is_complete("vms") && own.is_complete("network_ports"));
}

#[tokio::test]
async fn what_a_member_cannot_see_is_not_gone() {
    let cloud = small().await;
    let member = |more: &[(&str, &str)]| connect(&configuration(&cloud, "tenant-01-user", "tenant-01", more));
    let own = full(&member(&[])).await.keys("vms");
    let other = cloud.control().ids(Kind::Server).into_iter().find(|id| !own.contains(id)).expect("another's");
    assert!(targeted(&member(&[]), &[("vms", &other)]).await.gone().is_empty());
    assert_eq!(targeted(&member(&[("projects", "own")]), &[("vms", &other)]).await.gone().len(), 1);
}

#[tokio::test]
async fn old_clouds_give_the_same_identities() {
    let new = full(&admin(&small().await, &[])).await;
    for minor in [1, 25, 46, 53, 79, 87] {
        let cloud = FakeCloud::builder(CloudSpec::small()).compute_max(minor).volume_max(27).start().await.expect("a cloud");
        let run = full(&admin(&cloud, &[])).await;
        assert_eq!(run.rows.issues, [], "2.{minor}");
        for l in &run.collected.listings {
            assert_eq!(l.listed, Listed::Complete, "{} at 2.{minor}", l.listing);
        }
        for collection in
            ["vms", "nics", "disks", "operating_systems", "flavors", "server_groups", "cloud_volumes", "services"]
        {
            assert_eq!(run.keys(collection), new.keys(collection), "{collection} at 2.{minor}");
        }
        assert_eq!(run.count("hosts"), new.count("hosts"), "ids are numbers until 2.53");
        let loose: Vec<_> = run.loose_links().into_iter().filter(|l| !l.contains("→ key_pairs")).collect();
        assert_eq!(loose, Vec::<String>::new(), "2.{minor}");
    }
}

#[tokio::test]
async fn a_server_whose_cell_is_down_is_not_read() {
    let cloud = small().await;
    let control = cloud.control();
    let id = control.id(Kind::Server, 0);
    let down = serde_json::json!({"name": null, "flavor": null, "status": "UNKNOWN"});
    control.update(&id, &down).expect("a server");
    let run = targeted(&admin(&cloud, &[]), &[("vms", &id)]).await;
    assert!(!run.read().contains(&("vms", id.clone())) && run.gone().is_empty());
    assert!(!run.is_complete("vms") && !run.is_complete("hardwares"));
    assert_eq!((run.count("vms"), run.count("hardwares"), run.rows.issues.len()), (1, 0, 1));
}

#[tokio::test]
async fn a_service_of_another_region_is_a_failure() {
    let cloud = small().await;
    let run = full(&admin(&cloud, &[("region", "Nowhere")])).await;
    for listing in ["servers", "ports", "images", "volumes", "stacks", "compute_quotas"] {
        let Listed::Failed { error } = run.listing(listing) else { panic!("{listing}: {:?}", run.listing(listing)) };
        assert!(error.contains("for region Nowhere") && error.contains("RegionOne"), "{error}");
    }
}

#[tokio::test]
async fn an_admin_told_to_stay_in_one_project_takes_nothing_of_others() {
    let cloud = small().await;
    let own = |user: &str| connect(&configuration(&cloud, user, "tenant-01", &[("projects", "own")]));
    let admin = own("admin");
    let (run, member) = (full(&admin).await, full(&own("tenant-01-user")).await);
    for l in &run.collected.listings {
        assert!(matches!(l.listed, Listed::Complete | Listed::NotAsked { .. }), "{}: {:?}", l.listing, l.listed);
    }
    for collection in ["vms", "cloud_volumes", "cloud_networks", "network_ports", "orchestration_stacks"] {
        assert_eq!(run.keys(collection), member.keys(collection), "{collection}");
        assert!(run.count(collection) > 0 && run.is_complete(collection), "{collection}");
    }
    let all = full(&support::admin(&cloud, &[])).await;
    for collection in ["vms", "cloud_networks", "images", "network_ports", "security_groups", "server_groups", "quotas"] {
        assert!(run.count(collection) < all.count(collection), "{collection}");
    }
    assert_eq!(run.count("cloud_tenants"), 1);
    let others = all.keys("vms").into_iter().find(|id| !run.keys("vms").contains(id)).expect("another's");
    let target = targeted(&admin, &[("vms", &others)]).await;
    assert_eq!((target.count("vms"), target.gone().len(), target.read().len()), (0, 0, 0));
}

#[tokio::test]
async fn an_admin_of_a_domain_does_not_know_of_all_projects() {
    let cloud = small().await;
    let mut configuration = configuration(&cloud, "admin", "admin", &[("domain_id", "default")]);
    configuration.settings.remove("project_name");
    let run = full(&connect(&configuration)).await;
    let of = |name: &str| run.collected.listings.iter().find(|l| l.listing == name).expect("a listing");
    assert_eq!(of("projects").reach.as_deref(), Some("projects of the domain"));
    for collection in ["cloud_tenants", "network_ports", "images", "quotas"] {
        assert!(!run.is_complete(collection), "{collection}: {:?}", run.listed(collection));
    }
}

#[tokio::test]
async fn a_stack_is_gone_only_from_a_list_of_all_projects() {
    let cloud = FakeCloud::builder(CloudSpec::small()).without_global_orchestration().start().await.expect("a cloud");
    let control = cloud.control();
    let id = control.id(Kind::Stack, 0);
    control.delete(&id).expect("deleted");
    let run = targeted(&admin(&cloud, &[]), &[("orchestration_stacks", &id)]).await;
    assert!(run.gone().is_empty() && run.read().is_empty(), "{:?}", run.gone());
    assert!(!run.is_complete("orchestration_stacks"));
}

#[tokio::test]
async fn quotas_of_hundreds_of_projects_are_read() {
    let spec = CloudSpec { tenants: 250, servers: 4, ..CloudSpec::small() };
    let cloud = FakeCloud::start(spec).await.expect("a cloud");
    let run = full(&admin(&cloud, &[])).await;
    assert!(run.is_complete("quotas"), "{:?}", run.listed("quotas"));
    let projects: BTreeSet<String> =
        run.keys("quotas").iter().filter_map(|key| key.split('/').next().map(str::to_owned)).collect();
    assert_eq!(projects, run.keys("cloud_tenants"));
}

#[tokio::test]
async fn what_went_wrong_with_a_server_is_known_though_the_list_leaves_it_out() {
    let cloud = small().await;
    let control = cloud.control();
    let in_error = control.id(Kind::Server, 3);
    let fault = |run: &Run| run.text("vms", &in_error, "fault_message");
    let whole = full(&admin(&cloud, &[])).await;
    assert!(fault(&whole).is_some_and(|message| message.contains("No valid host")), "{:?}", fault(&whole));
    assert_eq!(fault(&targeted(&admin(&cloud, &[]), &[("vms", &in_error)]).await), fault(&whole));
    // It cannot be asked: nothing is said of the fault, and the list is as whole as it was.
    let path = format!("/servers/{in_error}");
    control.add_fault(FaultRule::new(Fault::ServerError(500)).service(Service::Compute).path(&path));
    let run = full(&admin(&cloud, &[("attempts", "1")])).await;
    assert_eq!((fault(&run), run.is_complete("vms")), (None, true), "{:?}", run.listing("servers"));
}
