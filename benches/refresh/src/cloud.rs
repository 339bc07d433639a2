//! A cloud as rows, without an API: so many VMs, each with hardware, two disks, a nic, a port and a volume.

use std::sync::Arc;

use stocktake_model::menus::{self, cloud, machines, network, storage};
use stocktake_model::{Collection, CollectionIx, Coverage, Key, Listed, Menu, Rows};

use cloud::{cloud_tenants, flavors};
use machines::{disks, hardwares, hosts, images, nics, vms};
use network::{cloud_networks, network_ports};
use storage::cloud_volumes;

const VMS_A_HOST: u32 = 50;
const PAGE: u32 = 1_000;

/// Which rows differ from the first time: every `1 / share`-th VM changed, and as many gone as are new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Churn {
    None,
    Percent(u32),
}

pub fn menu() -> Arc<Menu> {
    let by_name = |c: &mut Collection| c.link_by("flavor", "name");
    let by_host = |c: &mut Collection| c.link_by("host", "name");
    let menu = Menu::builder().pick(menus::all()).change("vms", by_name).and_then(|m| m.change("vms", by_host));
    Arc::new(menu.and_then(stocktake_model::menu::MenuBuilder::build).expect("the model's own menu"))
}

pub struct Cloud {
    pub menu: Arc<Menu>,
    pub seed: u64,
    pub vms: u32,
}

