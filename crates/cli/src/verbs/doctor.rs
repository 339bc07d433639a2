//! `stocktake doctor`: looks where things usually go wrong, and says what to do.

use std::io;

use clap::Args;
use stocktake_provider::Traffic;
use stocktake_refresh::findings::of_test;
use stocktake_settings::Place;
use stocktake_store::Store;
use stocktake_store::registry::{self, Keys, ProviderRecord};

use super::effective::{self, Form};
use super::provider::{credentials, test};
use super::rule::{Checked, checked};
use crate::app::App;
use crate::exit::{Done, Exit, text};
use crate::output::human::counted;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake doctor
  stocktake doctor --online                tries the providers, too
  stocktake doctor --settings              every setting, its value, and where it was said
  stocktake doctor --settings -o toml      a settings file that says the same

Passwords are not shown.")]
pub(crate) struct Doctor {
    /// Try every provider: network, sign-in, permissions
    #[arg(long)]
    online: bool,
    /// Show every setting instead
    #[arg(long, conflicts_with = "online")]
    settings: bool,
    /// How settings are shown
    #[arg(long, short, value_enum, default_value = "table", requires = "settings")]
    output: Form,
}

/// Prints findings and remembers whether one was bad.
struct Findings<'a> {
    app: &'a mut App,
    exit: Exit,
}

impl Findings<'_> {
    fn good(&mut self, what: &str, found: impl AsRef<str>) -> io::Result<()> {
        let sign = self.app.out.paint().good("✓");
        self.app.out.line(format!("{sign} {what}: {}", found.as_ref()))
    }

    fn note(&mut self, what: &str, found: impl AsRef<str>) -> io::Result<()> {
        let sign = self.app.out.paint().warn("!");
        self.app.out.line(format!("{sign} {what}: {}", found.as_ref()))
    }

    fn bad(&mut self, what: &str, found: impl AsRef<str>) -> io::Result<()> {
        self.exit = Exit::Failed;
        let sign = self.app.out.paint().bad("✗");
        self.app.out.line(format!("{sign} {what}: {}", found.as_ref()))
    }
}

pub(crate) async fn run(app: &mut App, verb: Doctor) -> Done {
    if verb.settings {
        let loaded = app.loaded()?.clone();
        effective::print(&mut app.out, &loaded, verb.output)?;
        return Ok(Exit::Ok);
    }
    let mut findings = Findings { app, exit: Exit::Ok };
    findings.good("program", format!("stocktake {}", env!("CARGO_PKG_VERSION")))?;
    if !settings(&mut findings)? {
        // Nothing else can be found where nobody knows the database.
        return Ok(findings.exit);
    }
    event_files(&mut findings)?;
    let url = findings.app.url()?;
    let store = match findings.app.store_to_read().await {
        Ok(store) => store,
        Err(error) => {
            findings.bad("database", text(&error))?;
            return Ok(findings.exit);
        }
    };
    findings.good(
        "database",
        format!(
            "{} ({}), schema is current",
            store.place(),
            if url.starts_with("postgres") { "PostgreSQL" } else { "SQLite" }
        ),
    )?;
    let abandoned = registry::fail_abandoned(&store).await?;
    if abandoned > 0 {
        findings
            .note("runs", format!("{} marked failed: the process was gone", counted(abandoned, "run was", "runs were")))?;
    }
    key_file(&mut findings, &store).await?;
    providers(&mut findings, &store, verb.online).await?;
    Ok(findings.exit)
}

/// Says whether they can be used.
fn settings(findings: &mut Findings<'_>) -> anyhow::Result<bool> {
    let found = match findings.app.loaded() {
        Ok(loaded) => {
            let said = loaded.effective().iter().filter(|one| one.source != Place::Default).count() as u64;
            let file = loaded.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
            Ok(format!("{file}, {}; see `stocktake doctor --settings`", counted(said, "value said", "values said")))
        }
        Err(error) => Err(text(&error)),
    };
    match &found {
        Ok(good) => findings.good("settings", good)?,
        Err(bad) => findings.bad("settings", bad)?,
    }
    Ok(found.is_ok())
}

/// Routes and rules, where the settings name them.
fn event_files(findings: &mut Findings<'_>) -> anyhow::Result<()> {
    for Checked { what, found } in checked(findings.app.settings()?, &findings.app.kinds, None) {
        match found {
            Ok(good) => findings.good(what, good)?,
            Err(error) => findings.bad(what, text(&error))?,
        }
    }
    Ok(())
}

async fn key_file(findings: &mut Findings<'_>, store: &Store) -> anyhow::Result<()> {
    let vault = findings.app.vault(store)?;
    let path = vault.key_file().to_owned();
    let needed = registry::list(store).await?.iter().any(|p| !p.secrets.is_empty());
    match Keys::open(&path) {
        Ok(_) => findings.good("key file", format!("{}, readable by you alone", path.display()))?,
        Err(registry::KeyError::Missing { .. }) if !needed => {
            findings.good("key file", "none yet; it is made with the first secret")?;
        }
        Err(error) => findings.bad("key file", error.to_string())?,
    }
    Ok(())
}

/// What is known of it without asking it.
fn said(record: &ProviderRecord) -> String {
    let paused = if record.enabled { "" } else { ", paused" };
    let (status, credentials) = (record.status.name(), record.credentials.state.name());
    format!("settings and secrets do, status {status}, credentials {credentials}{paused}")
}

async fn providers(findings: &mut Findings<'_>, store: &Store, online: bool) -> anyhow::Result<()> {
    let providers = registry::list(store).await?;
    if providers.is_empty() {
        findings.note("providers", "none is registered; `stocktake provider add` registers one")?;
    }
    for record in providers {
        let what = format!("provider {}", record.name);
        let ready = async {
            let configuration = findings.app.configuration(store, &record).await?;
            Ok(findings.app.kind(&record.kind)?.provider.connect(&configuration, Traffic::Live)?)
        };
        let provider: anyhow::Result<_> = ready.await;
        match (provider, online) {
            (Err(error), _) => findings.bad(&what, text(&error))?,
            (Ok(_), false) if record.credentials.stops_workers() => {
                findings.bad(&what, format!("{}; see `stocktake provider show {}`", said(&record), record.name))?;
            }
            (Ok(_), false) => findings.good(&what, said(&record))?,
            (Ok(provider), true) => {
                let report = provider.test().await;
                credentials::note(findings.app, store, &record, &of_test(&report)).await?;
                let unreadable = report.access.iter().filter(|a| !a.readable && !a.absent).count();
                match (report.passed(), unreadable) {
                    (false, _) => findings
                        .bad(&what, format!("{}; see `stocktake provider test {}`", test::failure(&report), record.name))?,
                    (true, 0) => findings.good(&what, "everything can be read")?,
                    (true, _) => findings.note(
                        &what,
                        format!("{unreadable} collections cannot be read; see `stocktake provider test {}`", record.name),
                    )?,
                }
            }
        }
        let held: u64 = {
            let filter = registry::RunFilter { provider: Some(record.id), limit: Some(1), ..Default::default() };
            registry::list_runs(store, &filter).await?.iter().map(|run| run.counts().held).sum()
        };
        if held > 0 {
            findings.note(&what, format!("{held} deletions are held back; see `stocktake run show last`"))?;
        }
    }
    Ok(())
}
