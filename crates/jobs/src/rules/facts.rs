//! What is known of events, as rules are given it: the event, its provider, and the inventory's objects that it names.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stocktake_events::handle::{NewEvent, Whose};
use stocktake_model::Menu;
use stocktake_rules::{Facts, Variable};
use stocktake_store::{ProviderId, Store, StoreError};

use super::objects::{self, Object};

/// Facts of several events of one provider; objects are looked up on demand, each once. Borrows nothing, so that rules can be
/// evaluated on another thread.
#[derive(Debug)]
pub struct Known {
    provider_id: ProviderId,
    provider: Value,
    events: Vec<Seen>,
    objects: HashMap<Object, Option<Value>>,
}

#[derive(Debug)]
struct Seen {
    event: Value,
    named: Vec<(Variable, Object)>,
}

impl Known {
    pub fn new<'e>(whose: &Whose, events: impl IntoIterator<Item = &'e NewEvent>) -> Self {
        let provider = json!({"name": whose.name, "type": whose.kind});
        let seen = |event: &NewEvent| {
            let named = Variable::ALL.into_iter().filter_map(|variable| Some((variable, object(event, variable)?)));
            Seen { event: event_value(event), named: named.collect() }
        };
        let events = events.into_iter().map(seen).collect();
        Self { provider_id: whose.id, provider, events, objects: HashMap::new() }
    }

    /// Of how many events.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Makes known what these variables are of these events. One round trip for all that is not known yet.
    pub async fn look_up(
        &mut self,
        store: &Store,
        menu: &Menu,
        of: &[usize],
        variables: impl Iterator<Item = Variable>,
    ) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for variable in variables {
            let named = of.iter().filter_map(|at| self.events.get(*at)).flat_map(|seen| &seen.named);
            for (_, object) in named.filter(|(of, _)| *of == variable) {
                if let Entry::Vacant(unknown) = self.objects.entry(object.clone()) {
                    let (collection, reference) = unknown.key().clone();
                    wanted.entry(collection).or_default().push(reference);
                    unknown.insert(None);
                }
            }
        }
        if !wanted.is_empty() {
            for (object, value) in objects::look_up(store, menu, self.provider_id, wanted).await? {
                self.objects.insert(object, Some(value));
            }
        }
        Ok(())
    }

    pub fn facts(&self, at: usize) -> Facts<'_> {
        let mut facts = Facts::default();
        facts.set(Variable::Provider, &self.provider);
        if let Some(seen) = self.events.get(at) {
            facts.set(Variable::Event, &seen.event);
            for (variable, object) in &seen.named {
                if let Some(Some(value)) = self.objects.get(object) {
                    facts.set(*variable, value);
                }
            }
        }
        facts
    }

    /// Everything, for those who are told.
    pub(super) fn told(&self, at: usize) -> Value {
        let facts = self.facts(at);
        let (mut all, mut objects) = (Map::new(), Map::new());
        for variable in Variable::ALL {
            let part = if matches!(variable, Variable::Event | Variable::Provider) { &mut all } else { &mut objects };
            part.insert(variable.name().to_owned(), facts.get(variable).clone());
        }
        all.insert("objects".to_owned(), Value::Object(objects));
        Value::Object(all)
    }
}

/// What a variable is of an event, if the event says. By collection and ref.
fn object(event: &NewEvent, variable: Variable) -> Option<Object> {
    let e = &event.event;
    let reference = match variable {
        Variable::Event | Variable::Provider => None,
        Variable::Object => {
            let about = event.targets.first().filter(|target| !target.is_whole())?;
            return Some((about.collection.clone(), about.reference.clone()));
        }
        Variable::Vm => e.vm.clone(),
        Variable::Host => e.host.clone(),
        Variable::Tenant => e.tenant.clone(),
        Variable::Flavor => e.flavor.clone(),
        Variable::AvailabilityZone => e.availability_zone.clone(),
    };
    Some((variable.collection()?.to_owned(), reference?))
}

fn event_value(event: &NewEvent) -> Value {
    let e = &event.event;
    let about = event.targets.first();
    let route = event.route.as_ref();
    json!({
        "key": event.key,
        "type": e.kind,
        "at": time(event.at()),
        "received": time(event.received_on),
        "source": e.source,
        "via": event.via,
        "level": e.level,
        "group": route.map(|route| route.group.name()),
        "severity": route.map(|route| route.severity.name()),
        "message": e.message,
        "request": e.request,
        "chain": e.chain,
        "user": e.user,
        "collection": about.map(|target| &target.collection),
        "ref": about.filter(|target| !target.is_whole()).map(|target| &target.reference),
        "vm_ref": e.vm,
        "host_ref": e.host,
        "tenant_ref": e.tenant,
        "flavor_ref": e.flavor,
        "availability_zone_ref": e.availability_zone,
        "payload": e.payload,
    })
}

/// Always as long, so that two compare as texts: `2026-11-25T18:00:00.000000Z`.
pub(super) fn time(micros: i64) -> String {
    let mut text = String::new();
    if let Ok(moment) = Timestamp::from_microsecond(micros) {
        // Writing to a text does not fail.
        let _ = write!(text, "{moment:.6}");
    }
    text
}
