//! `stocktake provider edit`: change what is kept of a provider.

use clap::Args;
use stocktake_provider::{Configuration, FieldKind, Traffic};
use stocktake_settings::Schedule;
use stocktake_store::registry::{self, Finding, ProviderChange};

use super::add::event_source;
use super::settings::{Given, kind};
use super::{credentials, test};
use crate::app::App;
use crate::exit::{Done, Exit, misuse};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider edit cloud1 --set region=RegionTwo
  stocktake provider edit cloud1 --unset interface
  stocktake provider edit cloud1 --secret-stdin password < new-password
  stocktake provider edit cloud1 --rename cloud2
  stocktake provider edit cloud1 --refresh-every 6h
  stocktake provider edit cloud1 --refresh-cron '0 3 * * *'
  stocktake provider edit cloud1 --refresh-every off

Changed settings are tried before they are kept; --no-test keeps them untried.
Running workers are replaced.")]
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
    /// How often it is read in full without being asked: 6h, 7d; off for never, default as the settings say
    #[arg(long, value_name = "INTERVAL", value_parser = every, conflicts_with = "refresh_cron")]
    refresh_every: Option<Wish>,
    /// When it is read in full without being asked: minute, hour, day of the month, month, day of the week, in UTC
    #[arg(long, value_name = "CRON", value_parser = cron)]
    refresh_cron: Option<Wish>,
    /// The same as `provider pause`
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// The same as `provider resume`
    #[arg(long)]
    enable: bool,
    /// Keep the settings without trying them
    #[arg(long)]
    no_test: bool,
}

/// A schedule of its own, or none: that of the settings.
#[derive(Debug, Clone)]
struct Wish(Option<Schedule>);

fn every(text: &str) -> Result<Wish, String> {
    if text == "default" {
        return Ok(Wish(None));
    }
    match text.parse() {
        Ok(Schedule::Cron(_)) => Err("that is a cron expression; give it with --refresh-cron".to_owned()),
        Ok(schedule) => Ok(Wish(Some(schedule))),
        Err(error) => Err(error.to_string()),
    }
}

fn cron(text: &str) -> Result<Wish, String> {
    Schedule::parse_cron(text).map(|schedule| Wish(Some(schedule))).map_err(|error| error.to_string())
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
    let schedule = verb.refresh_every.or(verb.refresh_cron);
    let changes = touches || change.name.is_some() || change.zone.is_some() || change.enabled.is_some();
    if !changes && schedule.is_none() {
        return Err(misuse("nothing to change was said; see `stocktake provider edit --help`"));
    }
    if touches {
        // Secrets that stay are only needed for trying, and a key that is lost must not keep anyone from entering them anew.
        let kept = app.configuration(&store, &record).await;
        let secrets_are_lost = kept.is_err();
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
        // Without the secrets, or with settings kept although they do not do, it may not be told; then it stays as it was.
        match event_source(provider.as_ref(), &tried) {
            Ok(source) => change.event_source = Some(source),
            Err(error) if !secrets_are_lost && !verb.no_test => return Err(error),
            Err(_) => {}
        }
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
    // Unless somebody else changed it meanwhile: then what is kept is not what was tried.
    if touches && !verb.no_test && changed.generation == record.generation + 1 {
        credentials::note(app, &store, &changed, &Finding::Works).await?;
    }
    if let Some(Wish(schedule)) = schedule {
        registry::set_schedule(&store, record.id, schedule.map(|schedule| schedule.to_string()).as_deref()).await?;
    }
    app.out.remark(format!("changed {}", changed.name))?;
    Ok(Exit::Ok)
}
