//! The hand of the test: looks into a running cloud and changes it, behind the back of its API.
//!
//! Changes are atomic: a request sees all of one or nothing. The same verbs over HTTP: see `control_http`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::{find_project, project_name};
use crate::fault::{ActiveFault, FaultRule};
use crate::ids::{Kind, Place};
use crate::overlay::{Status, Tweak};
use crate::requests::Requests;
use crate::shell::Cloud;
use crate::spec::CloudSpec;
use crate::world::{FIRST_TENANT, View};

/// Changes and watches a running cloud.
#[derive(Clone, Debug)]
pub struct Control {
    cloud: Arc<Cloud>,
}

/// Why a change was not made; the cloud is as before.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ControlError {
    #[error("this cloud has no object {0}")]
    Unknown(String),
    #[error("object {0} is not a {1}")]
    WrongKind(String, &'static str),
    #[error("this cloud has no tenant {0}")]
    UnknownTenant(String),
    #[error("cannot read the change: {0}")]
    Malformed(String),
}

/// An object as the control names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    pub kind: Kind,
    pub id: String,
}

/// A server to create; what is `None` is chosen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewServer {
    pub name: Option<String>,
    /// Name or id of the project, which must be a tenant.
    pub project: Option<String>,
    /// Index of the flavor, below the spec's number of them.
    pub flavor: Option<u32>,
    pub status: Option<Status>,
}

/// A volume to create, attached to nothing; what is `None` is chosen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewVolume {
    pub name: Option<String>,
    pub project: Option<String>,
    /// GiB.
    pub size: Option<u32>,
}

impl Control {
    pub(crate) fn new(cloud: Arc<Cloud>) -> Self {
        Self { cloud }
    }

    pub(crate) fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Counters of what was asked so far.
    pub fn requests(&self) -> Requests {
        self.cloud.log.read()
    }

    pub fn reset_requests(&self) {
        self.cloud.log.reset();
    }

    /// Forgets every token; returns how many there were. Logging in again works.
    pub fn revoke_tokens(&self) -> usize {
        self.cloud.tokens.revoke_all()
    }

    /// Takes the role `admin` from the user of that name for good. Tokens stay valid, and show from now on what is left.
    pub fn demote_admin(&self) {
        self.cloud.tokens.demote_admin();
    }

    pub fn spec(&self) -> &CloudSpec {
        &self.cloud.world.spec
    }

    /// Puts a fault in force from the next request on; returns its number.
    pub fn add_fault(&self, rule: FaultRule) -> u64 {
        self.cloud.faults.add(rule)
    }

