//! The cloud as a function: which places exist, whose they are, and how they relate.
//!
//! Every relation is computed from the index (server 7 has volume 7 and port 7), so both ends of it always agree and a
//! deletion needs no cascade: the port of a deleted server does not exist, its volume is free. Must not know HTTP,
//! microversions or what a row looks like.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::clock::{Clock, GENESIS};
use crate::ids::{Id, Kind, Place, id_of, mix, place_of};
use crate::overlay::{Action, Overlay, Status, Tweak};
use crate::spec::{CloudSpec, Options};

/// Projects before the tenants: `admin` and `service`.
pub(crate) const FIRST_TENANT: u32 = 2;
/// Users before the tenants' own: `admin` and one per service.
pub(crate) const SERVICE_USERS: [&str; 5] = ["placement", "nova", "neutron", "glance", "cinder"];
/// Index of the first tenant's user.
pub(crate) const FIRST_TENANT_USER: u32 = 1 + SERVICE_USERS.len() as u32;
/// Security groups of a project: `default`, `web`, `db`.
pub(crate) const GROUPS: u32 = 3;
/// Rules of a security group.
pub(crate) const RULES: u32 = 4;
/// Availability zones.
pub(crate) const ZONES: u32 = 3;
/// Images every project may use, at the front of the index space.
pub(crate) const PUBLIC_IMAGES: u32 = 6;

/// One simulated cloud.
#[derive(Debug)]
pub(crate) struct World {
    pub spec: CloudSpec,
    pub options: Options,
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    pub clock: Clock,
    overlay: RwLock<Overlay>,
}

impl World {
    pub(crate) fn new(spec: CloudSpec, options: Options, url: String) -> Self {
        let spec = CloudSpec {
            tenants: spec.tenants.max(1),
            hypervisors: spec.hypervisors.max(1),
            flavors: spec.flavors.max(1),
            images: spec.images.max(PUBLIC_IMAGES),
            ..spec
        };
        let clock = options.clock.map_or(Clock::Wall(options.ahead), |at| Clock::Steps(at.into()));
        Self { spec, options, url, clock, overlay: RwLock::default() }
    }

    /// The cloud as it is now; it does not change while the view is held.
    pub(crate) fn view(&self) -> View<'_> {
        View { world: self, overlay: self.overlay.read().unwrap_or_else(PoisonError::into_inner) }
    }

    pub(crate) fn change(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A consistent look at the cloud.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub world: &'a World,
    overlay: RwLockReadGuard<'a, Overlay>,
}

/// What a server is, before anybody asks for a row of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub index: u32,
    pub tenant: u32,
    pub status: Status,
    pub flavor: u32,
    /// `None` when it boots from a volume.
    pub image: Option<u32>,
    /// `None` when it never found one or is shelved.
    pub host: Option<u32>,
    pub created: u64,
    pub updated: u64,
    pub deleted: Option<u64>,
}

