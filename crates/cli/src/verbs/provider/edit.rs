//! `stocktake provider edit`: change what is kept of a provider.

use clap::Args;
use stocktake_provider::{Configuration, FieldKind, Traffic};
use stocktake_store::registry::{self, ProviderChange};

use super::settings::{Given, kind};
use super::test;
use crate::app::App;
use crate::exit::{Done, Exit, misuse};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider edit cloud1 --set region=RegionTwo
  stocktake provider edit cloud1 --unset interface
  stocktake provider edit cloud1 --secret-stdin password < new-password
  stocktake provider edit cloud1 --rename cloud2
  stocktake provider edit cloud1 --disable

Changed settings are tried before they are kept; --no-test keeps them untried.")]
pub(crate) struct Edit {
    name: String,
    #[command(flatten)]
    given: Given,
    /// Take back a setting or a secret; may be given several times
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// Group of providers it is to be worked on with
    #[arg(long)]
    zone: Option<String>,
    /// Leave it out of `refresh --all`
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    #[arg(long)]
    enable: bool,
    /// Keep the settings without trying them
    #[arg(long)]
    no_test: bool,
}

pub(crate) async fn run(app: &mut App, verb: Edit) -> Done {
    let store = app.store_to_read().await?;
    let record = registry::find(&store, &verb.name).await?;
    let provider = &app.kind(&record.kind)?.provider;
    let form = provider.form();
    let mut given = Configuration::default();
    verb.given.apply(&form, &mut given)?;
    let mut change = ProviderChange {
        name: verb.rename.clone(),
        zone: verb.zone.clone(),
        enabled: if verb.disable || verb.enable { Some(verb.enable) } else { None },
        ..ProviderChange::default()
    };
    for name in &verb.unset {
        match kind(&form, name)? {
            FieldKind::Secret => drop(change.secrets.insert(name.clone(), None)),
            _ => drop(change.settings.insert(name.clone(), None)),
        }
    }
    let touches = !verb.given.is_empty() || !verb.unset.is_empty();
    if !touches && change.name.is_none() && change.zone.is_none() && change.enabled.is_none() {
        return Err(misuse("nothing to change was said; see `stocktake provider edit --help`"));
    }
    if touches {
        // Secrets that stay are only needed for trying, and a key that is lost must not keep anyone from entering them anew.
        let kept = app.configuration(&store, &record).await;
        let mut tried = match (kept, verb.no_test) {
            (Ok(kept), _) => kept,
            (Err(_), true) => Configuration { settings: record.settings.clone(), ..Configuration::default() },
            (Err(error), false) => {
                return Err(error.context("the stored secrets are needed for trying; --no-test does without"));
            }
        };
        for name in &verb.unset {
            tried.settings.remove(name);
            tried.secrets.remove(name);
        }
        tried.settings.extend(given.settings.clone());
        tried.secrets.extend(given.secrets.clone());
        if !verb.no_test {
            let connected = provider.connect(&tried, Traffic::Live).map_err(|e| misuse(e.to_string()))?;
            let report = connected.test().await;
            if !report.passed() {
                test::print(&mut app.out, &report)?;
                app.out.flush()?;
                anyhow::bail!("nothing was changed: {}; keep the settings untried with --no-test", test::failure(&report));
            }
        }
    }
    change.settings.extend(given.settings.into_iter().map(|(name, value)| (name, Some(value))));
    change.secrets.extend(given.secrets.into_iter().map(|(name, secret)| (name, Some(secret))));
    let changed = registry::change(&store, &app.vault(&store)?, record.id, change).await?;
    app.out.remark(format!("changed {}", changed.name))?;
    Ok(Exit::Ok)
}
