//! Nova's servers: VMs with their hardware, local disks, addresses, operating system and labels.
//!
//! Volumes are not looked at: their disks come from the volumes' own records, which know sizes and devices.

use serde::Deserialize;
use stocktake_model::menus::cloud::flavors;
use stocktake_model::menus::machines::{disks, hardwares, images, labels, nics, operating_systems, vms};
use stocktake_model::{Key, RowBuilder, Rows};

use super::Parsing;
use super::decode;
use super::labels::Owner;
use super::lenient::{Flag, IdOf, Int, List, Map, Text, Time};
use super::words::{self, BY_NAME, Document as _, GIB, MIB};
use crate::menu::Collections;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Server<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    tenant_id: Text<'a>,
    user_id: Text<'a>,
    metadata: Map<'a, Text<'a>>,
    tags: List<Text<'a>>,
    image: IdOf<'a>,
    flavor: Flavor<'a>,
    created: Time,
    updated: Time,
    addresses: Map<'a, List<Address<'a>>>,
    #[serde(rename = "accessIPv4")]
    access_ipv4: Text<'a>,
    #[serde(rename = "accessIPv6")]
    access_ipv6: Text<'a>,
    config_drive: Flag,
    key_name: Text<'a>,
    locked: Flag,
    locked_reason: Text<'a>,
    fault: Option<Fault<'a>>,
    #[serde(rename = "OS-EXT-AZ:availability_zone")]
    zone: Text<'a>,
    #[serde(rename = "OS-SRV-USG:launched_at")]
    launched: Time,
    #[serde(rename = "OS-SRV-USG:terminated_at")]
    terminated: Time,
    #[serde(rename = "OS-EXT-SRV-ATTR:instance_name")]
    instance_name: Text<'a>,
    #[serde(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname")]
    hypervisor_hostname: Text<'a>,
    #[serde(rename = "OS-EXT-SRV-ATTR:hostname")]
    hostname: Text<'a>,
    #[serde(rename = "OS-EXT-SRV-ATTR:root_device_name")]
    root_device_name: Text<'a>,
    #[serde(rename = "OS-EXT-STS:task_state")]
    task_state: Text<'a>,
    #[serde(rename = "OS-EXT-STS:power_state")]
    power_state: Int,
    #[serde(rename = "os-extended-volumes:volumes_attached")]
    volumes: List<IdOf<'a>>,
}

/// Until 2.46 an id; from 2.47 on the sizes themselves and the name, without an id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flavor<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    original_name: Text<'a>,
    vcpus: Int,
    ram: Int,
    disk: Int,
    ephemeral: Int,
    swap: Int,
}

/// Of a server in error; the list of a page may leave it out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fault<'a> {
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow)]
    addr: Text<'a>,
    version: Int,
    #[serde(rename = "OS-EXT-IPS:type")]
    kind: Text<'a>,
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr")]
    mac: Text<'a>,
}

pub(super) fn servers(p: &mut Parsing<'_, '_>) {
    p.each("servers", p.c.vms, |c, json, s: Server<'_>, out| {
        if let Some(id) = s.id.filled().filter(|_| s.is_out_of_reach()) {
            return out_of_reach(c, id, &s, out);
        }
        vm(c, json, &s, out);
        let Some(id) = s.id.filled() else { return };
        let key = Key::text(id);
        hardware(c, &key, id, &s, out);
        local_disks(c, &key, id, &s, out);
        addresses(c, &key, id, &s, out);
        operating_system(c, &key, id, &s, out);
        let owner = Owner { collection: "vms", link: labels::vm, id };
        owner.map(c, out, "metadata", &s.metadata);
        owner.tags(c, out, &s.tags);
    });
}