impl View<'_> {
    pub(crate) fn spec(&self) -> &CloudSpec {
        &self.world.spec
    }

    pub(crate) fn id(&self, kind: Kind, index: u32) -> Id {
        id_of(self.spec().seed, Place::new(kind, index))
    }

    pub(crate) fn place(&self, id: &str) -> Option<Place> {
        place_of(self.spec().seed, id)
    }

    pub(crate) fn chance(&self, kind: Kind, index: u32, salt: u64) -> u64 {
        mix(self.spec().seed, Place::new(kind, index), salt)
    }

    fn percent(&self, index: u32, salt: u64, percent: u32) -> bool {
        self.chance(Kind::Server, index, salt) % 100 < u64::from(percent)
    }

    pub(crate) fn tweak(&self, kind: Kind, index: u32) -> Option<&Tweak> {
        self.overlay.tweak(Place::new(kind, index))
    }

    pub(crate) fn gone(&self, place: Place) -> Option<u64> {
        self.overlay.gone(place)
    }

    /// What was done to a server after the start, in order.
    pub(crate) fn actions(&self, server: u32) -> &[Action] {
        self.overlay.actions(server)
    }

    pub(crate) fn changes(&self) -> usize {
        self.overlay.len()
    }

    pub(crate) fn projects(&self) -> u32 {
        FIRST_TENANT + self.spec().tenants
    }

    /// Length of a kind's index space; not every index in it need exist.
    pub(crate) fn span(&self, kind: Kind) -> u32 {
        let spec = self.spec();
        let tenants = spec.tenants;
        match kind {
            Kind::Server
            | Kind::PortServer
            | Kind::PortExtra
            | Kind::FloatingServer
            | Kind::VolumeData
            | Kind::VolumeRoot
            | Kind::AttachmentData
            | Kind::AttachmentRoot
            | Kind::Snapshot
            | Kind::Backup => spec.servers + self.overlay.born(Kind::Server),
            Kind::PortFloating => 2 * self.span(Kind::Server).max(self.span(Kind::FloatingFree)),
            Kind::Flavor => spec.flavors,
            Kind::Hypervisor => spec.hypervisors,
            Kind::ComputeService => spec.hypervisors + 2,
            Kind::Aggregate => ZONES + 1,
            Kind::ServerGroup | Kind::Keypair | Kind::Router | Kind::PortGateway => tenants,
            Kind::Stack | Kind::StackNested => tenants.min(spec.servers),
            Kind::Network | Kind::PortDhcp => tenants * 2 + 2,
            Kind::Subnet => tenants * 2 + 2 + tenants.div_ceil(3),
            Kind::PortRouter => tenants * 2,
            Kind::FloatingFree => spec.free_floating_ips,
            Kind::SecurityGroup => self.projects() * GROUPS,
            Kind::SecurityRule => self.projects() * GROUPS * RULES,
            Kind::Agent => spec.hypervisors + 8,
            Kind::Image => spec.images,
            Kind::VolumeFree => spec.free_volumes + self.overlay.born(Kind::VolumeFree),
            Kind::VolumeType => 3,
            Kind::Project => self.projects(),
            Kind::User => FIRST_TENANT_USER + tenants,
            Kind::Service => 7,
            Kind::Endpoint => 21,
            Kind::Role => 4,
        }
    }

    /// Whether the object is there now.
    pub(crate) fn exists(&self, place: Place) -> bool {
        let Place { kind, index } = place;
        if index >= self.span(kind) || self.overlay.gone(place).is_some() {
            return false;
        }
        let here = |kind| self.exists(Place::new(kind, index));
        match kind {
            Kind::PortServer => here(Kind::Server) && self.scheduled(index),
            Kind::PortExtra => here(Kind::PortServer) && self.has_extra_port(index),
            Kind::FloatingServer => self.has_floating(index),
            Kind::PortFloating => self.floating_of_port(index).is_some(),
            Kind::VolumeData => self.has_data_volume(index),
            Kind::VolumeRoot => here(Kind::Server) && self.boots_from_volume(index),
            Kind::AttachmentData => here(Kind::VolumeData) && here(Kind::Server),
            Kind::AttachmentRoot => here(Kind::VolumeRoot),
            Kind::Snapshot => index % 10 == 1 && here(Kind::VolumeData),
            Kind::Backup => index % 25 == 2 && here(Kind::VolumeData),
            Kind::SecurityRule => self.exists(Place::new(Kind::SecurityGroup, index / RULES)),
            Kind::StackNested => here(Kind::Stack),
            _ => true,
        }
    }

    /// The project an object belongs to; `None` for what belongs to the cloud itself.
    pub(crate) fn owner(&self, place: Place) -> Option<u32> {
        let Place { kind, index } = place;
        let tenants = self.spec().tenants;
        let tenant = match kind {
            Kind::Server
            | Kind::PortServer
            | Kind::PortExtra
            | Kind::FloatingServer
            | Kind::VolumeData
            | Kind::VolumeRoot
            | Kind::AttachmentData
            | Kind::AttachmentRoot
            | Kind::Snapshot
            | Kind::Backup => self.tenant_of_server(index),
            Kind::ServerGroup | Kind::Keypair | Kind::Router | Kind::Stack | Kind::StackNested => index,
            Kind::VolumeFree | Kind::FloatingFree => {
                self.tweak(kind, index).and_then(|t| t.tenant).unwrap_or(index % tenants)
            }
            Kind::PortRouter => index / 2,
            Kind::Network | Kind::PortDhcp | Kind::Subnet => match self.tenant_of_network(self.network_of_subnet(index)) {
                Some(tenant) => tenant,
                None => return Some(0),
            },
            Kind::SecurityGroup => return Some(index / GROUPS),
            Kind::SecurityRule => return Some(index / GROUPS / RULES),
            Kind::Image if index < PUBLIC_IMAGES => return Some(0),
            Kind::Image => index % tenants,
            Kind::Project => return Some(index),
            _ => return None,
        };
        Some(FIRST_TENANT + tenant)
    }

    pub(crate) fn server(&self, index: u32) -> Server {
        let tweak = self.tweak(Kind::Server, index);
        let dice = self.chance(Kind::Server, index, 2);
        let status = tweak.and_then(|t| t.status).unwrap_or_else(|| self.first_status(index));
        let created = tweak.and_then(|t| t.created).unwrap_or(GENESIS + u64::from(index) * 60);
        let settled = created + 30 + dice % 7_000;
        let deleted = self.gone(Place::new(Kind::Server, index));
        let home = tweak.and_then(|t| t.host).unwrap_or(index % self.spec().hypervisors);
        Server {
            index,
            tenant: self.tenant_of_server(index),
            status,
            flavor: tweak.and_then(|t| t.flavor).unwrap_or((dice >> 16) as u32 % self.spec().flavors),
            image: (!self.boots_from_volume(index)).then_some((dice >> 32) as u32 % PUBLIC_IMAGES),
            host: (self.scheduled(index) && status != Status::ShelvedOffloaded).then_some(home),
            created,
            updated: deleted.or(tweak.map(|t| t.updated)).unwrap_or(settled),
            deleted,
        }
    }

    pub(crate) fn tenant_of_server(&self, index: u32) -> u32 {
        let chosen = self.tweak(Kind::Server, index).and_then(|t| t.tenant);
        chosen.unwrap_or(index % self.spec().tenants)
    }

    // The first dozen servers are picked by hand, so that the smallest cloud has every case.

    fn first_status(&self, index: u32) -> Status {
        match (index, self.chance(Kind::Server, index, 3) % 200) {
            (3, _) => Status::Error,
            (5, _) => Status::Shutoff,
            (7, _) => Status::Paused,
            (9, _) => Status::Suspended,
            (11, _) => Status::ShelvedOffloaded,
            (0..12, _) => Status::Active,
            (i, _) if i >= self.spec().servers => Status::Active,
            (_, 0..2) => Status::Error,
            (_, 2..22) => Status::Shutoff,
            (_, 22..25) => Status::Paused,
            (_, 25..27) => Status::Suspended,
            (_, 27..30) => Status::ShelvedOffloaded,
            _ => Status::Active,
        }
    }

    /// Servers that were in error from the start never found a host: no port, no volume.
    pub(crate) fn scheduled(&self, index: u32) -> bool {
        self.first_status(index) != Status::Error
    }

    pub(crate) fn boots_from_volume(&self, index: u32) -> bool {
        self.scheduled(index) && (index == 4 || self.percent(index, 4, self.spec().boot_volumes))
    }

    pub(crate) fn has_data_volume(&self, index: u32) -> bool {
        self.scheduled(index) && (index < 3 || self.percent(index, 5, self.spec().data_volumes))
    }

    fn has_extra_port(&self, index: u32) -> bool {
        index == 2 || self.percent(index, 6, self.spec().extra_ports)
    }

    fn has_floating(&self, index: u32) -> bool {
        self.scheduled(index) && (index == 1 || self.percent(index, 7, self.spec().floating_ips))
    }

    /// The network of a server's first or second port: front or back of its tenant, or the shared one.
    pub(crate) fn network_of_port(&self, server: u32, extra: bool) -> u32 {
        let tenant = self.tenant_of_server(server);
        let back = u32::from(self.chance(Kind::Server, server, 8).is_multiple_of(3));
        match (extra, server % 16 == 6) {
            (true, _) => tenant * 2 + (1 - back),
            (false, true) => self.shared_network(),
            (false, false) => tenant * 2 + back,
        }
    }

    pub(crate) fn external_network(&self) -> u32 {
        self.spec().tenants * 2
    }

    pub(crate) fn shared_network(&self) -> u32 {
        self.spec().tenants * 2 + 1
    }

    pub(crate) fn tenant_of_network(&self, network: u32) -> Option<u32> {
        (network < self.external_network()).then_some(network / 2)
    }

    /// Subnets below the number of networks are the network's IPv4; those above, IPv6 of every third tenant's front.
    pub(crate) fn network_of_subnet(&self, subnet: u32) -> u32 {
        let networks = self.span(Kind::Network);
        if subnet < networks { subnet } else { (subnet - networks) * 6 }
    }

    pub(crate) fn ipv6_subnet(&self, network: u32) -> Option<u32> {
        let fits = network.is_multiple_of(6) && network < self.external_network();
        fits.then_some(self.span(Kind::Network) + network / 6)
    }

    /// Neutron keeps a port of its own behind each floating ip: even for those of servers, odd for the free ones.
    pub(crate) fn floating_of_port(&self, index: u32) -> Option<Place> {
        let kind = if index.is_multiple_of(2) { Kind::FloatingServer } else { Kind::FloatingFree };
        let place = Place::new(kind, index / 2);
        self.exists(place).then_some(place)
    }

    pub(crate) fn zone_of_host(host: u32) -> u32 {
        host % ZONES
    }
}
