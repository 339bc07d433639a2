//! A kind of provider as the command line sees it.

use std::sync::Arc;

use stocktake_model::Menu;
use stocktake_provider::{Configuration, ProviderType};

/// Settings that were found where other programs keep theirs.
#[derive(Debug)]
pub struct Imported {
    pub configuration: Configuration,
    /// `cloud 'lab' in /home/x/.config/openstack/clouds.yaml`
    pub source: String,
}

/// Finds settings by the name they have there; without a name, those of the environment's variables.
pub type Import = fn(Option<&str>) -> Result<Imported, String>;

/// A kind of provider, and how its settings are found on this machine.
#[derive(Debug, Clone)]
pub struct Kind {
    pub provider: Arc<dyn ProviderType>,
    pub import: Option<Import>,
}

/// The collections of all kinds.
pub(crate) fn menu_of(kinds: &[Kind]) -> anyhow::Result<Arc<Menu>> {
    let types: Vec<_> = kinds.iter().map(|kind| Arc::clone(&kind.provider)).collect();
    Ok(stocktake_jobs::menu_of(&types)?)
}
