//! What parsing costs: CPU time of a thousand servers, volumes and ports, from the page's bytes to rows with digests.
//!
//! ```text
//! cargo run --release -p stocktake-openstack --example parse_cost
//! ```

#![expect(clippy::print_stdout, reason = "a person reads it")]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use stocktake_model::Rows;
use stocktake_openstack::OpenStack;
use stocktake_provider::{Configuration, Page, Provider, ProviderType as _, Secret, Traffic};

const RECORDS: usize = 200;
const ROUNDS: usize = 250;

fn main() {
    let mut configuration = Configuration::default();
    for (name, value) in [("auth_url", "http://127.0.0.1:5000/v3"), ("username", "nobody"), ("project_name", "none")] {
        configuration.settings.insert(name.to_owned(), value.to_owned());
    }
    configuration.secrets.insert("password".to_owned(), Secret::from("none"));
    let provider = OpenStack.connect(&configuration, Traffic::Live).expect("settings");
    for (listing, root, record) in
        [("servers", "servers", server as fn(usize) -> String), ("volumes", "volumes", volume), ("ports", "ports", port)]
    {
        let records: Vec<String> = (0..RECORDS).map(record).collect();
        let body = format!("{{\"{root}\": [{}]}}", records.join(", "));
        measure(provider.as_ref(), listing, body);
    }
}

fn measure(provider: &dyn Provider, listing: &'static str, body: String) {
    let bytes = body.len() / RECORDS;
    let page = Page { listing, number: 1, context: Cow::Borrowed(""), body: body.into() };
    let mut rows = Rows::new(provider.menu(), 7);
    provider.parse(&page, &mut rows);
    assert!(rows.issues.is_empty(), "{:?}", rows.issues.first());
    let each = rows.len() as f64 / RECORDS as f64;
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        rows.clear();
        let start = Instant::now();
        provider.parse(&page, &mut rows);
        best = best.min(start.elapsed());
    }
    let micros = best.as_secs_f64() * 1e6 / RECORDS as f64;
    let rate = bytes as f64 / micros;
    println!(
        "{listing:8} {micros:5.2} µs a record ({bytes} bytes, {each:.1} rows, {rate:.0} MB/s; the best of {ROUNDS} rounds)"
    );
}

fn uuid(kind: u32, n: usize) -> String {
    let mut id = String::new();
    let _ = write!(id, "{kind:08x}-{:04x}-4000-8000-{:012x}", n & 0xffff, n.wrapping_mul(0x9e37_79b9_7f4a));
    id.truncate(36);
    id
}

/// As nova 2.93 shows one to an admin.
fn server(n: usize) -> String {
    let (id, image, user) = (uuid(1, n), uuid(2, n % 50), uuid(3, n % 20));
    format!(
        r#"{{"id": "{id}", "name": "web-{n:05}", "status": "ACTIVE", "tenant_id": "5e259801a0b44f41913ac08802a9bce7", "user_id": "{user}", "metadata": {{"role": "db", "owner": "team-6", "cost-center": "1006"}}, "hostId": "0108f93dfc5a0e1fa2d6c0efa28cbff106f388daa00e7f58c73fee4f", "image": {{"id": "{image}", "links": [{{"rel": "bookmark", "href": "http://127.0.0.1:8774/images/{image}"}}]}}, "flavor": {{"vcpus": 8, "ram": 16384, "disk": 160, "ephemeral": 0, "swap": 0, "original_name": "lab.xlarge", "extra_specs": {{"hw:cpu_policy": "shared"}}}}, "created": "2026-11-22T08:28:28Z", "updated": "2026-11-22T08:29:38Z", "addresses": {{"tenant-05-front": [{{"version": 4, "addr": "10.5.{}.{}", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:4e:3a:53"}}, {{"version": 4, "addr": "198.18.{}.{}", "OS-EXT-IPS:type": "floating", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:4e:3a:53"}}]}}, "accessIPv4": "", "accessIPv6": "", "links": [{{"rel": "self", "href": "http://127.0.0.1:8774/v2.1/servers/{id}"}}, {{"rel": "bookmark", "href": "http://127.0.0.1:8774/servers/{id}"}}], "OS-DCF:diskConfig": "MANUAL", "OS-EXT-AZ:availability_zone": "az-2", "config_drive": "", "key_name": "tenant-04-key", "OS-SRV-USG:launched_at": "2026-11-22T08:29:50.000000", "OS-SRV-USG:terminated_at": null, "OS-EXT-SRV-ATTR:host": "compute-04", "OS-EXT-SRV-ATTR:instance_name": "instance-{n:08x}", "OS-EXT-SRV-ATTR:hypervisor_hostname": "compute-04", "OS-EXT-SRV-ATTR:reservation_id": "r-4pk9geic", "OS-EXT-SRV-ATTR:launch_index": 0, "OS-EXT-SRV-ATTR:hostname": "web-{n:05}", "OS-EXT-SRV-ATTR:kernel_id": "", "OS-EXT-SRV-ATTR:ramdisk_id": "", "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda", "OS-EXT-SRV-ATTR:user_data": null, "OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:power_state": 1, "os-extended-volumes:volumes_attached": [{{"id": "{}", "delete_on_termination": false}}], "locked": false, "locked_reason": null, "description": "lab server {n}", "tags": ["db"], "trusted_image_certificates": null, "host_status": "UP", "security_groups": [{{"name": "default"}}]}}"#,
        n / 250,
        n % 250,
        n / 250,
        n % 250,
        uuid(4, n)
    )
}