/// Whether a record is all that nova knows of a server whose cell is down.
pub(crate) fn is_out_of_reach(record: &str) -> bool {
    decode::record(record).is_ok_and(|server: Server<'_>| server.is_out_of_reach())
}

/// Writes what is known, leaves the rest and all children as they are, and says that the listing is not whole.
fn out_of_reach(c: &Collections, id: &str, s: &Server<'_>, out: &mut Rows) {
    let status = s.status.get().unwrap_or_default();
    out.row(c.vms, id)
        .text(vms::power_state, words::power_state(None, status))
        .text(vms::raw_power_state, None)
        .text(vms::status, &*words::lower(status))
        .finish();
    out.malformed(c.vms, id, "its cell is down; only its id is known");
}

fn vm(c: &Collections, json: &str, s: &Server<'_>, out: &mut Rows) {
    let status = s.status.get().unwrap_or_default();
    let key_pair = s.key_name.filled().map(|name| Key::text(s.user_id.get().unwrap_or_default()).and_text(name));
    out.row(c.vms, s.id.get().unwrap_or_default())
        .text(vms::name, s.name.get())
        .text(vms::description, s.description.filled())
        .text(vms::power_state, words::power_state(s.power_state.0, status))
        .text(vms::raw_power_state, words::raw_power_state(s.power_state.0))
        .text(vms::status, &*words::lower(status))
        .text(vms::task_state, s.task_state.filled())
        .bool(vms::is_template, false)
        .text(vms::hostname, s.hostname.filled())
        .text(vms::instance_name, s.instance_name.filled())
        .text(vms::ipv4_address, s.access_ipv4.filled())
        .text(vms::ipv6_address, s.access_ipv6.filled())
        .text(vms::user_ref, s.user_id.filled())
        .text(vms::root_device_name, s.root_device_name.filled())
        .bool(vms::has_config_drive, s.config_drive.0.unwrap_or(false))
        .bool(vms::is_locked, s.locked.0)
        .text(vms::lock_reason, s.locked_reason.filled())
        .time(vms::ems_created_on, s.created.0)
        .time(vms::ems_updated_on, s.updated.0)
        .time(vms::launched_on, s.launched.0)
        .time(vms::terminated_on, s.terminated.0)
        .link_by(vms::host, BY_NAME, s.hypervisor_hostname.get().unwrap_or_default())
        .fault(s.fault.as_ref(), status)
        .flavor(&s.flavor)
        .link(vms::availability_zone, words::zone("compute", s.zone.get()))
        .opt_link(vms::cloud_tenant, s.tenant_id.filled())
        .opt_link(vms::image, s.image.0.filled())
        .link(vms::key_pair, key_pair.unwrap_or_default())
        .document_of(json, s.lasting())
        .finish();
}

trait ServerRow {
    fn fault(self, fault: Option<&Fault<'_>>, status: &str) -> Self;
    fn flavor(self, flavor: &Flavor<'_>) -> Self;
}

impl ServerRow for RowBuilder<'_> {
    /// Null for a server that is well. For one in error that does not say why, what is known is left alone.
    fn fault(self, fault: Option<&Fault<'_>>, status: &str) -> Self {
        match fault {
            None if status == "ERROR" => self,
            fault => self.text(vms::fault_message, fault.and_then(|f| f.message.filled())),
        }
    }

    fn flavor(self, flavor: &Flavor<'_>) -> Self {
        match flavor.original_name.filled() {
            Some(name) => self.link_by(vms::flavor, BY_NAME, name),
            None => self.opt_link(vms::flavor, flavor.id.filled()),
        }
    }
}

impl Flavor<'_> {
    /// The id, where the sizes must be looked up in the flavor.
    fn elsewhere(&self) -> Option<&str> {
        self.id.filled().filter(|_| self.vcpus.0.is_none() && self.ram.0.is_none())
    }

    fn swap_bytes(&self) -> Option<i64> {
        self.swap.times(MIB)
    }
}

impl Server<'_> {
    /// Since 2.69 servers of a cell that is down are listed with their id, project and time of creation, and the status
    /// `UNKNOWN`. What is missing there is not known, which is something else than not there.
    fn is_out_of_reach(&self) -> bool {
        let Flavor { id, original_name, .. } = &self.flavor;
        let has = |text: &Text<'_>| text.filled().is_some();
        self.status.get() == Some("UNKNOWN") && !has(&self.name) && !has(id) && !has(original_name)
    }

    /// What counts of the document besides the row. A server shown by itself has more fields than one of a list, and in
    /// another order: they must not look changed to one another.
    fn lasting(&self) -> impl Iterator<Item = (&str, &str)> {
        let metadata = self.metadata.iter().map(|(name, value)| (name, value.get().unwrap_or_default()));
        let tags = self.tags.iter().map(|tag| ("tag", tag.get().unwrap_or_default()));
        let volumes = self.volumes.iter().map(|volume| ("volume", volume.0.get().unwrap_or_default()));
        let addresses = self
            .addresses
            .iter()
            .flat_map(|(network, list)| list.iter().map(move |a| (network, a.addr.get().unwrap_or_default())));
        metadata.chain(tags).chain(volumes).chain(addresses)
    }

    /// A server without an image started from a volume and has no root disk of its own, whatever its flavor says.
    fn root_bytes(&self) -> Option<i64> {
        self.flavor.disk.times(GIB).filter(|_| self.image.0.filled().is_some())
    }
}

