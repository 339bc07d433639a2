//! Both ends of every relation agree, before and after churn.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, Control, FakeCloud, Kind};
use support::{Session, text};

type Rows = BTreeMap<String, Value>;

/// Everything an admin can list, by key and id.
struct Everything(BTreeMap<&'static str, Rows>);

impl Everything {
    async fn read(admin: &Session) -> Self {
        let mut all = BTreeMap::new();
        for (path, key) in admin.listings().into_iter().filter(|(p, _)| !p.contains("/servers?")) {
            let rows = admin.rows(&path, key).await;
            all.insert(key, rows.into_iter().map(|r| (text(&r, "id").to_owned(), r)).collect());
        }
        let projects = admin.rows("/identity/v3/projects", "projects").await;
        all.insert("projects", projects.into_iter().map(|r| (text(&r, "id").to_owned(), r)).collect());
        Self(all)
    }

    fn rows(&self, key: &str) -> impl Iterator<Item = &Value> {
        self.0[key].values()
    }

    fn get(&self, key: &str, id: &str) -> &Value {
        self.0[key].get(id).unwrap_or_else(|| panic!("{key} has no {id}"))
    }

    fn check_servers(&self) {
        let port_names: BTreeSet<_> = self.rows("networks").map(|n| text(n, "name")).collect();
        for server in self.rows("servers") {
            let id = text(server, "id");
            self.get("projects", text(server, "tenant_id"));
            if server["image"] == "" {
                assert!(!server["os-extended-volumes:volumes_attached"].as_array().expect("list").is_empty());
            } else {
                self.get("images", text(&server["image"], "id"));
            }
            let flavor = &server["flavor"]["original_name"];
            assert!(self.rows("flavors").any(|f| f["name"] == *flavor), "no flavor {flavor}");
            if let Some(host) = server["OS-EXT-SRV-ATTR:host"].as_str() {
                assert!(self.rows("hypervisors").any(|h| h["hypervisor_hostname"] == host));
            }
            let attached = server["os-extended-volumes:volumes_attached"].as_array().expect("list");
            for volume in attached {
                let volume = self.get("volumes", text(volume, "id"));
                assert_eq!(volume["attachments"][0]["server_id"], id);
                assert_eq!(volume["status"], "in-use");
            }
            self.check_addresses(server, &port_names);
        }
    }

    fn check_addresses(&self, server: &Value, networks: &BTreeSet<&str>) {
        let ports: Vec<_> = self.rows("ports").filter(|p| p["device_id"] == server["id"]).collect();
        let addresses = server["addresses"].as_object().expect("map");
        assert_eq!(addresses.len(), ports.len(), "one network a port in this cloud");
        for (network, list) in addresses {
            assert!(networks.contains(network.as_str()));
            for address in list.as_array().expect("list") {
                let ip = text(address, "addr");
                match text(address, "OS-EXT-IPS:type") {
                    "fixed" => assert!(ports.iter().any(|p| {
                        let ips = p["fixed_ips"].as_array().expect("list");
                        p["mac_address"] == address["OS-EXT-IPS-MAC:mac_addr"] && ips.iter().any(|i| i["ip_address"] == ip)
                    })),
                    _ => assert!(
                        self.rows("floatingips")
                            .any(|f| { f["floating_ip_address"] == ip && ports.iter().any(|p| p["id"] == f["port_id"]) })
                    ),
                }
            }
        }
    }

    fn check_volumes(&self) {
        for volume in self.rows("volumes") {
            self.get("projects", text(volume, "os-vol-tenant-attr:tenant_id"));
            for attachment in volume["attachments"].as_array().expect("list") {
                let server = self.get("servers", text(attachment, "server_id"));
                let attached = server["os-extended-volumes:volumes_attached"].as_array().expect("list");
                assert!(attached.iter().any(|a| a["id"] == volume["id"]));
                let listed = self.get("attachments", text(attachment, "attachment_id"));
                assert_eq!(listed["instance"], server["id"]);
            }
        }
        for key in ["snapshots", "backups"] {
            for row in self.rows(key) {
                self.get("volumes", text(row, "volume_id"));
            }
        }
    }

    fn check_networks(&self) {
        let mut taken = BTreeSet::new();
        let mut macs = BTreeSet::new();
        for port in self.rows("ports") {
            assert!(macs.insert(text(port, "mac_address")), "two ports with one mac");
            let network = self.get("networks", text(port, "network_id"));
            for ip in port["fixed_ips"].as_array().expect("list") {
                let subnet = self.get("subnets", text(ip, "subnet_id"));
                assert_eq!(subnet["network_id"], network["id"]);
                assert!(taken.insert((text(ip, "subnet_id"), text(ip, "ip_address"))), "{ip} twice");
            }
            for group in port["security_groups"].as_array().expect("list") {
                let group = self.get("security_groups", group.as_str().expect("id"));
                assert_eq!(group["project_id"], port["project_id"]);
            }
            match text(port, "device_owner") {
                "network:router_interface" | "network:router_gateway" => {
                    self.get("routers", text(port, "device_id"));
                }
                "network:floatingip" => {
                    self.get("floatingips", text(port, "device_id"));
                }
                "network:dhcp" => assert!(text(port, "device_id").ends_with(text(port, "network_id"))),
                owner => {
                    assert!(owner.starts_with("compute:"));
                    self.get("servers", text(port, "device_id"));
                }
            }
        }
        for subnet in self.rows("subnets") {
            let network = self.get("networks", text(subnet, "network_id"));
            assert!(network["subnets"].as_array().expect("list").contains(&subnet["id"]));
        }
        for floating in self.rows("floatingips") {
            if let Some(port) = floating["port_id"].as_str() {
                let port = self.get("ports", port);
                assert_eq!(floating["fixed_ip_address"], port["fixed_ips"][0]["ip_address"]);
                self.get("routers", text(floating, "router_id"));
            }
        }
        for rule in self.rows("security_group_rules") {
            let group = self.get("security_groups", text(rule, "security_group_id"));
            let embedded = group["security_group_rules"].as_array().expect("list");
            assert!(embedded.iter().any(|r| r["id"] == rule["id"]));
        }
    }

    fn check(&self) {
        self.check_servers();
        self.check_volumes();
        self.check_networks();
    }
}

async fn check_stacks(admin: &Session, all: &Everything) {
    let mut targets = 0;
    for stack in all.rows("stacks") {
        if let Some(parent) = stack["parent"].as_str() {
            all.get("stacks", parent);
        }
        let path = text(&stack["links"][0], "href").replace(text(stack, "project"), &admin.project);
        for resource in admin.rows(&format!("{path}/resources"), "resources").await {
            let id = text(&resource, "physical_resource_id");
            match text(&resource, "resource_type") {
                "OS::Nova::Server" => all.get("servers", id),
                "OS::Neutron::Port" => all.get("ports", id),
                _ => all.get("stacks", id),
            };
            targets += 1;
        }
    }
    assert!(targets > 8);
}

#[tokio::test]
async fn relations_hold_in_a_fresh_cloud() {
    let cloud = FakeCloud::start(CloudSpec::demo()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let all = Everything::read(&admin).await;
    all.check();
    check_stacks(&admin, &all).await;
}

#[tokio::test]
async fn the_smallest_cloud_has_every_case() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("start");
    let all = Everything::read(&Session::admin(&cloud).await).await;
    all.check();
    let statuses: BTreeSet<_> = all.rows("servers").map(|s| text(s, "status")).collect();
    for status in ["ACTIVE", "ERROR", "SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED_OFFLOADED"] {
        assert!(statuses.contains(status), "no server is {status}");
    }
    assert!(all.rows("servers").any(|s| s["image"] == ""), "none boots from a volume");
    assert!(
        all.rows("floatingips").any(|f| f["port_id"].is_null()) && all.rows("floatingips").any(|f| !f["port_id"].is_null())
    );
    assert!(all.rows("volumes").any(|v| v["status"] == "available") && all.rows("volumes").any(|v| v["bootable"] == "true"));
    assert!(all.rows("flavors").any(|f| f["os-flavor-access:is_public"] == false));
    let nested = all.rows("projects").filter(|p| all.0["projects"].contains_key(text(p, "parent_id")));
    assert!(nested.count() >= 2, "projects are not nested");
    for (key, rows) in &all.0 {
        assert!(!rows.is_empty(), "no {key}");
    }
}

#[tokio::test]
async fn relations_hold_after_churn_and_deletions() {
    let cloud = FakeCloud::start(CloudSpec::demo()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let control: Control = cloud.control();
    let report = control.churn(0.5, 9);
    assert_eq!(report.total(), 66, "60 servers chosen, 6 of them replaced: {report:?}");
    assert!(!report.volumes_resized.is_empty());
    Everything::read(&admin).await.check();

    let server = control.id(Kind::Server, 1);
    let volume = control.id(Kind::VolumeData, 1);
    let before = Everything::read(&admin).await;
    let ports = before.rows("ports").filter(|p| p["device_id"] == *server).count();
    control.delete(&server).expect("delete");
    let after = Everything::read(&admin).await;
    after.check();
    assert_eq!(before.0["ports"].len() - after.0["ports"].len(), ports, "its ports went with it");
    assert_eq!(after.get("volumes", &volume)["status"], "available", "its data volume stayed");
    assert!(after.get("floatingips", &control.id(Kind::FloatingServer, 1))["port_id"].is_null());
    assert_eq!(admin.get(&format!("/compute/v2.1/servers/{server}")).await.status, 404);
    control.restore(&server).expect("restore");
    let but_when = |everything: &Everything| {
        let mut row = everything.get("servers", &server).clone();
        row["updated"] = Value::Null;
        row
    };
    assert_eq!(but_when(&Everything::read(&admin).await), but_when(&before));
}
