//! The collections of all types of providers together.

use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::{Menu, MenuError, menus};
use stocktake_provider::ProviderType;

/// Those that are filled before those that are only linked to. A collection several types share is the first one's: they
/// differ in how it is saved, not in what its columns are.
pub fn menu_of(types: &[Arc<dyn ProviderType>]) -> Result<Arc<Menu>, MenuError> {
    if let [only] = types {
        return Ok(only.menu());
    }
    let mut seen = BTreeSet::new();
    let mut picked = Vec::new();
    for link_only in [false, true] {
        for kind in types {
            let menu = kind.menu();
            let fresh = menu.iter().filter(|(_, c)| c.link_only == link_only).map(|(_, c)| c.clone());
            picked.extend(fresh.filter(|c| seen.insert(c.name)));
        }
    }
    Menu::builder().pick(menus::with_targets(picked)).build().map(Arc::new)
}
