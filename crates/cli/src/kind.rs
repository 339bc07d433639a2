//! A kind of provider as the command line sees it.

use std::collections::BTreeSet;
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

/// The collections of all kinds, those that are filled before those that are only linked to. A collection several kinds
/// share is the first one's: they differ in how it is saved, not in what its columns are.
pub(crate) fn menu_of(kinds: &[Kind]) -> anyhow::Result<Arc<Menu>> {
    if let [only] = kinds {
        return Ok(only.provider.menu());
    }
    let mut seen = BTreeSet::new();
    let mut picked = Vec::new();
    for link_only in [false, true] {
        for kind in kinds {
            let menu = kind.provider.menu();
            let fresh = menu.iter().filter(|(_, c)| c.link_only == link_only).map(|(_, c)| c.clone());
            picked.extend(fresh.filter(|c| seen.insert(c.name)));
        }
    }
    Ok(Arc::new(Menu::builder().pick(stocktake_model::menus::with_targets(picked)).build()?))
}
