//! A type of providers that tells what happens and has no inventory, for those who test what becomes of events.

use std::sync::{Arc, Mutex, PoisonError};

use stocktake_model::Menu;
use stocktake_provider::{Capability, Configuration, ConnectError, EventSource, Form, Provider, ProviderType, Traffic};

use crate::scripted::ScriptedSource;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct ScriptedType {
    /// Where all its providers' events come from.
    pub source: ScriptedSource,
    names: Arc<Mutex<Names>>,
}

/// What its settings are made to say.
#[derive(Debug, Default)]
enum Names {
    #[default]
    Source,
    None,
    Nonsense,
}

impl ScriptedType {
    pub const NAME: &str = "scripted";

    /// Settings name the source.
    pub fn name_source(&self) {
        self.set(Names::Source);
    }

    /// Settings name no source.
    pub fn name_none(&self) {
        self.set(Names::None);
    }

    /// Settings are wrong.
    pub fn name_nonsense(&self) {
        self.set(Names::Nonsense);
    }

    fn set(&self, names: Names) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }
}

impl ProviderType for ScriptedType {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn title(&self) -> &'static str {
        "tells what happens"
    }

    fn form(&self) -> Form {
        Form { fields: Vec::new() }
    }

    fn menu(&self) -> Arc<Menu> {
        Arc::new(Menu::builder().build().expect("no collection contradicts itself"))
    }

    fn capabilities(&self) -> Vec<Capability> {
        Vec::new()
    }

    fn targetable(&self) -> &'static [&'static str] {
        &[]
    }

    fn connect(&self, _: &Configuration, _: Traffic) -> Result<Arc<dyn Provider>, ConnectError> {
        Err(ConnectError { field: "inventory".to_owned(), message: "there is none".to_owned() })
    }

    fn event_source(&self, _: &Configuration) -> Result<Option<Arc<dyn EventSource>>, ConnectError> {
        match *self.names.lock().unwrap_or_else(PoisonError::into_inner) {
            Names::Source => Ok(Some(Arc::new(self.source.clone()))),
            Names::None => Ok(None),
            Names::Nonsense => Err(ConnectError { field: "event_url".to_owned(), message: "it is no address".to_owned() }),
        }
    }
}