fn hardware(c: &Collections, key: &Key, id: &str, s: &Server<'_>, out: &mut Rows) {
    let flavor = &s.flavor;
    let row = out.row(c.hardwares, words::of_vm(key));
    let row = if let Some(flavor) = flavor.elsewhere() {
        row.value_of(hardwares::cpu_total_cores, c.flavors, 0, flavor, flavors::cpu_total_cores, None).value_of(
            hardwares::memory_mb,
            c.flavors,
            0,
            flavor,
            flavors::memory_mb,
            None,
        )
    } else {
        let local = [s.root_bytes(), flavor.ephemeral.times(GIB), flavor.swap_bytes()];
        let local = local.iter().flatten().sum::<i64>();
        row.int(hardwares::cpu_total_cores, flavor.vcpus.0)
            .int(hardwares::memory_mb, flavor.ram.0)
            .int(hardwares::disk_capacity_bytes, flavor.disk.0.map(|_| local))
    };
    row.link(hardwares::vm, id).finish();
}

/// The root disk is there for every server made from an image; how large it is may be the flavor's to say, or, with 0,
/// the image's.
fn local_disks(c: &Collections, key: &Key, id: &str, s: &Server<'_>, out: &mut Rows) {
    if s.image.0.filled().is_some() {
        let root =
            disk(c, key, id, "root", out).text(disks::device, s.root_device_name.filled()).bool(disks::is_bootable, true);
        match s.flavor.elsewhere() {
            Some(flavor) => root.value_of(disks::size_bytes, c.flavors, 0, flavor, flavors::root_disk_bytes, None),
            None => root.int(disks::size_bytes, s.root_bytes().filter(|b| *b > 0)),
        }
        .finish();
    }
    for (name, bytes) in [("ephemeral", s.flavor.ephemeral.times(GIB)), ("swap", s.flavor.swap_bytes())] {
        if bytes.is_some_and(|b| b > 0) {
            disk(c, key, id, name, out).bool(disks::is_bootable, false).int(disks::size_bytes, bytes).finish();
        }
    }
}

fn disk<'o>(c: &Collections, key: &Key, id: &str, name: &str, out: &'o mut Rows) -> RowBuilder<'o> {
    out.row(c.disks, Key::new().and_link(key).and_null().and_text(name))
        .text(disks::name, name)
        .text(disks::kind, "local")
        .link(disks::vm, id)
}

fn addresses(c: &Collections, key: &Key, id: &str, s: &Server<'_>, out: &mut Rows) {
    for (network, list) in s.addresses.iter() {
        for address in list.iter() {
            let (mac, addr) = (address.mac.filled(), address.addr.filled());
            let identity = Key::new().and_link(key).and_null().and_opt_text(mac).and_opt_text(addr);
            out.row(c.nics, identity)
                .text(nics::mac_address, mac)
                .text(nics::address, addr)
                .int(nics::ip_version, address.version.0)
                .text(nics::kind, address.kind.filled())
                .text(nics::network_name, network)
                .link(nics::vm, id)
                .finish();
        }
    }
}

/// Nova does not know what runs in a server; the image it was made from says what was meant to.
fn operating_system(c: &Collections, key: &Key, id: &str, s: &Server<'_>, out: &mut Rows) {
    let Some(image) = s.image.0.filled() else { return };
    out.row(c.operating_systems, words::of_vm(key))
        .value_of(operating_systems::product_name, c.images, 0, image, images::os_distro, None)
        .value_of(operating_systems::version, c.images, 0, image, images::os_version, None)
        .link(operating_systems::vm, id)
        .finish();
}