fn volume(n: usize) -> String {
    let (id, vm) = (uuid(4, n), uuid(1, n));
    format!(
        r#"{{"id": "{id}", "status": "in-use", "size": 10, "availability_zone": "nova", "created_at": "2026-11-22T08:31:00.000000", "updated_at": "2026-11-22T08:31:32.000000", "name": "vol-{n}", "description": null, "volume_type": "ssd", "snapshot_id": null, "source_volid": null, "metadata": {{"lab": "1"}}, "links": [{{"rel": "self", "href": "http://127.0.0.1:8776/v3/74360fcc6ad64351a8f92817197304e7/volumes/{id}"}}, {{"rel": "bookmark", "href": "http://127.0.0.1:8776/74360fcc6ad64351a8f92817197304e7/volumes/{id}"}}], "user_id": "02ff6dfaa7504b9482f516fdb16517e1", "bootable": "false", "encrypted": false, "replication_status": null, "consistencygroup_id": null, "multiattach": false, "attachments": [{{"id": "{id}", "attachment_id": "{}", "volume_id": "{id}", "server_id": "{vm}", "host_name": "compute-03", "device": "/dev/vdb", "attached_at": "2026-11-22T08:31:32.000000"}}], "migration_status": null, "group_id": null, "provider_id": null, "shared_targets": true, "service_uuid": "0ccc1e68-4aa5-4993-84d3-8bfb0a18a1ff", "cluster_name": null, "volume_type_id": "32cb430f-73af-4bcb-b50d-749ce49bc0f0", "consumes_quota": true, "os-vol-tenant-attr:tenant_id": "9b3b0e5b73c345119d6c0ca71079cfd0", "os-vol-mig-status-attr:migstat": null, "os-vol-mig-status-attr:name_id": null, "os-vol-host-attr:host": "lab-storage@ssd#ssd"}}"#,
        uuid(5, n)
    )
}

fn port(n: usize) -> String {
    let (id, vm) = (uuid(6, n), uuid(1, n));
    format!(
        r#"{{"id": "{id}", "name": "", "network_id": "6c7a7148-9064-4ae5-99c2-e165aa9925a9", "tenant_id": "228d41b56fbb441cb7ee4963abe4c1f2", "mac_address": "fa:16:3e:21:8e:0e", "admin_state_up": true, "status": "ACTIVE", "device_id": "{vm}", "device_owner": "compute:az-2", "fixed_ips": [{{"subnet_id": "3642e4e9-6d25-4d49-84ab-865a20874d42", "ip_address": "10.2.{}.{}"}}], "allowed_address_pairs": [], "extra_dhcp_opts": [], "security_groups": ["4d3f8013-3830-4817-ad02-4772ec25a468", "c0699b19-49a3-431d-9b39-f19890704738"], "description": "", "binding:vnic_type": "normal", "binding:profile": {{}}, "binding:host_id": "compute-04", "binding:vif_type": "ovs", "binding:vif_details": {{"port_filter": true, "connectivity": "l2", "bridge_name": "br-int", "bound_drivers": {{"0": "lab"}}}}, "port_security_enabled": true, "qos_policy_id": null, "qos_network_policy_id": null, "dns_name": "web-{n:05}", "dns_assignment": [{{"ip_address": "10.2.35.50", "hostname": "web-{n:05}", "fqdn": "web-{n:05}.lab.example."}}], "resource_request": null, "tags": [], "created_at": "2026-11-22T07:39:49Z", "updated_at": "2026-11-22T07:41:51Z", "revision_number": 3, "project_id": "228d41b56fbb441cb7ee4963abe4c1f2"}}"#,
        n / 250,
        n % 250
    )
}