    /// Whether there was such a fault. A request that already hangs goes on hanging.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.cloud.faults.remove(number)
    }

    pub fn clear_faults(&self) {
        self.cloud.faults.clear();
    }

    /// The faults in force, with how often each struck.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.cloud.faults.list()
    }

    /// How many objects differ from what the seed made.
    pub fn changes(&self) -> usize {
        self.cloud.world.view().changes()
    }

    /// Ids of all objects of a kind that exist, in index order.
    pub fn ids(&self, kind: Kind) -> Vec<String> {
        let view = self.cloud.world.view();
        (0..view.span(kind)).filter(|i| view.exists(Place::new(kind, *i))).map(|i| id_text(&view, kind, i)).collect()
    }

    /// The id at an index, whether or not the object exists now.
    pub fn id(&self, kind: Kind, index: u32) -> String {
        id_text(&self.cloud.world.view(), kind, index)
    }

    /// What an id stands for, `None` when it is not of this cloud or does not exist now.
    pub fn find(&self, id: &str) -> Option<Object> {
        let view = self.cloud.world.view();
        let place = Self::place(&view, id).ok()?;
        view.exists(place).then(|| Object { kind: place.kind, id: id.to_owned() })
    }

    /// Deletes an object. What hangs on it by nature goes too: a server's ports and root disk, a stack's nested one.
    pub fn delete(&self, id: &str) -> Result<(), ControlError> {
        let place = self.existing(id)?;
        let at = self.cloud.world.clock.tick();
        let mut overlay = self.cloud.world.change();
        overlay.delete(place, at);
        if place.kind == Kind::Server {
            overlay.act(place.index, "delete", at);
        }
        Ok(())
    }

    /// Brings a deleted object back under its old id.
    pub fn restore(&self, id: &str) -> Result<(), ControlError> {
        let place = Self::place(&self.cloud.world.view(), id)?;
        let at = self.cloud.world.clock.tick();
        let mut overlay = self.cloud.world.change();
        let restored = overlay.restore(place, at);
        if restored && place.kind == Kind::Server {
            overlay.act(place.index, "restore", at);
        }
        if restored { Ok(()) } else { Err(ControlError::Unknown(id.to_owned())) }
    }

    /// Lays a JSON merge patch (RFC 7396) over the object's row, wherever it is served; patches add up.
    ///
    /// It changes that row only; to change what other rows show too, use [`rename`](Self::rename) and its siblings.
    pub fn update(&self, id: &str, patch: &Value) -> Result<(), ControlError> {
        self.change(id, |tweak| {
            let laid = tweak.patch.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
            compose(laid, patch);
        })
    }

    pub fn rename(&self, id: &str, name: &str) -> Result<(), ControlError> {
        self.change(id, |tweak| tweak.name = Some(name.to_owned()))
    }

    pub fn set_status(&self, server: &str, status: Status) -> Result<(), ControlError> {
        let action = match status {
            Status::Active => Some("start"),
            Status::Shutoff => Some("stop"),
            Status::Paused => Some("pause"),
            Status::Suspended => Some("suspend"),
            Status::ShelvedOffloaded => Some("shelve"),
            Status::Error | Status::Build => None,
        };
        self.change_server(server, action, |tweak| tweak.status = Some(status))
    }

    /// Gives a server another flavor, by the flavor's index.
    pub fn resize_server(&self, server: &str, flavor: u32) -> Result<(), ControlError> {
        let flavor = flavor % self.cloud.world.spec.flavors;
        self.change_server(server, Some("resize"), |tweak| tweak.flavor = Some(flavor))
    }

    /// Moves a server to another hypervisor, by the hypervisor's index.
    pub fn migrate_server(&self, server: &str, host: u32) -> Result<(), ControlError> {
        let host = host % self.cloud.world.spec.hypervisors;
        self.change_server(server, Some("migrate"), |tweak| tweak.host = Some(host))
    }

    /// Changes a volume's size, in GiB.
    pub fn resize_volume(&self, volume: &str, size: u32) -> Result<(), ControlError> {
        let place = self.existing(volume)?;
        if !matches!(place.kind, Kind::VolumeData | Kind::VolumeFree | Kind::VolumeRoot) {
            return Err(ControlError::WrongKind(volume.to_owned(), "volume"));
        }
        self.apply(place, |tweak| tweak.size = Some(size));
        Ok(())
    }

    /// Creates a server, with a port and whatever else its index brings; returns its id.
    pub fn create_server(&self, new: NewServer) -> Result<String, ControlError> {
        let tenant = self.tenant(new.project.as_deref())?;
        let world = &self.cloud.world;
        let (flavor, at) = (new.flavor.map(|f| f % world.spec.flavors), world.clock.tick());
        let mut overlay = world.change();
        let index = world.spec.servers + overlay.bear(Kind::Server);
        overlay.change(Place::new(Kind::Server, index), at, |tweak| {
            *tweak = Tweak {
                created: Some(at),
                name: new.name,
                status: new.status,
                flavor,
                tenant,
                updated: at,
                ..Tweak::default()
            };
        });
        drop(overlay);
        Ok(self.id(Kind::Server, index))
    }

    /// Creates a volume attached to nothing; returns its id.
    pub fn create_volume(&self, new: NewVolume) -> Result<String, ControlError> {
        let tenant = self.tenant(new.project.as_deref())?;
        let world = &self.cloud.world;
        let at = world.clock.tick();
        let mut overlay = world.change();
        let index = world.spec.free_volumes + overlay.bear(Kind::VolumeFree);
        overlay.change(Place::new(Kind::VolumeFree, index), at, |tweak| {
            *tweak = Tweak { created: Some(at), name: new.name, size: new.size, tenant, updated: at, ..Tweak::default() };
        });
        drop(overlay);
        Ok(self.id(Kind::VolumeFree, index))
    }

    /// Undoes every change: the cloud is again what the seed made. Tokens and counters stay.
    pub fn reset(&self) {
        *self.cloud.world.change() = crate::overlay::Overlay::default();
    }

    fn place(view: &View<'_>, id: &str) -> Result<Place, ControlError> {
        let flavor = || crate::services::find_flavor(view, id).map(|i| Place::new(Kind::Flavor, i));
        view.place(id).or_else(flavor).ok_or_else(|| ControlError::Unknown(id.to_owned()))
    }

    fn existing(&self, id: &str) -> Result<Place, ControlError> {
        let view = self.cloud.world.view();
        let place = Self::place(&view, id)?;
        if view.exists(place) { Ok(place) } else { Err(ControlError::Unknown(id.to_owned())) }
    }

    fn apply(&self, place: Place, change: impl FnOnce(&mut Tweak)) {
        let at = self.cloud.world.clock.tick();
        self.cloud.world.change().change(place, at, change);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Tweak)) -> Result<(), ControlError> {
        let place = self.existing(id)?;
        self.apply(place, change);
        Ok(())
    }

    /// `action`: what nova lists it as; renaming, for one, is none.
    fn change_server(
        &self,
        id: &str,
        action: Option<&'static str>,
        change: impl FnOnce(&mut Tweak),
    ) -> Result<(), ControlError> {
        let place = self.existing(id)?;
        if place.kind != Kind::Server {
            return Err(ControlError::WrongKind(id.to_owned(), "server"));
        }
        let at = self.cloud.world.clock.tick();
        let mut overlay = self.cloud.world.change();
        overlay.change(place, at, change);
        if let Some(name) = action {
            overlay.act(place.index, name, at);
        }
        Ok(())
    }

    fn tenant(&self, project: Option<&str>) -> Result<Option<u32>, ControlError> {
        let Some(key) = project else { return Ok(None) };
        let found = find_project(&self.cloud.world.view(), key).and_then(|p| p.checked_sub(FIRST_TENANT));
        found.map(Some).ok_or_else(|| ControlError::UnknownTenant(key.to_owned()))
    }

    /// Names of the tenants' projects.
    pub fn tenants(&self) -> Vec<String> {
        (0..self.cloud.world.spec.tenants).map(|t| project_name(FIRST_TENANT + t)).collect()
    }
}

/// Keystone's objects have ids without dashes, and the oldest flavors a number.
pub(crate) fn id_text(view: &View<'_>, kind: Kind, index: u32) -> String {
    match kind {
        Kind::Project | Kind::User | Kind::Role | Kind::Service | Kind::Endpoint => {
            String::from_utf8_lossy(&view.id(kind, index).hex()).into_owned()
        }
        Kind::Flavor => crate::rows::names::flavor_id(view, index),
        _ => view.id(kind, index).to_string(),
    }
}

/// Puts a second merge patch after a first: `null`s are kept, as they still have to remove.
fn compose(first: &mut Value, second: &Value) {
    let (Value::Object(laid), Value::Object(more)) = (&mut *first, second) else {
        *first = second.clone();
        return;
    };
    for (key, value) in more {
        compose(laid.entry(key.clone()).or_insert(Value::Null), value);
    }
}
