//! `stocktake doctor`: looks where things usually go wrong, and says what to do.

use std::io;

use clap::Args;
use stocktake_provider::Traffic;
use stocktake_store::Store;
use stocktake_store::registry::{self, Keys};

use super::provider::test;
use crate::app::App;
use crate::exit::{Done, Exit, text};
use crate::output::human::counted;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake doctor
  stocktake doctor --online        tries the providers, too")]
pub(crate) struct Doctor {
    /// Try every provider: network, sign-in, permissions
    #[arg(long)]
    online: bool,
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
    let mut findings = Findings { app, exit: Exit::Ok };
    let url = findings.app.url()?;
    findings.good("program", format!("stocktake {}", env!("CARGO_PKG_VERSION")))?;
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
            (Ok(_), false) => findings.good(&what, format!("settings and secrets do, status {}", record.status.name()))?,
            (Ok(provider), true) => {
                let report = provider.test().await;
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