impl Cloud {
    /// Everything, page by page.
    pub fn pages(&self, churn: Churn) -> impl Iterator<Item = Rows> + '_ {
        let shared = std::iter::once_with(move || self.shared());
        let pages = (0..self.vms.div_ceil(PAGE)).map(move |page| {
            let mut rows = Rows::new(Arc::clone(&self.menu), self.seed);
            for n in page * PAGE..((page + 1) * PAGE).min(self.vms) {
                self.machine(&mut rows, n, churn);
            }
            rows
        });
        shared.chain(pages)
    }

    /// One VM as a targeted refresh sees it: itself and what it owns.
    pub fn target(&self, numbers: impl Iterator<Item = u32>, round: u32) -> (Rows, Coverage) {
        let mut rows = Rows::new(Arc::clone(&self.menu), self.seed);
        let mut coverage = Coverage::default();
        for name in ["vms", "hardwares", "disks", "nics"] {
            coverage.feed(self.ix(name), Listed::Complete);
        }
        for n in numbers {
            let vm = uuid(1, n);
            self.vm(&mut rows, &vm, n, round);
            self.owned(&mut rows, &vm, n);
            coverage.read.push((self.ix("vms"), vm));
        }
        (rows, coverage)
    }

    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for (ix, _) in self.menu.iter() {
            coverage.feed(ix, Listed::Complete);
        }
        coverage
    }

    pub fn ix(&self, name: &str) -> CollectionIx {
        self.menu.expect_ix(name)
    }

    fn shared(&self) -> Rows {
        let mut rows = Rows::new(Arc::clone(&self.menu), self.seed);
        for n in 0..self.vms.div_ceil(VMS_A_HOST) {
            rows.row(self.ix("hosts"), &uuid(2, n))
                .text(hosts::name, host(n).as_str())
                .text(hosts::power_state, "on")
                .finish();
        }
        for n in 0..40 {
            let flavor = rows.row(self.ix("flavors"), &uuid(3, n)).text(flavors::name, flavor(n).as_str());
            flavor.int(flavors::memory_mb, 1024 * i64::from(n)).int(flavors::cpu_total_cores, i64::from(n)).finish();
        }
        for n in 0..100 {
            let tenant = rows.row(self.ix("cloud_tenants"), &uuid(4, n));
            tenant.text(cloud_tenants::name, format!("project-{n}").as_str()).finish();
            rows.row(self.ix("images"), &uuid(5, n)).text(images::name, format!("image-{n}").as_str()).finish();
            rows.row(self.ix("cloud_networks"), &uuid(6, n))
                .text(cloud_networks::name, format!("net-{n}").as_str())
                .finish();
        }
        rows
    }

    fn machine(&self, rows: &mut Rows, n: u32, churn: Churn) {
        let (vm, round) = match churn {
            // One in a thousand is gone and another is in its place: a tenth of the changes each.
            Churn::Percent(percent) if n % (1000 / percent) == 7 => (uuid(11, n), 0),
            Churn::Percent(percent) if n % (100 / percent) == 3 => (uuid(1, n), 1),
            _ => (uuid(1, n), 0),
        };
        self.vm(rows, &vm, n, round);
        self.owned(rows, &vm, n);
        let (port, volume) = if vm == uuid(1, n) { (uuid(7, n), uuid(8, n)) } else { (uuid(17, n), uuid(18, n)) };
        rows.row(self.ix("network_ports"), &port)
            .text(network_ports::name, "")
            .text(network_ports::mac_address, mac(n).as_str())
            .text(network_ports::status, if round == 0 { "active" } else { "down" })
            .bool(network_ports::is_enabled, true)
            .text(network_ports::device_owner, "compute:az-1")
            .text(network_ports::device_ref, vm.as_str())
            .text(network_ports::binding_host, host(n / VMS_A_HOST).as_str())
            .text(network_ports::vnic_type, "normal")
            .bool(network_ports::port_security_enabled, true)
            .time(network_ports::ems_created_on, 1_700_000_000_000_000)
            .link(network_ports::cloud_network, &uuid(6, n % 100))
            .link(network_ports::cloud_tenant, &uuid(4, n % 100))
            .link(network_ports::vm, &vm)
            .finish();
        rows.row(self.ix("cloud_volumes"), &volume)
            .text(cloud_volumes::name, format!("data-{n}").as_str())
            .text(cloud_volumes::status, "in-use")
            .int(cloud_volumes::size_bytes, (10 + i64::from(round)) << 30)
            .bool(cloud_volumes::is_bootable, false)
            .bool(cloud_volumes::is_encrypted, false)
            .bool(cloud_volumes::multiattach, false)
            .text(cloud_volumes::backend, "pool@ssd#ssd")
            .time(cloud_volumes::ems_created_on, 1_700_000_000_000_000)
            .link(cloud_volumes::cloud_tenant, &uuid(4, n % 100))
            .finish();
    }

    fn vm(&self, rows: &mut Rows, vm: &str, n: u32, round: u32) {
        let name = if round == 0 { format!("vm-{n}") } else { format!("vm-{n}-{round}") };
        rows.row(self.ix("vms"), vm)
            .text(vms::name, name.as_str())
            .text(vms::description, name.as_str())
            .text(vms::power_state, if round.is_multiple_of(2) { "on" } else { "off" })
            .text(vms::raw_power_state, "running")
            .text(vms::status, "active")
            .text(vms::task_state, None)
            .text(vms::hostname, name.as_str())
            .text(vms::instance_name, format!("instance-{n:08x}").as_str())
            .text(vms::user_ref, "d8b891791bcd4697a4b9e3237c6e228e")
            .text(vms::root_device_name, "/dev/vda")
            .bool(vms::has_config_drive, false)
            .bool(vms::is_locked, false)
            .time(vms::ems_created_on, 1_700_000_000_000_000 + i64::from(n))
            .time(vms::ems_updated_on, 1_700_000_100_000_000 + i64::from(round))
            .time(vms::launched_on, 1_700_000_050_000_000)
            .link_by(vms::host, 1, &host(n / VMS_A_HOST))
            .link_by(vms::flavor, 1, &flavor(n % 40))
            .link(vms::cloud_tenant, &uuid(4, n % 100))
            .link(vms::image, &uuid(5, n % 100))
            .finish();
    }

    fn owned(&self, rows: &mut Rows, vm: &str, n: u32) {
        let owner = Key::text(vm);
        rows.row(self.ix("hardwares"), Key::new().and_link(&owner).and_null())
            .int(hardwares::cpu_total_cores, i64::from(n % 16))
            .int(hardwares::memory_mb, 4096)
            .int(hardwares::disk_capacity_bytes, 80 << 30)
            .link(hardwares::vm, vm)
            .finish();
        for (name, device, size) in [("root", "/dev/vda", 80i64), ("data", "/dev/vdb", 10)] {
            rows.row(self.ix("disks"), Key::new().and_link(&owner).and_null().and_text(name))
                .text(disks::name, name)
                .text(disks::kind, "local")
                .text(disks::device, device)
                .int(disks::size_bytes, size << 30)
                .link(disks::vm, vm)
                .finish();
        }
        let address = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
        rows.row(self.ix("nics"), Key::new().and_link(&owner).and_null().and_text(&mac(n)).and_text(&address))
            .text(nics::mac_address, mac(n).as_str())
            .text(nics::address, address.as_str())
            .int(nics::ip_version, 4)
            .text(nics::kind, "fixed")
            .text(nics::network_name, format!("net-{}", n % 100).as_str())
            .link(nics::vm, vm)
            .finish();
    }
}

fn host(n: u32) -> String {
    format!("compute-{n:05}.example")
}

fn flavor(n: u32) -> String {
    format!("m1.size-{n}")
}

fn mac(n: u32) -> String {
    format!("fa:16:3e:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255)
}

/// Looks like a random UUID, is a function of kind and number.
pub fn uuid(kind: u32, n: u32) -> String {
    let hash = xxhash_rust::xxh3::xxh3_128_with_seed(&n.to_le_bytes(), u64::from(kind));
    let hex = format!("{hash:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
