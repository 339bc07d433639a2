//! `stocktake provider add`: find settings, ask for what is missing, try them, and only then keep them.

use clap::Args;
use stocktake_provider::{Configuration, ProviderType, Traffic};
use stocktake_store::registry::{self, Finding, NewProvider, ProviderRecord, ProviderStatus};

use super::{ask, credentials, settings::Given, test};
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::interrupt;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider add cloud1 --cloud lab          settings and secrets of that cloud in clouds.yaml
  stocktake provider add cloud1 --env                settings of OS_AUTH_URL and its like
  stocktake provider add cloud1 --set auth_url=https://cloud.example:5000/v3 \\
      --set username=reader --set project_name=ops   asks for the password
  pass show cloud1 | stocktake provider add cloud1 --set … --secret-stdin password

The settings are tried before they are kept; --no-test keeps them untried. Secrets are stored encrypted.")]
pub(crate) struct Add {
    /// What to call it: cloud1
    name: String,
    /// Kind of provider, see `stocktake provider types`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Take the settings of this cloud in clouds.yaml
    #[arg(long, value_name = "CLOUD")]
    cloud: Option<String>,
    /// Take the settings of the environment's variables (OS_AUTH_URL, …)
    #[arg(long, conflicts_with = "cloud")]
    env: bool,
    #[command(flatten)]
    given: Given,
    /// Group of providers it is to be worked on with
    #[arg(long, default_value = "default")]
    zone: String,
    /// Keep the settings without trying them
    #[arg(long)]
    no_test: bool,
}

pub(crate) async fn run(app: &mut App, verb: Add) -> Done {
    let kind = match (&verb.kind, app.kinds.as_slice()) {
        (Some(name), _) => app.kind(name)?.clone(),
        (None, [only]) => only.clone(),
        (None, _) => return Err(misuse("which kind is it? say --type; `stocktake provider types` lists them")),
    };
    let mut configuration = Configuration::default();
    if verb.cloud.is_some() || verb.env {
        let import = kind
            .import
            .ok_or_else(|| misuse(format!("{} has no settings to take over; use --set", kind.provider.name())))?;
        let imported = import(verb.cloud.as_deref()).map_err(misuse)?;
        app.remark(format!("taking the settings of {}", imported.source));
        configuration = imported.configuration;
    }
    verb.given.apply(&kind.provider.form(), &mut configuration)?;
    let store = app.store().await?;
    if registry::list(&store).await?.iter().any(|p| p.name == verb.name) {
        return Err(registry::RegistryError::NameTaken { name: verb.name }.into());
    }
    ask::complete(kind.provider.as_ref(), &mut configuration)?;
    // A mistake in where its events come from is told before anything is tried or kept.
    event_source(kind.provider.as_ref(), &configuration)?;
    let mut status = ProviderStatus::New;
    if !verb.no_test {
        let provider = kind.provider.connect(&configuration, Traffic::Live)?;
        let report = tokio::select! {
            report = provider.test() => report,
            () = interrupt::asked() => anyhow::bail!("interrupted; nothing was registered"),
        };
        if !report.passed() {
            test::print(&mut app.out, &report)?;
            app.out.flush()?;
            anyhow::bail!(
                "{} was not registered: {}; correct the settings, or keep them untried with --no-test",
                verb.name,
                test::failure(&report)
            );
        }
        test::warnings(app, &report);
        status = ProviderStatus::Ok;
    }
    let record = register(app, &store, &verb.name, kind.provider.as_ref(), &verb.zone, configuration).await?;
    registry::set_status(&store, record.id, status, None).await?;
    if !verb.no_test {
        credentials::note(app, &store, &record, &Finding::Works).await?;
    }
    app.out.remark(format!("registered {}; read it with `stocktake refresh {}`", record.name, record.name))?;
    Ok(Exit::Ok)
}

/// Keeps a provider.
pub(crate) async fn register(
    app: &App,
    store: &stocktake_store::Store,
    name: &str,
    kind: &dyn ProviderType,
    zone: &str,
    configuration: Configuration,
) -> anyhow::Result<ProviderRecord> {
    let new = NewProvider {
        name: name.to_owned(),
        kind: kind.name().to_owned(),
        zone: zone.to_owned(),
        event_source: event_source(kind, &configuration)?,
        settings: configuration.settings,
        secrets: configuration.secrets,
    };
    Ok(registry::add(store, &app.vault(store)?, new).await?)
}

/// How events come by these settings: `amqp`, `polling`; none: not at all.
pub(crate) fn event_source(kind: &dyn ProviderType, configuration: &Configuration) -> anyhow::Result<Option<String>> {
    let source = kind.event_source(configuration).map_err(|error| misuse(error.to_string()))?;
    Ok(source.map(|source| source.name().to_owned()))
}
