//! The reference page, and what every setting must tell of itself.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;

use stocktake_settings::{Settings, reference};

#[test]
fn reference_page_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let generated = reference::markdown();
    if std::env::var_os("STOCKTAKE_BLESS").is_some() {
        std::fs::write(&path, &generated).expect("docs/settings.md is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/settings.md is stale; write it with STOCKTAKE_BLESS=1 cargo test -p stocktake-settings"
    );
}

/// `STOCKTAKE__A__B` is taken apart at its double lines, and two settings must not share a variable.
#[test]
fn every_setting_is_explained_and_has_a_variable_of_its_own() {
    let keys = Settings::keys();
    for key in &keys {
        assert!(key.help.ends_with('.') && key.help.len() > 20, "{} is not explained", key.path());
        assert!(!key.path().contains("__"), "{} cannot be a variable", key.path());
    }
    let variables: BTreeSet<_> = keys.iter().map(stocktake_settings::Key::variable).collect();
    assert_eq!(variables.len(), keys.len());
}
