//! What handling events needs beside the database: how a type of providers reads its events, and where they lead. Made when
//! the first of its events comes, and kept as long as the worker lives: new settings come with a new worker.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, bail};
use stocktake_events::handle::{Consequences, Handler, Nothing, Whose};
use stocktake_events::{Routes, RoutesText};
use stocktake_provider::ProviderType;
use stocktake_queue::Debounce;
use stocktake_settings::Settings;
use stocktake_store::registry::ProviderRecord;

use crate::context::Context;
use crate::menu::menu_of;
use crate::named;
use crate::rules::{self, Ruling};

/// By type of provider.
#[derive(Debug, Default)]
pub(crate) struct Handling {
    routes: Mutex<BTreeMap<&'static str, Arc<Routes>>>,
    /// Of all types: rules are not written for one.
    consequences: OnceLock<Arc<dyn Consequences>>,
}

impl Context {
    /// An error says what to mend in the routes, or that the type has no events.
    pub fn event_handler(&self, record: &ProviderRecord) -> anyhow::Result<Handler> {
        let kind = self.provider_type(record)?;
        let Some(reader) = kind.event_reader() else { bail!("providers of type {} have no events", record.kind) };
        Ok(Handler {
            queue: self.queue.clone(),
            whose: Whose { id: record.id, name: record.name.clone(), kind: record.kind.clone() },
            reader,
            routes: self.routes(kind.as_ref())?,
            consequences: self.consequences()?,
            debounce: self.event_debounce(),
        })
    }

    /// How long what events ask for waits for more.
    pub fn event_debounce(&self) -> Debounce {
        let events = &self.settings.events;
        Debounce { quiet: events.debounce, at_most: events.debounce_max }
    }

    /// What events lead to beyond their routes.
    fn consequences(&self) -> anyhow::Result<Arc<dyn Consequences>> {
        if let Some(known) = self.handling.consequences.get() {
            return Ok(Arc::clone(known));
        }
        let menu = menu_of(&self.types)?;
        let consequences: Arc<dyn Consequences> = match rules::read(&self.settings, &menu)? {
            Some(rules) => Arc::new(Ruling::new(self.queue.clone(), Arc::new(rules), menu)),
            None => Arc::new(Nothing),
        };
        Ok(Arc::clone(self.handling.consequences.get_or_init(|| consequences)))
    }

    fn routes(&self, kind: &dyn ProviderType) -> anyhow::Result<Arc<Routes>> {
        let mut known = self.handling.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(routes) = known.get(kind.name()) {
            return Ok(Arc::clone(routes));
        }
        let routes = Arc::new(routes(&self.settings, kind)?);
        known.insert(kind.name(), Arc::clone(&routes));
        Ok(routes)
    }
}

/// The routes that events of a type of providers take: those of the file that the settings name, then the type's own. An error
/// names every mistake with its place. Also for who wants to know before anything happens.
pub fn routes(settings: &Settings, kind: &dyn ProviderType) -> anyhow::Result<Routes> {
    let file = &settings.events.routes;
    let text = match file.as_str() {
        "" => None,
        file => Some(named::read(Path::new(file), "events.routes of the settings")?),
    };
    let users = text.as_ref().map(|text| RoutesText { name: file, text });
    let routes = Routes::of_type(kind, users)?;
    routes.with_context(|| format!("providers of type {} have no events", kind.name()))
}
